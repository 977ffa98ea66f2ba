// Files that a command writes for people, where they said: pictures, reports, results.

import { appendFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { storageError } from "../util/durable-file.ts";
import { makeFolder } from "../util/make-folder.ts";

/** Makes the folder too; a file that is there is written over. Errors: STORAGE_FULL, STORAGE_READ_ONLY, LOCATION_TOO_LONG, STORAGE_FAILED. */
export function writeOutput(path: string, content: string | Uint8Array): void {
  written(path, content, writeFileSync);
}

/** The same at the end of what is there. */
export function appendOutput(path: string, content: string): void {
  written(path, content, appendFileSync);
}

function written(path: string, content: string | Uint8Array, write: typeof appendFileSync): void {
  try {
    makeFolder(dirname(path));
    write(path, content);
  } catch (cause) {
    throw storageError(cause, path, Buffer.byteLength(content));
  }
}
