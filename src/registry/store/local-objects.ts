// Objects as files of a folder: written under a temporary name, linked to their digest, read-only from then on.

import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../util/clock.ts";
import { errnoOf, storageError, syncFolders } from "../../util/durable-file.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { tempName } from "../../util/temp-name.ts";
import { sweepFolder } from "./local-temps.ts";
import type { Added, CopyOptions, ObjectAge, ObjectStorage, Shelf } from "./objects.ts";

export interface LocalObjectsOptions {
  readonly root: string;
  readonly clock: Clock;
}

/**
 * What is put for the first time gets the modification time 0, and each later put sets it to now. So whoever takes an object away can move
 * it aside, look whether that time has changed, and put it back: nobody needs a lock, and a put that comes later finds nothing and
 * writes anew.
 */
export function localObjects({ root, clock }: LocalObjectsOptions): ObjectStorage {
  const temps = join(root, "tmp");
  const pathOf = (shelf: Shelf, digest: string): string => join(root, shelf, digest.slice(0, 2), digest.slice(2));

  /** Says that the file is put again, through its time; `undefined` where it is not there, false where it is another user's. */
  const touch = async (path: string): Promise<boolean | undefined> => {
    try {
      // A fraction of a millisecond at random, so that two of them in one are told apart.
      const now = (clock.now() + Math.random()) / 1000;
      await fs.utimes(path, now, now);
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code === "ENOENT") return undefined;
      if (code === "EPERM" || code === "EACCES") return false;
      throw storageError(error, path, 0);
    }
  };

  /** Gives a finished temporary file its name. `isSound`: whether what is there already has these bytes. */
  const publish = async (temp: string, path: string, isSound: () => Promise<boolean>): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      const touched = await touch(path);
      if (touched === true && (await isSound())) break;
      if (touched !== undefined) {
        await touch(temp);
        await fs.rename(temp, path);
        break;
      }
      try {
        makeFolder(dirname(path), 0o700);
        await fs.link(temp, path);
        break;
      } catch (error) {
        // Somebody was faster, or the empty folder was cleaned away in between.
        if (!["EEXIST", "ENOENT"].includes(errnoOf(error) ?? "") || attempt === 9) throw error;
      }
    }
    await syncFolders([path], root);
  };

  const write = async (
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    place: (added: Added) => string,
    signal: AbortSignal | undefined,
  ): Promise<Added> => {
    const temp = join(temps, tempName());
    let size = 0;
    try {
      const file = await openTemp(temp);
      let added: Added;
      try {
        const digest = createHash("sha256");
        for await (const chunk of chunks) {
          signal?.throwIfAborted();
          digest.update(chunk);
          await writeAll(file, chunk);
          size += chunk.byteLength;
        }
        added = { digest: digest.digest("hex"), size };
        await file.utimes(0, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      const path = place(added);
      await publish(temp, path, async () => sameBytes(await hashFile(path), added));
      return added;
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw storageError(cause, root, size);
    } finally {
      await fs.rm(temp, { force: true }).catch(() => undefined);
    }
  };

  return {
    add: (chunks, signal) => write(chunks, ({ digest }) => pathOf("objects", digest), signal),
    async note(shelf, digest, bytes) {
      await write([bytes], () => pathOf(shelf, digest), undefined);
    },
    async read(shelf, digest) {
      const path = pathOf(shelf, digest);
      return found(path, () => fs.readFile(path));
    },
    async check(digest) {
      const path = pathOf("objects", digest);
      return found(path, () => hashFile(path));
    },
    async copy(digest, target, options) {
      const path = pathOf("objects", digest);
      return found(path, () => copyFile(path, target, options));
    },
    async age(shelf, digest) {
      const path = pathOf(shelf, digest);
      const stat = await found(path, () => fs.lstat(path));
      return stat === undefined ? undefined : ageOf(stat);
    },
    async *list(shelf) {
      for (const prefix of await entries(join(root, shelf))) {
        if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
        for (const rest of await entries(join(root, shelf, prefix))) {
          if (/^[0-9a-f]{62}$/.test(rest)) yield prefix + rest;
        }
      }
    },
    async take(shelf, digest, mayGo) {
      const path = pathOf(shelf, digest);
      const aside = join(temps, `taken-${shelf}-${digest}`);
      try {
        const before = await fs.lstat(path);
        if (!mayGo(ageOf(before))) return undefined;
        makeFolder(temps, 0o700);
        await fs.rename(path, aside);
        const after = await fs.lstat(aside);
        const isSame = after.mtimeMs === before.mtimeMs && after.ino === before.ino;
        if (!isSame) await putBack(aside, path);
        await fs.unlink(aside);
        return isSame ? before.size : undefined;
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw storageError(error, path, 0);
      }
    },
    async makeTemp() {
      // On the same disk, where copies can be clones; a store that cannot be written is still to be read.
      for (const folder of [temps, tmpdir()]) {
        const path = join(folder, tempName());
        try {
          makeFolder(path, 0o700);
          return path;
        } catch (error) {
          if (folder !== temps || !["EACCES", "EPERM", "EROFS"].includes(errnoOf(error) ?? ""))
            throw storageError(error, path, 0);
        }
      }
      throw new Error("unreachable");
    },
    sweepTemps: (olderThan, dryRun) =>
      sweepFolder(temps, { olderThan, dryRun, clock }, async (name, path) => {
        const [, shelf, digest] = /^taken-(objects|files|folders)-([0-9a-f]{64})$/.exec(name) ?? [];
        if (shelf === undefined || digest === undefined) return undefined;
        // A process ended between moving it aside and looking at it: what was put again meanwhile goes back.
        const stat = await fs.lstat(path);
        if (!dryRun && ageOf(stat).putAgain) await putBack(path, pathOf(shelf as Shelf, digest));
        return stat.size;
      }),
    describe: pathOf,
  };

  async function openTemp(temp: string): Promise<fs.FileHandle> {
    try {
      return await fs.open(temp, "wx", 0o444);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      makeFolder(temps, 0o700);
      return fs.open(temp, "wx", 0o444);
    }
  }

  async function putBack(aside: string, path: string): Promise<void> {
    try {
      makeFolder(dirname(path), 0o700);
      await fs.link(aside, path);
      await syncFolders([path], root);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error; // written anew: the same bytes
    }
  }
}

const CHUNK = 1024 * 1024;

/** The bytes of an open file, in pieces that are used up before the next is asked for. */
export async function* readChunks(file: fs.FileHandle): AsyncGenerator<Uint8Array, void, void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function writeAll(file: fs.FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at);
    if (bytesWritten === 0) throw Object.assign(new Error("the file system took no bytes"), { code: "ENOSPC" });
    at += bytesWritten;
  }
}

