// What `doctor` asks of the default database beyond what every backend answers: driver, SQLite, settings, schema, soundness.

import { statSync } from "node:fs";
import { loadDriver } from "../backend/sqlite/driver.ts";
import { migrations } from "../backend/sqlite/migrations/list.ts";
import { openAgain, openForReading, type Opening } from "../backend/sqlite/open.ts";
import { newestVersion, readVersion } from "../backend/sql/migrate.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Check } from "../operations/doctor.ts";
import { systemClock } from "../util/clock.ts";
import { bytesText } from "./terminal/quantity.ts";

/** Bytes: a larger database is not read from end to end just to look. */
const LARGEST_CHECKED = 500e6;

/** `path`: of the database file, which may not be there yet. Migrates nothing. */
export async function examineDatabase(path: string): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    const { Database } = await loadDriver();
    const memory = new Database(":memory:", { timeout: 0 });
    const version = String(memory.prepare("SELECT sqlite_version()").raw(true).all());
    memory.close();
    checks.push({ name: "driver", status: "ok", says: `better-sqlite3 with SQLite ${version}` });
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined)
      return [...checks, { name: "database", status: "ok", says: "not there yet; the first build makes it" }];
    const opening: Opening = { path, durability: "full", busyTimeout: 1_000, clock: systemClock, migrations };
    for (const check of await readingChecks(opening, size)) checks.push(check);
    checks.push(durabilityCheck(Database, opening));
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    const { code, what, where, expected, received, hint } = error;
    const { message } = new StratigraphError(code, what, { where, expected, received });
    checks.push({ name: "database", status: "fail", says: message, hint: hintOf(code) ?? hint });
  }
  return checks;
}

async function readingChecks(opening: Opening, size: number): Promise<Check[]> {
  const { handle } = await openForReading(opening);
  try {
    const version = handle.run(readVersion()) ?? 0;
    const sound = size <= LARGEST_CHECKED ? String(handle.command("PRAGMA quick_check(1)")) : undefined;
    return [
      {
        name: "database",
        status: "ok",
        says: `${bytesText(size)}, schema version ${version} of ${newestVersion(migrations)}`,
      },
      sound === undefined || sound === "ok"
        ? {
            name: "soundness",
            status: "ok",
            says: sound === undefined ? "not looked at: the database is large" : "every page is in order",
          }
        : { name: "soundness", status: "fail", says: sound, hint: hintOf("BACKEND_CORRUPT") },
    ];
  } finally {
    handle.close();
  }
}

/** The settings that keep acknowledged writes through a power cut, as a writing connection has them. */
function durabilityCheck(Database: Parameters<typeof openAgain>[0], opening: Opening): Check {
  try {
    const handle = openAgain(Database, opening);
    const setting = (name: string): string => String(handle.command(`PRAGMA ${name}`));
    const [mode, sync] = [setting("journal_mode"), setting("synchronous")];
    handle.close();
    return {
      name: "durability",
      status: mode === "wal" && sync === "2" ? "ok" : "fail",
      says: `journal ${mode}, synchronous ${sync === "2" ? "full" : sync}`,
    };
  } catch (error) {
    const says = isStratigraphError(error) ? error.what : "it is locked by another process";
    return { name: "durability", status: "warn", says: `could not be read back: ${says}` };
  }
}

function hintOf(code: string): string | undefined {
  return code === "BACKEND_CORRUPT"
    ? "Keep a copy of the state folder, then take the database from a backup, or delete it and build again: results are found anew, tags are not."
    : undefined;
}
