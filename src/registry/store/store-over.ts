// The artifact store over any place for objects and slots: files and folders in, verified copies out, orphans swept.

import * as fs from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { newHolder } from "../../build/holder.ts";
import { StratigraphError } from "../../errors.ts";
import type { StoredArtifact } from "../../backend/model-records.ts";
import type { Clock } from "../../util/clock.ts";
import { errnoOf, storageError, syncFolders } from "../../util/durable-file.ts";
import { escapeName, unescapeName } from "../../util/file-name.ts";
import { createLimiter } from "../../util/limiter.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { showValue } from "../../util/show.ts";
import { tempName } from "../../util/temp-name.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import type { ObjectAge, ObjectStorage } from "./objects.ts";
import { claimVersion, releaseVersion, type SlotStorage } from "./slots.ts";
import { findFiles, modeOf, readSteadily } from "./source-folder.ts";
import { membersOf, referencedObjects, sweepStore } from "./sweep.ts";
import { decodeTree, digestOf, encodeTree, pathProblem, treeSize, type Tree, type TreeFile } from "./tree.ts";

export interface StoreParts {
  readonly kind: string;
  readonly objects: ObjectStorage;
  readonly slots: SlotStorage;
  readonly clock: Clock;
}

export function storeOver({ kind, objects, slots, clock }: StoreParts): ArtifactStore {
  const holder = newHolder();
  const claimOptions = () => ({ slots, holder, at: new Date(clock.now()).toISOString() });

  return {
    kind,
    claim: (name, wish, known, isTaken) => claimVersion(claimOptions(), name, wish, known, isTaken),
    release: (name, claim) => releaseVersion(claimOptions(), name, claim),

    async put(source, signal) {
      signal?.throwIfAborted();
      if ("bytes" in source) return putFile([source.bytes], source.name ?? "model", signal);
      if ("path" in source) return putPath(resolve(source.path), signal);
      const folder = await objects.makeTemp();
      try {
        await source.fill(folder, signal);
        signal?.throwIfAborted();
        return await putFolder(folder, signal);
      } finally {
        await fs.rm(folder, { recursive: true, force: true });
      }
    },

    async open(artifact) {
      const { tree, name } = await describe(artifact);
      const folder = await objects.makeTemp();
      const dispose = (): Promise<void> => removeFolder(folder);
      try {
        await write(tree, folder, { readOnly: true });
      } catch (error) {
        await dispose();
        throw error;
      }
      const path = name === undefined ? folder : join(folder, name);
      return { path, isFolder: name === undefined, [Symbol.asyncDispose]: dispose };
    },

    async download(artifact, folder) {
      const { tree } = await describe(artifact);
      await placeWhole(resolve(folder), (place) => write(tree, place, { readOnly: false }));
    },

    async exists(artifact) {
      const place = parseLocation(artifact.location);
      if (place === undefined || (await objects.age(place.shelf, artifact.digest)) === undefined) return false;
      try {
        const { tree } = await describe(artifact);
        return (await firstMissing(tree)) === undefined;
      } catch (error) {
        if (error instanceof StratigraphError && error.code.startsWith("ARTIFACT_")) return false;
        throw error;
      }
    },

    async verify(artifact) {
      const { tree } = await describe(artifact);
      for (const file of tree.files) judge(file, await objects.check(file.digest));
    },

    async *list() {
      const seen = new Set<string>();
      for (const shelf of ["files", "folders"] as const) {
        for await (const digest of objects.list(shelf)) {
          if (seen.has(digest)) continue;
          seen.add(digest);
          yield digest;
        }
      }
    },

    async remove(digest) {
      const mayGo = isUnclaimed(clock);
      const members = new Set(await membersOf(objects, "folders", digest));
      for (const member of await membersOf(objects, "files", digest)) members.add(member);
      for (const shelf of ["files", "folders"] as const) {
        if (
          (await objects.take(shelf, digest, mayGo)) === undefined &&
          (await objects.age(shelf, digest)) !== undefined
        )
          return; // put again a moment ago, so it is somebody's
      }
      if (members.size === 0) return;
      for (const kept of await referencedObjects(objects)) members.delete(kept);
      for (const member of members) await objects.take("objects", member, mayGo);
    },

    async stats() {
      let count = 0;
      let size = 0;
      for await (const digest of objects.list("objects")) {
        count += 1;
        size += (await objects.age("objects", digest))?.size ?? 0;
      }
      return { objects: count, size };
    },

    sweep: (options) => sweepStore({ objects, slots, clock }, options),
  };

  // -------------------------------------------------------------------------------------------------------------------
  // In

  async function putPath(path: string, signal: AbortSignal | undefined): Promise<StoredArtifact> {
    let stat: Awaited<ReturnType<typeof fs.stat>>;
    try {
      stat = await fs.stat(path); // the path itself may be a link: naming it is the user's own business
    } catch (cause) {
      if (errnoOf(cause) !== "ENOENT" && errnoOf(cause) !== "ENOTDIR") throw storageError(cause, path, 0);
      throw new StratigraphError("ARTIFACT_NOT_FOUND", "there is nothing to be stored", {
        where: path,
        expected: "a file or folder",
        hint: "Save the model first, or correct the path.",
      });
    }
    if (stat.isDirectory()) return putFolder(path, signal);
    if (stat.isFile()) return putFile(readSteadily(path), basename(path), signal, modeOf(stat));
    throw new StratigraphError("VALIDATION_FAILED", "this can be neither read to its end nor stored", {
      where: path,
      expected: "a file or folder",
      received: "a pipe, socket or device",
    });
  }

  async function putFile(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    name: string,
    signal: AbortSignal | undefined,
    mode: "644" | "755" = "644",
  ): Promise<StoredArtifact> {
    if (name.includes("/") || pathProblem(name) !== undefined) {
      throw new StratigraphError("VALIDATION_FAILED", "this is not a file's name", {
        where: "name",
        received: showValue(name),
      });
    }
    const { digest, size } = await objects.add(chunks, signal);
    await objects.note("files", digest, new Uint8Array());
    return { digest, size, files: 1, location: `${mode === "755" ? "program" : "file"}:${escapeName(name)}` };
  }

  async function putFolder(folder: string, signal: AbortSignal | undefined): Promise<StoredArtifact> {
    const found = await findFiles(folder);
    const limiter = createLimiter(PARALLEL);
    for (let attempt = 0; ; attempt++) {
      const files = await Promise.all(
        found.files.map(({ path, file, mode }) =>
          limiter.run(async (): Promise<TreeFile> => {
            signal?.throwIfAborted();
            return { path, mode, ...(await objects.add(readSteadily(file), signal)) };
          }),
        ),
      );
      const tree: Tree = { files, emptyFolders: found.emptyFolders };
      const text = Buffer.from(encodeTree(tree));
      const digest = digestOf(text);
      await objects.note("folders", digest, text);
      // Between a file and the list somebody may have swept the file; once the list is there nobody does.
      if ((await firstMissing(tree)) === undefined || attempt === 2)
        return { digest, size: treeSize(tree), files: files.length, location: "folder" };
    }
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Out

  /** A single file is a folder of one, with a name. */
  async function describe(
    artifact: StoredArtifact,
  ): Promise<{ readonly tree: Tree; readonly name: string | undefined }> {
    const place = parseLocation(artifact.location);
    if (place === undefined || !/^[0-9a-f]{64}$/.test(artifact.digest)) {
      throw new StratigraphError("ARTIFACT_NOT_FOUND", "this is no place in this store", {
        where: `${kind} store`,
        received: showValue(artifact.location),
      });
    }
    if (place.shelf === "files") {
      const { name, mode } = place;
      const file: TreeFile = { path: name, digest: artifact.digest, size: artifact.size, mode };
      return { tree: { files: [file], emptyFolders: [] }, name };
    }
    const bytes = await objects.read("folders", artifact.digest);
    const where = objects.describe("folders", artifact.digest);
    if (bytes === undefined) throw gone("the list of the folder's files", where);
    const digest = digestOf(bytes);
    if (digest !== artifact.digest) {
      throw new StratigraphError(
        "ARTIFACT_CORRUPTED",
        "the list of the folder's files is not the one that was stored",
        {
          where,
          expected: `SHA-256 ${artifact.digest}`,
          received: digest,
        },
      );
    }
    return { tree: decodeTree(Buffer.from(bytes).toString("utf8"), where), name: undefined };
  }

  async function write(tree: Tree, folder: string, { readOnly }: { readonly readOnly: boolean }): Promise<void> {
    const limiter = createLimiter(PARALLEL);
    const folders = new Set(tree.emptyFolders);
    for (const { path } of tree.files) if (path.includes("/")) folders.add(dirname(path));
    try {
      for (const path of folders) makeFolder(join(folder, path));
    } catch (cause) {
      throw storageError(cause, folder, 0);
    }
    const written = await Promise.allSettled(
      tree.files.map((file) =>
        limiter.run(async () => {
          const mode = (file.mode === "755" ? 0o755 : 0o644) & (readOnly ? 0o555 : 0o777);
          judge(file, await objects.copy(file.digest, join(folder, file.path), { mode, durable: !readOnly }));
        }),
      ),
    );
    for (const one of written) if (one.status === "rejected") throw one.reason;
    if (!readOnly)
      await syncFolders(
        tree.files.map(({ path }) => join(folder, path)),
        folder,
      );
  }

  function judge(file: TreeFile, found: { readonly digest: string; readonly size: number } | undefined): void {
    const place = objects.describe("objects", file.digest);
    if (found === undefined) throw gone(`the file ${showValue(file.path)}`, place);
    if (found.digest === file.digest && found.size === file.size) return;
    throw new StratigraphError(
      "ARTIFACT_CORRUPTED",
      `the file ${showValue(file.path)} is not the one that was registered`,
      {
        where: place,
        expected: `${file.size} bytes of SHA-256 ${file.digest}`,
        received: `${found.size} bytes of ${found.digest}`,
        hint: "Register the same files again, which repairs it, or restore the store from a backup.",
        data: { path: file.path, object: place },
      },
    );
  }

  async function firstMissing(tree: Tree): Promise<TreeFile | undefined> {
    for (const file of tree.files) {
      if ((await objects.age("objects", file.digest))?.size !== file.size) return file;
    }
    return undefined;
  }
}

/** Files of one artifact that are copied at once. */
const PARALLEL = 8;

/** How long what was put again may wait for its row before removing takes it for unused. */
const CLAIMED_FOR = 3_600_000;

function isUnclaimed(clock: Clock): (age: ObjectAge) => boolean {
  return ({ putAgain, lastPut }) => !putAgain || clock.now() - lastPut > CLAIMED_FOR;
}

type Place =
  { readonly shelf: "folders" } | { readonly shelf: "files"; readonly name: string; readonly mode: "644" | "755" };

function parseLocation(location: string): Place | undefined {
  if (location === "folder") return { shelf: "folders" };
  const match = /^(file|program):(.+)$/.exec(location);
  const name = unescapeName(match?.[2] ?? "");
  if (match === null || name === undefined || name.includes("/") || pathProblem(name) !== undefined) return undefined;
  return { shelf: "files", name, mode: match[1] === "program" ? "755" : "644" };
}

function gone(what: string, where: string): StratigraphError {
  return new StratigraphError("ARTIFACT_NOT_FOUND", `${what} is not in the store`, {
    where,
    hint: "Restore the store from a backup, or register the same files again.",
  });
}

/** A new folder appears whole or not at all; one that is there already and empty is filled once everything is verified. */
async function placeWhole(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const there = await namesIn(target);
  if (there !== undefined && there.length > 0) {
    throw new StratigraphError("VALIDATION_FAILED", "the folder is not empty", {
      where: target,
      hint: "Name a folder that is not there yet.",
    });
  }
  const temp = join(there === undefined ? dirname(target) : target, tempName());
  try {
    makeFolder(temp);
    await fill(temp);
    if (there === undefined) await fs.rename(temp, target);
    else for (const name of await fs.readdir(temp)) await fs.rename(join(temp, name), join(target, name));
    await syncFolders([join(target, "any")], dirname(target));
  } catch (cause) {
    throw storageError(cause, target, 0);
  } finally {
    await fs.rm(temp, { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await fs.readdir(folder);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw storageError(cause, folder, 0);
  }
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await fs.rm(folder, { recursive: true, force: true });
  } catch (cause) {
    throw storageError(cause, folder, 0);
  }
}
