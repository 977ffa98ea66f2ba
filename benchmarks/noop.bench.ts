// What does a build cost in which everything is up to date?

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Setting } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { findProgram, node, optional, peakMemory, processArm, runProgram, strata } from "./harness/process.ts";
import type { Result } from "./harness/result.ts";
import { absence, builtPeer } from "./peers/files.ts";
import { turboProgram } from "./peers/turbo.ts";
import { openEngine, settle } from "./work/engine.ts";
import { writeProject, type Project } from "./work/project.ts";
import type { ShapeName } from "./work/shapes.ts";

export const bench: Bench = {
  question: "What does a build cost in which everything is up to date?",

  async *run(setting) {
    const n = setting.quick ? 1_000 : 10_000;
    for (const name of ["parts", "layered"] as const) {
      const project = writeProject(setting.space.folder(`noop-${name}`), name, n);
      await settle();
      runProgram(build(project));
      yield* countedWork(setting, project);
      yield* processes(setting, project);
      yield* inProcess(setting, project);
    }
    yield* againstTurbo(setting);
  },
};

function build(project: Project, ...options: readonly string[]) {
  return node([strata, "build", "graph.ts", ...options], project.folder);
}

/** Nothing of this depends on the machine: it is the gate that counts. */
async function* countedWork({ result }: Setting, project: Project): AsyncGenerator<Result> {
  // A graph that is defined anew has nothing remembered of it in this process; without the file of the last build, everything is looked at.
  const first = openEngine(project);
  forget(project);
  await first.plan();
  const planned = await counted(() => first.plan());
  const looked = await counted(() => openEngine(project).build());
  forget(project);
  const trusted = await counted(() => openEngine(project).build({ trust: true }));
  const anew = await counted(() => openEngine(project).build());
  const again = openEngine(project);
  await again.build();
  const stood = await counted(() => again.build());
  const n = project.nodes;
  const { name } = project.shape;
  // Folders are looked at as well, so that a file that comes or goes is seen.
  const folders = name === "parts" ? 1 : 0;
  const facts = { n, unit: "count", target: 1, gate: 1 } as const;
  const nothing = { n, unit: "count", target: 0, gate: 0, against: "0" } as const;
  yield result({
    ...facts,
    case: `${name}, stats`,
    against: "1 a source, a folder and an output",
    count: { ours: looked.stats, theirs: 2 * n + folders },
    counters: looked,
  });
  yield result({
    ...facts,
    case: `${name}, stats, outputs trusted`,
    against: "1 a source and a folder",
    count: { ours: trusted.stats, theirs: n + folders },
    counters: trusted,
  });
  yield result({
    ...nothing,
    case: `${name}, files read and bytes of them hashed`,
    count: { ours: looked.filesRead + stood.bytesHashed, theirs: 1 },
  });
  yield result({
    ...facts,
    case: `${name}, statements`,
    against: "2 an artifact, and 4 to open and find the snapshot",
    count: { ours: looked.statements, theirs: 2 * first.artifacts + 4 },
  });
  yield result({
    ...nothing,
    case: `${name}, rows written and steps run`,
    count: { ours: looked.rowsWritten + looked.steps, theirs: 1 },
  });
  yield result({
    ...nothing,
    case: `${name}, canonicalisations, second plan`,
    count: { ours: planned.canonicalisations, theirs: 1 },
    counters: planned,
  });
  yield result({
    ...nothing,
    case: `${name}, statements of a build in another process`,
    count: { ours: anew.statements + anew.filesRead + anew.rowsWritten, theirs: 1 },
    counters: anew,
  });
  yield result({
    ...nothing,
    case: `${name}, statements of a second build in one process`,
    count: { ours: stood.statements, theirs: 1 },
    counters: stood,
  });
}

/** As if the last build had left no answer for others. */
function forget({ folder }: Project): void {
  const cache = join(folder, ".strata", "cache");
  for (const name of readdirSync(cache)) if (name.startsWith("standing-")) rmSync(join(cache, name));
}

