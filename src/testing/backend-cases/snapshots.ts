// Cases about graphs, snapshots and manifests.

import assert from "node:assert/strict";
import type { Json } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { allPages, build, partition, print, refusal, snapshot } from "../samples.ts";

const description: Json = {
  name: "spend",
  nodes: [{ key: "total", size: 1, big: 9007199254740991, small: 5e-324, text: "\u0000 \ud800 \u{1f600}", none: null }],
  constructor: { __proto__: null },
  z: true,
  a: [],
};

export const snapshotCases: readonly ContractCase[] = [
  {
    name: "graph-write-read-roundtrip",
    title: "a graph comes back as it was written, key order included",
    async run({ connect }) {
      const connection = await connect();

      await connection.writeGraph({ name: "spend", fingerprint: print("graph"), description });

      const read = await connection.readGraph("spend", print("graph"));
      assert.equal(JSON.stringify(read?.description), JSON.stringify(description));
      assert.deepEqual([read?.name, read?.fingerprint], ["spend", print("graph")]);
      assert.equal(await connection.readGraph("spend", print("other")), undefined);
      assert.equal(await connection.readGraph("other", print("graph")), undefined);
    },
  },
  {
    name: "graph-write-idempotent-same-fingerprint",
    title: "writing a graph again replaces its description and adds nothing",
    async run({ connect }) {
      const connection = await connect();
      const graph = { name: "spend", fingerprint: print("graph"), description: { owner: "ana" } };

      await connection.writeGraph(graph);
      await connection.writeGraph(graph);
      await connection.writeGraph({ ...graph, description: { owner: "bo" } });

      assert.deepEqual((await connection.readGraph("spend", print("graph")))?.description, { owner: "bo" });
      assert.deepEqual((await connection.listGraphs()).items, ["spend"]);
    },
  },
  {
    name: "json-roundtrip-exact",
    title: "what JSON would change in silence is refused with its path",
    async run({ connect }) {
      const connection = await connect();
      const wrong = [undefined, Number.NaN, Infinity, -0, 1n, new Date(0), new Map(), () => 1, [undefined], [, 1]];
      let deep: unknown = 1;
      for (let i = 0; i < 65; i++) deep = [deep];

      for (const value of [...wrong, deep]) {
        const graph = { name: "spend", fingerprint: print("graph"), description: { part: value } as Json };
        const error = await refusal(connection.writeGraph(graph), "RECORD_INVALID");
        assert.match(error.message, /graph description\.part/);
      }
      assert.equal(await connection.readGraph("spend", print("graph")), undefined);
    },
  },
  {
    name: "snapshot-write-read-roundtrip",
    title: "a snapshot comes back as it was written",
    async run({ connect }) {
      const connection = await connect();

      const stored = await connection.writeSnapshot(snapshot());

      const { sequence, ...rest } = stored;
      assert.deepEqual(rest, snapshot());
      assert.ok(Number.isSafeInteger(sequence));
      assert.deepEqual(await connection.readSnapshot(snapshot().id), stored);
      assert.deepEqual(await connection.readLatestSnapshot("spend"), stored);
      assert.equal(await connection.readLatestSnapshot("other"), undefined);
    },
  },
  {
    name: "snapshot-unknown",
    title: "an unknown snapshot is `undefined` to who asks and SNAPSHOT_UNKNOWN to who counts on it",
    async run({ connect }) {
      const connection = await connect();
      const id = print("nobody wrote this");

      assert.equal(await connection.readSnapshot(id), undefined);
      assert.deepEqual(await connection.readSnapshotPartitions(id, "days"), { items: [], next: undefined });
      assert.deepEqual([...(await connection.countSnapshotPartitions(id))], []);
      await refusal(connection.setSnapshotState(id, "complete"), "SNAPSHOT_UNKNOWN");
      await refusal(
        connection.writeSnapshotTag({ graph: "spend", tag: "prod", snapshot: id, by: "ana" }),
        "SNAPSHOT_UNKNOWN",
      );
      await refusal(
        connection.writeSnapshotPartitions(id, [{ artifactKey: "days", key: partition().key, partition: 1 as never }]),
        "SNAPSHOT_UNKNOWN",
      );
    },
  },
  {
    name: "snapshot-same-id-different-graph-refused",
    title: "one snapshot id cannot stand for two graphs",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeSnapshot(snapshot());

      await refusal(connection.writeSnapshot(snapshot({ graph: "other" })), "FINGERPRINT_COLLISION");
      await refusal(connection.writeSnapshot(snapshot({ graphFingerprint: print("other") })), "FINGERPRINT_COLLISION");

      assert.equal((await connection.readSnapshot(snapshot().id))?.graph, "spend");
    },
  },
  {
    name: "snapshot-written-again-is-latest",
    title: "a snapshot that is written again keeps its links and becomes the latest",
    async run({ connect }) {
      const connection = await connect();
      const [one, two] = [print("one"), print("two")];
      await build(connection, one, [partition()]);
      const first = await connection.readSnapshot(one);
      await connection.writeSnapshot(snapshot({ id: two }));
      assert.equal((await connection.readLatestSnapshot("spend"))?.id, two);

      const again = await connection.writeSnapshot(snapshot({ id: one, state: "complete", createdAt: "later" }));

      assert.equal(again.createdAt, first?.createdAt);
      assert.equal(again.state, "complete");
      assert.ok(again.sequence > first!.sequence);
      assert.equal((await connection.readLatestSnapshot("spend"))?.id, one);
      assert.equal((await connection.readSnapshotPartitions(one, "days")).items.length, 1);
      assert.deepEqual(
        (await connection.listSnapshots("spend")).items.map(({ id }) => id),
        [one, two],
      );
      assert.deepEqual(await connection.writeSnapshot(snapshot({ id: one, state: "complete" })), again);
    },
  },
  {
    name: "time-order-by-sequence-same-millisecond",
    title: "order is by sequence, whatever the clock says",
    async run({ connect }) {
      const connection = await connect();
      const ids = Array.from({ length: 20 }, (_, i) => print(`snapshot ${i}`));

      for (const [index, id] of ids.entries()) {
        await connection.writeSnapshot(snapshot({ id, createdAt: index % 2 === 0 ? "2026" : "1999" }));
      }

      assert.deepEqual(
        (await connection.listSnapshots("spend")).items.map(({ id }) => id),
        ids.toReversed(),
      );
    },
  },
  {
    name: "snapshot-state",
    title: "a snapshot's state can be set and keeps everything else",
    async run({ connect }) {
      const connection = await connect();
      const stored = await connection.writeSnapshot(snapshot());

      for (const state of ["partial", "failed", "complete", "complete"] as const) {
        await connection.setSnapshotState(stored.id, state);
        assert.deepEqual(await connection.readSnapshot(stored.id), { ...stored, state });
      }
    },
  },
  {
    name: "snapshot-prefix",
    title: "snapshots are found by the first characters of their id, at most ten, in order",
    async run({ connect }) {
      const connection = await connect();
      const ids = Array.from({ length: 40 }, (_, i) => print(`snapshot ${i}`)).toSorted();
      for (const id of ids) await connection.writeSnapshot(snapshot({ id }));

      for (const prefix of ["", "0", ids[7]!.slice(0, 3), ids[7]!, "ffffff"]) {
        const expected = ids.filter((id) => id.startsWith(prefix)).slice(0, 10);
        assert.deepEqual(
          (await connection.findSnapshots(prefix)).map(({ id }) => id),
          expected,
          prefix,
        );
      }
      for (const prefix of ["%", "_", "xyz", "' OR 1=1 --", `${ids[0]!}0`, "A"]) {
        assert.deepEqual(await connection.findSnapshots(prefix), [], prefix);
      }
    },
  },
  {
    name: "snapshot-remove",
    title: "a removed snapshot takes its links along and leaves its partitions; a tagged one stays",
    async run({ connect }) {
      const connection = await connect();
      const [one, two, three] = [print("one"), print("two"), print("three")];
      const [id] = await build(connection, one, [partition()]);
      await build(connection, two, [partition()]);
      await connection.writeSnapshotTag({ graph: "spend", tag: "prod", snapshot: two, by: "ana" });

      const error = await refusal(connection.removeSnapshots([one, two]), "TAG_CONFLICT");
      assert.equal(error.data?.["current"], two);
      assert.notEqual(await connection.readSnapshot(one), undefined);
      await connection.removeSnapshots([one, three]);

      assert.equal(await connection.readSnapshot(one), undefined);
      assert.deepEqual((await connection.readSnapshotPartitions(one, "days")).items, []);
      assert.notEqual((await connection.readPartitions([id as never]))[0], undefined);
      assert.equal((await connection.readSnapshotPartitions(two, "days")).items.length, 1);
    },
  },
  {
    name: "snapshot-list-pages",
    title: "snapshots are listed newest first, of one graph or of all",
    async run({ connect }) {
      const connection = await connect();
      for (let i = 0; i < 25; i++) {
        await connection.writeSnapshot(snapshot({ id: print(`s${i}`), graph: i % 2 === 0 ? "even" : "odd" }));
      }

      const all = await allPages((page) => connection.listSnapshots(undefined, page), 4);
      const odd = await allPages((page) => connection.listSnapshots("odd", page), 4);

      assert.deepEqual(
        all.map(({ id }) => id),
        Array.from({ length: 25 }, (_, i) => print(`s${24 - i}`)),
      );
      assert.deepEqual(
        odd,
        all.filter(({ graph }) => graph === "odd"),
      );
      assert.deepEqual((await connection.listSnapshots("neither")).items, []);
    },
  },
  {
    name: "manifest-write-read",
    title: "manifests are kept once, and another text under the same fingerprint is refused",
    async run({ connect }) {
      const connection = await connect();
      const manifests = Array.from({ length: 300 }, (_, i) => ({
        fingerprint: print(`m${i}`),
        text: `{"n":${i},"t":"ü😀"}`,
      }));

      await connection.writeManifests([...manifests, manifests[0]!]);
      await connection.writeManifests(manifests.slice(0, 7));
      const asked = [manifests[299]!, manifests[0]!].map(({ fingerprint }) => fingerprint);

      assert.deepEqual(await connection.readManifests([asked[0]!, print("unknown"), asked[1]!, asked[1]!]), [
        manifests[299],
        undefined,
        manifests[0],
        manifests[0],
      ]);
      const other = { fingerprint: manifests[5]!.fingerprint, text: "{}" };
      const fresh = { fingerprint: print("fresh"), text: "{}" };
      await refusal(connection.writeManifests([fresh, other]), "FINGERPRINT_COLLISION");
      assert.deepEqual(await connection.readManifests([fresh.fingerprint, other.fingerprint]), [
        undefined,
        manifests[5],
      ]);
    },
  },
];
