// Renaming: a producer keeps its results, an artifact its history.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { all, artifact, graph, integers, literal, memory, memoryStorage, producer } from "../../../src/index.ts";
import { resolveSnapshot } from "../../../src/build/snapshot.ts";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { verifySnapshots } from "../../../src/operations/verify.ts";
import { diffDeclared, diffSnapshotsIn } from "../../../src/operations/diff.ts";

const Row = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Doubled = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Sum = artifact({ schema: z.number() });
let ran = 0;

function doubling(name: string, was?: string) {
  return producer({
    name,
    version: "1.0.0",
    ...(was === undefined ? {} : { was }),
    inputs: { row: Row },
    output: Doubled,
    build: ({ row }) => {
      ran++;
      return 2 * row;
    },
  });
}

const add = producer({
  name: "add",
  version: "1.0.0",
  inputs: { parts: all(Doubled) },
  output: Sum,
  build: ({ parts }) => parts.reduce((sum, { value }) => sum + value, 0),
});

const rows = () => Row.from(literal.partitions([1, 2, 3].map((n) => ({ key: { n }, value: n }))));

function one(define: (row: ReturnType<typeof rows>) => Record<string, ReturnType<ReturnType<typeof doubling>>>) {
  return graph("g", () => {
    const row = rows();
    return { row, ...define(row) };
  });
}

describe("a producer that was renamed", () => {
  it("finds what it built under its first name", async () => {
    const backend = memory();
    const before = one((row) => ({ doubled: doubling("double")({ row }) }));
    const after = one((row) => ({ doubled: doubling("twice", "double")({ row }) }));
    const without = one((row) => ({ doubled: doubling("twice")({ row }) }));
    await before.build({ backend });
    ran = 0;

    const { result } = await after.build({ backend });
    const lost = await without.build({ backend });

    expect(result).toMatchObject({ built: 0, reused: 3 });
    expect(lost.result).toMatchObject({ built: 3 });
    expect(ran).toBe(3);
  });

  it("is refused beside another one of its first name, whose results it would be given", () => {
    const both = () => one((row) => ({ a: doubling("twice", "double")({ row }), b: doubling("double")({ row }) }));

    expect(both).toThrow("two producers would be given each other's results");
  });

  it("says what is no name", () => {
    expect(() => doubling("twice", "a/b")).toThrow(/producer 'twice', was.*cannot be a name/s);
  });
});

describe("an artifact that was renamed", () => {
  const double = doubling("double");
  const before = graph("g", () => {
    const row = rows();
    const doubled = double({ row });
    return { row, doubled, sum: add({ parts: doubled }) };
  });
  const after = graph(
    "g",
    () => {
      const row = rows();
      const twice = double({ row });
      return { row, vendor: { twice }, sum: add({ parts: twice }) };
    },
    { was: { "vendor.twice": ["second", "doubled"] } },
  );

  it("is read from earlier snapshots under its new key", async () => {
    const backend = memory();
    const { id } = await before.build({ backend });
    await after.build({ backend });

    const old = await after.snapshot(id, { backend });
    const keys = [];
    for await (const key of old.keys(after.artifacts.vendor.twice)) keys.push(key.n);

    expect(await old.read(after.artifacts.vendor.twice, { n: 2 })).toBe(4);
    expect(keys).toEqual([1, 2, 3]);
  });

  it("is the same in a comparison, and stays pinned", async () => {
    const backend = memory();
    const { id } = await before.build({ backend });
    await before.pin("doubled[2]", { backend, why: "agreed" });
    const { result, id: now } = await after.build({ backend });
    await using workspace = await openWorkspace({ backend });
    const { connection } = workspace;

    const diff = await diffSnapshotsIn(connection, await resolveSnapshot(connection, "g", id), (await connection.readSnapshot(now))!); // prettier-ignore
    const plan = await after.plan({ backend });

    expect(result).toMatchObject({ built: 0 });
    expect(diff.artifacts).toEqual([]);
    expect(diff.declarations.filter(({ name }) => name !== "sum")).toEqual([]);
    expect(plan.steps.find(({ partition }) => partition === "n=2")?.reason.code).toBe("pinned");
  });

  it("has its former results pinned and verified, and is named to who asks by the old key", async () => {
    const backend = memory();
    const { id } = await before.build({ backend });
    await after.build({ backend });

    const [pin] = await after.pin("vendor.twice[2]", { backend, snapshot: id, why: "agreed" });
    const statistics = await after.statistics(after.artifacts.vendor.twice, { backend, snapshot: id });

    expect(pin).toMatchObject({ artifactKey: "vendor.twice", key: "n=2" });
    expect(statistics.map(({ partition }) => partition)).toEqual(["n=1", "n=2", "n=3"]);
    await expect(after.plan({ backend, select: ["doubled[2]"] })).rejects.toMatchObject({
      code: "SELECTOR_UNKNOWN",
      hint: "It is called 'vendor.twice' now.",
    });
  });

  it("is verified where it was stored, under its former key too", async () => {
    const backend = memory();
    const Kept = artifact({ schema: z.number(), storage: memoryStorage("{name}/{input_fingerprint}.json", new Map()) });
    const keep = producer({ name: "keep", version: "1", inputs: {}, output: Kept, build: () => 1 });
    await graph("g", () => ({ kept: keep() })).build({ backend });
    const later = graph("g", () => ({ held: keep() }), { was: { held: "kept" } }).definition;
    await using workspace = await openWorkspace({ backend });
    const snapshot = await resolveSnapshot(workspace.connection, "g", "latest");

    const { checked, findings } = await verifySnapshots(workspace, [snapshot], { graph: later });

    expect({ checked, findings }).toEqual({ checked: 1, findings: [] });
  });

  it("has its schema compared with the one it had under its former key", async () => {
    const backend = memory();
    const { id } = await before.build({ backend });
    const Text = artifact({ schema: z.string(), partitionBy: { n: integers() } });
    const text = producer({
      name: "text",
      version: "1",
      inputs: { row: Row },
      output: Text,
      build: ({ row }) => `${row}`,
    });
    const later = graph(
      "g",
      () => {
        const row = rows();
        return { row, texts: text({ row }) };
      },
      { was: { texts: "doubled" } },
    );
    await using workspace = await openWorkspace({ backend });
    const old = await resolveSnapshot(workspace.connection, "g", id);

    const declarations = await diffDeclared(workspace.connection, old, later.definition.describe());

    expect(declarations.filter(({ part }) => part === "schema")).toMatchObject([
      {
        name: "texts",
        schema: { verdict: "breaking", changes: [{ path: "", says: "was number, is string now" }] },
      },
    ]);
  });

  it.each([
    [{ twice: "doubled" }, "there is no such artifact"],
    [{ "vendor.twice": "sum" }, "this key is in use"],
    [{ "vendor.twice": "x", sum: "x" }, "one key cannot have become two"],
    [{ "vendor.twice": "" }, "this was no key"],
  ])("is refused where %j cannot be", (was, sentence) => {
    const declare = () =>
      graph(
        "g",
        () => {
          const row = rows();
          const twice = double({ row });
          return { row, vendor: { twice }, sum: add({ parts: twice }) };
        },
        { was: was },
      );

    expect(declare).toThrow(sentence);
  });
});
