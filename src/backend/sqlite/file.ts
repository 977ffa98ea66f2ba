// The database file as a file: looked at, never opened.

import { realpathSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { errnoOf } from "../../util/durable-file.ts";
import { showValue } from "../../util/show.ts";
import { checkText } from "../check.ts";
import { corrupt, mayWrite, readOnly } from "./failure.ts";

// Closing any descriptor of the file, or of those SQLite keeps beside it, drops the locks that SQLite holds in this process; then two
// writers meet and an acknowledged write is lost. So nothing here ever opens one: `stat`, `statfs` and `access` do not.

/** An absolute path. Throws BACKEND_UNSUPPORTED for what is a path to SQLite only in its own way. */
export function databasePath(path: string): string {
  if (typeof path !== "string") {
    throw new StratigraphError("BACKEND_UNSUPPORTED", "a SQLite database is given by the path of its file", {
      expected: 'a text, as in sqlite("data/strata.db")',
      received: showValue(path),
    });
  }
  checkText(path, "database's path");
  if (path === "" || path === ":memory:") {
    throw unsupported(showValue(path), "a database without a file is a different one for every connection", {
      hint: "Use `memory()`.",
    });
  }
  const absolute = resolve(path);
  if (absolute !== absolute.trim()) {
    throw unsupported(showValue(absolute), "the path begins or ends with white space, which the driver cuts off", {});
  }
  return absolute;
}

/** Bytes of the smallest page there can be; SQLite takes less for a new database as well. */
const SMALLEST = 512;

/** Whether the file is there. Throws BACKEND_CORRUPT for something that is there and cannot be a database. */
export function isThere(path: string): boolean {
  const found = look(path);
  if (found === undefined) return false;
  if (found.isDirectory()) throw corrupt(path, "a folder is where the database file should be");
  if (!found.isFile()) throw corrupt(path, "what is where the database file should be is not a file");
  // SQLite would take it for a new database, and delete a write-ahead log beside it that may hold everything.
  if (found.size === 0) throw corrupt(path, "the database file is empty, so what it held is lost");
  if (found.size < SMALLEST) throw corrupt(path, "the file is too small to be a database");
  return true;
}

/** Whether others may have changes in it that are not in the main file yet. */
export function hasLog(path: string): boolean {
  const real = realpathSync(path); // SQLite keeps them beside the file a link leads to
  return look(`${real}-wal`) !== undefined || look(`${real}-journal`) !== undefined;
}

/** Changes whenever the main file is written. */
export function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? "missing" : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}

/** The same for every path that leads to this file. */
export function storeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `sqlite ${dev} ${ino}`;
}

function look(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    if (errnoOf(cause) === "ENOTDIR") throw corrupt(path, "a part of the path is a file, not a folder", cause);
    throw new StratigraphError("BACKEND_FAILED", "the database file cannot be looked at", {
      where: path,
      received: errnoOf(cause),
      hint: "Check the path and who may read it.",
      cause,
    });
  }
}

/** Throws BACKEND_READ_ONLY: SQLite writes to the folder as well, for its log. */
export function checkWritable(path: string): void {
  if (!mayWrite(path) || !mayWrite(dirname(path))) throw readOnly(path);
}

/** Throws BACKEND_UNSUPPORTED on a file system of another machine. `path`: the file or a folder that exists. */
export function checkFileSystem(path: string): void {
  if (process.platform !== "linux") return; // elsewhere the numbers mean other things
  let type: number;
  try {
    type = statfsSync(path).type;
  } catch {
    return; // opening it says why
  }
  checkFileSystemType(type, path);
}

/** SQLite's log needs memory that all its processes share, and locks that work: machines share neither. Numbers as in statfs(2). */
export function checkFileSystemType(type: number, path: string): void {
  const name = networkFileSystems.get(type >>> 0);
  if (name === undefined) return;
  throw unsupported(path, `the database is on ${name}, where SQLite cannot keep several processes apart`, {
    hint: "Put it on a local disk; for a team use a database server.",
  });
}

const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "a network file system (NFS)"],
  [0x517b, "a network file system (SMB)"],
  [0xff534d42, "a network file system (CIFS)"],
  [0xfe534d42, "a network file system (SMB 2)"],
  [0x01021997, "a shared folder (9p)"],
  [0x65735546, "a file system in user space (FUSE)"],
  [0x786f4256, "a shared folder (VirtualBox)"],
  [0x00c36400, "a network file system (Ceph)"],
  [0x5346414f, "a network file system (AFS)"],
  [0x6b414653, "a network file system (AFS)"],
  [0x73757245, "a network file system (Coda)"],
  [0x564c, "a network file system (NCP)"],
  [0x0bd00bd0, "a network file system (Lustre)"],
  [0x01161970, "a cluster file system (GFS2)"],
  [0x7461636f, "a cluster file system (OCFS2)"],
  [0x47504653, "a cluster file system (GPFS)"],
  [0x19830326, "a network file system (BeeGFS)"],
]);

function unsupported(where: string, what: string, { hint }: { hint?: string }): StratigraphError {
  return new StratigraphError("BACKEND_UNSUPPORTED", what, { where, hint });
}
