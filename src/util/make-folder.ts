// The one way we make a folder together with those above it.

import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Does nothing where it is there; `made` is told of each folder that was not, at once. `mode` is for every folder that has to be made; the umask applies. Throws what the file system says.
 * Not Node's own `recursive`: where a folder above takes none, as /proc does, that one tries again for ever.
 */
export function makeFolder(path: string, mode = 0o777, made?: (folder: string) => void): void {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) {
    missing.push(folder);
    if (dirname(folder) === folder) break;
  }
  for (const folder of missing.reverse()) {
    if (makeOne(folder, mode)) made?.(folder);
  }
}

function makeOne(folder: string, mode: number): boolean {
  try {
    mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(folder).isDirectory()) return false;
    throw error;
  }
}
