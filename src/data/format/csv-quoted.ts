// Splits CSV with quotes into records, many times faster than the general parser, which is asked where anything is out of place.

import { inferCell } from "./csv-cell.ts";

export interface QuotedRecord {
  readonly cells: readonly unknown[];
  /** The last line it stands on, from 1. */
  readonly line: number;
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** `undefined` for a quote out of place: the general parser has a sentence about it. `header`: the first record is the names. */
export function splitQuoted(
  text: string,
  delimiter: string,
  infer: boolean,
  header: boolean,
): readonly QuotedRecord[] | undefined {
  const records: QuotedRecord[] = [];
  const separator = delimiter.charCodeAt(0);
  if (delimiter.length !== 1) return undefined;
  let cells: unknown[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const typed = infer && !(header && records.length === 0);
    let end = at;
    if (text.charCodeAt(at) === QUOTE) {
      let doubled = false;
      for (end = at + 1; ; end += 2) {
        end = text.indexOf('"', end);
        if (end < 0) return undefined;
        if (text.charCodeAt(end + 1) !== QUOTE) break;
        doubled = true;
      }
      const cell = text.slice(at + 1, end);
      line += lineEnds(cell);
      cells.push(doubled ? cell.replaceAll('""', '"') : cell);
      end += 1;
    } else {
      for (; end < text.length; end++) {
        const unit = text.charCodeAt(end);
        if (unit === separator || unit === LINE_FEED || unit === RETURN) break;
        if (unit === QUOTE) return undefined;
      }
      const cell = text.slice(at, end);
      cells.push(typed ? inferCell(cell) : cell);
    }
    const next = text.charCodeAt(end);
    if (next === separator) {
      at = end + 1;
      if (at < text.length) continue;
      cells.push(typed ? inferCell("") : ""); // the last field of the file is empty
    } else if (end < text.length && next !== LINE_FEED && next !== RETURN) return undefined;
    records.push({ cells, line });
    cells = [];
    line += 1;
    at = next === RETURN && text.charCodeAt(end + 1) === LINE_FEED ? end + 2 : end + 1;
  }
  return records;
}

function lineEnds(cell: string): number {
  return /[\r\n]/.test(cell) ? cell.split(/\r\n|\n|\r/).length - 1 : 0;
}
