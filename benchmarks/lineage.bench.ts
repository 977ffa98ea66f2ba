// What does it cost to find everything upstream of a partition?

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Connection, Fingerprint } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import type { PartitionId, PartitionRecord, RunId, RunRecord } from "../src/backend/records.ts";
import type { Bench } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { createRandom } from "./work/random.ts";

/** Layers of partitions, each made from three of the layer above: about 100,000 edges between 34,000 partitions. */
const LAYERS = 34;
const WIDE = 1_000;
const READS = 3;

export const bench: Bench = {
  question: "What does it cost to find everything upstream of a partition?",

  async *run({ space, quick, result }) {
    const wide = quick ? WIDE / 10 : WIDE;
    const folder = space.folder("lineage");
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "strata.db");
    const connection = await sqlite(path).connect();
    const { ids, edges } = await write(connection, wide);
    const raw = new Database(path, { readonly: true });
    const start = ids.at(-1)!;
    const last = start.slice(0, 40);
    const closure = raw.prepare(`
      WITH RECURSIVE up (id) AS (
        SELECT value FROM json_each(?)
        UNION
        SELECT i.partition FROM up
        CROSS JOIN run_partition o ON o.direction = 1 AND o.partition = up.id
        CROSS JOIN run_partition i ON i.run = o.run AND i.direction = 0)
      SELECT id FROM up`);
    const asked = JSON.stringify(last);
    const expected = closure.pluck().all(asked).length;
    const limit = 10_000_000;
    const ours = await connection.walkLineage(last, { direction: "upstream", limit });
    if (ours.partitions.length !== expected) throw new Error(`${ours.partitions.length} partitions, not ${expected}`);

    const counters = await counted(() => connection.walkLineage(last, { direction: "upstream", limit }));
    yield result({
      case: "statements of a walk over all layers",
      n: expected,
      unit: "count",
      against: "a statement for each layer, and two",
      target: 1.1,
      gate: 2,
      count: { ours: counters.statements, theirs: LAYERS + 2 },
      counters,
    });

    const partitions = raw.prepare("SELECT * FROM partition WHERE id IN (SELECT value FROM json_each(?))");
    const between = raw.prepare(`
      SELECT r.id, i.name, i.partition, o.partition FROM json_each(?) q
      CROSS JOIN run_partition o ON o.direction = 1 AND o.partition = q.value
      CROSS JOIN run_partition i ON i.run = o.run AND i.direction = 0 CROSS JOIN run r ON r.sequence = o.run`);
    const walk = timed(async () => connection.walkLineage(last, { direction: "upstream", limit }));
    const same = await inTurn(
      {
        ours: walk,
        theirs: timed(() => {
          const found = JSON.stringify(closure.pluck().all(asked));
          partitions.raw().all(found);
          between.raw().all(found);
        }),
      },
      quick ? 5 : 15,
    );
    yield result({
      case: "closure with its partitions and edges",
      n: expected,
      unit: "ms",
      against: "a recursive statement, then the same rows",
      target: 1.2,
      gate: 2,
      pair: same,
    });

    const bare = await inTurn({ ours: walk, theirs: timed(() => void closure.pluck().all(asked)) }, quick ? 5 : 15);
    yield result({
      case: "closure with its partitions and edges",
      n: expected,
      unit: "ms",
      against: "a recursive statement for the ids alone",
      target: 10,
      gate: 20,
      pair: bare,
      note: `${edges} edges; ours answers partitions and edges as well`,
    });
    raw.close();
    await connection.close();
  },
};

/** Each layer in a transaction of its own; runs write one partition each. */
async function write(
  connection: Connection,
  wide: number,
): Promise<{ readonly ids: readonly (readonly PartitionId[])[]; readonly edges: number }> {
  const random = createRandom(7);
  const ids: (readonly PartitionId[])[] = [];
  let edges = 0;
  for (let layer = 0; layer < LAYERS; layer++) {
    const above = ids.at(-1);
    const runs: RunRecord[] = [];
    const records: PartitionRecord[] = [];
    for (let place = 0; place < wide; place++) {
      const id = `run-${layer}-${place}` as RunId;
      if (above !== undefined) runs.push(run(id));
      records.push(partition(layer, place, above === undefined ? undefined : id));
    }
    await connection.transaction(async (tx) => {
      await tx.startRuns(runs);
      const written = await tx.writeArtifactPartitions(records);
      ids.push(written);
      if (above === undefined) return;
      const inputs = runs.flatMap(({ id }) =>
        Array.from({ length: READS }, (_, at) => ({
          run: id,
          name: `input-${at}`,
          partition: above[Math.floor(random() * wide)]!,
        })),
      );
      edges += inputs.length;
      await tx.writeRunPartitions({
        inputs,
        outputs: runs.map(({ id }, place) => ({ run: id, name: "output", partition: written[place]! })),
      });
    });
  }
  return { ids, edges };
}

function hex(...numbers: readonly number[]): Fingerprint {
  return numbers
    .map((one) => one.toString(16).padStart(8, "0"))
    .join("")
    .padEnd(32, "0") as Fingerprint;
}

function partition(layer: number, place: number, by: RunId | undefined): PartitionRecord {
  return {
    artifact: hex(layer + 1),
    key: `n=${place}` as PartitionRecord["key"],
    input: by === undefined ? undefined : hex(layer, place, 1),
    content: hex(layer, place, 2),
    size: 100,
    digest: undefined,
    storage: "local",
    location: `data/${layer}/${place}.json`,
    value: undefined,
    run: by,
  };
}

function run(id: RunId): RunRecord {
  return {
    id,
    parent: undefined,
    kind: "step",
    graph: "work",
    snapshot: undefined,
    producer: "work",
    version: "1.0.0",
    key: undefined,
    input: undefined,
    state: "succeeded",
    reason: undefined,
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:00:01.000Z",
    attempts: 1,
    duration: 1000,
    error: undefined,
    holder: "bench@here 1 -/1",
  };
}
