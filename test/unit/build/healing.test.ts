// Stored bytes that disappear or change: found, told, and built again; never served.

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  all,
  artifact,
  graph,
  integers,
  literal,
  local,
  memory,
  producer,
  type Backend,
  type BuildEvent,
  type Connection,
  type Fingerprint,
} from "stratigraph";
import { z } from "zod";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "strata-healing-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const Input = artifact({ schema: z.number() });
const Part = artifact({
  schema: z.object({ value: z.number() }),
  partitionBy: { n: integers({ from: 1, to: 3 }) },
  storage: local("out/{n}/{input_fingerprint}.json"),
});
const Total = artifact({ schema: z.number() });

/** Counts its calls; another version of the total makes a build read the parts again without changing them. */
function project(calls: string[], version = "1.0.0") {
  const input = Input.from(literal(10));
  const make = producer({
    name: "make",
    version: "1.0.0",
    inputs: { input: Input },
    output: Part,
    build: ({ input: value }, { key }) => (calls.push(`make ${key.n}`), { value: value * key.n }),
  });
  const add = producer({
    name: "add",
    version,
    inputs: { parts: all(Part) },
    output: Total,
    build: ({ parts }) => (calls.push("add"), parts.reduce((a, { value }) => a + value.value, 0)),
  });
  return graph("healing", () => {
    const parts = make({ input });
    return { input, parts, total: add({ parts }) };
  });
}
function fileOf(n: number): string {
  const folder = join(root, "out", String(n));
  return join(folder, readdirSync(folder)[0]!);
}

function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 2]! ^= 1;
  chmodSync(file, 0o644);
  writeFileSync(file, bytes);
}

describe("stored bytes", () => {
  it("that are gone are built again, and nothing below runs", async () => {
    const backend = memory();
    await project([]).build({ backend, root });
    rmSync(fileOf(2));

    const calls: string[] = [];
    const plan = await project(calls).plan({ backend, root });
    const snapshot = await project(calls).build({ backend, root });

    expect(plan.steps.find(({ partition }) => partition === "n=2")).toMatchObject({
      state: "missing",
      reason: { code: "output-missing" },
    });
    expect(calls).toEqual(["make 2"]);
    expect(snapshot.result).toMatchObject({ built: 1, reused: 3 });
    expect(await snapshot.read(project([]).artifacts.parts, { n: 2 })).toEqual({ value: 20 });
  });

  it("that changed in place are never served, and --verify builds them again", async () => {
    const backend = memory();
    const before = await project([]).build({ backend, root });
    damage(fileOf(3));

    await expect(before.read(project([]).artifacts.parts, { n: 3 })).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    const calls: string[] = [];
    const after = await project(calls).build({ backend, root, verify: true });

    expect(calls).toEqual(["make 3"]);
    expect(after.id).toBe(before.id);
    expect(await after.read(project([]).artifacts.parts, { n: 3 })).toEqual({ value: 30 });
  });

  it("that turn out to be damaged while a step reads them are built again within the same build", async () => {
    const backend = memory();
    await project([]).build({ backend, root });
    damage(fileOf(1));

    const calls: string[] = [];
    const events: BuildEvent[] = [];
    const snapshot = await project(calls, "2.0.0").build({ backend, root, on: (event) => events.push(event) });

    expect(calls).toEqual(["make 1", "add"]);
    expect(events.find(({ type }) => type === "healing")).toMatchObject({
      key: "parts",
      partition: "n=1",
      problem: "damaged",
    });
    expect(await snapshot.read(project([], "2.0.0").artifacts.total)).toBe(60);
    const states = Object.fromEntries(
      snapshot.result.steps.map(({ key, partition, state }) => [key + partition, state]),
    );
    expect(states).toEqual({ "partsn=1": "built", "partsn=2": "reused", "partsn=3": "reused", total: "built" });
  });

  it("of what a predecessor is made from heal before a threshold compares with that predecessor", async () => {
    const backend = memory();
    const days = { n: integers({ from: 1, to: 2 }) };
    const Source = artifact({
      schema: z.number(),
      partitionBy: days,
      storage: local("out/{n}/{input_fingerprint}.json"),
    });
    const Rows = artifact({
      schema: z.array(z.number()),
      partitionBy: days,
      thresholds: { usual: { of: "rows", min: 0.5, last: 1 } },
    });
    const source = producer({ name: "source", version: "1", inputs: {}, output: Source, build: (_, { key }) => (key.n === 1 ? 90 : 1) }); // prettier-ignore
    const rows = producer({
      name: "rows",
      version: "1",
      inputs: { many: Source },
      output: Rows,
      build: ({ many }) => Array.from({ length: many }, () => 1),
    });
    const growing = graph("growing", () => {
      const sources = source();
      return { sources, rows: rows({ many: sources }) };
    });
    await growing.build({ backend, root, select: ["sources"] });
    damage(fileOf(1));

    const failure = await growing.build({ backend, root }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "BUILD_FAILED", data: { result: { built: 2, failed: 1 } } });
    expect(await growing.quarantined([], { backend, root })).toMatchObject([
      {
        partition: "n=2",
        findings: [{ name: "usual", text: expect.stringContaining("rows is 1, less than 45") as string }],
      },
    ]);
  });
});

describe("partitions that a gc takes after a build has found them", () => {
  const Figure = artifact({ schema: z.number() });

  /** 10 goes in, 1 comes out, and 100 from that; likewise 2 and 200 from 20. */
  function tenths(input: number, calls: string[], version = "1") {
    const source = Figure.from(literal(input));
    const tenth = producer({
      name: "tenth",
      version,
      inputs: { x: Figure },
      output: artifact({ schema: z.number() }),
      build: ({ x }) => (calls.push("tenth"), x / 10),
    });
    const times = producer({
      name: "times",
      version: "1",
      inputs: { x: Figure },
      output: Total,
      build: ({ x }) => (calls.push("times"), x * 100),
    });
    return graph("tenths", () => {
      const small = tenth({ x: source });
      return { source, small, total: times({ x: small }) };
    });
  }

  /** The backend, in which a snapshot and all that it alone names goes just before the first call of this name. */
  function taking(backend: Backend, id: Fingerprint, call: "transaction" | "writeSnapshotPartitions"): Backend {
    let taken = false;
    const connect = async (): Promise<Connection> => {
      const connection = await backend.connect();
      return new Proxy(connection, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name, target);
          if (typeof method !== "function") return method;
          return async (...args: unknown[]): Promise<unknown> => {
            if (name === call && !taken) {
              taken = true;
              await connection.removeSnapshots([id]);
              const { items } = await connection.listUnlinkedPartitions(Date.now() + 1000);
              await connection.removeUnlinkedPartitions(items.map((item) => item.id));
            }
            return Reflect.apply(method, target, args) as unknown;
          };
        },
      });
    };
    return { ...backend, connect };
  }

  it.each([
    // Found when the build was planned.
    ["transaction", "1", ["tenth", "times"]],
    // Found when what it is made from had come out as it had before.
    ["writeSnapshotPartitions", "2", ["tenth", "times"]],
  ] as const)("are built again within the same build (before %s)", async (call, version, expected) => {
    const backend = memory();
    const before = await tenths(10, []).build({ backend, root });
    await tenths(20, []).build({ backend, root });

    const calls: string[] = [];
    const again = tenths(10, calls, version);
    const after = await again.build({ backend: taking(backend, before.id, call), root });

    expect(calls).toEqual(expected);
    expect(after.result).toMatchObject({ outcome: "succeeded", failed: 0, skipped: 0 });
    expect(await after.read(again.artifacts.total)).toBe(100);
  });
});
