// JSON files of a layout: read with the place of what is wrong, written only where they differ.

import { lstat, readFile } from "node:fs/promises";
import type { z } from "zod";
import { StratigraphError } from "../../errors.ts";
import { findSyntaxProblem, showPosition } from "../../data/format/json-syntax.ts";
import type { Json } from "../../backend/records.ts";
import { errnoOf, storageError, writeFileDurably } from "../../util/durable-file.ts";
import { showValue } from "../../util/show.ts";

/**
 * `undefined` where there is no such file. `NaN` and the infinities, which Python writes, become null. Throws VALIDATION_FAILED, naming file,
 * line and column, or file and key.
 */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const value = parseJson(bytes.toString("utf8"), path);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new StratigraphError("VALIDATION_FAILED", issue?.message ?? "the file does not fit", {
    where: [path, ...(issue?.path.map(String) ?? [])].join(", "),
    received: showValue(issue?.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], value)),
    data: { issues: result.error.issues.length },
  });
}

/** With two spaces and a line break at the end, and keys in the order they have. */
export function formatJson(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** True where it was written: a file that has these bytes already is left alone. Readers see the old file or the new one. */
export async function writeIfChanged(path: string, bytes: string | Uint8Array): Promise<boolean> {
  const wanted = Buffer.from(bytes);
  if ((await readIfThere(path))?.equals(wanted) === true) return false;
  await writeFileDurably(path, wanted, { mode: 0o666, folderMode: 0o777, replace: true });
  return true;
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(cause) ?? "")) return undefined;
    throw storageError(cause, path, 0);
  }
}

/** What is at a path, links not followed. */
export async function kindOf(path: string): Promise<"file" | "folder" | "other" | undefined> {
  try {
    const stat = await lstat(path);
    return stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other";
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(cause) ?? "")) return undefined;
    throw storageError(cause, path, 0);
  }
}

function parseJson(text: string, path: string): unknown {
  let rest = text.replace(/^\uFEFF/, "");
  for (;;) {
    try {
      return JSON.parse(rest);
    } catch (cause) {
      const problem = findSyntaxProblem(rest);
      const offset = problem?.offset ?? 0;
      const word = /^-?(?:NaN|Infinity)\b/.exec(rest.slice(offset, offset + 10))?.[0];
      if (word === undefined) {
        throw new StratigraphError("VALIDATION_FAILED", problem?.what ?? "this is not JSON", {
          where: `${path}, ${showPosition(rest, offset)}`,
          expected: problem?.expected,
          received: problem?.received,
          cause,
        });
      }
      // As long as before, so that positions stay true.
      rest = rest.slice(0, offset) + "null".padEnd(word.length) + rest.slice(offset + word.length);
    }
  }
}
