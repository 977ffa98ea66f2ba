// Cases about version numbers in one process.

import assert from "node:assert/strict";
import type { VersionClaim, VersionWish } from "../../registry/artifact-store.ts";
import type { ArtifactStore } from "../../registry/artifact-store.ts";
import type { ArtifactStoreCase } from "../artifact-store-contract.ts";
import { refusal } from "../samples.ts";

const model = { namespace: "team", name: "churn" };

function claim(
  store: ArtifactStore,
  wish: VersionWish,
  versions: readonly string[] = [],
  highestSequence = 0,
): Promise<VersionClaim> {
  return store.claim(model, wish, { highestSequence, versions }, async () => false);
}

export const claimCases: readonly ArtifactStoreCase[] = [
  {
    name: "next-version",
    title: "the next version follows the highest plain one, numbers compared as numbers",
    async run({ store }) {
      const table: readonly (readonly [readonly string[], "patch" | "minor" | "major", string])[] = [
        [[], "patch", "1.0.0"],
        [["1.0.0"], "patch", "1.0.1"],
        [["1.9.0", "1.10.0"], "patch", "1.10.1"],
        [["1.0.0", "2.0.0-rc1"], "patch", "1.0.1"],
        [["v3", "2.0", "3.0.0-alpha.1"], "patch", "1.0.0"],
        [["1.2.3"], "minor", "1.3.0"],
        [["1.2.3"], "major", "2.0.0"],
        [["0.9.9", "0.10.0"], "minor", "0.11.0"],
        [["1.0.9007199254740993"], "patch", "1.0.9007199254740994"],
      ];
      for (const [i, [versions, bump, expected]] of table.entries()) {
        const name = { namespace: "team", name: `model-${i}` };
        const { version } = await store.claim(
          name,
          { bump },
          { highestSequence: versions.length, versions },
          async () => false,
        );
        assert.equal(version, expected, `${versions.join(", ")} and ${bump}`);
      }
    },
  },
  {
    name: "claims-count",
    title: "a claim counts for the next one, whether or not a version came of it",
    async run({ store }) {
      const claims = [];
      for (let i = 0; i < 3; i++) claims.push(await claim(store, { bump: "patch" }));
      claims.push(await claim(store, { bump: "minor" }, ["1.4.0"], 9));

      assert.deepEqual(claims, [
        { version: "1.0.0", sequence: 1 },
        { version: "1.0.1", sequence: 2 },
        { version: "1.0.2", sequence: 3 },
        { version: "1.5.0", sequence: 10 },
      ]);
    },
  },
  {
    name: "pinned-once",
    title: "a version that was claimed or is known cannot be claimed again",
    async run({ store }) {
      assert.deepEqual(await claim(store, { version: "2.0.0" }), { version: "2.0.0", sequence: 1 });

      await refusal(claim(store, { version: "2.0.0" }), "VERSION_EXISTS");
      await refusal(claim(store, { version: "3.0.0" }, ["3.0.0"], 1), "VERSION_EXISTS");

      assert.deepEqual(await claim(store, { version: "2.0.0-RC.1+linux" }), {
        version: "2.0.0-RC.1+linux",
        sequence: 2,
      });
      assert.deepEqual(await claim(store, { version: "2.0.0-rc.1+linux" }), {
        version: "2.0.0-rc.1+linux",
        sequence: 3,
      });
    },
  },
  {
    name: "released",
    title: "a version that was given back can be claimed again, unless a version came of it; its sequence is used up",
    async run({ store }) {
      const first = await claim(store, { version: "2.0.0" });
      await store.release(model, first);

      const known = { highestSequence: 0, versions: [] };
      await refusal(
        store.claim(model, { version: "2.0.0" }, known, async () => true),
        "VERSION_EXISTS",
      );
      assert.deepEqual(await claim(store, { version: "2.0.0" }), { version: "2.0.0", sequence: 2 });
      await refusal(claim(store, { version: "2.0.0" }), "VERSION_EXISTS");
      assert.deepEqual(await claim(store, { bump: "patch" }), { version: "2.0.1", sequence: 3 });
    },
  },
  {
    name: "pinned-sequence",
    title:
      "a version can be claimed with the sequence number it had elsewhere, if both are free; neither is used up otherwise",
    async run({ store }) {
      assert.deepEqual(await claim(store, { version: "1.0.0", sequence: 7 }), { version: "1.0.0", sequence: 7 });
      assert.deepEqual(await claim(store, { version: "0.9.0", sequence: 3 }), { version: "0.9.0", sequence: 3 });

      await refusal(claim(store, { version: "1.0.0", sequence: 8 }), "VERSION_EXISTS");
      await refusal(claim(store, { version: "1.1.0", sequence: 7 }), "VERSION_EXISTS");
      for (const sequence of [0, -1, 1.5, Number.NaN])
        await refusal(claim(store, { version: "1.1.0", sequence }), "VALIDATION_FAILED");

      assert.deepEqual(await claim(store, { version: "1.1.0", sequence: 8 }), { version: "1.1.0", sequence: 8 });
      assert.deepEqual(await claim(store, { bump: "patch" }), { version: "1.1.1", sequence: 9 });
    },
  },
  {
    name: "released-sequence",
    title: "a version that was given back can be claimed again with the sequence number it was claimed with",
    async run({ store }) {
      const first = await claim(store, { version: "1.0.0", sequence: 7 });
      await store.release(model, first);

      assert.deepEqual(await claim(store, { version: "1.0.0", sequence: 7 }), first);
    },
  },
  {
    name: "many-at-once",
    title: "30 claims at once are 30 versions and the sequences 1 to 30",
    async run({ store }) {
      const claims = await Promise.all(Array.from({ length: 30 }, () => claim(store, { bump: "patch" })));

      assert.equal(new Set(claims.map(({ version }) => version)).size, 30);
      assert.deepEqual(
        claims.map(({ sequence }) => sequence).sort((a, b) => a - b),
        Array.from({ length: 30 }, (_, i) => i + 1),
      );
    },
  },
  {
    name: "models-apart",
    title: "models have numbers of their own, also where their names differ in case, length or place only",
    async run({ store }) {
      const long = "x".repeat(254);
      const names = [
        ["team", "churn"],
        ["team", "Churn"],
        ["Team", "churn"],
        ["team", "con"],
        ["team", `${long}a`],
        ["team", `${long}b`],
        ["team.churn", "1"],
        ["team", "churn.1"],
      ] as const;

      for (const [namespace, name] of names) {
        const known = { highestSequence: 0, versions: [] };
        const claimed = await store.claim({ namespace, name }, { version: "1.0.0" }, known, async () => false);
        assert.deepEqual(claimed, { version: "1.0.0", sequence: 1 }, `${namespace}/${name}`);
      }
    },
  },
  {
    name: "no-version-no-name",
    title: "what is no semantic version or no model's name is refused before anything is claimed",
    async run({ store }) {
      for (const version of [
        "",
        "1.0",
        "v1.0.0",
        "01.0.0",
        "1.0.0-",
        "1.0.0-rc.01",
        "../x",
        `1.0.${"9".repeat(200)}`,
      ]) {
        await refusal(claim(store, { version }), "VALIDATION_FAILED");
      }
      const known = { highestSequence: 0, versions: [] };
      for (const name of ["", "../x", "a/b", ".hidden", "-x", "a b", "x".repeat(256), "é", "a\0"]) {
        for (const pair of [
          { namespace: "team", name },
          { namespace: name, name: "churn" },
        ])
          await refusal(
            store.claim(pair, { bump: "patch" }, known, async () => false),
            "VALIDATION_FAILED",
          );
      }
      assert.deepEqual(await claim(store, { bump: "patch" }), { version: "1.0.0", sequence: 1 });
    },
  },
];