async function* processes({ result, quick }: Setting, project: Project): AsyncGenerator<Result> {
  const { folder, nodes: n, shape } = project;
  // The output files are the peers', where there are any: as many files of the same size in one folder.
  const files = Array.from({ length: n }, (_, index) => project.source(index));
  const samples = await inTurn(
    {
      node: processArm(node(["-e", "0"], folder)),
      ours: processArm(build(project)),
      trusted: processArm(build(project, "--trust")),
      ninja: optional(builtPeer("ninja", project)),
      make: optional(builtPeer("make", project)),
      stats: timed(() => {
        let sizes = 0;
        for (let twice = 0; twice < 2; twice++) for (const file of files) sizes += statSync(file).size;
        return sizes;
      }),
    },
    quick ? 9 : 15,
  );
  const facts = { n, unit: "ms" } as const;
  const { ours } = samples;
  const cli = `${shape.name}, the command`;
  yield result({
    ...facts,
    case: cli,
    against: "ninja",
    target: 2,
    gate: 3.5,
    pair: { ours, theirs: samples.ninja },
    note: absence("ninja"),
  });
  yield result({
    ...facts,
    case: `${cli}, outputs trusted`,
    against: "ninja",
    target: 1.6,
    gate: 2.5,
    pair: { ours: samples.trusted, theirs: samples.ninja },
    note: absence("ninja"),
  });
  yield result({
    ...facts,
    case: cli,
    against: "make",
    target: 2,
    gate: 4,
    pair: { ours, theirs: samples.make },
    note: absence("make"),
  });
  yield result({
    ...facts,
    case: `${cli}, net of Node's start`,
    against: "a stat of each source and output",
    target: 2,
    gate: 3,
    pair: { ours: ours.map((time, round) => time - samples.node[round]!), theirs: samples.stats },
  });
  yield result({
    case: `${cli}, peak memory`,
    n,
    unit: "MiB",
    against: "1 MiB",
    target: 110,
    gate: 160,
    count: { ours: peakMemory(build(project)), theirs: 1 },
  });
}

async function* inProcess({ result, quick }: Setting, project: Project): AsyncGenerator<Result> {
  const { nodes: n, shape } = project;
  const engine = openEngine(project);
  const samples = await inTurn(
    {
      ours: timed(() => engine.build()),
      trusted: timed(() => engine.build({ trust: true })),
      ninja: optional(builtPeer("ninja", project)),
    },
    quick ? 9 : 15,
  );
  const facts = { n, unit: "ms", against: "ninja", note: absence("ninja") } as const;
  yield result({
    ...facts,
    case: `${shape.name}, build() again in one process`,
    target: 1,
    gate: 1.5,
    pair: { ours: samples.ours, theirs: samples.ninja },
  });
  yield result({
    ...facts,
    case: `${shape.name}, build() again in one process, outputs trusted`,
    target: 0.5,
    gate: 1.5,
    pair: { ours: samples.trusted, theirs: samples.ninja },
  });
}

async function* againstTurbo({ result, quick, space }: Setting): AsyncGenerator<Result> {
  const n = quick ? 100 : 1_000;
  const facts = { case: "layered, the command", n, unit: "ms", against: "turbo", target: 0.35, gate: 0.6 } as const;
  if (findProgram("turbo") === undefined) {
    yield result({ ...facts, note: "turbo is not installed" });
    return;
  }
  const project = writeProject(space.folder("turbo"), "layered" satisfies ShapeName, n);
  await settle();
  runProgram(build(project));
  const turbo = turboProgram(space.folder("turbo-packages"), project.shape);
  runProgram(turbo);
  const { ours, theirs } = await inTurn({ ours: processArm(build(project)), theirs: processArm(turbo) }, 9);
  yield result({ ...facts, pair: { ours, theirs } });
}
