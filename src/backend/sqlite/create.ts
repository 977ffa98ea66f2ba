// A new database: complete before it has its name.

import { chmodSync, linkSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { StratigraphError } from "../../errors.ts";
import type { Clock } from "../../util/clock.ts";
import { errnoOf, syncFolders, writeFileDurably } from "../../util/durable-file.ts";
import { createId } from "../../util/id.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { newestVersion, type Migration } from "../sql/migrate.ts";
import type { OpenDatabase } from "./driver.ts";
import { fileError } from "./failure.ts";
import { checkFileSystem } from "./file.ts";

/** "STRA": tells our databases from those of other programs. */
export const APPLICATION_ID = 0x53545241;

/**
 * Puts an empty database at the path, unless somebody else was first. It is written under another name and linked to its own, so that
 * nobody ever finds half of one there, however many start at once and whenever one of them is killed.
 * Errors: BACKEND_FULL, BACKEND_READ_ONLY, BACKEND_UNSUPPORTED, BACKEND_FAILED.
 */
export async function createDatabase(
  Database: OpenDatabase,
  path: string,
  migrations: readonly Migration[],
  clock: Clock,
): Promise<void> {
  const temp = `${path}.${createId(clock)}${UNFINISHED}`;
  try {
    // For their owner alone, whatever the umask took.
    makeFolder(dirname(path), 0o700, (folder) => chmodSync(folder, 0o700));
    checkFileSystem(dirname(path));
    sweep(path, clock);
    await writeFileDurably(temp, emptyImage(Database, migrations, createId(clock)));
    try {
      chmodSync(temp, 0o600); // whatever the umask took
      linkOnce(temp, path);
    } finally {
      unlinkSync(temp);
    }
    await syncFolders([path], dirname(path));
  } catch (error) {
    throw fileError(error, path, "the database cannot be created");
  }
}

const UNFINISHED = ".new";
const ABANDONED_AFTER = 60_000;

/** What killed processes left. Such files never were anybody's database. */
function sweep(path: string, clock: Clock): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(UNFINISHED)) continue;
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    if (found === undefined || clock.now() - found.mtimeMs < ABANDONED_AFTER) continue;
    try {
      unlinkSync(join(folder, name));
    } catch {
      // Somebody else swept it.
    }
  }
}

function linkOnce(temp: string, path: string): void {
  try {
    linkSync(temp, path);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "EEXIST") return; // somebody else was first, and theirs is as good
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw cause;
    throw new StratigraphError("BACKEND_UNSUPPORTED", "the file system has no hard links, which a new database needs", {
      where: path,
      hint: "Put the database on another disk.",
      cause,
    });
  }
}

/** The bytes of a database with all migrations, an identity of its own, and nothing in it. */
function emptyImage(Database: OpenDatabase, migrations: readonly Migration[], project: string): Uint8Array {
  const database = new Database(":memory:", { timeout: 0 });
  try {
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    for (const { text } of migrations) database.exec(text);
    const insert = database.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
    insert.run("schema_version", String(newestVersion(migrations)));
    insert.run("project", project);
    const image = database.serialize();
    // Read and write version 2 in the header: a write-ahead log from the first opening on, so that nobody has to switch under others.
    image[18] = 2;
    image[19] = 2;
    return image;
  } finally {
    database.close();
  }
}
