// Bytes that are open for reading: of a file, by one descriptor from the first read to the last, or in memory.

import * as fs from "node:fs";
import { systemClock } from "../util/clock.ts";
import { counters } from "../util/counters.ts";
import { readError } from "../util/durable-file.ts";
import { describeKind, openFile } from "./file-content.ts";
import { isRacy, isSameFile, type FileStamp } from "./file-stamp.ts";

export interface OpenBytes {
  readonly size: number;
  /** From `start` to before `end`; fewer where the bytes end earlier. */
  read(start: number, end: number): Promise<Uint8Array>;
  /**
   * Whether nothing can have happened to the bytes since they were opened: "yes" by the file's stamps, "no", or "perhaps" where it was
   * touched so shortly before that its stamps may not show another touch.
   */
  unchanged(): "yes" | "no" | "perhaps";
  /** May be called twice. */
  close(): void;
}

export function openInMemory(bytes: Uint8Array): OpenBytes {
  return {
    size: bytes.byteLength,
    // A copy: what a producer does to it must not reach whoever holds the bytes.
    read: (start, end) => Promise.resolve(bytes.slice(start, end)),
    unchanged: () => "yes",
    close: () => {},
  };
}

/** `undefined`: nothing is there; a text: why it is no file. Throws STORAGE_FAILED. */
export function openFileBytes(path: string): OpenBytes | string | undefined {
  const moment = systemClock.now();
  const fd = openFile(path);
  if (fd === undefined) return undefined;
  let before: fs.Stats;
  try {
    before = fs.fstatSync(fd);
    counters.filesRead += 1;
    if (!before.isFile()) {
      fs.closeSync(fd);
      return describeKind(before);
    }
  } catch (cause) {
    fs.closeSync(fd);
    throw readError(cause, path);
  }
  let open = true;
  return {
    size: before.size,
    async read(start, end) {
      try {
        return await readRange(fd, start, end);
      } catch (cause) {
        throw readError(cause, path);
      }
    },
    unchanged() {
      // By its path too: another file may have been put in its place.
      const now: FileStamp | undefined = fs.statSync(path, { throwIfNoEntry: false });
      if (now === undefined || !isSameFile(before, now)) return "no";
      return isRacy(before, moment) ? "perhaps" : "yes";
    },
    close() {
      if (open) fs.closeSync(fd);
      open = false;
    },
  };
}

async function readRange(fd: number, start: number, end: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, end - start));
  let at = 0;
  while (at < buffer.length) {
    const count = await read(fd, buffer, at, buffer.length - at, start + at);
    if (count === 0) break;
    at += count;
  }
  return buffer.subarray(0, at);
}

function read(fd: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
  return new Promise((done, failed) => {
    fs.read(fd, buffer, offset, length, position, (error, count) => (error === null ? done(count) : failed(error)));
  });
}
