// Where in the user's own files an error was thrown: their frames of its stack, not ours.

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { writtenPlace } from "./source-place.ts";

/** The folder of this program's own files. */
const OWN = fileURLToPath(new URL("..", import.meta.url));
const FRAME = /^\s*at (?:(?:async )?(.+?) \()?(?:async )?(file:\/\/\/.+?|\/.+?|[A-Za-z]:[\\/].+?):(\d+):(\d+)\)?$/;
const MOST = 3;

export interface Frame {
  /** Relative to the current folder where it lies below it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The function's name, if it has one. */
  readonly within: string | undefined;
}

/** At most three frames of files that are neither ours, nor Node's, nor in node_modules. */
export function userFrames(error: unknown, cwd: string): Frame[] {
  if (!(error instanceof Error) || typeof error.stack !== "string") return [];
  const frames: Frame[] = [];
  for (const line of error.stack.split("\n")) {
    const [, within, place, row, column] = FRAME.exec(line) ?? [];
    if (place === undefined) continue;
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    if (file.startsWith(OWN) || /[\\/]node_modules[\\/]/.test(file)) continue;
    const thrown = { line: Number(row), column: Number(column) };
    // Node loads a module by its URL; what has a path was run by jiti.
    const written = place.startsWith("file:") ? thrown : writtenPlace(file, thrown);
    frames.push({ file: shownPath(file, cwd), ...written, within: named(within) });
    if (frames.length === MOST) break;
  }
  return frames;
}

/** The frames of the error that began it all: the deepest cause that has any. */
export function firstFrames(error: unknown, cwd: string): Frame[] {
  let frames = userFrames(error, cwd);
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    const deeper = userFrames(cause, cwd);
    if (deeper.length > 0) frames = deeper;
  }
  return frames;
}

/** "spend.ts:14:9". */
export function formatFrame({ file, line, column }: Frame): string {
  return `${file}:${line}:${column}`;
}

/** A path as the user would type it from the current folder. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === "" ? "." : near.startsWith("..") ? path : near;
}

function named(within: string | undefined): string | undefined {
  return within === undefined || within === "Object.<anonymous>" ? undefined : within.replace(/^Object\./, "");
}
