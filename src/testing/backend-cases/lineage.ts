// Cases about lineage: what was made from what, both ways.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { LineageEdge, PartitionId, RunPartition } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { key, partition, print, refusal, run, runId } from "../samples.ts";

/**
 * Two raw files, a total of both, a model and a chart from it, and a report from those:
 * raw a, raw b → total → model, chart → report; the model reads raw a as well.
 */
const steps = [
  { run: "r1", reads: { days: ["raw a", "raw b"] }, writes: ["total"] },
  { run: "r2", reads: { total: ["total"], first: ["raw a"] }, writes: ["model"] },
  { run: "r3", reads: { total: ["total"] }, writes: ["chart"] },
  { run: "r4", reads: { model: ["model"], chart: ["chart"] }, writes: ["report"] },
] as const;
const names = ["raw a", "raw b", "total", "model", "chart", "report", "loose"] as const;
type Name = (typeof names)[number];

async function history(connection: Connection): Promise<(name: Name) => PartitionId> {
  const ids = await connection.writeArtifactPartitions(names.map((name) => partition({ key: key(name) })));
  const idOf = (name: string): PartitionId => ids[names.indexOf(name as Name)]!;
  await connection.startRuns(steps.map((step) => run({ id: runId(step.run) })));
  const inputs: RunPartition[] = [];
  const outputs: RunPartition[] = [];
  for (const step of steps) {
    for (const [name, read] of Object.entries(step.reads)) {
      for (const one of read as readonly string[]) inputs.push({ run: runId(step.run), name, partition: idOf(one) });
    }
    for (const one of step.writes) outputs.push({ run: runId(step.run), name: "out", partition: idOf(one) });
  }
  await connection.writeRunPartitions({ inputs, outputs });
  return idOf;
}

