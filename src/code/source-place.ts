// Where in a user's TypeScript an error was thrown: V8 knows the place in what jiti made of it.

import { readFileSync } from "node:fs";
import { createRequire, SourceMap } from "node:module";
import type * as Jiti from "jiti";

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What jiti puts before the first line of a module. */
const WRAPPER = "(async function (exports, require, module, __filename, __dirname, jitiImport, jitiESMResolve) { "
  .length;
/** What jiti always translates; in other files a place is what it seems. */
const TRANSLATED = /\.([cm]?tsx?|mjs)$/;

const maps = new Map<string, SourceMap | undefined>();

/** The place as it was written. Only asked for after an error, so the file is translated once more to learn it. */
export function writtenPlace(file: string, place: Place): Place {
  if (!TRANSLATED.test(file)) return place;
  if (!maps.has(file)) maps.set(file, sourceMapOf(file));
  const column = place.column - 1 - (place.line === 1 ? WRAPPER : 0);
  const found = maps.get(file)?.findEntry(place.line - 1, column);
  return found !== undefined && "originalLine" in found
    ? { line: found.originalLine + 1, column: found.originalColumn + 1 }
    : place;
}

function sourceMapOf(file: string): SourceMap | undefined {
  try {
    const { createJiti } = createRequire(import.meta.url)("jiti") as typeof Jiti;
    const jiti = createJiti(file, { fsCache: false, interopDefault: false, sourceMaps: true });
    const code = jiti.transform({
      source: readFileSync(file, "utf8"),
      filename: file,
      ts: !file.endsWith(".mjs"),
      async: true,
    });
    const map = /\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)\s*$/.exec(code)?.[1];
    return map === undefined ? undefined : new SourceMap(JSON.parse(Buffer.from(map, "base64").toString()) as never);
  } catch {
    return undefined; // gone, or changed since
  }
}
