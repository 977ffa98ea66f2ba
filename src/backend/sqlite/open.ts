// Opening a database: settings made and read back, identity and schema checked.

import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { StratigraphError } from "../../errors.ts";
import type { Clock } from "../../util/clock.ts";
import { newestVersion, pendingMigrations, readVersion, writeVersion, type Migration } from "../sql/migrate.ts";
import { pause } from "../writer-queue.ts";
import { APPLICATION_ID, createDatabase } from "./create.ts";
import { loadDriver, type OpenDatabase } from "./driver.ts";
import { corrupt, databaseError, isBusy } from "./failure.ts";
import { checkFileSystem, checkWritable, hasLog, isThere } from "./file.ts";
import { Handle } from "./handle.ts";
import type { Durability } from "./opening.ts";

export interface Opening {
  /** Absolute. */
  readonly path: string;
  readonly durability: Durability;
  /** Milliseconds. */
  readonly busyTimeout: number;
  readonly clock: Clock;
  readonly migrations: readonly Migration[];
}

/** A handle that reads and writes. Makes the database where there is none, and brings an older one up to date. */
export async function openForWriting(opening: Opening): Promise<Handle> {
  const { path, migrations, clock } = opening;
  const there = isThere(path);
  const { Database } = await loadDriver();
  if (!there) await createDatabase(Database, path, migrations, clock);
  checkFileSystem(path);
  checkWritable(path);
  return whileBusy(opening, () => {
    const handle = openHandle(Database, path, path, false);
    try {
      checkIdentity(handle); // before any setting: what is not ours stays as it is
      configure(handle, opening.durability);
      migrate(handle, migrations);
      return handle;
    } catch (error) {
      handle.close();
      throw error;
    }
  });
}

/** A second handle of a database that is open already. */
export function openAgain(Database: OpenDatabase, { path, durability }: Opening): Handle {
  const handle = openHandle(Database, path, path, false);
  configure(handle, durability);
  return handle;
}

/** A handle for copying: of any schema, as a backup is wanted most before an upgrade. Errors: BACKEND_MISSING, BACKEND_…. */
export async function openForCopying(opening: Opening): Promise<Handle> {
  const { path } = opening;
  if (!isThere(path)) throw missing(path);
  checkFileSystem(path);
  checkWritable(path);
  const { Database } = await loadDriver();
  return whileBusy(opening, () => {
    const handle = openHandle(Database, path, path, false);
    try {
      checkIdentity(handle);
      return handle;
    } catch (error) {
      handle.close();
      throw error;
    }
  });
}

/** What a reader found: `quiet` where nobody had the database open, so that it could be read as a plain file. */
export interface ReadingHandle {
  readonly handle: Handle;
  readonly quiet: boolean;
}

/** A handle that only reads: makes and changes no file. Errors: BACKEND_MISSING where there is no database. */
export async function openForReading(opening: Opening): Promise<ReadingHandle> {
  const { path, migrations } = opening;
  if (!isThere(path)) throw missing(path);
  checkFileSystem(path);
  const { Database, uris } = await loadDriver();
  return whileBusy(opening, () => {
    // Read in the usual way, SQLite makes its log and its shared memory first, also just to read. Where there is no log, nobody has the
    // database open and everything is in the file.
    const alone = !hasLog(path);
    const quiet = alone && uris;
    const handle = quiet
      ? openHandle(Database, `${pathToFileURL(path).href}?immutable=1`, path, true)
      : openShared(Database, path, alone);
    try {
      checkIdentity(handle);
      const version = checkVersionOf(handle, migrations);
      if (version < newestVersion(migrations)) throw older(path, version, migrations);
      return { handle, quiet };
    } catch (error) {
      handle.close();
      throw error;
    }
  });
}

/** A handle for reading one moment: beside others, also those who come later; as a plain file only where nothing can be made. */
export async function openForMoment(opening: Opening): Promise<ReadingHandle> {
  const { path, migrations } = opening;
  if (!isThere(path)) throw missing(path);
  const { Database } = await loadDriver();
  try {
    const handle = await whileBusy(opening, () => openShared(Database, path, !hasLog(path)));
    try {
      checkIdentity(handle);
      const version = checkVersionOf(handle, migrations);
      if (version < newestVersion(migrations)) throw older(path, version, migrations);
      return { handle, quiet: false };
    } catch (error) {
      handle.close();
      throw error;
    }
  } catch (error) {
    const { handle, quiet } = await openForReading(opening);
    if (quiet) return { handle, quiet };
    handle.close();
    throw error;
  }
}

/** Beside others, or, where `alone`, with files that SQLite takes away again when it is closed. */
function openShared(Database: OpenDatabase, path: string, alone: boolean): Handle {
  try {
    const handle = openHandle(Database, path, path, !alone);
    handle.command("PRAGMA query_only = ON");
    handle.command("PRAGMA schema_version"); // the first read is what needs the log
    return handle;
  } catch (error) {
    if (!(error instanceof StratigraphError) || !["BACKEND_READ_ONLY", "BACKEND_FAILED"].includes(error.code))
      throw error;
    throw new StratigraphError(
      "BACKEND_READ_ONLY",
      "what is in the log beside the database can only be read by who may write it",
      {
        where: path,
        hint: "Open it once with write permission for the file and its folder, or read a backup of it.",
        cause: error,
      },
    );
  }
}

