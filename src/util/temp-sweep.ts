// Removes the temporary files that killed writers left behind.

import * as fs from "node:fs";
import { join } from "node:path";
import { systemClock, type Clock } from "./clock.ts";
import { errnoOf, storageError } from "./durable-file.ts";
import { parseTempName, thisHost, type TempOwner } from "./temp-name.ts";

export interface SweepOptions {
  /** Milliseconds: younger files stay, whoever made them. */
  readonly olderThan: number;
  /** Whether the maker may still be writing; unless told, looks for the process on this host, and spares other hosts' files for a week. */
  readonly isAlive?: ((owner: TempOwner) => boolean) | undefined;
  /** Find, do not remove. */
  readonly dryRun?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

export interface SweptFile {
  readonly path: string;
  readonly bytes: number;
}

/** Removes them from a folder and the folders in it, and answers which. Follows no links; a folder that is not there has none. */
export function sweepTemps(folder: string, options: SweepOptions): readonly SweptFile[] {
  const { olderThan, isAlive, dryRun = false, clock = systemClock } = options;
  const now = clock.now();
  const swept: SweptFile[] = [];
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of listFolder(next)) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) open.push(path);
      const owner = entry.isFile() ? parseTempName(entry.name) : undefined;
      if (owner === undefined || now - owner.createdAt < olderThan) continue;
      if (isAlive === undefined ? isOwnerAlive(owner, now) : isAlive(owner)) continue;
      const bytes = fs.lstatSync(path, { throwIfNoEntry: false })?.size;
      if (bytes === undefined) continue;
      if (!dryRun) remove(path);
      swept.push({ path, bytes });
    }
  }
  return swept;
}

const FOREIGN_GRACE = 7 * 24 * 3_600_000;

function isOwnerAlive(owner: TempOwner, now: number): boolean {
  if (owner.host !== thisHost) return now - owner.createdAt < FOREIGN_GRACE;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

function remove(path: string): void {
  try {
    fs.rmSync(path, { force: true });
  } catch (cause) {
    throw storageError(cause, path, 0);
  }
}

function listFolder(folder: string): readonly fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return [];
    throw storageError(cause, folder, 0);
  }
}