async function hashFile(path: string): Promise<Added> {
  const file = await fs.open(path, "r");
  try {
    const digest = createHash("sha256");
    let size = 0;
    for await (const chunk of readChunks(file)) {
      digest.update(chunk);
      size += chunk.byteLength;
    }
    return { digest: digest.digest("hex"), size };
  } finally {
    await file.close();
  }
}

/** A clone where the file system makes them, which costs nothing and is hashed after; otherwise a copy that is hashed on the way. */
async function copyFile(path: string, target: string, { mode, durable }: CopyOptions): Promise<Added> {
  if (await clone(path, target)) {
    await fs.chmod(target, mode);
    return hashFile(target);
  }
  const from = await fs.open(path, "r");
  try {
    const to = await fs.open(target, "wx", mode);
    try {
      const digest = createHash("sha256");
      let size = 0;
      for await (const chunk of readChunks(from)) {
        digest.update(chunk);
        await writeAll(to, chunk);
        size += chunk.byteLength;
      }
      if (durable) await to.sync();
      return { digest: digest.digest("hex"), size };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

let clones = true;

async function clone(path: string, target: string): Promise<boolean> {
  if (!clones) return false;
  try {
    await fs.copyFile(path, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EEXIST") throw error;
    clones = false; // asked once per process: most file systems make none
    await fs.rm(target, { force: true });
    return false;
  }
}

/** What is just being moved aside and put back is there again in a moment. `undefined` where there is nothing. */
async function found<T>(path: string, look: () => Promise<T>): Promise<T | undefined> {
  for (const last of [false, true]) {
    try {
      return await look();
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw storageError(error, path, 0);
      if (!last) await wait(5);
    }
  }
  return undefined;
}

async function entries(folder: string): Promise<readonly string[]> {
  try {
    return (await fs.readdir(folder)).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storageError(error, folder, 0);
  }
}

function sameBytes(one: Added, other: Added): boolean {
  return one.digest === other.digest && one.size === other.size;
}

function ageOf({ mtimeMs, ctimeMs, size }: Stats): ObjectAge {
  return { lastPut: Math.max(mtimeMs, ctimeMs), putAgain: mtimeMs > 0, size };
}
