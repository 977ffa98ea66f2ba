// Reads an exported folder: only files that its index seals, only inside it, never through a link.

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { describeKind } from "../../data/file-content.ts";
import { createDigest } from "../../util/digest.ts";
import { errnoOf, readError } from "../../util/durable-file.ts";
import { dataPath, exportInvalid, INDEX, indexSchema, type Index, type TableName } from "./format.ts";

export interface ExportFolder {
  readonly index: Index;
  /** SHA-256 of the index, which seals everything else. */
  readonly digest: string;
  /** The lines of a table, each as its schema says. Error: EXPORT_INVALID. */
  rows<Schema extends z.ZodType>(table: TableName, schema: Schema): z.output<Schema>[];
  /** The bytes of a partition, checked. Error: EXPORT_INVALID. */
  bytes(partition: { readonly sha256: string; readonly size: number }): Uint8Array;
}

const LARGEST_INDEX = 1024 * 1024;
/** More than that is read by nobody in one piece. */
const LARGEST_FILE = 2 ** 31 - 1;

/** Errors: EXPORT_INVALID, STORAGE_FAILED. */
export function openExport(path: string): ExportFolder {
  const root = realFolder(path);
  const bytes = readInside(root, INDEX, { most: LARGEST_INDEX });
  const index = parse(indexSchema, bytes, join(root, INDEX));
  return {
    index,
    digest: sha256Of(bytes),
    rows: (table, schema) => {
      const where = join(root, table);
      const text = readSealed(root, table, index.files[table]);
      if (table === "graph.json") return [parse(schema, text, where)];
      return linesOf(text).map((line, at) => parse(schema, line, `${where}, line ${at + 1}`));
    },
    bytes: ({ sha256, size }) => readSealed(root, dataPath(sha256), { sha256, size }),
  };
}

export function sha256Of(bytes: Uint8Array): string {
  const digest = createDigest({ sha256: true });
  digest.update(bytes);
  return digest.finish().sha256!;
}

/** The folder that was named may be a link: it is the user who named it. Nothing in it may be. */
function realFolder(path: string): string {
  try {
    return fs.realpathSync.native(path);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw readError(cause, path);
    throw exportInvalid("there is no such folder", { where: path, hint: "Name a folder that an export wrote." });
  }
}

function readSealed(
  root: string,
  path: string,
  sealed: { readonly size: number; readonly sha256: string },
): Uint8Array {
  const bytes = readInside(root, path, { exactly: sealed.size, most: LARGEST_FILE });
  const received = sha256Of(bytes);
  if (received === sealed.sha256) return bytes;
  throw exportInvalid("a file of the export is not what was written", {
    where: join(root, path),
    expected: `SHA-256 ${sealed.sha256}`,
    received: `SHA-256 ${received}`,
  });
}

function readInside(
  root: string,
  path: string,
  size: { readonly exactly?: number; readonly most: number },
): Uint8Array {
  const file = join(root, path);
  checkFolders(root, file);
  let fd: number | undefined;
  try {
    // Not through a link, and not waiting for whoever writes to a pipe.
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw exportInvalid(`it ${describeKind(stat)}`, { where: file });
    if (size.exactly !== undefined && stat.size !== size.exactly) {
      throw exportInvalid("a file of the export is not what was written", {
        where: file,
        expected: `${size.exactly} bytes`,
        received: `${stat.size} bytes`,
      });
    }
    if (stat.size > size.most) {
      throw exportInvalid("a file of the export is too large", { where: file, expected: `at most ${size.most} bytes`, received: `${stat.size} bytes` }); // prettier-ignore
    }
    // A folder on the way may have become a link since it was looked at, so what was opened is asked where it is.
    checkFolders(root, file);
    return fs.readFileSync(fd);
  } catch (cause) {
    switch (errnoOf(cause) ?? "") {
      case "ENOENT":
        throw exportInvalid("a file of the export is missing", { where: file, cause });
      case "ELOOP":
        throw exportInvalid("it is a symbolic link where a file is expected", { where: file, cause });
      case "EISDIR":
      case "ENOTDIR":
      case "ENXIO":
        throw exportInvalid("it is no regular file", { where: file, cause });
    }
    throw readError(cause, file);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function checkFolders(root: string, file: string): void {
  for (let folder = dirname(file); folder.length >= root.length; folder = dirname(folder)) {
    const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) throw exportInvalid("a file of the export is missing", { where: file });
    if (stat.isDirectory()) continue;
    const found = stat.isSymbolicLink() ? "a symbolic link" : "no folder";
    throw exportInvalid(`it is ${found} where a folder is expected`, { where: folder });
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array, where: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw exportInvalid("it is not JSON", { where, cause });
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const path = issue === undefined || issue.path.length === 0 ? "" : ` at '${issue.path.map(String).join(".")}'`;
  throw exportInvalid(`it is not what an export says${path}: ${issue?.message ?? "it does not fit"}`, { where });
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.byteLength;) {
    const end = bytes.indexOf(10, start);
    lines.push(bytes.subarray(start, end < 0 ? bytes.byteLength : end));
    start = end < 0 ? bytes.byteLength : end + 1;
  }
  return lines;
}
