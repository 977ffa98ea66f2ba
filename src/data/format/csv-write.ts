// Writes rows as a CSV file.

import { createRequire } from "node:module";
import type * as Writing from "csv-stringify/sync";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { cellText, looksTyped } from "./csv-cell.ts";
import type { CsvLayout, CsvRow } from "./csv-read.ts";

/** Throws DATA_INVALID, saying which row and field. */
export function writeRows(value: unknown, layout: CsvLayout): string {
  const { delimiter, columns, infer } = layout;
  if (!Array.isArray(value)) throw unholdable("CSV holds rows", undefined, "an array of objects", showValue(value));
  const header = columns ?? (value.length === 0 ? [] : fieldsOf(value[0], 0));
  if (header.length === 0 && value.length === 0) return "\n";
  if (columns === undefined) checkFields(header);
  const known = new Set(header);
  const rows = value.map((row: unknown, index) => cellsOf(row, index, header, known, infer));
  const special = specialIn(delimiter);
  const needsQuotes = quoting(special, header, infer);
  if (header.some((name) => special.test(name)) || rows.some((row) => row.some(needsQuotes))) {
    return quoteAll(header, rows, delimiter, needsQuotes);
  }
  const lines = rows.map((row) => row.map(cellText).join(delimiter));
  return `${[header.join(delimiter), ...lines].join("\n")}\n`;
}

/** The same file row by row: what `textOf` answers for each, and then `end`. */
export function rowTexts(layout: CsvLayout): {
  readonly textOf: (row: unknown, index: number) => string;
  readonly end: (count: number) => string;
} {
  const { delimiter, columns, infer } = layout;
  const special = specialIn(delimiter);
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const headerLine = (header: readonly string[]): string =>
    `${header.map((name) => (special.test(name) ? quoted(name) : name)).join(delimiter)}\n`;
  let header = columns ?? [];
  let known = new Set(header);
  let needsQuotes = quoting(special, header, infer);
  return {
    textOf(row, index) {
      let text = "";
      if (index === 0) {
        if (columns === undefined) {
          header = fieldsOf(row, 0);
          checkFields(header);
          known = new Set(header);
          needsQuotes = quoting(special, header, infer);
        }
        text = headerLine(header);
      }
      const cells = cellsOf(row, index, header, known, infer);
      return `${text}${cells.map((cell) => (needsQuotes(cell) ? quoted(cell as string) : cellText(cell))).join(delimiter)}\n`;
    },
    end: (count) => (count > 0 ? "" : columns === undefined ? "\n" : headerLine(columns)),
  };
}

/** Spaces and a byte order mark at the start survive us, but not every other program. */
function specialIn(delimiter: string): RegExp {
  return new RegExp(`["\\r\\n${delimiter.replace(/[\\\]^-]/g, "\\$&")}]|^[\\s\\u{feff}]|\\s$`, "u");
}

function quoting(special: RegExp, header: readonly string[], infer: boolean): (cell: Cell) => boolean {
  return (cell) =>
    typeof cell === "string" && (special.test(cell) || (infer ? looksTyped(cell) : cell === "" && header.length === 1));
}

type Cell = string | number | boolean | null;

const load = createRequire(import.meta.url);

/** Loads the package that knows about quotes, which plain files do without. */
function quoteAll(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  delimiter: string,
  needsQuotes: (cell: Cell) => boolean,
): string {
  const { stringify } = load("csv-stringify/sync") as typeof Writing;
  const options: Writing.Options = {
    delimiter,
    record_delimiter: "\n",
    quote_record_delimiter: true,
    quoted_match: /^[\s\u{feff}]|\s$/u,
    cast: {
      boolean: cellText,
      number: cellText,
      string: (cell) => ({ value: cell, quoted: needsQuotes(cell), quoted_empty: needsQuotes(cell) }),
    },
  };
  return stringify([[...header]], { ...options, cast: {} }) + stringify([...rows], options);
}

function fieldsOf(row: unknown, index: number): readonly string[] {
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw unholdable("CSV holds rows", `row ${index + 1}`, "an object with the fields of the row", showValue(row));
  }
  return Object.keys(row);
}

function checkFields(header: readonly string[]): void {
  const wrong = header.find((name) => name === "" || name === "__proto__");
  if (header.length === 0 || wrong !== undefined) {
    throw unholdable(
      "the fields of the first row cannot be columns",
      "row 1",
      "names",
      wrong === undefined ? "no fields" : showValue(wrong),
    );
  }
}

function cellsOf(
  row: unknown,
  index: number,
  header: readonly string[],
  known: ReadonlySet<string>,
  infer: boolean,
): readonly Cell[] {
  const extra = fieldsOf(row, index).find((name) => !known.has(name));
  if (extra !== undefined) {
    throw unholdable(
      `a row has the field ${showValue(extra)}, which is not a column`,
      `row ${index + 1}`,
      header.map((name) => showValue(name)).join(", "),
      undefined,
      'Give all rows the same fields, or name the columns: csv({ columns: ["…"] }).',
    );
  }
  return header.map((name) => {
    const cell = Object.hasOwn(row as CsvRow, name) ? (row as CsvRow)[name] : undefined;
    if (typeof cell === "string") return cell;
    const fits = cell === null || typeof cell === "boolean" || (typeof cell === "number" && Number.isFinite(cell));
    if (infer && fits) return cell;
    throw unholdable(
      "a field cannot be written",
      `row ${index + 1}, field '${name}'`,
      infer ? "a text, finite number, boolean or null" : "a text",
      showValue(cell),
      fits ? 'Write a text, or use csv({ types: "infer" }), which keeps numbers, booleans and null.' : undefined,
    );
  });
}

function unholdable(
  what: string,
  where?: string,
  expected?: string,
  received?: string,
  hint?: string,
): StratigraphError {
  return new StratigraphError("DATA_INVALID", what, { where, expected, received, hint });
}
