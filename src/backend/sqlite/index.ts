// The SQLite backend: everything in one file, for one machine.

import { dirname, relative, resolve, sep } from "node:path";
import { systemClock, type Clock } from "../../util/clock.ts";
import type { Backend } from "../backend.ts";
import { checkDuration, checkOneOf } from "../check.ts";
import { databasePath } from "./file.ts";
import { durabilities, type Durability } from "./opening.ts";
import { databaseState } from "./state.ts";

export type { Durability } from "./opening.ts";

export interface SqliteOptions {
  /**
   * `full` unless told: an acknowledged write survives a power cut. `normal`: it survives the end of the process, and a power cut may
   * take the last ones; tags and snapshots are always `full`.
   */
  readonly durability?: Durability | undefined;
  /** Milliseconds a call waits for other writers before BACKEND_BUSY; 30,000 unless told. */
  readonly busyTimeout?: number | undefined;
  /** The folder for managed files and caches; the folder of the database file unless told. */
  readonly home?: string | undefined;
  /** The clock of leases and tags; the system's unless told. */
  readonly clock?: Clock | undefined;
}

/**
 * A backend in a file, which is made by the first connection. Needs the package `better-sqlite3`, loaded by that connection.
 * Errors of this function: BACKEND_UNSUPPORTED, RECORD_INVALID, TEXT_INVALID; of `connect`: BACKEND_….
 */
export function sqlite(path: string, options: SqliteOptions = {}): Backend {
  const { durability = "full", busyTimeout = 30_000, clock = systemClock } = options;
  const file = databasePath(path);
  checkOneOf(durability, durabilities, "durability");
  checkDuration(busyTimeout, "busy time-out");
  const home = options.home === undefined ? dirname(file) : resolve(options.home);
  return Object.freeze({
    kind: "sqlite",
    home,
    name: relative(home, file).split(sep).join("/"),
    async connect(how) {
      const { connect } = await import("./connect.ts");
      return connect({ path: file, durability, busyTimeout, clock }, how);
    },
    stamp: () => databaseState(file),
  } satisfies Backend);
}

/**
 * Writes a copy of the database at `from`, as it is at one moment, to `to`, where nothing may be yet. Others may go on writing; copying
 * the file itself would lose what is in the log beside it. Errors: BACKEND_MISSING, BACKEND_FAILED where `to` exists, BACKEND_….
 */
export async function backup(from: string, to: string): Promise<void> {
  const { copyDatabase } = await import("./backup.ts");
  await copyDatabase(from, to);
}
