// Cases about partitions.

import assert from "node:assert/strict";
import type { Cursor, PartitionRecord } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { manualClock } from "../manual-clock.ts";
import { allPages, build, key, partition, print, refusal, run, runId, snapshot } from "../samples.ts";

const artifact = print("artifact");

/** With every kind of key that dimensions can make, and every optional field once. */
const various: readonly PartitionRecord[] = [
  partition({ key: key("") }),
  partition({ key: key("date=2026-01-02"), input: undefined }),
  partition({ key: key("date=2026-01-02,region=eu"), digest: "0123456789abcdef".repeat(4) }),
  partition({ key: key("hour=2026-01-02T03"), run: runId("01k") }),
  partition({ key: key("n=-9007199254740991"), size: Number.MAX_SAFE_INTEGER }),
  partition({ key: key("name=%F0%9F%98%80%2C"), size: 0 }),
  partition({ key: key("bytes=1"), storage: "literal", location: "", value: new Uint8Array([0, 255, 10]) }),
  partition({ key: key("bytes=0"), storage: "literal", location: "", value: new Uint8Array() }),
];

export const partitionCases: readonly ContractCase[] = [
  {
    name: "partitions-write-read-all-key-types",
    title: "partitions come back as they were written, in every field",
    async run({ connect }) {
      const connection = await connect();

      const ids = await connection.writeArtifactPartitions(various);

      const expected = various.map((record, index) => ({ ...record, id: ids[index]!, damaged: false }));
      assert.equal(new Set(ids).size, various.length);
      assert.deepEqual(await connection.readPartitions(ids), expected);
      const found = await connection.findPartitions(
        various.map((one) => ({ ...one, input: one.input ?? print("none") })),
      );
      assert.deepEqual(
        found,
        expected.map((one) => (one.input === undefined ? undefined : one)),
      );
      const { items } = await connection.readArtifactPartitions(artifact);
      assert.deepEqual(
        items,
        expected.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      );
      assert.deepEqual(await connection.readPartitions([ids[3]!, 999_999 as never, ids[0]!, ids[3]!]), [
        expected[3],
        undefined,
        expected[0],
        expected[3],
      ]);
    },
  },
  {
    name: "partitions-are-copies",
    title: "changing what was given or what was read changes nothing that is stored",
    async run({ connect }) {
      const connection = await connect();
      const value = new Uint8Array([1, 2, 3]);
      const [id] = await connection.writeArtifactPartitions([partition({ value })]);

      value[0] = 9;
      const [read] = await connection.readPartitions([id!]);
      read!.value![1] = 9;

      const [again] = await connection.readPartitions([id!]);
      assert.deepEqual(again?.value, new Uint8Array([1, 2, 3]));
    },
  },
  {
    name: "partitions-filter-by-input-fingerprint-exact",
    title: "only partitions made from exactly this input at this key are found",
    async run({ connect }) {
      const connection = await connect();
      const [a, b] = [key("a"), key("b")];
      const records = [a, b].flatMap((text) =>
        ["1", "2"].map((input) => partition({ key: text, input: print(input), content: print(text + input) })),
      );
      await connection.writeArtifactPartitions([...records, partition({ key: a, input: undefined })]);

      const { items } = await connection.readArtifactPartitions(artifact, {
        inputs: new Map([
          [b, print("1")],
          [a, print("2")],
          [key("c"), print("1")],
        ]),
      });
      const found = await connection.findPartitions([
        { artifact, key: a, input: print("1") },
        { artifact, key: a, input: print("3") },
        { artifact: print("other"), key: a, input: print("1") },
        { artifact, key: key("A"), input: print("1") },
        { artifact, key: a, input: print("1") },
      ]);

      assert.deepEqual(
        items.map(({ content }) => content),
        [print("a2"), print("b1")],
      );
      assert.deepEqual(
        found.map((one) => one?.content),
        [print("a1"), undefined, undefined, undefined, print("a1")],
      );
      assert.equal((await connection.readArtifactPartitions(artifact)).items.length, 5);
    },
  },
  {
    name: "partitions-rewrite-same-row-idempotent",
    title: "writing a partition again keeps its id; what differs is replaced",
    async run({ connect }) {
      const connection = await connect();
      const [id] = await connection.writeArtifactPartitions([partition()]);

      assert.deepEqual(await connection.writeArtifactPartitions([partition(), partition()]), [id, id]);
      const changed = partition({ location: "elsewhere", size: 18, run: runId("02"), digest: "ab".repeat(32) });
      assert.deepEqual(await connection.writeArtifactPartitions([partition(), changed, partition(), changed]), [
        id,
        id,
        id,
        id,
      ]);

      const { items } = await connection.readArtifactPartitions(artifact);
      assert.deepEqual(items, [{ ...changed, id, damaged: false }]);
    },
  },
  {
    name: "partitions-newest-wins",
    title: "of several contents made from one input the one written last is found, also when it was written before",
    async run({ connect }) {
      const connection = await connect();
      const make = (content: string, attempt: string): PartitionRecord =>
        partition({ content: print(content), location: `data/${content}-${attempt}` });
      const find = async (): Promise<unknown> =>
        (await connection.findPartitions([make("x", "1") as never]))[0]?.location;

      await connection.writeArtifactPartitions([make("x", "1"), make("y", "1")]);
      assert.equal(await find(), "data/y-1");
      await connection.writeArtifactPartitions([make("x", "2")]);
      assert.equal(await find(), "data/x-2");

      const { items } = await connection.readArtifactPartitions(artifact);
      assert.deepEqual(
        items.map(({ location }) => location),
        ["data/y-1", "data/x-2"],
      );
    },
  },
  {
    name: "partitions-damaged",
    title: "a damaged partition is passed over until it is written again",
    async run({ connect }) {
      const connection = await connect();
      const older = partition({ content: print("older") });
      const [first, second] = await connection.writeArtifactPartitions([older, partition()]);
      const query = [{ artifact, key: partition().key, input: partition().input! }];

      await connection.markPartitionsDamaged([second!, 999_999 as never]);
      assert.equal((await connection.findPartitions(query))[0]?.id, first);
      assert.equal((await connection.readPartitions([second!]))[0]?.damaged, true);
      await connection.markPartitionsDamaged([first!, second!]);
      assert.equal((await connection.findPartitions(query))[0], undefined);
      await connection.writeArtifactPartitions([partition()]);

      const [found] = await connection.findPartitions(query);
      assert.deepEqual(found, { ...partition(), id: second, damaged: false });
    },
  },
  {
    name: "partitions-70000-rows-one-call",
    title: "one call takes 70,000 partitions and 40,000 questions",
    time: 120_000,
    async run({ connect }) {
      const connection = await connect();
      const keys = Array.from({ length: 70_000 }, (_, i) => key(`n=${String(i).padStart(6, "0")}`));
      const records = keys.map((text) => partition({ key: text, input: print("input"), content: print("content") }));

      const ids = await connection.writeArtifactPartitions(records);
      const queries = keys.slice(30_000).map((text) => ({ artifact, key: text, input: print("input") }));
      const found = await connection.findPartitions(queries);
      await connection.writeSnapshot(snapshot());
      const links = keys.map((text, index) => ({ artifactKey: "n", key: text, partition: ids[index]! }));
      await connection.writeSnapshotPartitions(print("snapshot"), links);

      assert.equal(new Set(ids).size, 70_000);
      assert.deepEqual(
        found.map((one) => one?.id),
        ids.slice(30_000),
      );
      assert.equal((await connection.countSnapshotPartitions(print("snapshot"))).get("n"), 70_000);
      assert.equal((await connection.readPartitions(ids)).filter((one) => one !== undefined).length, 70_000);
      const locations = await connection.findLocations(
        "local",
        records.map(({ location }) => location),
      );
      assert.equal(locations.size, new Set(records.map(({ location }) => location)).size);
    },
  },
  {
    name: "order-is-utf8-bytes-everywhere",
    title: "keys are listed in the order of their UTF-8 bytes",
    async run({ connect }) {
      const connection = await connect();
      const texts = [
        "😀",
        "\uffee",
        "a",
        "A",
        "é",
        "e\u0301",
        "",
        "b",
        "\u{10ffff}",
        "\ue000",
        "~",
        "aa",
        "a b",
        "日本",
      ];
      const records = texts.map((text) => partition({ key: key(text) }));
      await build(connection, print("snapshot"), records);

      const expected = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const limit of [1, 2, 5, 1000]) {
        const stored = await allPages((page) => connection.readArtifactPartitions(artifact, { page }), limit);
        assert.deepEqual(
          stored.map((one) => one.key),
          expected,
        );
        const linked = await allPages(
          (page) => connection.readSnapshotPartitions(print("snapshot"), "days", { page }),
          limit,
        );
        assert.deepEqual(
          linked.map((one) => one.key),
          expected,
        );
      }
    },
  },
  {
    name: "paging-no-skip-no-repeat-under-inserts",
    title: "paging skips and repeats nothing while others add",
    async run({ connect }) {
      const connection = await connect();
      const numbers = Array.from({ length: 60 }, (_, i) => i * 10);
      const named = (n: number): PartitionRecord => partition({ key: key(`n=${String(n).padStart(4, "0")}`) });
      await connection.writeArtifactPartitions(numbers.map(named));

      const seen: string[] = [];
      let added = 0;
      let after: Cursor | undefined;
      do {
        const page = await connection.readArtifactPartitions(artifact, { page: { limit: 7, after } });
        for (const one of page.items) seen.push(one.key);
        await connection.writeArtifactPartitions([named(added * 83 + 5), named(599 - added)]);
        added++;
        after = page.next;
      } while (after !== undefined);

      assert.equal(new Set(seen).size, seen.length);
      const first = numbers.map((n) => named(n).key as string);
      assert.deepEqual(
        seen.filter((one) => first.includes(one)),
        first,
      );
    },
  },
  {
    name: "partitions-unlinked",
    title: "only partitions that no snapshot links are removed, with what runs said of them",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const connection = await connect();
      const loose = partition({ key: key("loose") });
      const [linked] = await build(connection, print("snapshot"), [partition({ key: key("linked") })]);
      clock.advance(10);
      const [old] = await connection.writeArtifactPartitions([loose]);
      const before = clock.now() + 1;
      clock.advance(10);
      const [young] = await connection.writeArtifactPartitions([partition({ key: key("young") })]);
      await connection.startRuns([run()]);
      const edge = { run: run().id, name: "x", partition: old! };
      await connection.writeRunPartitions({ inputs: [edge], outputs: [{ ...edge, partition: young! }] });

      const { items } = await connection.listUnlinkedPartitions(before);
      const all = await allPages((page) => connection.listUnlinkedPartitions(clock.now() + 1, page), 1);
      const removed = await connection.removeUnlinkedPartitions([old!, linked as never, 999_999 as never, old!]);

      assert.deepEqual(items, [{ ...loose, id: old, damaged: false }]);
      assert.deepEqual(
        all.map(({ id }) => id),
        [old, young],
      );
      assert.deepEqual(removed, [old]);
      assert.deepEqual(await connection.readPartitions([old!]), [undefined]);
      assert.notEqual((await connection.readPartitions([linked as never]))[0], undefined);
      const edges = await connection.readRunPartitions(run().id);
      assert.deepEqual([edges.inputs.length, edges.outputs.length], [0, 1]);
      const [again] = await connection.writeArtifactPartitions([loose]);
      assert.ok(again! > young!, "an id is never given twice");
    },
  },
  {
    name: "delete-referenced-refused",
    title: "what was removed in between cannot be linked, and nothing is half linked",
    async run({ connect }) {
      const connection = await connect();
      await build(connection, print("snapshot"), []);
      const [gone, here] = await connection.writeArtifactPartitions([
        partition({ key: key("a") }),
        partition({ key: key("b") }),
      ]);
      await connection.removeUnlinkedPartitions([gone!]);

      const links = [
        { artifactKey: "days", key: key("b"), partition: here! },
        { artifactKey: "days", key: key("a"), partition: gone! },
      ];
      const error = await refusal(connection.writeSnapshotPartitions(print("snapshot"), links), "PARTITION_UNKNOWN");
      const other = [{ ...links[0]!, key: key("c") }];
      await refusal(connection.writeSnapshotPartitions(print("snapshot"), other), "PARTITION_KEY_INVALID");

      assert.deepEqual(error.data?.["partitions"], [gone]);
      assert.deepEqual((await connection.readSnapshotPartitions(print("snapshot"), "days")).items, []);
    },
  },
  {
    name: "locations-found",
    title: "a location is found where some partition of that storage is kept there",
    async run({ connect }) {
      const connection = await connect();
      const at = (text: string, storage: string, location: string): PartitionRecord =>
        partition({ key: key(text), storage, location });
      await connection.writeArtifactPartitions([
        at("a", "local", "x/1"),
        at("b", "local", "x/1"),
        at("c", "managed", "x/2"),
      ]);

      const found = await connection.findLocations("local", ["x/1", "x/2", "X/1", "x/%", "x/1"]);

      assert.deepEqual([...found], ["x/1"]);
      assert.deepEqual([...(await connection.findLocations("managed", ["x/2"]))], ["x/2"]);
      assert.deepEqual([...(await connection.findLocations("none", ["x/2"]))], []);
    },
  },
];
