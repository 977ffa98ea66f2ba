// The state of a database as its files' stamps: which changes with every commit, and is known without opening anything.

import { realpathSync, statSync } from "node:fs";
import { isRacy } from "../../data/file-stamp.ts";
import { systemClock } from "../../util/clock.ts";

/**
 * Another text after every commit, by whomever: it moves the stamps of the main file, or of the log beside it. `undefined` where there is
 * no database, and where one of them was written so lately that the next commit might leave its stamps as they are.
 */
export function databaseState(path: string): string | undefined {
  // Stamps come from the system's clock, whatever clock the backend was given.
  const moment = systemClock.now();
  if (statSync(path, quiet) === undefined) return undefined;
  const real = realpathSync(path); // SQLite keeps its log beside the file a link leads to
  let state = real;
  for (const file of [real, `${real}-wal`, `${real}-journal`]) {
    const stamp = statSync(file, quiet);
    if (stamp !== undefined && isRacy(stamp, moment)) return undefined;
    state += stamp === undefined ? "\n-" : `\n${stamp.ino} ${stamp.size} ${stamp.mtimeMs} ${stamp.ctimeMs}`;
  }
  return state;
}

const quiet = { throwIfNoEntry: false } as const;
