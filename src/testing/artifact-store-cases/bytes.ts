// Cases about bytes: what goes in comes out, elsewhere nothing, and damage is found.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ArtifactStoreCase } from "../artifact-store-contract.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { allPaths, refusal } from "../samples.ts";

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A folder with what folders may have. */
async function sampleFolder(folder: string): Promise<string> {
  const path = join(folder, "model");
  makeFolder(join(path, "weights", "deep"));
  await mkdir(join(path, "empty"));
  await writeFile(join(path, "config.json"), "{}");
  await writeFile(join(path, "weights", "a.bin"), Buffer.alloc(3_000_000, 1));
  await writeFile(join(path, "weights", "deep", "São Paulo 東京 %41.txt"), "name");
  await writeFile(join(path, "weights", "none"), "");
  await writeFile(join(path, "run.sh"), "#!/bin/sh\n");
  await chmod(join(path, "run.sh"), 0o755);
  return path;
}

export const byteCases: readonly ArtifactStoreCase[] = [
  {
    name: "bytes-round-trip",
    title: "bytes come back as a file of the name they were given, and are known by their SHA-256",
    async run({ store }) {
      const bytes = Buffer.from("a model");

      const artifact = await store.put({ bytes, name: "model.json" });

      assert.deepEqual([artifact.digest, artifact.size, artifact.files], [sha256(bytes), 7, 1]);
      await using view = await store.open(artifact);
      assert.equal(view.isFolder, false);
      assert.equal(basename(view.path), "model.json");
      assert.deepEqual(await readFile(view.path), bytes);
    },
  },
  {
    name: "file-round-trip",
    title: "a file comes back with its name, its bytes and whether it can be executed",
    async run({ store, folder }) {
      const path = join(folder, "score me.sh");
      await writeFile(path, "#!/bin/sh\n");
      await chmod(path, 0o711);

      const artifact = await store.put({ path });
      await store.download(artifact, join(folder, "out"));

      assert.deepEqual(await readdir(join(folder, "out")), ["score me.sh"]);
      assert.equal(await readFile(join(folder, "out", "score me.sh"), "utf8"), "#!/bin/sh\n");
      assert.equal((await stat(join(folder, "out", "score me.sh"))).mode & 0o111, 0o111);
    },
  },
  {
    name: "folder-round-trip",
    title: "a folder comes back whole: names in any script, empty files, empty folders, modes",
    async run({ store, folder }) {
      const path = await sampleFolder(folder);

      const artifact = await store.put({ path });
      await store.download(artifact, join(folder, "out"));

      assert.deepEqual([artifact.files, artifact.size], [5, 3_000_016]);
      assert.deepEqual(await allPaths(join(folder, "out")), await allPaths(path));
      assert.equal((await stat(join(folder, "out", "run.sh"))).mode & 0o111, 0o111);
      assert.equal((await stat(join(folder, "out", "config.json"))).mode & 0o111, 0);
    },
  },
  {
    name: "fill-round-trip",
    title: "a folder can be filled for the store, and leaves nothing where it was filled",
    async run({ store }) {
      let filled = "";

      const artifact = await store.put({
        fill: async (folder) => {
          filled = folder;
          await writeFile(join(folder, "weights.json"), "[1,2]");
        },
      });

      await assert.rejects(stat(filled), { code: "ENOENT" });
      await using view = await store.open(artifact);
      assert.equal(view.isFolder, true);
      assert.equal(await readFile(join(view.path, "weights.json"), "utf8"), "[1,2]");
    },
  },
  {
    name: "same-folder-same-digest",
    title: "the same files are the same artifact, wherever and in whatever order they were written",
    async run({ store, folder }) {
      for (const [place, names] of [
        ["one", ["a", "b"]],
        ["two", ["b", "a"]],
      ] as const) {
        await mkdir(join(folder, place));
        for (const name of names) await writeFile(join(folder, place, name), name);
      }

      const one = await store.put({ path: join(folder, "one") });
      const two = await store.put({ path: join(folder, "two") });
      await writeFile(join(folder, "two", "b"), "changed");
      const three = await store.put({ path: join(folder, "two") });

      assert.deepEqual(two, one);
      assert.notEqual(three.digest, one.digest);
      assert.deepEqual(await store.stats(), { objects: 3, size: 9 });
    },
  },
  {
    name: "view-is-removed",
    title: "a view is gone once it is disposed of, and nothing done to it reaches the store",
    async run({ store, folder }) {
      const artifact = await store.put({ path: await sampleFolder(folder) });
      const view = await store.open(artifact);
      await chmod(join(view.path, "config.json"), 0o644);
      await writeFile(join(view.path, "config.json"), "scribbled");

      await view[Symbol.asyncDispose]();

      await assert.rejects(stat(view.path), { code: "ENOENT" });
      await store.verify(artifact);
    },
  },
  {
    name: "links-inside-only",
    title: "a link to a file in the folder is stored as a file; one that leads out is refused",
    async run({ store, folder }) {
      const path = join(folder, "model");
      await mkdir(path);
      await writeFile(join(path, "real"), "bytes");
      await symlink("real", join(path, "alias"));
      const artifact = await store.put({ path });
      await using view = await store.open(artifact);
      assert.equal(await readFile(join(view.path, "alias"), "utf8"), "bytes");

      await writeFile(join(folder, "secret"), "secret");
      await symlink("../secret", join(path, "out"));

      const error = await refusal(store.put({ path }), "VALIDATION_FAILED");
      assert.match(error.message, /out: it is a link that leads out of the folder/);
    },
  },
  {
    name: "no-source",
    title: "a path where nothing is, is refused and nothing is kept",
    async run({ store, folder }) {
      await refusal(store.put({ path: join(folder, "no such file") }), "ARTIFACT_NOT_FOUND");

      assert.deepEqual(await store.stats(), { objects: 0, size: 0 });
    },
  },
  {
    name: "names-of-bytes",
    title: "bytes cannot be given a name that leads anywhere",
    async run({ store }) {
      for (const name of ["../x", "a/b", "", ".", "..", "/etc/passwd", "nul\0"]) {
        await refusal(store.put({ bytes: Buffer.from("x"), name }), "VALIDATION_FAILED");
      }
    },
  },
  {
    name: "forged-location",
    title: "a location that the store did not give is no way out of a folder",
    async run({ store, folder }) {
      const artifact = await store.put({ bytes: Buffer.from("x") });

      for (const location of ["file:..%2Fx", "file:%2Fetc%2Fpasswd", "file:a%00", "elsewhere", ""]) {
        await refusal(store.download({ ...artifact, location }, join(folder, "out")), "ARTIFACT_NOT_FOUND");
      }
      assert.deepEqual(await readdir(folder), []);
    },
  },
  {
    name: "flipped-byte",
    title: "one changed byte is found by open, download and verify, which name the file",
    async run({ store, folder, damage }) {
      const artifact = await store.put({ path: await sampleFolder(folder) });
      await damage(sha256(Buffer.alloc(3_000_000, 1)), "flip a byte");

      for (const attempt of [
        () => store.open(artifact),
        () => store.download(artifact, join(folder, "out")),
        () => store.verify(artifact),
      ]) {
        const error = await refusal(attempt(), "ARTIFACT_CORRUPTED");
        assert.match(error.message, /"weights\/a\.bin"/);
        assert.equal(error.data?.["path"], "weights/a.bin");
      }
      await assert.rejects(stat(join(folder, "out")), { code: "ENOENT" }, "nothing is left of the download");
    },
  },
  {
    name: "missing-object",
    title: "an object that is gone is found, and is not there",
    async run({ store, folder, damage }) {
      const artifact = await store.put({ path: await sampleFolder(folder) });
      assert.equal(await store.exists(artifact), true);
      await damage(sha256("{}"), "remove");

      assert.equal(await store.exists(artifact), false);
      for (const attempt of [() => store.open(artifact), () => store.verify(artifact)]) {
        const error = await refusal(attempt(), "ARTIFACT_NOT_FOUND");
        assert.match(error.message, /"config\.json"/);
      }
    },
  },
  {
    name: "unknown-artifact",
    title: "an artifact that was never put is not there",
    async run({ store }) {
      const artifact = { digest: sha256("nothing"), size: 7, files: 1, location: "folder" };

      assert.equal(await store.exists(artifact), false);
      await refusal(store.open(artifact), "ARTIFACT_NOT_FOUND");
      const file = { ...artifact, location: "file:model" };
      assert.equal(await store.exists(file), false);
      await refusal(store.open(file), "ARTIFACT_NOT_FOUND");
    },
  },
  {
    name: "repair",
    title: "putting the same files again repairs what was damaged",
    async run({ store, folder, damage }) {
      const path = await sampleFolder(folder);
      const artifact = await store.put({ path });
      await damage(sha256("{}"), "flip a byte");
      await damage(sha256("name"), "remove");

      assert.deepEqual(await store.put({ path }), artifact);

      await store.verify(artifact);
    },
  },
  {
    name: "download-into-something",
    title: "a download fills an empty folder, and refuses one that is not",
    async run({ store, folder }) {
      const artifact = await store.put({ bytes: Buffer.from("x"), name: "model" });
      await mkdir(join(folder, "empty"));
      await mkdir(join(folder, "full"));
      await writeFile(join(folder, "full", "mine"), "mine");

      await store.download(artifact, join(folder, "empty"));
      await refusal(store.download(artifact, join(folder, "full")), "VALIDATION_FAILED");

      assert.deepEqual(await readdir(join(folder, "empty")), ["model"]);
      assert.deepEqual(await readdir(join(folder, "full")), ["mine"]);
    },
  },
  {
    name: "cancelled",
    title: "a put that is cancelled rejects with the reason and keeps no artifact",
    async run({ store }) {
      const controller = new AbortController();
      const reason = new Error("enough");

      const attempt = store.put(
        {
          fill: async (folder) => {
            await writeFile(join(folder, "half"), "half");
            controller.abort(reason);
          },
        },
        controller.signal,
      );

      await assert.rejects(attempt, reason);
      const listed: string[] = [];
      for await (const digest of store.list()) listed.push(digest);
      assert.deepEqual(listed, []);
    },
  },
];
