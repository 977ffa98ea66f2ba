// What ended processes left in a store's folder for temporary files: looked through by name, as names say who made them and when.

import * as fs from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../util/clock.ts";
import { errnoOf, storageError } from "../../util/durable-file.ts";
import { parseTempName, thisHost, type TempOwner } from "../../util/temp-name.ts";

export interface SweepFolderOptions {
  /** Milliseconds. */
  readonly olderThan: number;
  readonly dryRun: boolean;
  readonly clock: Clock;
}

/**
 * Removes files and whole folders; those of other hosts after a week. `other` is asked for names that are not temporary ones and answers
 * their bytes once they may go. Answers the bytes freed.
 */
export async function sweepFolder(
  folder: string,
  { olderThan, dryRun, clock }: SweepFolderOptions,
  other: (name: string, path: string) => Promise<number | undefined>,
): Promise<number> {
  let freed = 0;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    try {
      const owner = parseTempName(name);
      const age = clock.now() - (owner?.createdAt ?? (await fs.lstat(path)).ctimeMs);
      if (age < olderThan || (owner !== undefined && mayLive(owner, age))) continue;
      const size = owner === undefined ? await other(name, path) : await sizeOf(path);
      if (size === undefined) continue;
      if (!dryRun) await fs.rm(path, { recursive: true, force: true });
      freed += size;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw storageError(error, path, 0);
    }
  }
  return freed;
}

const FOREIGN_GRACE = 7 * 24 * 3_600_000;

function mayLive({ pid, host }: TempOwner, age: number): boolean {
  if (host !== thisHost) return age < FOREIGN_GRACE;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

async function sizeOf(path: string): Promise<number> {
  const stat = await fs.lstat(path);
  if (!stat.isDirectory()) return stat.size;
  let size = 0;
  for (const name of await fs.readdir(path)) size += await sizeOf(join(path, name));
  return size;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storageError(error, folder, 0);
  }
}
