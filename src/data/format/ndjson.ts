// NDJSON: an array as one JSON value a line, which can be read and written row by row.

import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { Format } from "./format.ts";
import { parseJson, stringifyJson } from "./json.ts";
import { showPosition } from "./json-syntax.ts";
import { decodeText, encodeText } from "./utf8.ts";

/** Values are arrays; each element follows the rules of `json()`. An empty file is an empty array; empty lines are passed over. */
export function ndjson(): Format {
  return format;
}

const format: Format = Object.freeze({
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
    for (let row = 0; row < value.length; row++)
      text += `${atRow(`row ${row + 1}`, () => stringifyJson(value[row]))}\n`;
    return encodeText(text, "NDJSON");
  },
  decode(bytes: Uint8Array): unknown {
    const rows: unknown[] = [];
    const lines = decodeText(bytes, "NDJSON").split("\n");
    for (const [index, line] of lines.entries()) {
      if (line === "" || line.trim() === "") continue;
      const place = `line ${index + 1}`;
      rows.push(atRow(place, () => parseJson(line, (offset) => showPosition(line, offset).replace(/^line \d+, /, ""))));
    }
    return rows;
  },
});

function atRow<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof StratigraphError ? error.within(place) : error;
  }
}
