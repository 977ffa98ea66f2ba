// What SQLite reports, as one of our errors.

import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { errnoOf, storageError } from "../../util/durable-file.ts";

/** What SQLite's limit of 512 bytes leaves beside the endings of its own files. */
const LONGEST_PATH = 504;

/** Somebody else has the lock: to be tried again, not to be told. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(errnoOf(error) ?? "");
}

/** Codes as https://www.sqlite.org/rescode.html lists them. Everything is kept in `cause`. */
export function databaseError(cause: unknown, path: string): StratigraphError {
  if (cause instanceof StratigraphError) return cause;
  const code = errnoOf(cause) ?? "";
  const details = { where: path, cause, data: { path, code } };
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code) || (code === "SQLITE_ERROR" && hasDamagedSchema(cause))) {
    return corrupt(path, "the file is damaged or is not a database", cause);
  }
  if (code.startsWith("SQLITE_FULL") || (code.startsWith("SQLITE_IOERR") && isFull(path))) {
    return new StratigraphError("BACKEND_FULL", "the disk under the database is full", {
      ...details,
      hint: `Free some space under ${dirname(path)} and run the same command again: what was acknowledged before is still there.`,
    });
  }
  if (code === "SQLITE_READONLY_DBMOVED") {
    return new StratigraphError("BACKEND_FAILED", "the database file was moved or deleted while it was open", {
      ...details,
      hint: "Put it back, or start again.",
    });
  }
  const length = Buffer.byteLength(path);
  if (code.startsWith("SQLITE_CANTOPEN") && length > LONGEST_PATH) {
    return new StratigraphError("LOCATION_TOO_LONG", "SQLite does not take a path of this length", {
      ...details,
      expected: `at most ${LONGEST_PATH} bytes`,
      received: `${length} bytes`,
      hint: "Give the project's folder a shorter path.",
    });
  }
  if (code.startsWith("SQLITE_READONLY") || (code.startsWith("SQLITE_CANTOPEN") && !isWritable(path))) {
    return readOnly(path, cause);
  }
  if (cause instanceof TypeError && /not open/.test(cause.message)) {
    return new StratigraphError("CONNECTION_CLOSED", "the connection is closed", { where: path, cause });
  }
  return new StratigraphError("BACKEND_FAILED", "the database refused an operation", {
    ...details,
    received: cause instanceof Error ? `${code === "" ? cause.name : code}: ${cause.message}` : undefined,
  });
}

/** What the file system said where a database file is made, not used: `what` could not be done. */
export function fileError(error: unknown, path: string, what: string): StratigraphError {
  if (error instanceof StratigraphError && error.code.startsWith("BACKEND_")) return error;
  const cause = storageError(error, path, 0);
  const code =
    cause.code === "STORAGE_FULL"
      ? "BACKEND_FULL"
      : cause.code === "STORAGE_READ_ONLY"
        ? "BACKEND_READ_ONLY"
        : "BACKEND_FAILED";
  const { received, hint } = cause;
  return new StratigraphError(code, `${what}: ${cause.what}`, { where: path, received, hint, cause: error });
}

/** Our statements fit our schema, so what they do not find is damage. */
function hasDamagedSchema(cause: unknown): boolean {
  return cause instanceof Error && /unsupported file format|malformed|^no such /.test(cause.message);
}

export function corrupt(path: string, what: string, cause?: unknown): StratigraphError {
  return new StratigraphError("BACKEND_CORRUPT", what, {
    where: path,
    hint: "Nothing was changed. Put a backup in its place, or move it away to start with an empty one; `strata doctor` says more.",
    cause,
    data: { path },
  });
}

export function readOnly(path: string, cause?: unknown): StratigraphError {
  return new StratigraphError("BACKEND_READ_ONLY", "the database or its folder cannot be written", {
    where: path,
    hint: "Give this user write permission for the file and its folder, or connect with `readOnly: true`.",
    cause,
    data: { path },
  });
}

/** Out of space shows as different I/O errors, depending on which file could not grow: the volume itself is asked. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(dirname(path));
    return bavail * bsize < 64 * 1024 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

function isWritable(path: string): boolean {
  return mayWrite(path) && mayWrite(dirname(path));
}

export function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}
