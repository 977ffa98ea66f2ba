// What files held when we last read them, so that a file whose stamps have not changed is not read again.

import { isAscii } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import { writeCacheFile } from "../util/durable-file.ts";
import type { Content } from "./content.ts";
import { isRacy, type FileStamp } from "./file-stamp.ts";

export interface KnownFile extends FileStamp {
  readonly content: Content;
  /** What somebody made of this file's path and content in this process, so that it need not be made again; not saved. */
  memo: { readonly by: object; readonly made: object } | undefined;
}

/**
 * The cache in a project's state folder, `<home>/cache/stat-cache.bin`; `undefined` keeps it in memory. A cache and no more: where it is
 * absent, damaged, foreign or stale, files are read again. Nothing is read or written before it is needed.
 */
export function openStatCache(home: string | undefined, clock: Clock = systemClock): StatCache {
  return new StatCache(home === undefined ? undefined : join(home, "cache", "stat-cache.bin"), clock);
}

export class StatCache {
  readonly #file: string | undefined;
  readonly #clock: Clock;
  readonly #today: number;
  #entries: Map<string, Entry> | undefined;
  #changed = false;

  constructor(file: string | undefined, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#today = Math.floor(clock.now() / DAY);
  }

  /** Milliseconds since 1970, to be taken before files are looked at and given to `remember` with what was seen. */
  now(): number {
    return this.#clock.now();
  }

  /** What is remembered under an absolute path; whether it still holds is for `isSameFile` to say. */
  get(path: string): KnownFile | undefined {
    const entry = this.#load().get(path);
    if (entry !== undefined) entry.day = this.#today;
    return entry;
  }

  /**
   * Keeps what a file held when it had this stamp, unless the stamp is too fresh to tell a later change: then it answers `undefined`.
   * `moment`: when the look at the file began.
   */
  remember(path: string, stamp: FileStamp, content: Content, moment: number): KnownFile | undefined {
    const entries = this.#load();
    if (isRacy(stamp, moment)) {
      this.#changed = entries.delete(path) || this.#changed;
      return undefined;
    }
    const { size, mtimeMs, ctimeMs, ino } = stamp;
    const entry: Entry = { size, mtimeMs, ctimeMs, ino, content, memo: undefined, day: this.#today };
    entries.set(path, entry);
    this.#changed = true;
    return entry;
  }

  /** Writes the cache where something changed. True unless that failed, which costs the next process some reading and nothing else. */
  save(): boolean {
    if (!this.#changed || this.#file === undefined) return true;
    this.#changed = false;
    return writeCacheFile(this.#file, encodeEntries(this.#load(), this.#today - KEEP_DAYS));
  }

  #load(): Map<string, Entry> {
    return (this.#entries ??= this.#file === undefined ? new Map<string, Entry>() : readEntries(this.#file));
  }
}

interface Entry extends KnownFile {
  /** Days since 1970 when it was last asked for: what nobody asks for is forgotten, as paths of deleted files would pile up. */
  day: number;
}

const DAY = 86_400_000;
const KEEP_DAYS = 30;

// The file: a header of four 32-bit words (magic number, entries, whether digests follow, checksum of all the rest); for each entry
// five doubles, 16 bytes of fingerprint and, where any entry has a SHA-256, 32 bytes for it (zeros: none was taken); then the paths
// with NUL between them. Numbers are in the machine's own order, so a machine of the other kind finds the magic number wrong.
// All of one sort stand together because one call then converts them all.
const MAGIC = 0x53_54_43_31; // "STC1": the last character is the version
const HEADER = 16;
const NUMBERS = 5;
const NO_DIGEST = "0".repeat(64);

function readEntries(file: string): Map<string, Entry> {
  try {
    return decodeEntries(readFileSync(file));
  } catch {
    return new Map();
  }
}

function encodeEntries(entries: ReadonlyMap<string, Entry>, since: number): Uint8Array {
  const numbers = new Float64Array(entries.size * NUMBERS);
  const paths: string[] = [];
  const fingerprints: string[] = [];
  const digests: string[] = [];
  let digested = false;
  let at = 0;
  for (const [path, { size, mtimeMs, ctimeMs, ino, day, content }] of entries) {
    if (day < since) continue;
    numbers[at++] = size;
    numbers[at++] = mtimeMs;
    numbers[at++] = ctimeMs;
    numbers[at++] = ino;
    numbers[at++] = day;
    paths.push(path);
    fingerprints.push(content.fingerprint);
    digests.push(content.digest ?? NO_DIGEST);
    digested ||= content.digest !== undefined;
  }
  const body = Buffer.concat([
    Buffer.from(numbers.buffer, 0, at * 8),
    Buffer.from(fingerprints.join(""), "hex"),
    Buffer.from(digested ? digests.join("") : "", "hex"),
    Buffer.from(paths.join("\0")),
  ]);
  const header = new Uint32Array([MAGIC, paths.length, digested ? 1 : 0, 0]);
  header[3] = checksum(header, body);
  return Buffer.concat([Buffer.from(header.buffer), body]);
}

function decodeEntries(file: Buffer): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const header = new Uint32Array(aligned(file, 0, HEADER));
  const [magic, count = 0, digested, expected] = header;
  const body = file.subarray(HEADER);
  if (magic !== MAGIC || expected !== checksum(header, body)) return entries;
  const fingerprintsAt = count * NUMBERS * 8;
  const digestsAt = fingerprintsAt + count * 16;
  const pathsAt = digestsAt + (digested === 1 ? count * 32 : 0);
  const numbers = new Float64Array(aligned(body, 0, fingerprintsAt));
  const fingerprints = body.toString("hex", fingerprintsAt, digestsAt);
  const digests = body.toString("hex", digestsAt, pathsAt);
  const names = body.subarray(pathsAt);
  const paths = names.toString(isAscii(names) ? "latin1" : "utf8").split("\0"); // latin1 is twice as fast, and most names are ASCII
  for (let index = 0; index < count; index++) {
    const at = index * NUMBERS;
    const size = numbers[at] as number;
    const digest = digested === 1 ? digests.slice(index * 64, index * 64 + 64) : NO_DIGEST;
    entries.set(paths[index] as string, {
      size,
      mtimeMs: numbers[at + 1] as number,
      ctimeMs: numbers[at + 2] as number,
      ino: numbers[at + 3] as number,
      content: {
        fingerprint: fingerprints.slice(index * 32, index * 32 + 32) as Fingerprint,
        size,
        digest: digest === NO_DIGEST ? undefined : digest,
      },
      memo: undefined,
      day: numbers[at + 4] as number,
    });
  }
  return entries;
}

function checksum(header: Uint32Array, body: Uint8Array): number {
  return crc32(body, crc32(new Uint8Array(header.buffer, 0, 12)));
}

/** Typed arrays need an aligned start; a buffer's own may be anywhere. */
function aligned(buffer: Buffer, start: number, length: number): ArrayBuffer {
  const copy = new Uint8Array(length);
  copy.set(buffer.subarray(start, start + length)); // throws where the file is shorter than it says
  return copy.buffer;
}
