// A file for a value that no file holds, for as long as a step runs.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageError } from "../util/durable-file.ts";

/** In a folder of its own that nobody else may read. Errors: STORAGE_FULL, STORAGE_READ_ONLY, STORAGE_FAILED. */
export function temporaryCopy(
  bytes: Uint8Array,
  extension: string,
): { readonly folder: string; readonly path: string } {
  try {
    const folder = mkdtempSync(join(tmpdir(), "strata-view-"));
    const path = join(folder, `value${extension}`);
    writeFileSync(path, bytes, { mode: 0o400 });
    return { folder, path };
  } catch (cause) {
    throw storageError(cause, tmpdir(), bytes.byteLength);
  }
}
