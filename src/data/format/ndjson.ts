// NDJSON: an array as one JSON value a line, which can be read and written row by row.

import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { Format, RowFormat } from "./format.ts";
import { parseJson, stringifyJson } from "./json.ts";
import { showPosition } from "./json-syntax.ts";
import { checkRowLength, createTextRows } from "./text-rows.ts";
import { decodePieces, decodeText, encodeText } from "./utf8.ts";

/** Values are arrays; each element follows the rules of `json()`. An empty file is an empty array; empty lines are passed over. */
export function ndjson(): Format {
  return format;
}

const rows: RowFormat = {
  async *read(source) {
    let rest = "";
    let line = 0;
    for await (const text of decodePieces(source.pieces(), "NDJSON")) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      checkRowLength(rest, `line ${line + lines.length + 1}`);
      yield parseLines(lines, line);
      line += lines.length;
    }
    yield parseLines([rest], line);
  },
  write: () => createTextRows("NDJSON", (row, index) => `${lineOf(row, index)}\n`),
};

const format: Format = Object.freeze({
  rows,
  kind: "ndjson",
  extension: ".ndjson",
  options: Object.freeze({}),
  encode(value: unknown): Uint8Array {
    if (!Array.isArray(value)) {
      throw new StratigraphError("DATA_INVALID", "NDJSON holds rows", {
        expected: "an array",
        received: showValue(value),
      });
    }
    let text = "";
    for (let row = 0; row < value.length; row++) text += `${lineOf(value[row], row)}\n`;
    return encodeText(text, "NDJSON");
  },
  decode(bytes: Uint8Array): unknown {
    return parseLines(decodeText(bytes, "NDJSON").split("\n"), 0);
  },
});

function lineOf(row: unknown, index: number): string {
  return atRow(`row ${index + 1}`, () => stringifyJson(row));
}

/** `before`: how many lines came earlier. */
function parseLines(lines: readonly string[], before: number): unknown[] {
  const values: unknown[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === "" || line.trim() === "") continue;
    const place = `line ${before + index + 1}`;
    values.push(atRow(place, () => parseJson(line, (offset) => showPosition(line, offset).replace(/^line \d+, /, ""))));
  }
  return values;
}

function atRow<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof StratigraphError ? error.within(place) : error;
  }
}
