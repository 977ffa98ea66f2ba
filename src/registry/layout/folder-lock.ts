// One process at a time in a projection's folder: two that rewrite one index would each lose what the other added.

import * as fs from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isDead, newHolder } from "../../build/holder.ts";
import { StratigraphError } from "../../errors.ts";
import type { Clock } from "../../util/clock.ts";
import { errnoOf, storageError } from "../../util/durable-file.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { tempName } from "../../util/temp-name.ts";

const LOCK = ".strata-projection.lock";

export interface FolderLockOptions {
  readonly clock: Clock;
  /** Milliseconds to wait for the others. */
  readonly timeout: number;
}

/** Makes the folder. A lock whose holder is dead is taken away. Throws LOCK_TIMEOUT, naming the holder. */
export async function withFolderLock<T>(
  folder: string,
  options: FolderLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(folder, LOCK);
  const holder = newHolder();
  try {
    await take(folder, path, holder, options);
  } catch (cause) {
    throw storageError(cause, path, 0);
  }
  try {
    return await work();
  } finally {
    await fs.rm(path, { force: true });
  }
}

async function take(
  folder: string,
  path: string,
  holder: string,
  { clock, timeout }: FolderLockOptions,
): Promise<void> {
  makeFolder(folder);
  const deadline = clock.monotonic() + timeout;
  // Linked when its content is complete, so nobody reads half a holder and calls him dead.
  const temp = join(folder, tempName());
  await fs.writeFile(temp, holder, { flag: "wx" });
  try {
    for (;;) {
      try {
        await fs.link(temp, path);
        return;
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
      }
      const other = await readHolder(path);
      if (other !== undefined && isDead(other)) await removeDead(folder, path);
      else if (clock.monotonic() >= deadline) throw timedOut(path, other, timeout);
      else await wait(5 + Math.random() * 20);
    }
  } finally {
    await fs.rm(temp, { force: true });
  }
}

/** Moved aside first: whoever took it over in between is found there, and put back. */
async function removeDead(folder: string, path: string): Promise<void> {
  const aside = join(folder, tempName());
  try {
    await fs.rename(path, aside);
    const moved = await readHolder(aside);
    if (moved !== undefined && !isDead(moved)) await fs.link(aside, path);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await fs.rm(aside, { force: true });
  }
}

async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function timedOut(path: string, holder: string | undefined, timeout: number): StratigraphError {
  return new StratigraphError("LOCK_TIMEOUT", `the projection stayed locked for ${timeout} milliseconds`, {
    where: path,
    received: holder === undefined ? undefined : `a lock of ${holder}`,
    hint: "If that process is gone, remove the file, and rebuild the projection with `strata reindex`.",
  });
}
