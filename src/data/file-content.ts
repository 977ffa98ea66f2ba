// What a file holds right now: read and hashed in one pass, and refused while it changes.

import * as fs from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { counters } from "../util/counters.ts";
import { createDigest, hashBytes, type Digest } from "../util/digest.ts";
import { errnoOf, readError } from "../util/durable-file.ts";
import type { Content } from "./content.ts";
import { isRacy, isSameFile } from "./file-stamp.ts";
import type { KnownFile, StatCache } from "./stat-cache.ts";

export interface FileOptions {
  /** Asked for nothing here, told what was found. */
  readonly stats: StatCache;
  readonly sha256: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a look at a path found, as the cache knows it where it does; `undefined`: nothing is there. */
export type FileLook = KnownFile | { readonly content: Content } | { readonly problem: string } | undefined;

/**
 * The content of a file, without asking the cache. At once for a small file that is still; a promise for the others.
 * Pipes, devices and folders are problems, found without waiting for them. Errors: SOURCE_UNSTABLE, STORAGE_FAILED.
 */
export function readFileContent(path: string, options: FileOptions): FileLook | Promise<FileLook> {
  const moment = options.stats.now();
  const fd = openFile(path);
  if (fd === undefined) return undefined;
  try {
    // One stat, after the reading, is enough where the file was last touched before it began: then nothing moved in between.
    // Otherwise the file is read once more, and must have the same stamp after it.
    let before: fs.Stats | undefined;
    for (;;) {
      const read = readStart(fd);
      counters.stats += 1;
      const stamp = fs.fstatSync(fd);
      if (!stamp.isFile()) return { problem: describeKind(stamp) };
      if (read === undefined || read !== stamp.size || read === small.length) break;
      if (!isRacy(stamp, moment) || (before !== undefined && isSameFile(before, stamp))) {
        const content = hashSmall(small.subarray(0, read), options.sha256);
        return options.stats.remember(path, stamp, content, moment) ?? { content };
      }
      if (before !== undefined) break;
      before = stamp;
    }
  } catch (cause) {
    throw readError(cause, path);
  } finally {
    fs.closeSync(fd);
  }
  return readChangingFile(path, options);
}

/** All bytes of a regular file. `undefined`: nothing is there; a text: why it is no file. */
export async function readWholeFile(path: string, signal?: AbortSignal): Promise<Uint8Array | string | undefined> {
  const fd = openFile(path);
  if (fd === undefined) return undefined;
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return describeKind(stat);
    counters.filesRead += 1;
    return await readBytes(fd, stat.size, signal);
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw readError(cause, path);
  } finally {
    fs.closeSync(fd);
  }
}

/** What something is that is not a regular file, as half a sentence. */
export function describeKind(entry: Pick<fs.Stats, "isDirectory" | "isSymbolicLink">): string {
  if (entry.isDirectory()) return "is a folder where a file is expected";
  return entry.isSymbolicLink() ? "is a symbolic link where a file is expected" : "is a pipe, socket or device";
}

/** The buffer that small files are read into: one for all of them, as nothing else runs in between. */
const small = Buffer.allocUnsafeSlow(1024 * 1024);
const CHUNK = 4 * 1024 * 1024;
const ATTEMPTS = 5;

/** `undefined` where nothing is. Without O_NONBLOCK a pipe would be waited for until somebody writes into it. */
export function openFile(path: string): number | undefined {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw readError(cause, path);
  }
}

/** Bytes read into `small`; `undefined` for what cannot be read, as a folder. */
function readStart(fd: number): number | undefined {
  try {
    const read = fs.readSync(fd, small, 0, small.length, 0);
    counters.filesRead += 1;
    return read;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EISDIR" || errno === "EAGAIN" || errno === "ESPIPE") return undefined;
    throw error;
  }
}

function hashSmall(bytes: Uint8Array, sha256: boolean): Content {
  if (!sha256) return { fingerprint: hashBytes(bytes) as Fingerprint, size: bytes.byteLength, digest: undefined };
  const digest = createDigest({ sha256 });
  digest.update(bytes);
  return finish(digest);
}

/** For big files, and those that change: stamps before and after must agree. */
async function readChangingFile(path: string, options: FileOptions): Promise<FileLook> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0)
      await wait(10 * 2 ** attempt, undefined, options.signal === undefined ? {} : { signal: options.signal });
    const moment = options.stats.now();
    const fd = openFile(path);
    if (fd === undefined) return undefined;
    try {
      counters.stats += 2;
      counters.filesRead += 1;
      const before = fs.fstatSync(fd);
      if (!before.isFile()) return { problem: describeKind(before) };
      const content = await hashDescriptor(fd, options);
      const after = fs.fstatSync(fd);
      if (isSameFile(before, after) && content.size === after.size) {
        return options.stats.remember(path, after, content, moment) ?? { content };
      }
    } catch (cause) {
      if (options.signal?.aborted === true) throw cause;
      throw readError(cause, path);
    } finally {
      fs.closeSync(fd);
    }
  }
  throw new StratigraphError("SOURCE_UNSTABLE", `the file kept changing through ${ATTEMPTS} attempts to read it`, {
    where: path,
    hint: "Wait until whatever writes it is done, and have it write a temporary file that it renames.",
  });
}

let spare: readonly [Buffer, Buffer] | undefined;

/** Reads one buffer while the other is hashed: as fast as hashing alone, in 8 MiB whatever the size. */
async function hashDescriptor(fd: number, { sha256, signal }: FileOptions): Promise<Content> {
  const buffers = spare ?? ([Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)] as const);
  spare = undefined;
  let [filling, filled] = buffers;
  const digest = createDigest({ sha256 });
  let position = 0;
  let reading = read(fd, filling, 0, CHUNK, position);
  for (;;) {
    const count = await reading;
    if (count === 0) break;
    position += count;
    [filling, filled] = [filled, filling];
    reading = read(fd, filling, 0, CHUNK, position);
    digest.update(filled.subarray(0, count));
    if (signal?.aborted === true) {
      await reading.catch(() => 0); // the descriptor is closed next, and must not be in use then
      signal.throwIfAborted();
    }
  }
  spare = buffers;
  return finish(digest);
}

async function readBytes(fd: number, size: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    signal?.throwIfAborted();
    const length = Math.min(CHUNK, size - at);
    const count = size <= small.length ? fs.readSync(fd, bytes, at, length, at) : await read(fd, bytes, at, length, at);
    if (count === 0) break; // shorter than a moment ago: whoever asked compares the content
    at += count;
  }
  return at === size ? bytes : bytes.subarray(0, at);
}

function read(fd: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
  return new Promise((done, failed) => {
    fs.read(fd, buffer, offset, length, position, (error, count) => (error === null ? done(count) : failed(error)));
  });
}

function finish(digest: Digest): Content {
  const { hash, size, sha256 } = digest.finish();
  return { fingerprint: hash as Fingerprint, size, digest: sha256 };
}
