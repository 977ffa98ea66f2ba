// Which databases have their values in a state folder: each leaves a small file there, so that none deletes what another one needs.

import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Backend, Connection } from "../backend/backend.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { fingerprintText } from "../identity/fingerprint.ts";
import { systemClock } from "../util/clock.ts";
import { errnoOf, readError, syncFolders, writeFileDurably } from "../util/durable-file.ts";

/** Not a folder of its own: the state folder may be a project's own, where any name that is not hidden may be taken. */
const MARK = /^\.strata-database-[0-9a-f]{16}\.json$/;
const DAY = 86_400_000;

/** What a mark says. */
interface Mark {
  /** Of a database in a file, its path from the folder. */
  readonly database: string;
  readonly id: string;
}

/** Before anything is written into the folder; once for each database, and from then on one look. Its time says when it was last used. */
export async function leaveMark(home: string, backend: Backend, connection: Connection): Promise<void> {
  const path = markPath(home, backend);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (systemClock.now() - found.mtimeMs > DAY) touch(path);
    return;
  }
  const { id } = await connection.readCopyState();
  const mark: Mark = { database: nameOf(backend), id };
  try {
    await writeFileDurably(path, Buffer.from(`${JSON.stringify(mark)}\n`), { replace: true });
    await syncFolders([path], home);
  } catch (error) {
    // Where nothing can be written, no value is either.
    if (!isStratigraphError(error) || error.code !== "STORAGE_READ_ONLY") throw error;
  }
}

/** Error: FOLDER_SHARED where another database has been at work in the backend's folder; names the one that was last. */
export async function refuseOthers(place: {
  readonly backend: Backend;
  readonly connection: Connection;
}): Promise<void> {
  const { backend, connection } = place;
  if (backend.home === undefined) return;
  const home = resolve(backend.home);
  const names = marksIn(home);
  if (names.length === 0) return;
  const { id } = await connection.readCopyState();
  const others = names
    .map((name) => join(home, name))
    .filter((path) => !isOwn(home, path, { database: nameOf(backend), id }))
    .map((path) => ({ path, seen: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.seen - a.seen);
  const [last] = others;
  if (last === undefined) return;
  const { database } = readMark(last.path) ?? { database: "?" };
  const earlier = database === nameOf(backend) ? ", an earlier one of the same name" : "";
  throw new StratigraphError("FOLDER_SHARED", "another database has its values in this folder", {
    where: home,
    received: `'${database}'${earlier}, last used ${new Date(last.seen).toISOString()}`,
    hint: `Nothing was deleted. If that database is gone for good, remove ${last.path} and try again; otherwise give each a folder of its own.`,
    data: { database, mark: last.path },
  });
}

/** Also a mark that it left under another name, before its file was renamed; what took that name since is another one. */
function isOwn(home: string, path: string, own: Mark): boolean {
  const mark = readMark(path);
  if (mark === undefined || mark.id !== own.id) return false;
  if (mark.database === own.database) return true;
  const there = join(home, mark.database);
  return !existsSync(there) || isSameFile(there, join(home, own.database));
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

function marksIn(home: string): readonly string[] {
  try {
    return readdirSync(home).filter((name) => MARK.test(name));
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return [];
    throw readError(cause, home);
  }
}

/** `undefined` for what cannot be read: the mark of nobody knows whom. */
function readMark(path: string): Mark | undefined {
  try {
    const { database, id } = JSON.parse(readFileSync(path, "utf8")) as Partial<Record<keyof Mark, unknown>>;
    return typeof database === "string" && typeof id === "string" ? { database, id } : undefined;
  } catch {
    return undefined;
  }
}

function markPath(home: string, backend: Backend): string {
  return join(home, `.strata-database-${fingerprintText(nameOf(backend)).slice(0, 16)}.json`);
}

function nameOf({ name, kind }: Backend): string {
  return name ?? kind;
}

function touch(path: string): void {
  const now = systemClock.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch {
    // Another user's, or a folder that cannot be written: then it looks older than it is.
  }
}
