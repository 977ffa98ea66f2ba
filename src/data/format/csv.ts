// CSV: rows with named fields, RFC 4180, UTF-8, a header in the first line.

import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { checkHeader, readRows, readRowsInPieces, type CsvLayout } from "./csv-read.ts";
import { rowTexts, writeRows } from "./csv-write.ts";
import type { Format } from "./format.ts";
import { createTextRows } from "./text-rows.ts";
import { decodePieces, decodeText, encodeText } from "./utf8.ts";

export interface CsvOptions {
  /** What separates fields: one character that is no part of a number or word; "," unless told. */
  readonly delimiter?: string | undefined;
  /** The columns and their order in files that are written; files that are read must have exactly these, in any order. Otherwise the first row says. */
  readonly columns?: readonly string[] | undefined;
  /**
   * `"text"`, unless told: every field is a text, and what it means is the schema's business (`z.coerce`).
   * `"infer"`: a field without quotes is a number, `true`, `false` or, empty, `null`, where it looks like one; a text that does is written in quotes.
   */
  readonly types?: "text" | "infer" | undefined;
}

/**
 * Values are arrays of plain objects with the same fields. Read: with or without a byte order mark, any line ends, empty lines passed over.
 * Written: `\n`, quotes where needed, columns in the order of `columns` or of the first row.
 */
export function csv({ delimiter = ",", columns, types = "text" }: CsvOptions = {}): Format {
  if (typeof delimiter !== "string" || [...delimiter].length !== 1 || /["\r\n\w.+-]/.test(delimiter)) {
    throw new StratigraphError("GRAPH_INVALID", "csv() has a wrong 'delimiter'", {
      expected: "one character like ; or a tab",
      received: showValue(delimiter),
    });
  }
  if (types !== "text" && types !== "infer") {
    throw new StratigraphError("GRAPH_INVALID", "csv() has wrong 'types'", {
      expected: '"text" or "infer"',
      received: showValue(types),
    });
  }
  if (columns !== undefined) checkHeader(columns, "GRAPH_INVALID", "csv() has wrong 'columns'");
  const layout: CsvLayout = { delimiter, columns, infer: types === "infer" };
  const format: Format = {
    kind: "csv",
    extension: ".csv",
    options: Object.freeze({
      delimiter,
      types,
      ...(columns === undefined ? {} : { columns: Object.freeze([...columns]) }),
    }),
    encode: (value) => encodeText(writeRows(value, layout), "CSV"),
    decode: (bytes) => readRows(decodeText(bytes, "CSV"), layout),
    rows: {
      read: (source) => readRowsInPieces(decodePieces(source.pieces(), "CSV"), layout),
      write() {
        const { textOf, end } = rowTexts(layout);
        return createTextRows("CSV", textOf, end);
      },
    },
  };
  return Object.freeze(format);
}