export const lineageCases: readonly ContractCase[] = [
  {
    name: "lineage-both-ways",
    title: "lineage is walked from a result to its sources and from a source to all its results, nearest first",
    async run({ connect }) {
      const connection = await connect();
      const idOf = await history(connection);
      const walk = async (
        name: Name,
        options: Parameters<Connection["walkLineage"]>[1],
      ): Promise<readonly [string, number, boolean]> => {
        const { partitions, edges, truncated } = await connection.walkLineage([idOf(name)], options);
        return [partitions.map((one) => one.key).join(", "), edges.length, truncated];
      };

      const up = { direction: "upstream" } as const;
      const down = { direction: "downstream" } as const;
      assert.deepEqual(await walk("report", up), ["report, model, chart, raw a, total, raw b", 7, false]);
      assert.deepEqual(await walk("chart", up), ["chart, total, raw a, raw b", 3, false]);
      assert.deepEqual(await walk("raw a", up), ["raw a", 0, false]);
      assert.deepEqual(await walk("raw b", down), ["raw b, total, model, chart, report", 5, false]);
      assert.deepEqual(await walk("loose", down), ["loose", 0, false]);
      // The edges among what is answered, the outermost included; and whether there is more.
      assert.deepEqual(await walk("report", { ...up, depth: 0 }), ["report", 0, true]);
      assert.deepEqual(await walk("report", { ...up, depth: 2 }), ["report, model, chart, raw a, total", 6, true]);
      assert.deepEqual(await walk("report", { ...up, depth: 3 }), [
        "report, model, chart, raw a, total, raw b",
        7,
        false,
      ]);
      assert.deepEqual(await walk("report", { ...up, limit: 2 }), ["report, model", 1, true]);
      assert.deepEqual(await walk("report", { ...up, limit: 6 }), [
        "report, model, chart, raw a, total, raw b",
        7,
        false,
      ]);
      assert.deepEqual(await walk("report", { ...up, limit: 0 }), ["", 0, true]);
    },
  },
  {
    name: "lineage-edges",
    title: "an edge says which run read what under which name to write what; unknown partitions are passed over",
    async run({ connect }) {
      const connection = await connect();
      const idOf = await history(connection);

      const start = [idOf("model"), 999_999 as PartitionId, idOf("model"), idOf("raw b")];
      const { partitions, edges, truncated } = await connection.walkLineage(start, { direction: "upstream", depth: 1 });

      assert.deepEqual(
        partitions.map((one) => one.key as string),
        ["raw b", "model", "raw a", "total"],
      );
      assert.deepEqual(partitions[1], { ...partition({ key: key("model") }), id: idOf("model"), damaged: false });
      const edge = (r: string, name: string, input: Name, output: Name): LineageEdge => ({
        run: runId(r),
        name,
        input: idOf(input),
        output: idOf(output),
      });
      assert.deepEqual(edges, [
        edge("r1", "days", "raw a", "total"),
        edge("r1", "days", "raw b", "total"),
        edge("r2", "first", "raw a", "model"),
        edge("r2", "total", "total", "model"),
      ]);
      assert.equal(truncated, false);
      await refusal(connection.walkLineage(start, { direction: "sideways" as never }), "RECORD_INVALID");
    },
  },
  {
    name: "lineage-circles",
    title: "a run that wrote a partition twice makes one edge, and a partition made from itself no endless walk",
    async run({ connect }) {
      const connection = await connect();
      const [a, b] = await connection.writeArtifactPartitions([
        partition({ key: key("a") }),
        partition({ key: key("b") }),
      ]);
      await connection.startRuns([run(), run({ id: runId("back") })]);
      const [there, back] = [run().id, runId("back")];
      await connection.writeRunPartitions({
        inputs: [
          { run: there, name: "in", partition: a! },
          { run: back, name: "in", partition: b! },
        ],
        outputs: [
          { run: there, name: "one", partition: b! },
          { run: there, name: "two", partition: b! },
          { run: back, name: "one", partition: a! },
        ],
      });

      for (const direction of ["upstream", "downstream"] as const) {
        const { partitions, edges, truncated } = await connection.walkLineage([a!], { direction });
        assert.deepEqual(
          partitions.map(({ id }) => id),
          [a, b],
        );
        assert.equal(edges.length, 2);
        assert.equal(truncated, false);
      }
    },
  },
  {
    name: "lineage-after-gc",
    title: "a removed partition is in no lineage any more",
    async run({ connect }) {
      const connection = await connect();
      const idOf = await history(connection);

      await connection.removeUnlinkedPartitions([idOf("total")]);

      const up = await connection.walkLineage([idOf("report"), idOf("total")], { direction: "upstream" });
      assert.deepEqual(
        up.partitions.map((one) => one.key as string),
        ["report", "model", "chart", "raw a"],
      );
      const down = await connection.walkLineage([idOf("raw b")], { direction: "downstream" });
      assert.deepEqual(down, { partitions: down.partitions, edges: [], truncated: false });
      assert.equal(down.partitions.length, 1);
    },
  },
  {
    name: "partitions-by-place-and-content",
    title: "partitions are found by where their bytes are and by what they are, oldest first, many questions at once",
    async run({ connect }) {
      const connection = await connect();
      const file = (content: string, location: string, storage = "local") =>
        partition({ content: print(content), location, storage, input: undefined });
      const ids = await connection.writeArtifactPartitions([
        file("one", "raw.csv"),
        file("two", "raw.csv"),
        file("three", "it's.csv"),
        file("four", "raw.csv", "s3"),
      ]);
      await connection.writeArtifactPartitions([{ ...file("one", "raw.csv"), artifact: print("other") }]);
      const numbers = (found: readonly (readonly { id: PartitionId }[])[]): number[][] =>
        found.map((list) => list.map(({ id }) => (ids.indexOf(id) < 0 ? 9 : ids.indexOf(id))));

      const places = ["raw.csv", "none", "it's.csv", "raw.csv"];
      assert.deepEqual(numbers(await connection.findPartitionsAt("local", places)), [[0, 1, 9], [], [2], [0, 1, 9]]);
      assert.deepEqual(numbers(await connection.findPartitionsAt(undefined, places)), [
        [0, 1, 3, 9],
        [],
        [2],
        [0, 1, 3, 9],
      ]);
      const contents = ["one", "none", "four", "one"].map(print);
      assert.deepEqual(numbers(await connection.findPartitionsOf(contents)), [[0, 9], [], [3], [0, 9]]);
      const [first] = (await connection.findPartitionsAt("local", ["it's.csv"])).flat();
      assert.deepEqual(first, { ...file("three", "it's.csv"), id: ids[2], damaged: false });
    },
  },
];
