// Cases about models, their versions, aliases, and everything that was decided about them.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { VersionRecord, VersionRef } from "../../backend/model-records.ts";
import type { PartitionId } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { annotation, churn, fullVersion, model, source, transition, version, versionId } from "../fact-samples.ts";
import { allPages, build, key, partition, print, refusal } from "../samples.ts";

async function register(
  connection: Connection,
  ...versions: readonly Omit<VersionRecord, "revision">[]
): Promise<readonly VersionRecord[]> {
  return connection.writeVersions(versions.map((one) => ({ version: one, expected: undefined })));
}

async function find(connection: Connection, ref: VersionRef): Promise<string | undefined> {
  const [found] = await connection.findVersions([{ ...churn, ref }]);
  return found?.version;
}

export const modelCases: readonly ContractCase[] = [
  {
    name: "model-write-read",
    title: "a model comes back as it was written, and each change of it is a new revision of what was expected",
    async run({ connect }) {
      const connection = await connect();
      const bare = model({ name: "bare", description: undefined, gates: undefined, labels: {} });

      const first = await connection.writeModel(model(), undefined);
      await connection.writeModel(bare, undefined);
      const second = await connection.writeModel({ ...model(), description: "who stays" }, 1);

      assert.deepEqual(first, { ...model(), revision: 1 });
      assert.deepEqual(second, { ...model(), description: "who stays", revision: 2 });
      const asked = [{ ...churn, name: "Churn" }, { namespace: "team", name: "bare" }, churn, churn];
      assert.deepEqual(await connection.readModels(asked), [undefined, { ...bare, revision: 1 }, second, second]);
    },
  },
  {
    name: "model-revisions",
    title: "of two who change one model at one revision the second is refused, with both revisions",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      await connection.writeModel(model({ description: "first" }), 1);

      const exists = await refusal(connection.writeModel(model(), undefined), "MODEL_EXISTS");
      const late = await refusal(connection.writeModel(model({ description: "second" }), 1), "CONFLICT");
      const gone = await refusal(connection.writeModel(model({ name: "other" }), 3), "CONFLICT");

      assert.equal(exists.data?.["current"], 2);
      assert.deepEqual([late.data?.["expected"], late.data?.["current"]], [1, 2]);
      assert.deepEqual([gone.data?.["expected"], gone.data?.["current"]], [3, undefined]);
      assert.equal((await connection.readModels([churn]))[0]?.description, "first");
    },
  },
  {
    name: "model-list",
    title: "models are listed by namespace, then name, in UTF-8 order, and found by a pattern of their name",
    async run({ connect }) {
      const connection = await connect();
      const names = ["a", "B", "ab", "a[b]", "\uffee", "😀", "a*"];
      const namespaces = ["z", "team", "ä"];
      for (const namespace of namespaces) {
        for (const name of names) await connection.writeModel(model({ namespace, name }), undefined);
      }
      const listed = async (filter: Parameters<Connection["listModels"]>[0], limit = 1000): Promise<string[]> =>
        (await allPages((page) => connection.listModels(filter, page), limit)).map(
          (one) => `${one.namespace}/${one.name}`,
        );

      const ordered = ["B", "a", "a*", "a[b]", "ab", "\uffee", "😀"];
      const everything = ["team", "z", "ä"].flatMap((namespace) => ordered.map((name) => `${namespace}/${name}`));
      for (const limit of [1, 4, 1000]) assert.deepEqual(await listed({}, limit), everything);
      assert.deepEqual(await listed({ namespace: "team", name: "a*" }, 2), [
        "team/a",
        "team/a*",
        "team/a[b]",
        "team/ab",
      ]);
      assert.deepEqual(await listed({ namespace: "z", name: "?" }), ["z/B", "z/a", "z/\uffee", "z/😀"]);
      assert.deepEqual(await listed({ namespace: "z", name: "a[b]" }), ["z/a[b]"]);
      assert.deepEqual(await listed({ namespace: "te*" }), []);
      assert.deepEqual(await listed({ name: "A" }), []);
    },
  },
  {
    name: "version-write-read",
    title: "a version comes back as it was written, with and without its optional facts and those of newer writers",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);

      const written = await register(connection, version(1), fullVersion(2));

      assert.deepEqual(written, [
        { ...version(1), revision: 1 },
        { ...fullVersion(2), revision: 1 },
      ]);
      const refs = [2, 1, 3].map((sequence) => ({ ...churn, ref: { kind: "sequence", sequence } as const }));
      assert.deepEqual(await connection.findVersions(refs), [written[1], written[0], undefined]);
      const [changed] = await connection.writeVersions([{ version: { ...written[1]!, framework: "x" }, expected: 1 }]);
      assert.deepEqual(changed, { ...written[1]!, framework: "x", revision: 2 });
      assert.deepEqual((await connection.findVersions(refs))[0], changed);
      await refusal(register(connection, version(3, { extensions: { labels: {} } })), "RECORD_INVALID");
      await refusal(register(connection, version(3, { metrics: { auc: Number.NaN } })), "RECORD_INVALID");
    },
  },
  {
    name: "version-numbers-once",
    title: "a version's two numbers and its id are given once, also when it is deleted",
    async run({ connect }) {
      const connection = await connect();
      await refusal(register(connection, version(1)), "MODEL_NOT_FOUND");
      await connection.writeModel(model(), undefined);
      await connection.writeModel(model({ name: "other" }), undefined);
      const deleted = { at: "2026-01-02T03:04:05Z", by: "ana", why: "wrong" };
      await register(connection, version(1), version(7, { deleted }), version(2));
      await register(connection, version(1, { name: "other" }));

      const sameText = await refusal(register(connection, version(8, { version: "1.7.0" })), "VERSION_EXISTS");
      await refusal(register(connection, version(9, { sequence: 7 })), "VERSION_EXISTS");
      await refusal(register(connection, version(9, { id: version(2).id })), "VERSION_EXISTS");
      await refusal(register(connection, version(9), version(9)), "VERSION_EXISTS");

      assert.equal(sameText.data?.["sequence"], 7);
      assert.deepEqual(await connection.readVersionNumbers(churn), {
        highestSequence: 7,
        versions: ["1.1.0", "1.2.0", "1.7.0"],
      });
      const nobody = await connection.readVersionNumbers({ ...churn, name: "nobody" });
      assert.deepEqual(nobody, { highestSequence: 0, versions: [] });
    },
  },
  {
    name: "version-revisions",
    title:
      "a version is replaced at the revision it was read at, and else refused with both revisions; nothing is half written",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      await register(connection, version(1), version(2));
      await connection.writeVersions([{ version: version(1, { stage: "staging" }), expected: 1 }]);

      const late = await refusal(
        connection.writeVersions([
          { version: version(2, { stage: "staging" }), expected: 1 },
          { version: version(1, { stage: "archived" }), expected: 1 },
        ]),
        "CONFLICT",
      );
      const gone = await refusal(connection.writeVersions([{ version: version(3), expected: 1 }]), "CONFLICT");
      await refusal(connection.writeVersions([{ version: version(2, { sequence: 5 }), expected: 1 }]), "CONFLICT");
      await refusal(
        connection.writeVersions([{ version: version(2, { id: versionId("x") }), expected: 1 }]),
        "CONFLICT",
      );

      assert.deepEqual([late.data?.["expected"], late.data?.["current"]], [1, 2]);
      assert.deepEqual([gone.data?.["expected"], gone.data?.["current"]], [1, undefined]);
      const stages = (await connection.listVersions(churn)).items.map(({ stage, revision }) => [stage, revision]);
      assert.deepEqual(stages, [
        ["development", 1],
        ["staging", 2],
      ]);
    },
  },
  {
    name: "one-in-production",
    title: "one version of a model is in production; another enters when it has left, in one call too",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      await connection.writeModel(model({ name: "other" }), undefined);
      await register(connection, version(1, { stage: "production" }), version(2));
      await register(connection, version(1, { name: "other", stage: "production" }));
      const live = version(2, { stage: "production" });

      const error = await refusal(connection.writeVersions([{ version: live, expected: 1 }]), "CONFLICT");
      await refusal(register(connection, version(3, { stage: "production" })), "CONFLICT");
      const wrongOrder = [
        { version: live, expected: 1 },
        { version: version(1, { stage: "archived" }), expected: 1 },
      ];
      await refusal(connection.writeVersions(wrongOrder), "CONFLICT");
      assert.equal(await find(connection, { kind: "stage", stage: "production" }), "1.1.0");
      await connection.writeVersions(wrongOrder.toReversed());

      assert.equal(error.data?.["production"], "1.1.0");
      assert.equal(await find(connection, { kind: "stage", stage: "production" }), "1.2.0");
      const deleted = { at: "2026-01-02T03:04:05Z", by: "ana", why: undefined };
      await connection.writeVersions([{ version: { ...live, deleted }, expected: 2 }]);
      await register(connection, version(3, { stage: "production" }));
      assert.equal(await find(connection, { kind: "stage", stage: "production" }), "1.3.0");
    },
  },
  {
    name: "version-references",
    title:
      "a version is found by number, sequence, stage, age and alias, many at once; a deleted one by its numbers only",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      const staging = { stage: "staging" } as const;
      await register(
        connection,
        version(1, { ...staging, stagedAt: 50 }),
        version(2, { ...staging, stagedAt: 40 }),
        version(3),
        version(4, { ...staging, stagedAt: 60 }),
      );
      const change = { ...churn, at: "2026-01-02T03:04:05Z", by: "ana" };
      await connection.writeAlias({ ...change, alias: "best", version: "1.4.0" });
      await connection.writeAlias({ ...change, alias: "first", version: "1.1.0" });

      const refs: readonly VersionRef[] = [
        { kind: "stage", stage: "staging" },
        { kind: "alias", alias: "best" },
        { kind: "version", version: "1.4.0" },
        { kind: "latest" },
        { kind: "sequence", sequence: 2 },
        { kind: "alias", alias: "first" },
        { kind: "stage", stage: "archived" },
        { kind: "alias", alias: "none" },
        { kind: "version", version: "1.1" },
        { kind: "sequence", sequence: 0 },
      ];
      const ask = async (): Promise<unknown> =>
        (await connection.findVersions(refs.map((ref) => ({ ...churn, ref })))).map((one) => one?.sequence);
      assert.deepEqual(await ask(), [4, 4, 4, 4, 2, 1, undefined, undefined, undefined, undefined]);
      const deleted = { at: "2026-01-02T03:04:05Z", by: "ana", why: "old" };
      await connection.writeVersions([{ version: version(4, { ...staging, stagedAt: 60, deleted }), expected: 1 }]);

      assert.deepEqual(await ask(), [1, undefined, 4, 3, 2, 1, undefined, undefined, undefined, undefined]);
      const others = await connection.findVersions([{ namespace: "x", name: "churn", ref: { kind: "latest" } }]);
      assert.deepEqual(others, [undefined]);
    },
  },
  {
    name: "transitions",
    title: "transitions are listed newest first, of a model, a version or a kind, and rise with everything else",
    async run({ connect }) {
      const connection = await connect();
      await refusal(connection.writeTransitions([transition(1)]), "MODEL_NOT_FOUND");
      await connection.writeModel(model(), undefined);
      const full = { from: "staging", to: "production", why: "b\nc", forced: true, gates: { auc: [0.9] } } as const;

      const first = await connection.writeTransitions([transition(1), transition(2, { kind: "promote", ...full })]);
      const events = await connection.writeTransitions([transition(2, { kind: "archive", from: "production" })]);

      assert.deepEqual(first[1], { ...transition(2, { kind: "promote", ...full }), number: first[1]!.number });
      const all = [...first, ...events].toReversed();
      assert.deepEqual(
        all.map(({ number }) => number),
        all.map(({ number }) => number).toSorted((a, b) => b - a),
      );
      for (const limit of [1, 2, 10]) {
        const listed = (filter: object) =>
          allPages((page) => connection.listTransitions({ ...churn, ...filter }, page), limit);
        assert.deepEqual(await listed({}), all);
        assert.deepEqual(await listed({ version: "1.2.0" }), all.slice(0, 2));
        assert.deepEqual(await listed({ version: "1.2.0", kind: "promote" }), [all[1]]);
        assert.deepEqual(await listed({ kind: "delete" }), []);
        assert.deepEqual(await listed({ name: "other" }), []);
      }
    },
  },
  {
    name: "aliases",
    title: "an alias names one version, is moved from what was expected, and its history stays when it is removed",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      await register(
        connection,
        version(1),
        version(2),
        version(3, { deleted: { at: "2026-01-02T03:04:05Z", by: "a", why: "b" } }),
      );
      const change = { ...churn, alias: "champion", at: "2026-01-02T03:04:05Z", by: "ana" };

      await refusal(connection.writeAlias({ ...change, version: "9.9.9" }), "VERSION_NOT_FOUND");
      await refusal(connection.writeAlias({ ...change, version: "1.3.0" }), "VERSION_NOT_FOUND");
      await refusal(connection.writeAlias({ ...change, version: undefined }), "ALIAS_NOT_FOUND");
      await refusal(connection.writeAlias({ ...change, version: "1.1.0", expected: "1.2.0" }), "CONFLICT");
      const set = await connection.writeAlias({ ...change, version: "1.1.0", why: "first", expected: null });
      const again = await connection.writeAlias({ ...change, version: "1.1.0", by: "bo" });
      const lost = await refusal(connection.writeAlias({ ...change, version: "1.2.0", expected: null }), "CONFLICT");
      const moved = await connection.writeAlias({ ...change, version: "1.2.0", expected: "1.1.0" });
      await connection.writeAlias({ ...change, alias: "Best", version: "1.1.0" });
      await refusal(connection.writeAlias({ ...change, version: undefined, expected: "1.1.0" }), "CONFLICT");

      assert.deepEqual(set, { ...change, version: "1.1.0", sequence: 1, why: "first" });
      assert.deepEqual(again, set);
      assert.deepEqual([lost.data?.["expected"], lost.data?.["current"]], [null, "1.1.0"]);
      for (const limit of [1, 10]) {
        const listed = await allPages((page) => connection.listAliases(churn, page), limit);
        assert.deepEqual(
          listed.map(({ alias, version: to }) => [alias, to]),
          [
            ["Best", "1.1.0"],
            ["champion", "1.2.0"],
          ],
        );
        assert.deepEqual(listed[1], moved);
      }
      assert.equal(
        await connection.writeAlias({ ...change, version: undefined, expected: "1.2.0", why: "over" }),
        undefined,
      );
      assert.equal(await find(connection, { kind: "alias", alias: "champion" }), undefined);
      const history = await allPages((page) => connection.readAliasHistory({ ...churn, alias: "champion" }, page), 2);
      assert.deepEqual(
        history.map(({ previous, version: to, why }) => [previous, to, why]),
        [
          ["1.2.0", undefined, "over"],
          ["1.1.0", "1.2.0", undefined],
          [undefined, "1.1.0", "first"],
        ],
      );
    },
  },
  {
    name: "annotations",
    title: "what people wrote about a model and its versions is listed newest first",
    async run({ connect }) {
      const connection = await connect();
      await refusal(connection.writeAnnotations([annotation()]), "MODEL_NOT_FOUND");
      await connection.writeModel(model(), undefined);

      const written = await connection.writeAnnotations([annotation(), annotation({ version: "1.2.0", text: "b\nc" })]);
      written.concat(await connection.writeAnnotations([annotation({ version: "1.2.0", author: "bo" })]));

      const all = await allPages((page) => connection.listAnnotations(churn, page), 1);
      assert.deepEqual(
        all.map(({ author, version: about }) => [author, about]),
        [
          ["bo", "1.2.0"],
          ["ana", "1.2.0"],
          ["ana", undefined],
        ],
      );
      assert.deepEqual(all.slice(1), written.toReversed());
      const some = await allPages((page) => connection.listAnnotations({ ...churn, version: "1.2.0" }, page), 1);
      assert.deepEqual(some, all.slice(0, 2));
    },
  },
  {
    name: "version-pins-partition",
    title: "gc keeps a partition that a version names, until the version is deleted",
    async run({ connect }) {
      const connection = await connect();
      const [id] = (await build(connection, print("snapshot"), [partition()])) as PartitionId[];
      const [loose] = await connection.writeArtifactPartitions([partition({ key: key("loose") })]);
      await connection.writeModel(model(), undefined);
      const [pinned] = await register(connection, version(1, { source: source(id!) }));
      await connection.removeSnapshots([print("snapshot")]);
      const unlinked = async (): Promise<number[]> =>
        (await connection.listUnlinkedPartitions(Number.MAX_SAFE_INTEGER)).items.map((one) => one.id);

      assert.deepEqual(await unlinked(), [loose]);
      assert.deepEqual(await connection.removeUnlinkedPartitions([id!, loose!]), [loose]);
      const deleted = { at: "2026-01-02T03:04:05Z", by: "ana", why: undefined };
      await connection.writeVersions([{ version: { ...pinned!, deleted }, expected: 1 }]);

      assert.deepEqual(await unlinked(), [id]);
      assert.deepEqual(await connection.removeUnlinkedPartitions([id!]), [id]);
    },
  },
];
