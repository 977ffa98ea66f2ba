// Objects in a map, for tests and for what need not outlive the process.

import { chmod, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../util/clock.ts";
import { storageError } from "../../util/durable-file.ts";
import { tempName } from "../../util/temp-name.ts";
import type { ObjectStorage, Shelf } from "./objects.ts";
import { digestOf } from "./tree.ts";

export interface MemoryObject {
  bytes: Uint8Array;
  lastPut: number;
  putAgain: boolean;
}

/** By "objects/<digest>", "files/<digest>", "folders/<digest>". */
export type MemoryObjects = Map<string, MemoryObject>;

export function memoryObjects(kept: MemoryObjects, clock: Clock): ObjectStorage {
  const nameOf = (shelf: Shelf, digest: string): string => `${shelf}/${digest}`;
  const keep = (name: string, bytes: Uint8Array): void => {
    kept.set(name, { bytes, lastPut: clock.now(), putAgain: kept.has(name) });
  };
  const check = (digest: string): { digest: string; size: number } | undefined => {
    const bytes = kept.get(nameOf("objects", digest))?.bytes;
    return bytes === undefined ? undefined : { digest: digestOf(bytes), size: bytes.byteLength };
  };
  return {
    async add(chunks, signal) {
      const copies: Uint8Array[] = [];
      for await (const chunk of chunks) {
        signal?.throwIfAborted();
        copies.push(Uint8Array.from(chunk));
      }
      const bytes = Buffer.concat(copies);
      const digest = digestOf(bytes);
      keep(nameOf("objects", digest), bytes);
      return { digest, size: bytes.byteLength };
    },
    async note(shelf, digest, bytes) {
      keep(nameOf(shelf, digest), Uint8Array.from(bytes));
    },
    read: async (shelf, digest) => kept.get(nameOf(shelf, digest))?.bytes,
    check: async (digest) => check(digest),
    async copy(digest, path, { mode }) {
      const bytes = kept.get(nameOf("objects", digest))?.bytes;
      if (bytes === undefined) return undefined;
      try {
        await writeFile(path, bytes, { flag: "wx" });
        await chmod(path, mode);
      } catch (error) {
        throw storageError(error, path, bytes.byteLength);
      }
      return check(digest);
    },
    async age(shelf, digest) {
      const object = kept.get(nameOf(shelf, digest));
      return object === undefined ? undefined : { ...object, size: object.bytes.byteLength };
    },
    async *list(shelf) {
      for (const name of [...kept.keys()].sort()) if (name.startsWith(`${shelf}/`)) yield name.slice(shelf.length + 1);
    },
    async take(shelf, digest, mayGo) {
      const object = kept.get(nameOf(shelf, digest));
      if (object === undefined || !mayGo({ ...object, size: object.bytes.byteLength })) return undefined;
      kept.delete(nameOf(shelf, digest));
      return object.bytes.byteLength;
    },
    async makeTemp() {
      const path = join(tmpdir(), tempName());
      try {
        await mkdir(path, { mode: 0o700 });
      } catch (error) {
        throw storageError(error, path, 0);
      }
      return path;
    },
    sweepTemps: async () => 0,
    describe: nameOf,
  };
}
