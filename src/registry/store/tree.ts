// A folder as data: the sorted list of its files by path, digest, size and mode, whose own digest is the folder's.

import { createHash } from "node:crypto";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { compareText } from "../../util/text-order.ts";

/** Executable or not is all that is kept of the permissions: the rest differs by who copied the folder last. */
export const fileModes = ["644", "755"] as const;
export type FileMode = (typeof fileModes)[number];

export interface TreeFile {
  /** Relative, parts separated by `/` on every system. */
  readonly path: string;
  /** SHA-256 of the bytes, as hex. */
  readonly digest: string;
  readonly size: number;
  readonly mode: FileMode;
}

export interface Tree {
  readonly files: readonly TreeFile[];
  /** The folders that hold nothing; all others follow from the files. */
  readonly emptyFolders: readonly string[];
}

/** One text for one folder, whatever the order its files were found in. */
export function encodeTree({ files, emptyFolders }: Tree): string {
  const sorted = files.toSorted((a, b) => compareText(a.path, b.path));
  return JSON.stringify({
    format: FORMAT,
    files: sorted.map(({ path, digest, size, mode }) => ({ path, sha256: digest, size, mode })),
    emptyFolders: emptyFolders.toSorted(compareText),
  });
}

/** Throws ARTIFACT_CORRUPTED for what is no such list, or has a path that would leave the folder it is written to. */
export function decodeTree(text: string, where: string): Tree {
  const refuse = (what: string, received?: unknown): StratigraphError =>
    new StratigraphError("ARTIFACT_CORRUPTED", what, {
      where,
      ...(received === undefined ? {} : { received: showValue(received) }),
    });
  let parsed: { format?: unknown; files?: unknown; emptyFolders?: unknown } | null;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (cause) {
    throw new StratigraphError("ARTIFACT_CORRUPTED", "the list of the folder's files is not JSON", { where, cause });
  }
  if (parsed?.format !== FORMAT) throw refuse("the list of the folder's files has an unknown format", parsed?.format);
  if (!Array.isArray(parsed.files) || !Array.isArray(parsed.emptyFolders)) throw refuse("the list has no files");

  const files = parsed.files.map((entry: unknown): TreeFile => {
    const { path, sha256, size, mode } = (entry ?? {}) as Record<string, unknown>;
    if (typeof path !== "string" || typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256))
      throw refuse("the list has an entry without path or digest", path);
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw refuse("the list has a file without size", size);
    if (mode !== "644" && mode !== "755") throw refuse("the list has a file with an unknown mode", mode);
    return { path, digest: sha256, size: size as number, mode };
  });
  const emptyFolders = parsed.emptyFolders.map((entry: unknown) => {
    if (typeof entry !== "string") throw refuse("the list has a folder without path", entry);
    return entry;
  });
  const tree = { files, emptyFolders };
  checkPaths(tree, refuse);
  return tree;
}

/** Why a relative path may not be written below a folder; `undefined` where it may. */
export function pathProblem(path: string): string | undefined {
  if (path === "") return "a path is empty";
  if (path.includes("\0")) return "a path holds a NUL";
  if (path.startsWith("/") || (/^[A-Za-z]:/.test(path) && process.platform === "win32")) return "a path is absolute";
  if (process.platform === "win32" && path.includes("\\")) return "a path holds a backslash, which separates here";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "a path has an empty part, '.' or '..'";
  }
  return undefined;
}

export function treeSize({ files }: Tree): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

export function digestOf(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const FORMAT = 1;

/** Each once, none inside of a file, none outside of the folder. */
function checkPaths(
  { files, emptyFolders }: Tree,
  refuse: (what: string, received: unknown) => StratigraphError,
): void {
  const leaves = new Set<string>();
  const folders = new Set<string>();
  for (const path of [...files.map((file) => file.path), ...emptyFolders]) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw refuse(problem, path);
    if (leaves.has(path)) throw refuse("a path is there twice", path);
    leaves.add(path);
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
  }
  for (const path of leaves) if (folders.has(path)) throw refuse("a path is both a file and a folder", path);
}
