// The folders that `ctx.temp()` gives: made on first use, removed with their step, and swept where a killed process left them.

import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageError } from "../util/durable-file.ts";
import { makeFolder } from "../util/make-folder.ts";
import { parseTempName, tempName, thisHost } from "../util/temp-name.ts";

/** In the state folder, so that they are on the disk the results go to; without one, among the temporary files of the system. */
export function tempRoot(home: string | undefined): string {
  return home === undefined ? join(tmpdir(), `stratigraph-${process.getuid?.() ?? "user"}`) : join(home, "temp");
}

/** Those of one step, one for each attempt that asks. */
export class TempFolders {
  readonly #root: string;
  readonly #made: string[] = [];
  #current: Promise<string> | undefined;

  constructor(home: string | undefined) {
    this.#root = tempRoot(home);
  }

  /** What an earlier attempt left is not seen by the next. */
  nextAttempt(): void {
    this.#current = undefined;
  }

  /** The folder of this attempt, empty when it is first asked for. Errors: STORAGE_FULL, STORAGE_READ_ONLY, STORAGE_FAILED. */
  folder(): Promise<string> {
    return (this.#current ??= this.#make());
  }

  async #make(): Promise<string> {
    const path = join(this.#root, tempName());
    this.#made.push(path);
    try {
      makeFolder(path, 0o700);
    } catch (cause) {
      throw storageError(cause, path, 0);
    }
    return path;
  }

  /** Never throws: what cannot be removed now is swept later. */
  remove(): void {
    for (const path of this.#made.splice(0)) removeFolder(path);
  }
}

/** Removes what processes left that are gone. Folders of other hosts stay: nobody can see from here whether they are in use. */
export function sweepTempFolders(home: string | undefined): void {
  const root = tempRoot(home);
  for (const name of listed(root)) {
    const owner = parseTempName(name);
    if (owner !== undefined && owner.host === thisHost && isGone(owner.pid)) removeFolder(join(root, name));
  }
}

function listed(root: string): readonly string[] {
  try {
    return readdirSync(root);
  } catch {
    return []; // none was ever made
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Something in it is in use or belongs to somebody else.
  }
}
