// Writes a folder whole or not at all: everything into a temporary one beside it, which then gets the name.

import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { errnoOf, storageError, syncFolders, writeFileDurably } from "../../util/durable-file.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { parseTempName, tempName, thisHost } from "../../util/temp-name.ts";

export interface NewFolder {
  /** Relative, with "/". */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/**
 * `work` fills the folder; when it throws nothing is left, and when the process dies what is left is a temporary folder that the next export
 * to the same place removes. Errors: STORAGE_FAILED where the folder is there and not empty, and those of writing files.
 */
export async function writeFolder<T>(path: string, work: (folder: NewFolder) => Promise<T>): Promise<T> {
  const target = resolve(path);
  checkFree(target);
  const parent = dirname(target);
  const temp = join(parent, tempName());
  const written: string[] = [];
  try {
    makeFolder(parent);
    sweepFolders(parent);
    fs.mkdirSync(temp);
    const result = await work({
      async write(name, bytes) {
        const file = join(temp, name);
        await writeFileDurably(file, bytes, { mode: 0o666, folderMode: 0o777, within: temp });
        written.push(file);
      },
    });
    await syncFolders(written, temp);
    checkFree(target);
    // Takes the place of an empty folder, and of nothing else.
    fs.renameSync(temp, target);
    await syncFolders([target], parent);
    return result;
  } catch (cause) {
    fs.rmSync(temp, { recursive: true, force: true });
    const errno = errnoOf(cause);
    if (errno === "ENOTEMPTY" || errno === "EEXIST") throw taken(target);
    throw errno === undefined ? cause : storageError(cause, target, 0);
  }
}

function checkFree(target: string): void {
  try {
    const stat = fs.lstatSync(target, { throwIfNoEntry: false });
    if (stat === undefined || (stat.isDirectory() && fs.readdirSync(target).length === 0)) return;
  } catch (cause) {
    throw storageError(cause, target, 0);
  }
  throw taken(target);
}

function taken(target: string): StratigraphError {
  return new StratigraphError("STORAGE_FAILED", "the place is taken", {
    where: target,
    expected: "an empty folder, or none yet",
    hint: "Name another one: nothing is written over.",
  });
}

/** What exports that were killed left in this folder. */
function sweepFolders(parent: string): void {
  for (const entry of fs.readdirSync(parent, { withFileTypes: true })) {
    const owner = entry.isDirectory() ? parseTempName(basename(entry.name)) : undefined;
    if (owner === undefined || owner.host !== thisHost || isAlive(owner.pid)) continue;
    fs.rmSync(join(parent, entry.name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}
