// What is found in a folder that is to be stored: its files, its empty folders, and nothing that leads elsewhere.

import type { Dirent, Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { join, sep } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { errnoOf, storageError } from "../../util/durable-file.ts";
import { readChunks } from "./local-objects.ts";
import { pathProblem, type FileMode } from "./tree.ts";

export interface FoundFile {
  /** Relative, parts separated by `/`. */
  readonly path: string;
  /** Where its bytes are. */
  readonly file: string;
  readonly mode: FileMode;
}

export interface FoundFolder {
  readonly files: readonly FoundFile[];
  readonly emptyFolders: readonly string[];
}

/**
 * Links to files inside of the folder are followed, as a copy needs no link; all others would store what is not in the folder. Pipes, sockets
 * and devices are refused too. Throws VALIDATION_FAILED, STORAGE_FAILED.
 */
export async function findFiles(root: string): Promise<FoundFolder> {
  const files: FoundFile[] = [];
  const emptyFolders: string[] = [];
  const inside = (await fs.realpath(root)) + sep;
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = await list(join(root, folder));
    if (entries.length === 0 && folder !== "") emptyFolders.push(folder);
    for (const entry of entries) {
      const path = folder === "" ? textOf(entry, root) : `${folder}/${textOf(entry, join(root, folder))}`;
      const file = join(root, path);
      const problem = pathProblem(path);
      if (problem !== undefined) throw refuse(problem, file);
      if (entry.isDirectory()) {
        open.push(path);
        continue;
      }
      const real = entry.isSymbolicLink() ? await followInside(file, inside) : file;
      const stat = await fs.lstat(real);
      if (!stat.isFile()) throw refuse(`it ${stat.isDirectory() ? "links to a folder" : "is no regular file"}`, file);
      files.push({ path, file: real, mode: modeOf(stat) });
    }
  }
  return { files, emptyFolders };
}

/** The bytes of a file, refused where it changes while it is read. */
export async function* readSteadily(path: string): AsyncGenerator<Uint8Array, void, void> {
  let file: fs.FileHandle | undefined;
  try {
    file = await fs.open(path, "r");
    const before = await file.stat();
    yield* readChunks(file);
    const after = await file.stat();
    if (before.mtimeMs === after.mtimeMs && before.size === after.size) return;
  } catch (cause) {
    throw storageError(cause, path, 0);
  } finally {
    await file?.close();
  }
  throw new StratigraphError("SOURCE_UNSTABLE", "the file changed while it was being stored", {
    where: path,
    hint: "Store it once whatever writes it is done.",
  });
}

export function modeOf({ mode }: Stats): FileMode {
  return (mode & 0o111) === 0 ? "644" : "755";
}

async function followInside(link: string, inside: string): Promise<string> {
  let real: string;
  try {
    real = await fs.realpath(link);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT" || errnoOf(cause) === "ELOOP")
      throw refuse("it is a link that leads nowhere", link);
    throw storageError(cause, link, 0);
  }
  if (real.startsWith(inside)) return real;
  throw refuse("it is a link that leads out of the folder", link, `a link to ${real}`);
}

/** Names are bytes to the system. What is no UTF-8 would come back as another name, so it is refused. */
function textOf({ name }: Dirent<Buffer>, folder: string): string {
  const text = name.toString("utf8");
  if (Buffer.from(text, "utf8").equals(name)) return text;
  throw refuse("a file name is not UTF-8", join(folder, text));
}

async function list(folder: string): Promise<readonly Dirent<Buffer>[]> {
  try {
    return await fs.readdir(folder, { withFileTypes: true, encoding: "buffer" });
  } catch (cause) {
    throw storageError(cause, folder, 0);
  }
}

function refuse(what: string, where: string, received?: string): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", what, {
    where,
    expected: "regular files, and links to files in the same folder",
    received,
    hint: "Copy what is meant into the folder.",
  });
}
