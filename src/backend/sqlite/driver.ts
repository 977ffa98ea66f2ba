// The part of better-sqlite3 that we call, loaded when first needed.

import { createRequire } from "node:module";
import { StratigraphError } from "../../errors.ts";
import { errnoOf } from "../../util/durable-file.ts";

export interface Database {
  prepare(text: string): PreparedStatement;
  exec(text: string): void;
  pragma(text: string, options: { readonly simple: true }): unknown;
  serialize(): Uint8Array;
  backup(to: string): Promise<unknown>;
  close(): void;
  readonly inTransaction: boolean;
}

export interface PreparedStatement {
  /** Whether it answers with rows. */
  readonly reader: boolean;
  readonly readonly: boolean;
  raw(on: boolean): PreparedStatement;
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): { readonly changes: number };
}

export type OpenDatabase = new (
  path: string,
  options: { readonly readonly?: boolean; readonly fileMustExist?: boolean; readonly timeout: number },
) => Database;

export interface Driver {
  readonly Database: OpenDatabase;
  /** Whether paths may be `file:` URIs, which alone can say that a file is to be read without touching its folder. */
  readonly uris: boolean;
}

let loaded: Promise<Driver> | undefined;

/** The driver. Errors: BACKEND_MISSING_DRIVER, BACKEND_UNSUPPORTED. */
export function loadDriver(): Promise<Driver> {
  // Not kept after a failure: whoever installs the driver need not start again.
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(): Promise<Driver> {
  try {
    checkRelease(installedRelease(), process.versions.node);
    const Database = (await import("better-sqlite3")).default as unknown as OpenDatabase;
    // The native part is looked for only now, and reads once per process whether URIs are wanted.
    const before = process.env[URIS];
    process.env[URIS] ??= "1";
    try {
      const probe = new Database(":memory:", { timeout: 0 });
      checkVersion(String(probe.prepare("SELECT sqlite_version() AS version").raw(true).all()));
      probe.close();
    } finally {
      if (before === undefined) delete process.env[URIS];
    }
    return { Database, uris: understandsUris(Database) };
  } catch (error) {
    throw error instanceof StratigraphError ? error : missingDriver(error);
  }
}

const URIS = "SQLITE_USE_URI";

/** Not where somebody else in this process loaded the driver before us. */
function understandsUris(Database: OpenDatabase): boolean {
  try {
    new Database("file:probe?mode=memory", { fileMustExist: true, timeout: 0 }).close();
    return true;
  } catch {
    return false; // taken for the name of a file, which is not there
  }
}

function installedRelease(): string | undefined {
  try {
    return (createRequire(import.meta.url)("better-sqlite3/package.json") as { version: string }).version;
  } catch {
    return undefined; // the import says why
  }
}

/**
 * A release and a Node that do not fit do not fail, they crash: release 13 and later at once on a Node before 22, release 12 on
 * Node 24 as soon as a closed database is garbage.
 */
export function checkRelease(release: string | undefined, node: string): void {
  if (release === undefined) return;
  const [driver, major] = [Number.parseInt(release), Number.parseInt(node)];
  if (driver >= 13 ? major >= 22 : major < 24) return;
  throw new StratigraphError("BACKEND_UNSUPPORTED", `better-sqlite3 ${release} does not run on Node ${node}`, {
    expected: "better-sqlite3 12 on Node 20 and 22, or 13 on Node 22 and later",
    hint:
      driver >= 13
        ? "Run `npm install better-sqlite3@12`, or use a newer Node."
        : "Run `npm install better-sqlite3@13`.",
  });
}

/** Releases before these can lose a commit that races a checkpoint ("WAL reset"); nothing that runs in several processes may use them. */
export function checkVersion(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const number = (major * 1000 + minor) * 1000 + patch;
  if (number >= 3_051_003 || (number >= 3_050_007 && number < 3_051_000)) return;
  throw new StratigraphError("BACKEND_UNSUPPORTED", "this version of SQLite can lose acknowledged writes", {
    expected: "SQLite 3.51.3 or later, or 3.50.7 or later of 3.50",
    received: `SQLite ${version}`,
    hint: "Run `npm install better-sqlite3@12`.",
  });
}

/** Three ways in which a driver is not there, each with the command that mends it. */
export function missingDriver(cause: unknown): StratigraphError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = errnoOf(cause);
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return new StratigraphError(
      "BACKEND_MISSING_DRIVER",
      "SQLite needs the package 'better-sqlite3', which is not installed",
      {
        hint: "Run `npm install better-sqlite3@12`, or use `memory()`.",
        cause,
      },
    );
  }
  if (message.includes("NODE_MODULE_VERSION")) {
    return new StratigraphError(
      "BACKEND_MISSING_DRIVER",
      "the package 'better-sqlite3' was built for another version of Node",
      {
        received: `Node ${process.versions.node}`,
        hint: "Run `npm rebuild better-sqlite3` with this version of Node.",
        cause,
      },
    );
  }
  return new StratigraphError(
    "BACKEND_MISSING_DRIVER",
    "the native part of the package 'better-sqlite3' cannot be loaded",
    {
      hint: "Run `npm rebuild better-sqlite3`: its install script did not run or did not succeed.",
      cause,
    },
  );
}
