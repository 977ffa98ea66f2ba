// Cases about marks: pins and taints.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { NewMark, PartitionId } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { manualClock } from "../manual-clock.ts";
import { allPages, key, partition, refusal, run, runId } from "../samples.ts";

async function store(connection: Connection, name: string): Promise<PartitionId> {
  const record = partition({ key: key(`date=${name}`), run: runId("run") });
  return (await connection.writeArtifactPartitions([record]))[0]!;
}

function pin(id: PartitionId, change: Partial<NewMark> = {}): NewMark {
  const place = { graph: "spend", artifactKey: "days", key: key("date=2026-01-02") };
  return { kind: "pin", ...place, partition: id, by: "ana", why: "as agreed", ...change };
}

export const markCases: readonly ContractCase[] = [
  {
    name: "mark-write-read",
    title: "a mark says what it is about, since when, by whom and why",
    async run({ store: open, connect }) {
      const clock = manualClock();
      await open({ clock });
      const connection = await connect();
      await connection.startRuns([run({ id: runId("run") })]);
      const id = await store(connection, "2026-01-02");

      const [written] = await connection.writeMarks([pin(id)]);

      const at = new Date(clock.now()).toISOString();
      assert.deepEqual(written, {
        ...pin(id),
        sequence: written!.sequence,
        run: runId("run"),
        at,
        ended: undefined,
      });
      assert.deepEqual((await connection.listMarks()).items, [written]);
      assert.deepEqual((await connection.listMarks({ graph: "other" })).items, []);
      assert.deepEqual((await connection.listMarks({ kind: "taint" })).items, []);
      assert.deepEqual((await connection.listMarks({ graph: "spend", kind: "pin", open: false })).items, []);
    },
  },
  {
    name: "mark-one-holds",
    title: "one mark of a kind holds at a place: a new one ends the one before, also within one call",
    async run({ connect }) {
      const connection = await connect();
      const [a, b] = [await store(connection, "a"), await store(connection, "b")];

      const [first] = await connection.writeMarks([pin(a)]);
      await connection.writeMarks([pin(b, { by: "bo", why: "better" }), pin(a, { kind: "taint" })]);
      const both = await connection.writeMarks([pin(a, { why: "one" }), pin(b, { why: "two" })]);

      const open = (await connection.listMarks({ open: true })).items;
      assert.deepEqual(
        open.map(({ kind, partition: id, why }) => [kind, id, why]),
        [
          ["pin", b, "two"],
          ["taint", a, "as agreed"],
        ],
      );
      const ended = (await connection.listMarks({ open: false })).items;
      assert.deepEqual(
        ended.map(({ sequence }) => sequence),
        [both[0]!.sequence, both[0]!.sequence - 2, first!.sequence],
      );
      assert.equal(ended.at(-1)?.ended?.by, "bo");
      assert.equal(ended.at(-1)?.ended?.why, "better");
      assert.equal(both[0]!.ended?.why, "two");
    },
  },
  {
    name: "mark-end",
    title: "a mark that ended does not end again",
    async run({ connect }) {
      const connection = await connect();
      const id = await store(connection, "a");
      const [mark] = await connection.writeMarks([pin(id)]);

      const once = await connection.endMarks({ sequences: [mark!.sequence, 12_345], by: "bo", why: "no need" });
      const twice = await connection.endMarks({ sequences: [mark!.sequence], by: "cy" });

      assert.deepEqual([once, twice], [1, 0]);
      const { items } = await connection.listMarks();
      assert.equal(items[0]?.ended?.by, "bo");
      assert.equal(items[0]?.ended?.why, "no need");
    },
  },
  {
    name: "mark-pin-keeps",
    title: "a pinned partition is not removed while the pin holds; a tainted one is",
    async run({ store: open, connect }) {
      const clock = manualClock();
      await open({ clock });
      const connection = await connect();
      const [a, b] = [await store(connection, "a"), await store(connection, "b")];
      const [mark] = await connection.writeMarks([pin(a), pin(b, { kind: "taint" })]);
      const later = clock.now() + 1;

      const unlinked = (await connection.listUnlinkedPartitions(later)).items.map(({ id }) => id);
      const removed = await connection.removeUnlinkedPartitions([a, b]);
      await connection.endMarks({ sequences: [mark!.sequence], by: "ana" });
      const after = await connection.removeUnlinkedPartitions([a]);

      assert.deepEqual([unlinked, removed, after], [[b], [b], [a]]);
      assert.equal((await connection.listMarks()).items.length, 2, "marks outlive what they are about");
    },
  },
  {
    name: "mark-pages",
    title: "marks are listed newest first, in pages",
    async run({ connect }) {
      const connection = await connect();
      const id = await store(connection, "a");
      const marks = Array.from({ length: 25 }, (_, i) => pin(id, { key: key(`date=${i}`) }));
      const written = await connection.writeMarks(marks);

      const pages = await allPages((page) => connection.listMarks({ graph: "spend" }, page), 10);

      assert.deepEqual(
        pages.map(({ sequence }) => sequence),
        written.map(({ sequence }) => sequence).reverse(),
      );
    },
  },
  {
    name: "mark-refused",
    title: "a mark of what is not stored, or without a reason, is refused, and then none is written",
    async run({ connect }) {
      const connection = await connect();
      const id = await store(connection, "a");

      await refusal(connection.writeMarks([pin(id), pin(987_654 as PartitionId)]), "PARTITION_UNKNOWN");
      await refusal(connection.writeMarks([pin(id, { why: "  " })]), "RECORD_INVALID");
      await refusal(connection.writeMarks([pin(id, { kind: "hold" as "pin" })]), "RECORD_INVALID");

      assert.deepEqual((await connection.listMarks()).items, []);
    },
  },
];
