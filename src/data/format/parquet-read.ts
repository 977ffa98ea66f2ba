// Reading Parquet: a group at a time as columns, which are handed on as rows in small batches.

import type * as Reading from "hyparquet";
import type * as Decompressing from "hyparquet-compressors";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { ByteSource } from "./format.ts";
import { fieldOf, type Column } from "./parquet-columns.ts";
import { packageOf } from "./parquet-package.ts";

/** A text may begin with the character that is elsewhere a byte order mark: the library's own decoder drops it. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const parsers = { stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes) };

/** Rows that are objects together. A group of another program's file may have a million, which are much smaller as columns. */
const BATCH = 1_000;

/** Rows of the columns that the schema names; all of them where there is none. At most a group is in memory. */
export async function* readGroups(
  source: Pick<ByteSource, "size" | "read">,
  columns: readonly Column[] | undefined,
): AsyncGenerator<readonly unknown[]> {
  const { parquetMetadataAsync } = packageOf<typeof Reading>("hyparquet");
  const file: Reading.AsyncBuffer = {
    byteLength: source.size,
    slice: async (start, end = source.size) => {
      const bytes = await source.read(start < 0 ? source.size + start : start, end);
      return new Uint8Array(bytes).buffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    const there = topColumns(metadata.schema);
    const names =
      columns === undefined ? [...there] : columns.map(({ name }) => name).filter((name) => there.has(name));
    const wanted = columns?.filter(({ name }) => there.has(name));
    const compressors = compressorsFor(metadata, names);
    let start = 0;
    for (const { num_rows } of metadata.row_groups) {
      const end = start + Number(num_rows);
      const range = { rowStart: start, rowEnd: end, columns: names };
      const cells = await readColumns({ file, metadata, ...range, ...(compressors && { compressors }) }, names);
      for (let first = start; first < end; first += BATCH) {
        const rows: unknown[] = [];
        for (let row = first; row < Math.min(first + BATCH, end); row++) rows.push(rowAt(row - start, cells, wanted));
        yield rows;
      }
      start = end;
    }
  } catch (cause) {
    if (isStratigraphError(cause)) throw cause;
    throw new StratigraphError("DATA_UNPARSEABLE", "this is no Parquet file that can be read", {
      received: cause instanceof Error ? cause.message : showValue(cause),
      cause,
    });
  }
}

/** The library itself knows these. */
const BUILT_IN = ["UNCOMPRESSED", "SNAPPY"];

/** What the columns need besides; nothing is loaded for a file that needs nothing. Throws PACKAGE_MISSING. */
function compressorsFor(
  { row_groups }: Reading.FileMetaData,
  names: readonly string[],
): Reading.Compressors | undefined {
  const parts = row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data));
  const codec = parts.find(
    (part) => part && !BUILT_IN.includes(part.codec) && names.includes(part.path_in_schema[0]!),
  )?.codec;
  if (codec === undefined) return undefined;
  const what = `Parquet files that are compressed with ${codec}`;
  return packageOf<typeof Decompressing>("hyparquet-compressors", what).compressors;
}

/** The cells of one column of a group, in the pieces in which they came. */
interface Cells {
  readonly name: string;
  readonly pieces: ArrayLike<unknown>[];
  /** The piece that holds the row looked at last, and the number of its first row: rows are asked for in order. */
  piece: number;
  first: number;
}

async function readColumns(options: Reading.ParquetReadOptions, names: readonly string[]): Promise<readonly Cells[]> {
  const cells = names.map((name): Cells => ({ name, pieces: [], piece: 0, first: 0 }));
  // Rows without any of the columns are counted all the same.
  if (names.length === 0) return cells;
  const byName = new Map(cells.map((column) => [column.name, column]));
  const onChunk = ({ columnName, columnData }: Reading.ColumnData): void => {
    byName.get(columnName)?.pieces.push(columnData);
  };
  await packageOf<typeof Reading>("hyparquet").parquetRead({ ...options, parsers, onChunk });
  return cells;
}

function rowAt(index: number, cells: readonly Cells[], columns: readonly Column[] | undefined): unknown {
  const row: Record<string, unknown> = {};
  for (const [at, column] of cells.entries()) {
    const cell = cellAt(index, column);
    const value = columns === undefined ? cell : fieldOf(columns[at]!, cell);
    if (value !== undefined) row[column.name] = value;
  }
  return row;
}

function cellAt(index: number, column: Cells): unknown {
  for (;;) {
    const piece = column.pieces[column.piece];
    if (piece === undefined) {
      throw new StratigraphError("DATA_UNPARSEABLE", "a column has fewer rows than its file says", {
        where: `column '${column.name}'`,
      });
    }
    if (index - column.first < piece.length) return piece[index - column.first];
    column.first += piece.length;
    column.piece += 1;
  }
}

/** The names of the columns themselves: a nested one is followed by what is in it. */
function topColumns(schema: readonly { readonly name: string; readonly num_children?: number }[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = 1; at < schema.length;) {
    names.add(schema[at]!.name);
    for (let left = 1; left > 0 && at < schema.length; at++) left += (schema[at]!.num_children ?? 0) - 1;
  }
  return names;
}
