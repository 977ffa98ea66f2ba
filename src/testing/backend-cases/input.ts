// Cases about what is given to a backend: odd texts, odd numbers, empty lists, false cursors.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { Cursor, PartitionId } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { allPages, build, key, partition, print, refusal, run, runId, snapshot } from "../samples.ts";

/** One of each kind of trick; each is also tried inside longer texts. */
const injections = [
  "'; DROP TABLE partition; --",
  "' OR '1'='1",
  '" OR ""="',
  "'); DELETE FROM tag; --",
  "1; ATTACH DATABASE 'x' AS y; --",
  "x' UNION SELECT fingerprint FROM manifest --",
  "%' --",
  "\\'; --",
  "${1+1}",
  "$1 ?1 :name @name",
  "/* */ --",
  "`id`",
  "\u2019; DROP TABLE run; --",
  "0x27",
  "CHAR(39)",
  "');COMMIT;BEGIN;--",
  "NULL",
  '{"$ne":1}',
  "[]]',0,1)--",
  "a\tb",
] as const;

/** Everything a connection remembers, to see that nothing else was touched. */
async function canary(connection: Connection): Promise<unknown> {
  return {
    graphs: await allPages((page) => connection.listGraphs(page)),
    tags: await allPages((page) => connection.listSnapshotTags("canary", page)),
    partitions: await allPages((page) => connection.readArtifactPartitions(print("canary"), { page })),
    linked: await allPages((page) => connection.readSnapshotPartitions(print("canary"), "canary", { page })),
    manifests: await connection.readManifests([print("canary")]),
    runs: await allPages((page) => connection.listRuns({ graph: "canary" }, page)),
  };
}