/** Tries again while others have the database locked, without holding up the event loop. Throws BACKEND_BUSY when the time is over. */
export function whileBusy<T>(opening: Pick<Opening, "path" | "busyTimeout" | "clock">, work: () => T): T | Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!isBusy(error)) throw error;
    return tryAgain(opening, work);
  }
}

async function tryAgain<T>(
  { path, busyTimeout, clock }: Pick<Opening, "path" | "busyTimeout" | "clock">,
  work: () => T,
): Promise<T> {
  const deadline = clock.monotonic() + busyTimeout;
  for (let attempt = 0; ; attempt++) {
    await wait(pause(attempt));
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (clock.monotonic() < deadline) continue;
      throw new StratigraphError("BACKEND_BUSY", "the database stayed locked", { where: path, cause: error });
    }
  }
}

function openHandle(Database: OpenDatabase, name: string, path: string, readonly: boolean): Handle {
  try {
    // No time-out: SQLite would wait by blocking the whole process.
    return new Handle(new Database(name, { readonly, fileMustExist: true, timeout: 0 }), path);
  } catch (error) {
    throw isBusy(error) ? error : databaseError(error, path);
  }
}

/** Each setting is made on every handle and read back: some builds have other defaults, and a refused PRAGMA is no error to SQLite. */
function configure(handle: Handle, durability: Durability): void {
  demand(handle, "journal_mode", "WAL", "wal");
  // FULL: an acknowledged write survives a power cut. The driver's own default for WAL is NORMAL, and only shows when reopened.
  demand(handle, "synchronous", durability === "full" ? "FULL" : "NORMAL", durability === "full" ? 2 : 1);
  demand(handle, "foreign_keys", "ON", 1);
  demand(handle, "trusted_schema", "OFF", 0);
  demand(handle, "cell_size_check", "ON", 1);
  demand(handle, "temp_store", "MEMORY", 2);
  // 64 MiB of pages in memory; below that random reads of a large database slow down, and memory mapping gains nothing over it.
  demand(handle, "cache_size", "-65536", -65536);
  // A log that grew under a long reader gives its space back.
  demand(handle, "journal_size_limit", "67108864", 67108864);
}

function demand(handle: Handle, pragma: string, value: string, expected: string | number): void {
  handle.command(`PRAGMA ${pragma} = ${value}`);
  const [row] = handle.command(`PRAGMA ${pragma}`) as [readonly [unknown]];
  if (row[0] === expected) return;
  throw new StratigraphError("BACKEND_UNSUPPORTED", `SQLite does not keep the setting ${pragma}`, {
    where: handle.path,
    expected: value,
    received: String(row[0]),
  });
}

/** Throws BACKEND_UNSUPPORTED for the database of another program: better than to put our tables into it. */
function checkIdentity(handle: Handle): void {
  const [row] = handle.command("PRAGMA application_id") as [readonly [number]];
  if (row[0] === APPLICATION_ID) return;
  throw new StratigraphError("BACKEND_UNSUPPORTED", "this is an SQLite database of another program", {
    where: handle.path,
    hint: "Nothing was changed. Choose another path.",
  });
}

function checkVersionOf(handle: Handle, migrations: readonly Migration[]): number {
  const version = handle.run(readVersion());
  if (version === undefined) throw corrupt(handle.path, "the database does not say which version of the schema it has");
  pendingMigrations(migrations, version, handle.path);
  return version;
}

function migrate(handle: Handle, migrations: readonly Migration[]): void {
  if (checkVersionOf(handle, migrations) === newestVersion(migrations)) return;
  handle.command("BEGIN IMMEDIATE");
  try {
    // Under the lock: somebody else may have done it while we waited.
    for (const { version, text } of pendingMigrations(migrations, checkVersionOf(handle, migrations), handle.path)) {
      handle.script(text);
      handle.run(writeVersion(version));
    }
    handle.command("COMMIT");
  } catch (error) {
    if (handle.inTransaction) handle.command("ROLLBACK");
    throw error;
  }
}

function missing(path: string): StratigraphError {
  return new StratigraphError("BACKEND_MISSING", "there is no database yet", {
    where: path,
    hint: "Build something first, or check the path.",
  });
}

function older(path: string, version: number, migrations: readonly Migration[]): StratigraphError {
  return new StratigraphError("BACKEND_READ_ONLY", "the database has an older schema and is opened for reading only", {
    where: path,
    expected: `schema version ${newestVersion(migrations)}`,
    received: `schema version ${version}`,
    hint: "Open it once for writing, which brings it up to date.",
  });
}
