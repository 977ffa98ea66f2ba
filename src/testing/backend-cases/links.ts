// Cases about what a snapshot holds.

import assert from "node:assert/strict";
import type { ContractCase } from "../backend-contract.ts";
import { allPages, build, key, partition, print, refusal, snapshot } from "../samples.ts";

const [one, two] = [print("one"), print("two")];
const days = ["a", "b", "c", "d", "e"].map((text, index) => partition({ key: key(text), size: 10 ** index }));

export const linkCases: readonly ContractCase[] = [
  {
    name: "snapshot-partitions-read-write",
    title: "a snapshot holds what was linked into it, by artifact key and key",
    async run({ connect }) {
      const connection = await connect();
      const ids = await build(connection, one, days.toReversed());
      await build(connection, one, [partition({ key: key(""), artifact: print("total"), size: 7 })], "total");
      await build(connection, two, []);

      const read = (artifactKey: string, keys?: string[]): Promise<string[]> =>
        connection
          .readSnapshotPartitions(one, artifactKey, keys === undefined ? {} : { keys: keys.map(key) })
          .then(({ items }) => items.map((item) => item.key));

      assert.deepEqual(await read("days"), ["a", "b", "c", "d", "e"]);
      assert.deepEqual(await read("total"), [""]);
      assert.deepEqual(await read("days", ["d", "a", "x", "d"]), ["a", "d"]);
      assert.deepEqual(await read("Days"), []);
      assert.deepEqual(
        [...(await connection.countSnapshotPartitions(one))],
        [
          ["days", 5],
          ["total", 1],
        ],
      );
      assert.deepEqual([...(await connection.countSnapshotPartitions(two))], []);
      assert.deepEqual(
        [...(await connection.sumSnapshotSizes(one))],
        [
          ["days", 11_111],
          ["total", 7],
        ],
      );
      assert.deepEqual([...(await connection.sumSnapshotSizes(two))], []);
      const pages = await allPages(
        (page) => connection.readSnapshotPartitions(one, "days", { page, keys: [key("e"), key("b"), key("c")] }),
        1,
      );
      assert.deepEqual(
        pages.map(({ id }) => id),
        [ids[3], ids[2], ids[0]],
      );
    },
  },
  {
    name: "snapshot-partitions-linked-anew",
    title: "a key that is linked again names the new partition, in this snapshot only",
    async run({ connect }) {
      const connection = await connect();
      const newer = partition({ key: key("b"), content: print("newer") });
      await build(connection, one, days);
      await build(connection, two, days);

      await build(connection, one, [newer]);
      await build(connection, one, [newer]);

      const contents = async (id: typeof one): Promise<unknown[]> =>
        (await connection.readSnapshotPartitions(id, "days")).items.map(({ content }) => content);
      assert.deepEqual(
        await contents(one),
        days.map((day) => (day.key === "b" ? newer.content : day.content)),
      );
      assert.deepEqual(
        await contents(two),
        days.map(({ content }) => content),
      );
    },
  },
  {
    name: "latest-partitions",
    title:
      "what was linked last under a key of a graph is found, whichever snapshot it was and whether or not it is still there",
    async run({ connect }) {
      const connection = await connect();
      const newer = partition({ key: key("b"), content: print("newer") });
      const places = ["a", "b", "x"].map((text) => ({ artifactKey: "days", key: key(text) }));
      const latest = async (graph = "spend"): Promise<unknown[]> =>
        (await connection.findLatestPartitions(graph, places)).map((found) => found?.content);
      assert.deepEqual(await latest(), [undefined, undefined, undefined]);

      await build(connection, one, days);
      await build(connection, two, [newer]);
      assert.deepEqual(await latest(), [days[0]!.content, newer.content, undefined]);
      assert.deepEqual(await latest("other"), [undefined, undefined, undefined]);
      await connection.removeSnapshots([two]);
      assert.deepEqual(await latest(), [days[0]!.content, newer.content, undefined]);
      const { items } = await connection.listUnlinkedPartitions(Number.MAX_SAFE_INTEGER);
      await connection.removeUnlinkedPartitions(items.map(({ id }) => id));
      assert.deepEqual(await latest(), [days[0]!.content, undefined, undefined]);
      await build(connection, one, days);
      assert.deepEqual(await latest(), [days[0]!.content, days[1]!.content, undefined]);
    },
  },
  {
    name: "same-partition-in-many-snapshots",
    title: "one partition can be in many snapshots and graphs, and under several artifact keys",
    async run({ connect }) {
      const connection = await connect();
      const other = print("snapshot of another graph");
      const [id] = await build(connection, one, [days[0]!], "first");
      await build(connection, one, [days[0]!], "second");
      await connection.writeSnapshot(snapshot({ id: other, graph: "other" }));
      await connection.writeSnapshotPartitions(other, [
        { artifactKey: "third", key: days[0]!.key, partition: id as never },
      ]);

      const found = [
        ...(await connection.readSnapshotPartitions(one, "first")).items,
        ...(await connection.readSnapshotPartitions(one, "second")).items,
        ...(await connection.readSnapshotPartitions(other, "third")).items,
      ];

      assert.deepEqual(
        found.map((item) => item.id),
        [id, id, id],
      );
      await connection.removeSnapshots([one]);
      assert.deepEqual(await connection.removeUnlinkedPartitions([id as never]), []);
    },
  },
  {
    name: "link-partitions-and-artifact-rows-one-transaction",
    title: "writing partitions with their links writes both or neither",
    async run({ connect }) {
      const connection = await connect();
      const unknown = print("unknown snapshot");

      await refusal(
        connection.writeArtifactAndGraphPartitions(unknown, [{ artifactKey: "days", partition: days[0]! }]),
        "SNAPSHOT_UNKNOWN",
      );

      assert.deepEqual((await connection.readArtifactPartitions(days[0]!.artifact)).items, []);
    },
  },
];
