// Rows as text: written in pieces of a good size, and none so long that a file would end up in memory after all.

import { StratigraphError } from "../../errors.ts";
import type { RowWriter } from "./format.ts";
import { encodeText } from "./utf8.ts";

/** Characters. */
const PIECE = 64 * 1024;
const LONGEST_ROW = 64 * 1024 * 1024;

/** `textOf`: what a row adds to the file; `end`: what comes after the last, told how many rows there were. */
export function createTextRows(
  kind: string,
  textOf: (row: unknown, index: number) => string,
  end: (count: number) => string = () => "",
): RowWriter {
  let text = "";
  let count = 0;
  return {
    add(row) {
      text += textOf(row, count);
      count += 1;
      if (text.length < PIECE) return undefined;
      const bytes = encodeText(text, kind);
      text = "";
      return bytes;
    },
    end: () => encodeText(text + end(count), kind),
  };
}

/** What is left of a piece that holds no end of a row. Throws DATA_UNPARSEABLE where no row is that long. */
export function checkRowLength(rest: string, where: string): void {
  if (rest.length <= LONGEST_ROW) return;
  throw new StratigraphError("DATA_UNPARSEABLE", "a row is too long to be streamed", {
    where,
    expected: "at most 64 million characters",
    hint: "Look for a quote that is never closed or a file without line ends, or read the whole value without stream().",
  });
}
