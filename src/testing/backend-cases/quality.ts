// Cases about the quality of partitions: statistics, findings, quarantine.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { NewQuarantine, PartitionId } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { manualClock } from "../manual-clock.ts";
import { allPages, key, partition, print, refusal, runId } from "../samples.ts";

async function store(connection: Connection, name: string): Promise<PartitionId> {
  return (await connection.writeArtifactPartitions([partition({ key: key(name) })]))[0]!;
}

function entry(id: PartitionId, change: Partial<NewQuarantine> = {}): NewQuarantine {
  const place = { graph: "spend", artifactKey: "days", key: key("date=2026-01-02") };
  return { ...place, partition: id, run: runId("run"), findings: [{ name: "enough", text: "2 rows" }], ...change };
}

export const qualityCases: readonly ContractCase[] = [
  {
    name: "quality-write-read",
    title: "statistics and findings come back as written, are replaced by the next, and are answered in order",
    async run({ connect }) {
      const connection = await connect();
      const [a, b, c] = [await store(connection, "a"), await store(connection, "b"), await store(connection, "c")];
      const statistics = { rows: 3, fields: { amount: { min: 0.1 } }, custom: {} };

      await connection.writeQuality([
        { partition: a, statistics, findings: [] },
        { partition: b, statistics: undefined, findings: [{ name: "odd", text: "ä" }] },
      ]);
      await connection.writeQuality([{ partition: a, statistics: { ...statistics, rows: 4 }, findings: ["x"] }]);

      assert.deepEqual(await connection.readQuality([b, c, a, b]), [
        { partition: b, statistics: undefined, findings: [{ name: "odd", text: "ä" }] },
        undefined,
        { partition: a, statistics: { ...statistics, rows: 4 }, findings: ["x"] },
        { partition: b, statistics: undefined, findings: [{ name: "odd", text: "ä" }] },
      ]);
    },
  },
  {
    name: "quality-refused",
    title: "what is no JSON, or about a partition that is not there, is refused and nothing is written",
    async run({ connect }) {
      const connection = await connect();
      const a = await store(connection, "a");
      const record = { partition: a, statistics: undefined, findings: [] };
      const unknown = { ...record, partition: 999_999 as PartitionId };

      await refusal(connection.writeQuality([{ ...record, statistics: { mean: Number.NaN } }]), "RECORD_INVALID");
      await refusal(connection.writeQuality([record, unknown]), "PARTITION_UNKNOWN");
      await refusal(connection.writeQuarantine([entry(a), entry(999_999 as PartitionId)]), "PARTITION_UNKNOWN");

      assert.deepEqual(await connection.readQuality([a]), [undefined]);
      assert.deepEqual((await connection.listQuarantine()).items, []);
    },
  },
  {
    name: "quarantine-passes-over",
    title: "a quarantined partition is not found until the same content is written again, and can be read all along",
    async run({ store: open, connect }) {
      const clock = manualClock();
      await open({ clock });
      const connection = await connect();
      const record = partition({ input: print("input") });
      const [id] = await connection.writeArtifactPartitions([record]);
      const query = { artifact: record.artifact, key: record.key, input: print("input") };

      const [written] = await connection.writeQuarantine([entry(id!)]);

      const at = new Date(clock.now()).toISOString();
      assert.deepEqual(written, { ...entry(id!), sequence: written!.sequence, at, ended: undefined });
      assert.deepEqual(await connection.findPartitions([query]), [undefined]);
      assert.equal((await connection.readPartitions([id!]))[0]?.id, id);
      await connection.writeArtifactPartitions([record]);
      assert.equal((await connection.findPartitions([query]))[0]?.id, id);
    },
  },
  {
    name: "quarantine-kept",
    title: "an open entry keeps its partition from being removed, an ended one does not; quality goes with it",
    async run({ connect }) {
      const connection = await connect();
      const id = await store(connection, "a");
      await connection.writeQuality([{ partition: id, statistics: { rows: 1 }, findings: [] }]);
      const [written] = await connection.writeQuarantine([entry(id)]);
      const later = Date.parse("2100-01-01T00:00:00Z");

      assert.deepEqual((await connection.listUnlinkedPartitions(later)).items, []);
      assert.deepEqual(await connection.removeUnlinkedPartitions([id]), []);
      assert.equal(await connection.endQuarantine([written!.sequence, 999_999]), 1);
      assert.equal(await connection.endQuarantine([written!.sequence]), 0);
      assert.equal((await connection.listUnlinkedPartitions(later)).items.length, 1);
      assert.deepEqual(await connection.removeUnlinkedPartitions([id]), [id]);
      assert.deepEqual(await connection.readQuality([id]), [undefined]);
      assert.equal((await connection.listQuarantine({ open: false })).items.length, 1);
    },
  },
  {
    name: "quarantine-list",
    title: "the quarantine is listed newest first, by graph and by whether it is kept, page by page",
    async run({ connect }) {
      const connection = await connect();
      const id = await store(connection, "a");
      const entries = await connection.writeQuarantine([
        ...[1, 2, 3].map((n) => entry(id, { artifactKey: `days${n}` })),
        entry(id, { graph: "other" }),
      ]);
      await connection.endQuarantine([entries[1]!.sequence]);

      const keys = async (filter: { graph?: string; open?: boolean }): Promise<string[]> =>
        (await allPages((page) => connection.listQuarantine(filter, page), 2)).map(({ artifactKey }) => artifactKey);
      assert.deepEqual(await keys({}), ["days", "days3", "days2", "days1"]);
      assert.deepEqual(await keys({ graph: "spend" }), ["days3", "days2", "days1"]);
      assert.deepEqual(await keys({ graph: "spend", open: true }), ["days3", "days1"]);
      assert.deepEqual(await keys({ graph: "nobody" }), []);
    },
  },
];
