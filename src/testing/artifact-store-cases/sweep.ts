// Cases about removing: what is referred to stays, and so does what was put a moment ago.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredArtifact } from "../../backend/model-records.ts";
import type { ArtifactStore } from "../../registry/artifact-store.ts";
import type { ArtifactStoreCase } from "../artifact-store-contract.ts";

const HOUR = 3_600_000;

function put(store: ArtifactStore, files: Readonly<Record<string, string>>): Promise<StoredArtifact> {
  return store.put({
    fill: async (folder) => {
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    },
  });
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
      const referenced = new Set([kept.digest]);

      assert.deepEqual(await store.sweep({ referenced, olderThan: HOUR }), { artifacts: [], objects: 0, size: 0 });
      clock.advance(2 * HOUR);
      const dry = await store.sweep({ referenced, olderThan: HOUR, dryRun: true });
      await store.verify(orphan);
      const swept = await store.sweep({ referenced, olderThan: HOUR });

      assert.deepEqual(dry, { artifacts: [orphan.digest], objects: 1, size: 6 });
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

      const swept = await store.sweep({ referenced: new Set(), olderThan: HOUR });

      assert.deepEqual(swept, { artifacts: [], objects: 0, size: 0 });
      await store.verify(artifact);
    },
  },
];
