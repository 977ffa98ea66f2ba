// Reads the rows of a CSV file.

import { createRequire } from "node:module";
import type * as Parsing from "csv-parse/sync";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { suggest } from "../../util/suggest.ts";
import { inferCell } from "./csv-cell.ts";
import { splitQuoted } from "./csv-quoted.ts";
import { checkRowLength } from "./text-rows.ts";

export interface CsvLayout {
  readonly delimiter: string;
  readonly columns: readonly string[] | undefined;
  /** Whether quotes tell texts from other values. */
  readonly infer: boolean;
}

export type CsvRow = Record<string, unknown>;

/** Throws DATA_UNPARSEABLE, saying which line. */
export function readRows(text: string, { delimiter, columns, infer }: CsvLayout): readonly CsvRow[] {
  if (text === "\n") return []; // what we write for no rows and no columns
  if (text.trim() === "") {
    throw unparseable("the file is empty", undefined, "a first line with the names of the columns", "nothing");
  }
  const table = new CsvTable({ delimiter, columns, infer });
  return table.take(text);
}

/** Reads rows from whole lines that come in pieces: the first line of all has the names. */
class CsvTable {
  readonly #layout: CsvLayout;
  #header: readonly string[] | undefined;
  #lines = 0;

  constructor(layout: CsvLayout) {
    this.#layout = layout;
  }

  take(text: string): CsvRow[] {
    const { delimiter, columns, infer } = this.#layout;
    const rows: CsvRow[] = [];
    const before = this.#lines;
    const take = (record: readonly unknown[], line: number): void => {
      const header = this.#header;
      this.#lines = before + line;
      if (header === undefined) this.#header = readHeader(record as readonly string[], columns);
      else if (header.length === 1 || record.length > 1 || (record[0] !== "" && record[0] !== null)) {
        rows.push(readRow(record, header, before + line));
      }
    };
    const lines = { before, hasHeader: this.#header !== undefined };
    if (text.includes('"')) parseQuoted(text, delimiter, infer, take, lines);
    else splitPlain(text, delimiter, infer, take, lines);
    return rows;
  }
}

/** The same rows from a text that comes in pieces, in batches. Throws DATA_UNPARSEABLE, saying which line. */
export async function* readRowsInPieces(
  texts: AsyncIterable<string>,
  layout: CsvLayout,
): AsyncGenerator<readonly CsvRow[]> {
  const table = new CsvTable(layout);
  let rest = "";
  let blank = true;
  for await (const text of texts) {
    rest += text;
    if (blank && rest.trim() === "" && rest.length < 1024) continue; // whether there is anything at all is for the end to say
    blank = false;
    const end = lastLineEnd(rest);
    if (end > 0) {
      yield table.take(rest.slice(0, end));
      rest = rest.slice(end);
    }
    checkRowLength(rest, "a field in quotes or a line");
  }
  if (blank) yield readRows(rest, layout);
  else if (rest !== "") yield table.take(rest);
}

/**
 * Where the last whole line ends: after a line end that stands in no quotes, which has an even number of them before it. That holds for
 * every file the parser accepts; in one with a quote out of place the piece ends elsewhere, and the parser refuses it all the same.
 */
function lastLineEnd(text: string): number {
  // A "\r" at the very end may be half of a line end.
  if (!text.includes('"')) return Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r", text.length - 2)) + 1;
  let end = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) quoted = !quoted;
    else if (quoted) continue;
    else if (unit === 0x0a) end = at + 1;
    else if (unit === 0x0d && at + 1 < text.length && text.charCodeAt(at + 1) !== 0x0a) end = at + 1;
  }
  return end;
}

type Take = (record: readonly unknown[], line: number) => void;

/** What came before this piece of the file. */
interface Before {
  /** Lines. */
  readonly before: number;
  readonly hasHeader: boolean;
}

/** Without a quote in the whole file every line is a record and every delimiter ends a field, which is many times faster. */
function splitPlain(text: string, delimiter: string, infer: boolean, take: Take, { hasHeader }: Before): void {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  for (let index = 0; index < lines.length; index++) {
    const record = (lines[index] as string).split(delimiter);
    take(infer && (hasHeader || index > 0) ? record.map(inferCell) : record, index + 1);
  }
}

/** The package is loaded with the first file that needs it: other programs should not wait for it at every start. */
const load = createRequire(import.meta.url);

