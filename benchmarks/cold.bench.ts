// What does the framework add to a task that has to run?

import { spawn } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { artifact, graph, integers, local, producer, text } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import xxhash from "xxhash-wasm";
import { z } from "zod";
import { buildGraph } from "../src/build/build.ts";
import type { Bench, Setting } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, milliseconds, timed } from "./harness/in-turn.ts";
import { processArm } from "./harness/process.ts";
import type { Result } from "./harness/result.ts";
import { absence, compileMix, peerProgram } from "./peers/files.ts";
import { openEngine, settle } from "./work/engine.ts";
import { writeProject, type Project } from "./work/project.ts";
import { readRows, replayRows, type Rows } from "./work/rows.ts";

const SEED = 0x9e3779b97f4a7c15n;
/** Steps in one transaction, as in the engine's own group commit. */
const GROUP = 256;

export const bench: Bench = {
  question: "What does the framework add to a task that has to run?",

  async *run(setting) {
    yield* inProcess(setting);
    yield* commands(setting);
  },
};

async function* inProcess({ space, quick, result }: Setting): AsyncGenerator<Result> {
  const n = quick ? 500 : 10_000;
  const project = writeProject(space.folder("cold"), "parts", n);
  await settle();
  const counts = await counted(() => openEngine(project, ".counted").build());
  const rows = readRows(join(project.folder, ".counted", "strata.db"));
  const raw = await rawBuild(project, rows);
  let round = 0;
  const fresh = (arm: string): string => {
    const state = `.${arm}-${round++}`;
    return state;
  };
  const samples = await inTurn(
    {
      ours: async () => {
        const state = fresh("ours");
        const time = await timed(() => openEngine(project, state).build())();
        space.remove(join(project.folder, state));
        return time;
      },
      theirs: async () => {
        const state = join(project.folder, fresh("raw"));
        const time = await timed(() => raw(state))();
        space.remove(state);
        return time;
      },
    },
    quick ? 5 : 15,
  );
  const { ours, theirs } = samples;
  yield result({
    case: "tasks in process, one small file each",
    n,
    unit: "ms",
    against: "the same files and rows written by hand",
    target: 1.3,
    gate: 1.8,
    pair: samples,
    counters: counts,
  });
  const each = (times: readonly number[]): number[] => times.map((time) => (time * 1000) / n);
  const recorded = (microseconds: number): number[] => ours.map(() => microseconds);
  yield result({
    case: "framework's own cost a task",
    n,
    unit: "µs",
    against: "dask synchronous, which stores nothing: 21 µs (recorded earlier)",
    target: 1,
    gate: 2,
    pair: { ours: each(ours.map((time, index) => time - theirs[index]!)), theirs: recorded(21) },
  });
  yield result({
    case: "a task, file and metadata included",
    n,
    unit: "µs",
    against: "luigi, 2.8 ms (recorded earlier)",
    target: 1 / 20,
    gate: 1 / 10,
    pair: { ours: each(ours), theirs: recorded(2_800) },
  });
}

/** Reads, hashes, computes, hashes, writes durably and remembers the same rows, by the shortest way there is. */
async function rawBuild(project: Project, rows: Rows): Promise<(state: string) => void> {
  const { h64Raw } = await xxhash();
  const buffer = Buffer.allocUnsafeSlow(64 * 1024);
  const hash = (bytes: Uint8Array): bigint => h64Raw(bytes, 0n) ^ h64Raw(bytes, SEED);
  return (state) => {
    const data = join(state, "data");
    mkdirSync(data, { recursive: true });
    const replay = replayRows(join(state, "strata.db"), rows, Math.ceil(project.nodes / GROUP));
    const names: string[] = [];
    for (let node = 0; node < project.nodes; node++) {
      // The scan, and the reading for the task, as the engine has them.
      for (const pass of ["scan", "task"]) {
        const path = project.source(node);
        if (pass === "scan") statSync(path);
        const source = openSync(path, "r");
        const bytes = buffer.subarray(0, readSync(source, buffer, 0, buffer.length, 0));
        closeSync(source);
        hash(bytes);
        if (pass === "task")
          names.push(writeDurably(data, node, Buffer.from(`${hash(bytes).toString(16).padStart(16, "0")}\n`)));
      }
      if (names.length < GROUP && node < project.nodes - 1) continue;
      syncFolder(data);
      replay.next();
      names.length = 0;
    }
    replay.close();
  };

  function writeDurably(folder: string, node: number, bytes: Uint8Array): string {
    hash(bytes);
    const name = join(folder, `${node}.txt`);
    const fd = openSync(`${name}.tmp`, "wx", 0o444);
    writeSync(fd, bytes);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(`${name}.tmp`, name);
    return name;
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  fsyncSync(fd);
  closeSync(fd);
}

async function* commands({ space, quick, result }: Setting): AsyncGenerator<Result> {
  const n = quick ? 100 : 1_000;
  const facts = { case: "tasks that are commands, two at a time", n, unit: "ms" } as const;
  const project = writeProject(space.folder("commands"), "parts", n);
  const mix = compileMix(project.folder);
  if (mix === undefined) {
    yield result({ ...facts, against: "spawn", target: 1.1, gate: 1.3, note: "there is no C compiler for the work" });
    return;
  }
  await settle();
  const ninja = absence("ninja") === undefined ? peerProgram("ninja", project.folder, project.shape, mix) : undefined;
  const run = (node: number): Promise<string> => output(mix, ["-", project.source(node)]);

  const Part = artifact({ schema: z.string(), format: text(), partitionBy: { node: integers() } });
  const command = producer({
    name: "command",
    version: "1.0.0",
    inputs: { source: Part },
    output: Part,
    build: (_, { key }) => run(key.node),
  });
  const made = graph("commands", () => {
    const sources = Part.from(local("src/{node}.txt"));
    return { sources, nodes: command({ source: sources }) };
  });
  let round = 0;
  const samples = await inTurn(
    {
      ours: async () => {
        const state = join(project.folder, `.ours-${round++}`);
        const backend = sqlite(join(state, "strata.db"));
        const time = await timed(() =>
          buildGraph(made.definition, { backend, root: project.folder, concurrency: 2 }),
        )();
        space.remove(state);
        return time;
      },
      spawn: async () => {
        const folder = join(project.folder, `.raw-${round++}`);
        mkdirSync(folder);
        const start = process.hrtime.bigint();
        let next = 0;
        const lane = async (): Promise<void> => {
          for (let node = next++; node < n; node = next++)
            writeFileSync(join(folder, `${node}.txt`), await run(node), { flush: true });
        };
        await Promise.all([lane(), lane()]);
        const time = milliseconds(start);
        space.remove(folder);
        return time;
      },
      ninja:
        ninja &&
        (async () => {
          space.remove(join(project.folder, "out-ninja"));
          mkdirSync(join(project.folder, "out-ninja"));
          return processArm(ninja)();
        }),
    },
    quick ? 5 : 9,
  );
  const { ours } = samples;
  yield result({ ...facts, against: "a loop of spawn", target: 1.1, gate: 1.3, pair: { ours, theirs: samples.spawn } });
  yield result({
    ...facts,
    against: "ninja",
    target: 1.2,
    gate: 2,
    pair: { ours, theirs: samples.ninja },
    note: absence("ninja"),
  });
}

function output(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (printed += piece));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(printed) : reject(new Error(`${file} ended with ${code}`))));
  });
}