export const inputCases: readonly ContractCase[] = [
  {
    name: "sql-injection-corpus-canary-intact",
    title: "no text is taken for a command",
    time: 60_000,
    async run({ connect }) {
      const connection = await connect();
      await connection.writeGraph({ name: "canary", fingerprint: print("canary"), description: {} });
      await connection.writeSnapshot(snapshot({ id: print("canary"), graph: "canary" }));
      await connection.writeSnapshotTag({ graph: "canary", tag: "canary", snapshot: print("canary"), by: "ana" });
      const record = partition({ artifact: print("canary") });
      await connection.writeArtifactAndGraphPartitions(print("canary"), [{ artifactKey: "canary", partition: record }]);
      await connection.writeManifests([{ fingerprint: print("canary"), text: "{}" }]);
      await connection.startRuns([run({ id: runId("canary"), graph: "canary" })]);
      const before = await canary(connection);

      const texts = injections
        .flatMap((text) => [text, `x${text}`, `${text}${text}`])
        .filter((text) => !text.includes("\t"));
      for (const [index, text] of texts.entries()) {
        const id = print(`injected ${index}`);
        const tag = { graph: `g${text}`, tag: text, by: text, why: text };
        await connection.writeSnapshot(snapshot({ id, graph: tag.graph, createdAt: text }));
        await connection.writeSnapshotTag({ ...tag, snapshot: id });
        const [stored] = await connection.writeArtifactPartitions([
          partition({ key: key(text), location: text, storage: text, run: runId(text), artifact: id }),
        ]);
        await connection.writeSnapshotPartitions(id, [{ artifactKey: text, key: key(text), partition: stored! }]);
        await connection.writeManifests([{ fingerprint: id, text }]);
        await connection.startRuns([
          run({ id: runId(text), holder: text, producer: text, reason: text, parent: runId(text) }),
        ]);
        const [lease] = await connection.acquireLeases([text], { holder: text, ttl: 1000 });

        assert.equal((await connection.readSnapshotTag(tag.graph, text))?.why, text);
        assert.equal(
          (await connection.readSnapshotPartitions(id, text, { keys: [key(text)] })).items[0]?.location,
          text,
        );
        assert.equal(
          (
            await connection.findPartitions([
              { ...partition({ key: key(text), artifact: id }), input: print(`input of ${text}`) },
            ])
          )[0]?.key,
          text,
        );
        assert.equal(
          (await connection.findLatestPartitions(tag.graph, [{ artifactKey: text, key: key(text) }]))[0]?.run,
          text,
        );
        assert.deepEqual([...(await connection.findLocations(text, [text]))], [text]);
        assert.equal((await connection.readManifests([id]))[0]?.text, text);
        assert.equal((await connection.readRun(runId(text)))?.reason, text);
        assert.equal((await connection.listRuns({ parent: runId(text) })).items.length, 1);
        assert.equal(lease?.granted, true);
        await connection.removeSnapshotTag(tag);
      }

      assert.deepEqual(await canary(connection), before);
    },
  },
  {
    name: "names-constructor-proto-tostring-behave",
    title: "names that mean something to JavaScript mean nothing here",
    async run({ connect }) {
      const connection = await connect();
      const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "then", "0", "-1"];

      for (const name of names) {
        const id = print(name);
        assert.equal(await connection.readSnapshotTag(name, name), undefined);
        await connection.writeSnapshot(snapshot({ id, graph: name }));
        await connection.writeSnapshotTag({ graph: name, tag: name, snapshot: id, by: name });
        await connection.writeArtifactAndGraphPartitions(id, [
          { artifactKey: name, partition: partition({ key: key(name), artifact: print("names") }) },
        ]);
        await connection.startRuns([run({ id: runId(name), graph: name })]);
      }

      for (const name of names) {
        assert.equal((await connection.readSnapshotTag(name, name))?.snapshot, print(name));
        assert.deepEqual([...(await connection.countSnapshotPartitions(print(name)))], [[name, 1]]);
        assert.equal((await connection.readRun(runId(name)))?.graph, name);
      }
      assert.equal((await connection.readArtifactPartitions(print("names"))).items.length, names.length);
    },
  },
  {
    name: "strings-refuse-nul-and-lone-surrogates-before-io",
    title: "NUL and half characters are refused before anything is written",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeSnapshot(snapshot());
      for (const bad of ["a\0b", "\0", "\ud800", "x\udfffy"]) {
        const text = bad as never;
        const writes = [
          () => connection.writeGraph({ name: text, fingerprint: print("g"), description: {} }),
          () => connection.writeSnapshot(snapshot({ id: print("x"), graph: text })),
          () => connection.writeSnapshot(snapshot({ id: print("x"), createdAt: text })),
          () => connection.writeSnapshotTag({ graph: "spend", tag: text, snapshot: snapshot().id, by: "ana" }),
          () => connection.writeSnapshotTag({ graph: "spend", tag: "t", snapshot: snapshot().id, by: text }),
          () =>
            connection.writeSnapshotTag({ graph: "spend", tag: "t", snapshot: snapshot().id, by: "ana", why: text }),
          () => connection.writeArtifactPartitions([partition(), { ...partition(), key: text }]),
          () => connection.writeArtifactPartitions([partition({ location: text })]),
          () => connection.writeManifests([{ fingerprint: print("m"), text }]),
          () => connection.startRuns([run({ holder: text })]),
          () => connection.acquireLeases([text], { holder: "ana", ttl: 1 }),
          () => connection.acquireLeases(["l"], { holder: text, ttl: 1 }),
        ];
        for (const write of writes) await refusal(write(), "TEXT_INVALID");
        await refusal(connection.readGraph(text, print("g")), "TEXT_INVALID");
        await refusal(connection.findPartitions([{ ...partition(), key: text } as never]), "TEXT_INVALID");
      }

      assert.deepEqual((await connection.readArtifactPartitions(partition().artifact)).items, []);
      assert.deepEqual((await connection.listSnapshotTags(undefined)).items, []);
      assert.deepEqual(await connection.readManifests([print("m")]), [undefined]);
      assert.deepEqual((await connection.listRuns()).items, []);
    },
  },
  {
    name: "names-refused",
    title: "names are NFC, not empty, not overlong, and hold nothing that cannot be seen",
    async run({ connect }) {
      const connection = await connect();
      for (const name of ["", "e\u0301", "a\nb", "a\u202eb", "\u200fa", "\u2066", "x".repeat(1025)]) {
        const error = await refusal(
          connection.writeGraph({ name, fingerprint: print("g"), description: {} }),
          "TEXT_INVALID",
        );
        assert.match(error.message, /graph name/);
        await refusal(
          connection.writeSnapshotTag({ graph: "g", tag: name, snapshot: print("s"), by: "ana" }),
          "TEXT_INVALID",
        );
      }
      await connection.writeGraph({ name: "é 😀 x".padEnd(1024, "y"), fingerprint: print("g"), description: {} });
    },
  },
  {
    name: "strings-roundtrip-4-byte-bidi-64KB",
    title: "long texts and every kind of character come back as they were",
    async run({ connect }) {
      const connection = await connect();
      const texts = [
        "😀𐍈",
        "\u202eabc\u2066",
        "a\r\n\tb\u0001\u007f\u0085\u2028",
        "e\u0301 é ﬁ",
        "日本".repeat(16_384),
        "\ufeffx\ufffd",
      ];
      await connection.writeSnapshot(snapshot());

      for (const [index, why] of texts.entries()) {
        await connection.writeSnapshotTag({ graph: "spend", tag: `t${index}`, snapshot: snapshot().id, by: why, why });
        await connection.writeManifests([{ fingerprint: print(why), text: why }]);
      }

      for (const [index, why] of texts.entries()) {
        const tag = await connection.readSnapshotTag("spend", `t${index}`);
        assert.deepEqual([tag?.why, tag?.by], [why, why]);
        assert.equal((await connection.readManifests([print(why)]))[0]?.text, why);
      }
    },
  },
  {
    name: "numbers-typed",
    title: "numbers that would not come back the same are refused",
    async run({ connect }) {
      const connection = await connect();
      for (const size of [2 ** 53, -1, 0.5, Number.NaN, Infinity, -0, "17", 17n] as number[]) {
        await refusal(connection.writeArtifactPartitions([partition({ size })]), "RECORD_INVALID");
      }
      for (const id of [-1, 0.5, Number.NaN, 2 ** 53, "1"] as PartitionId[]) {
        await refusal(connection.readPartitions([id]), "RECORD_INVALID");
      }
      await refusal(connection.startRuns([run({ duration: Number.NaN })]), "RECORD_INVALID");
      await refusal(connection.startRuns([run({ attempts: -1 })]), "RECORD_INVALID");
    },
  },
  {
    name: "records-refused",
    title: "records with malformed fingerprints, digests, states or bytes are refused",
    async run({ connect }) {
      const connection = await connect();
      const upper = print("x").toUpperCase().replace(/^./, "A") as never;
      for (const fingerprint of ["", "abc", upper, `${print("x")}0`, 5, undefined] as never[]) {
        await refusal(connection.writeArtifactPartitions([partition({ content: fingerprint })]), "FINGERPRINT_INVALID");
        await refusal(connection.readSnapshot(fingerprint), "FINGERPRINT_INVALID");
      }
      await refusal(connection.writeArtifactPartitions([partition({ digest: "ab" })]), "RECORD_INVALID");
      await refusal(connection.writeArtifactPartitions([partition({ value: "bytes" as never })]), "RECORD_INVALID");
      await refusal(connection.writeSnapshot(snapshot({ state: "done" as never })), "RECORD_INVALID");
      await refusal(connection.startRuns([run({ kind: "task" as never })]), "RECORD_INVALID");
      const end = { id: run().id, finishedAt: "x", attempts: 1, duration: 1, error: undefined };
      await refusal(connection.finishRuns([{ ...end, state: "running" as never }]), "RECORD_INVALID");
    },
  },
  {
    name: "empty-list-noop",
    title: "an empty question has an empty answer",
    async run({ connect }) {
      const connection = await connect();

      assert.deepEqual(await connection.writeArtifactPartitions([]), []);
      assert.deepEqual(await connection.findPartitions([]), []);
      assert.deepEqual(await connection.readPartitions([]), []);
      assert.deepEqual(await connection.findLatestPartitions("spend", []), []);
      assert.deepEqual(await connection.writeArtifactAndGraphPartitions(print("unknown"), []), []);
      assert.deepEqual(await connection.removeUnlinkedPartitions([]), []);
      assert.deepEqual(await connection.findLocations("local", []), new Set());
      assert.deepEqual(await connection.readManifests([]), []);
      assert.deepEqual(await connection.acquireLeases([], { holder: "ana", ttl: 1 }), []);
      assert.deepEqual(await connection.checkLeases([]), []);
      assert.deepEqual(await connection.renewLeases([], 1), []);
      assert.deepEqual(await connection.finishRuns([]), []);
      assert.deepEqual(await connection.readArtifactPartitions(print("a"), { inputs: new Map() }), {
        items: [],
        next: undefined,
      });
      assert.deepEqual(await connection.readSnapshotPartitions(print("s"), "days", { keys: [] }), {
        items: [],
        next: undefined,
      });
      await connection.writeSnapshotPartitions(print("unknown"), []);
      await connection.markPartitionsDamaged([]);
      await connection.removeSnapshots([]);
      await connection.writeManifests([]);
      await connection.releaseLeases([]);
      await connection.startRuns([]);
      await connection.writeRunPartitions({ inputs: [], outputs: [] });
    },
  },
  {
    name: "cursor-tampered-refused",
    title: "a cursor works for the listing that made it and for no other",
    async run({ connect }) {
      const connection = await connect();
      await build(
        connection,
        print("snapshot"),
        ["a", "b", "c"].map((text) => partition({ key: key(text) })),
      );
      await connection.writeSnapshot(snapshot({ id: print("second") }));
      const list = (after: Cursor): Promise<unknown> => connection.listSnapshots("spend", { after });
      const { next } = await connection.listSnapshots("spend", { limit: 1 });

      const changed = [...next!].map(
        (_, at) => `${next!.slice(0, at)}${next![at] === "A" ? "B" : "A"}${next!.slice(at + 1)}`,
      );
      for (const cursor of [...changed, "", ".", "x", "e30.0", `${next!}.`, next!.slice(1), 5, null, {}]) {
        await refusal(list(cursor as Cursor), "CURSOR_INVALID");
      }
      await refusal(connection.listSnapshots("other", { after: next }), "CURSOR_INVALID");
      await refusal(connection.listSnapshots(undefined, { after: next }), "CURSOR_INVALID");
      await refusal(connection.listGraphs({ after: next }), "CURSOR_INVALID");
      await refusal(connection.readArtifactPartitions(print("artifact"), { page: { after: next } }), "CURSOR_INVALID");
      assert.equal((await connection.listSnapshots("spend", { after: next })).items.length, 1);
    },
  },
  {
    name: "page-limit-refused",
    title: "a page holds 1 to 10,000",
    async run({ connect }) {
      const connection = await connect();
      for (const limit of [0, -1, 10_001, 1.5, Number.NaN, "5"] as number[]) {
        await refusal(connection.listGraphs({ limit }), "RECORD_INVALID");
        await refusal(connection.listRuns({}, { limit }), "RECORD_INVALID");
      }
      assert.deepEqual(await connection.listGraphs({ limit: 10_000 }), { items: [], next: undefined });
    },
  },
];