function parseQuoted(text: string, delimiter: string, infer: boolean, take: Take, { before, hasHeader }: Before): void {
  const records = splitQuoted(text, delimiter, infer, !hasHeader);
  if (records !== undefined) {
    for (const { cells, line } of records) take(cells, line);
    return;
  }
  const { CsvError, parse } = load("csv-parse/sync") as typeof Parsing;
  const options: Parsing.Options = {
    delimiter,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true, // counted by `take`, whose message can name columns
    on_record(record: readonly unknown[], { lines }: { readonly lines: number }): null {
      take(record, lines);
      return null;
    },
  };
  if (infer)
    options.cast = (cell: string, { quoting, records }) =>
      quoting || (records === 0 && !hasHeader) ? cell : inferCell(cell);
  try {
    parse(text, options);
  } catch (error) {
    throw error instanceof CsvError ? explain(error, before) : error;
  }
}

function readHeader(record: readonly string[], columns: readonly string[] | undefined): readonly string[] {
  checkHeader(record, "DATA_UNPARSEABLE", "the header is wrong");
  if (columns === undefined) return record;
  const missing = columns.find((column) => !record.includes(column));
  const extra = record.find((column) => !columns.includes(column));
  if (missing === undefined && extra === undefined) return record;
  const near = missing === undefined ? suggest(extra as string, columns) : suggest(missing, record);
  throw unparseable(
    missing === undefined
      ? `the file has a column ${showValue(extra)} that is not declared`
      : `the file lacks column ${showValue(missing)}`,
    "line 1",
    columns.map((column) => showValue(column)).join(", "),
    record.map((column) => showValue(column)).join(", "),
    near === undefined ? undefined : `Did you mean ${showValue(near)}?`,
  );
}

function readRow(record: readonly unknown[], header: readonly string[], line: number): CsvRow {
  if (record.length !== header.length) {
    const lacking = header.slice(record.length);
    const hint =
      lacking.length > 0
        ? `It lacks ${lacking.map((column) => showValue(column)).join(", ")}.`
        : "A field that holds the delimiter goes in quotes.";
    throw unparseable(
      "a row has the wrong number of fields",
      `line ${line}`,
      `${header.length}`,
      `${record.length}`,
      hint,
    );
  }
  const row: CsvRow = {};
  for (let index = 0; index < header.length; index++) row[header[index] as string] = record[index];
  return row;
}

function explain(error: Parsing.CsvError, before: number): StratigraphError {
  const { lines, column } = error as unknown as { readonly lines?: number; readonly column?: number | string };
  const place = [
    lines === undefined ? [] : `line ${before + lines}`,
    column === undefined ? [] : `field ${Number(column) + 1}`,
  ]
    .flat()
    .join(", ");
  const [what, hint] = csvProblems[error.code] ?? [error.message, undefined];
  return unparseable(what, place === "" ? undefined : place, undefined, undefined, hint, error);
}

const csvProblems: Readonly<Record<string, readonly [string, string]>> = {
  CSV_QUOTE_NOT_CLOSED: [
    "a quoted field is never closed",
    "Close it with a quote; a quote inside it is written twice.",
  ],
  INVALID_OPENING_QUOTE: [
    "a quote stands inside a field without quotes",
    "Put the whole field in quotes, and write the quote twice.",
  ],
  CSV_INVALID_CLOSING_QUOTE: [
    "something follows the closing quote of a field",
    "A quote inside a field is written twice.",
  ],
};

function unparseable(
  what: string,
  where?: string,
  expected?: string,
  received?: string,
  hint?: string,
  cause?: unknown,
): StratigraphError {
  return new StratigraphError("DATA_UNPARSEABLE", what, { where, expected, received, hint, cause });
}

/** Names of columns: at least one, none empty, all different. */
export function checkHeader(names: readonly string[], code: "GRAPH_INVALID" | "DATA_UNPARSEABLE", what: string): void {
  const where = code === "DATA_UNPARSEABLE" ? "line 1" : undefined;
  const expected = "names that are different texts";
  if (names.length === 0) throw new StratigraphError(code, what, { where, expected, received: "no names" });
  for (const [index, name] of names.entries()) {
    if (typeof name === "string" && name !== "" && name !== "__proto__" && names.indexOf(name) === index) continue;
    const received =
      name === ""
        ? `no name for column ${index + 1}`
        : names.indexOf(name) === index
          ? showValue(name)
          : `${showValue(name)} twice`;
    throw new StratigraphError(code, what, { where, expected, received });
  }
}
