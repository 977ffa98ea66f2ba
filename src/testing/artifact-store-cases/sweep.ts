// Cases about removing: what is referred to stays, and so does what was put a moment ago.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredArtifact } from "../../backend/model-records.ts";
import type { ArtifactStore, References, SweepOptions } from "../../registry/artifact-store.ts";
import type { ArtifactStoreCase } from "../artifact-store-contract.ts";

const HOUR = 3_600_000;

function put(store: ArtifactStore, files: Readonly<Record<string, string>>): Promise<StoredArtifact> {
  return store.put({
    fill: async (folder) => {
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    },
  });
}

function referring(digests: readonly string[], versions: References["versions"] = []): SweepOptions["references"] {
  return async () => ({ versions, digests: new Set(digests) });
}

async function listed(store: ArtifactStore): Promise<readonly string[]> {
  const digests: string[] = [];
  for await (const digest of store.list()) digests.push(digest);
  return digests.sort();
}

export const sweepCases: readonly ArtifactStoreCase[] = [
  {
    name: "remove",
    title: "a removed artifact is gone with the objects that were its own, and no others",
    async run({ store }) {
      const gone = await put(store, { shared: "shared", own: "own", single: "single" });
      const kept = await put(store, { shared: "shared" });
      const file = await store.put({ bytes: Buffer.from("single") });

      await store.remove(gone.digest);
      await store.remove(gone.digest);

      assert.equal(await store.exists(gone), false);
      await store.verify(kept);
      await store.verify(file);
      assert.deepEqual(await store.stats(), { objects: 2, size: 12 });
      assert.deepEqual(await listed(store), [kept.digest, file.digest].sort());
    },
  },
  {
    name: "remove-put-again",
    title: "what was put again within the hour is not removed, and later is",
    async run({ store, clock }) {
      const artifact = await put(store, { a: "a" });
      await put(store, { a: "a" });

      await store.remove(artifact.digest);
      await store.verify(artifact);

      clock.advance(2 * HOUR);
      await store.remove(artifact.digest);
      assert.deepEqual(await store.stats(), { objects: 0, size: 0 });
    },
  },
  {
    name: "sweep",
    title: "a sweep removes what no version refers to, once it is old enough, and tells what it did",
    async run({ store, clock }) {
      const kept = await put(store, { shared: "shared", kept: "kept" });
      const orphan = await put(store, { shared: "shared", orphan: "orphan" });
      const references = referring([kept.digest]);

      assert.deepEqual(await store.sweep({ references, olderThan: HOUR }), { artifacts: [], objects: 0, size: 0 });
      clock.advance(2 * HOUR);
      const dry = await store.sweep({ references, olderThan: HOUR, dryRun: true });
      await store.verify(orphan);
      const swept = await store.sweep({ references, olderThan: HOUR });

      assert.deepEqual(dry, { artifacts: [{ digest: orphan.digest, files: 2, size: 12 }], objects: 1, size: 6 });
      assert.deepEqual(swept, dry);
      await store.verify(kept);
      assert.deepEqual(await listed(store), [kept.digest]);
    },
  },
  {
    name: "sweep-put-again",
    title: "what is put again is young again, with everything in it",
    async run({ store, clock }) {
      const artifact = await put(store, { a: "a", b: "b" });
      clock.advance(2 * HOUR);
      await put(store, { a: "a", b: "b" });

      const swept = await store.sweep({ references: referring([]), olderThan: HOUR });

      assert.deepEqual(swept, { artifacts: [], objects: 0, size: 0 });
      await store.verify(artifact);
    },
  },
  {
    name: "sweep-open-claim",
    title: "what was put since somebody claimed a version stays until there is the version, or the claim is given back",
    async run({ store, clock }) {
      const name = { namespace: "team", name: "Churn" };
      const numbers = { highestSequence: 0, versions: [] };
      const before = await store.put({ bytes: Buffer.from("before") });
      clock.advance(2 * HOUR);
      const claim = await store.claim(name, { version: "1.0.0-RC" }, numbers, async () => false);
      // Twice: the first time a file has the time of the system, whatever the clock says.
      await store.put({ bytes: Buffer.from("since") });
      const since = await store.put({ bytes: Buffer.from("since") });
      clock.advance(2 * HOUR);
      const versions = [{ ...name, version: claim.version }];
      const digests = async (references: SweepOptions["references"]): Promise<readonly string[]> =>
        (await store.sweep({ references, olderThan: HOUR, dryRun: true })).artifacts.map(({ digest }) => digest).sort();

      assert.deepEqual(await digests(referring([])), [before.digest]);
      assert.deepEqual(await digests(referring([], [{ ...name, version: "1.0.0" }])), [before.digest]);
      assert.deepEqual(await digests(referring([], versions)), [before.digest, since.digest].sort());
      await store.release(name, claim);
      await store.sweep({ references: referring([]), olderThan: HOUR });
      assert.deepEqual(await listed(store), []);
    },
  },
  {
    name: "sweep-asks-late",
    title: "who claims a version while a sweep is told what is referred to, keeps what he puts",
    async run({ store, clock }) {
      const name = { namespace: "team", name: "churn" };
      const numbers = { highestSequence: 0, versions: [] };
      const references = async (): Promise<References> => {
        clock.advance(1_000);
        await store.claim(name, { bump: "patch" }, numbers, async () => false);
        await store.put({ bytes: Buffer.from("just now") });
        return { versions: [], digests: new Set() };
      };

      const swept = await store.sweep({ references, olderThan: 0 });

      assert.deepEqual(swept, { artifacts: [], objects: 0, size: 0 });
    },
  },
];
