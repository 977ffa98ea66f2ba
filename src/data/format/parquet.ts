// Parquet: rows by column, compressed, through packages that are loaded when they are first needed.

import { createRequire } from "node:module";
import type * as Reading from "hyparquet";
import type * as Writing from "hyparquet-writer";
import type { $ZodType } from "zod/v4/core";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { ByteSource, Format, RowWriter } from "./format.ts";
import { cellOf, columnsOf, fieldOf, parquetTypes, type Column } from "./parquet-columns.ts";

/**
 * Values are arrays of objects; the artifact's schema says which columns there are: texts, numbers (DOUBLE), `z.int()` and bigints (INT64),
 * booleans and dates (milliseconds), null where a field may be missing; every other field is JSON in a text. Files of other programs are
 * read too, as far as they are uncompressed or Snappy; of their columns those that the schema names. Needs `hyparquet`, and `hyparquet-writer`
 * to write.
 */
export function parquet(): Format {
  return unbound;
}

const unbound: Format = Object.freeze({ ...formatOf(undefined), forSchema: bound });

const formats = new WeakMap<$ZodType, Format>();

function bound(schema: $ZodType): Format {
  let format = formats.get(schema);
  if (format === undefined) {
    format = Object.freeze({ ...formatOf(columnsOf(schema)), forSchema: bound });
    formats.set(schema, format);
  }
  return format;
}

function formatOf(columns: readonly Column[] | undefined): Format {
  const write = (): RowWriter => {
    if (columns === undefined) throw new Error("parquet() writes what an artifact's schema says, and has none");
    return new ParquetRows(columns);
  };
  return {
    kind: "parquet",
    extension: ".parquet",
    options: Object.freeze({}),
    encode(value) {
      if (!Array.isArray(value)) {
        throw new StratigraphError("DATA_INVALID", "Parquet holds rows", {
          expected: "an array",
          received: showValue(value),
        });
      }
      const writer = write();
      const pieces = value.map((row) => writer.add(row)).filter((piece) => piece !== undefined);
      return new Uint8Array(Buffer.concat([...pieces, writer.end()]));
    },
    async decode(bytes) {
      const rows: unknown[] = [];
      const source = {
        size: bytes.byteLength,
        read: (start: number, end: number) => Promise.resolve(bytes.subarray(start, end)),
      };
      for await (const batch of readGroups(source, columns)) for (const row of batch) rows.push(row);
      return rows;
    },
    rows: { read: (source) => readGroups(source, columns), write },
  };
}

const load = createRequire(import.meta.url);

function packageOf<T>(name: string): T {
  try {
    return load(name) as T;
  } catch (cause) {
    throw new StratigraphError("PACKAGE_MISSING", `the package '${name}' is needed for Parquet files`, {
      hint: `Run \`npm install ${name}\`.`,
      cause,
    });
  }
}

/** Rows that are in memory together. The number is in the bytes: changing it changes every file. */
const GROUP = 20_000;

/** Gathers a group of rows, and writes it column by column. */
class ParquetRows implements RowWriter {
  readonly #columns: readonly Column[];
  readonly #bytes: Writing.ByteWriter & { index: number };
  readonly #writer: Writing.ParquetWriter;
  #cells: unknown[][];
  #count = 0;

  constructor(columns: readonly Column[]) {
    const { ByteWriter, ParquetWriter, schemaFromColumnData } = packageOf<typeof Writing>("hyparquet-writer");
    this.#columns = columns;
    this.#bytes = new ByteWriter();
    const columnData = columns.map(({ name, kind, nullable, optional }) => ({
      name,
      data: [],
      type: parquetTypes[kind],
      nullable: nullable || optional,
    }));
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaFromColumnData({ columnData }),
      createdBy: "stratigraph",
    });
    this.#cells = columns.map(() => []);
  }

  add(row: unknown): Uint8Array | undefined {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new StratigraphError("DATA_INVALID", "Parquet holds rows with named fields", {
        where: `row ${this.#count + 1}`,
        expected: "an object",
        received: showValue(row),
      });
    }
    for (const [index, column] of this.#columns.entries()) {
      const value = Object.hasOwn(row, column.name) ? (row as Record<string, unknown>)[column.name] : undefined;
      this.#cells[index]!.push(cellOf(column, value, this.#count));
    }
    this.#count += 1;
    return this.#count % GROUP === 0 ? this.#group() : undefined;
  }

  end(): Uint8Array {
    const last = this.#count % GROUP === 0 ? new Uint8Array() : this.#group();
    void this.#writer.finish();
    return Buffer.concat([last, this.#take()]);
  }

  #group(): Uint8Array {
    const columnData = this.#columns.map(({ name }, index) => ({ name, data: this.#cells[index]! }));
    this.#cells = this.#columns.map(() => []);
    void this.#writer.write({ columnData, rowGroupSize: GROUP });
    return this.#take();
  }

  /** What was written since the last time; offsets in the file go on counting. */
  #take(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}

/** Rows of the columns that the schema names; all of them where there is none. At most a group of rows at a time. */
async function* readGroups(
  source: Pick<ByteSource, "size" | "read">,
  columns: readonly Column[] | undefined,
): AsyncGenerator<readonly unknown[]> {
  const { parquetMetadataAsync, parquetReadObjects } = packageOf<typeof Reading>("hyparquet");
  const file = {
    byteLength: source.size,
    slice: async (start: number, end = source.size): Promise<ArrayBuffer> => {
      const bytes = await source.read(start < 0 ? source.size + start : start, end);
      return new Uint8Array(bytes).buffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    const there = topColumns(metadata.schema);
    const wanted = columns?.filter(({ name }) => there.has(name));
    let start = 0;
    for (const { num_rows } of metadata.row_groups) {
      const end = start + Number(num_rows);
      // Without columns there would be no rows either, and all of them would be read.
      const names = wanted === undefined || wanted.length === 0 ? {} : { columns: wanted.map(({ name }) => name) };
      const cells = await parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end, ...names });
      yield wanted === undefined ? cells : cells.map((row) => rowOf(row, wanted));
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

/** The names of the columns themselves: a nested one is followed by what is in it. */
function topColumns(schema: readonly { readonly name: string; readonly num_children?: number }[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = 1; at < schema.length;) {
    names.add(schema[at]!.name);
    for (let left = 1; left > 0 && at < schema.length; at++) left += (schema[at]!.num_children ?? 0) - 1;
  }
  return names;
}

function rowOf(cells: Readonly<Record<string, unknown>>, columns: readonly Column[]): unknown {
  const row: Record<string, unknown> = {};
  for (const column of columns) {
    const value = fieldOf(column, cells[column.name]);
    if (value !== undefined) row[column.name] = value;
  }
  return row;
}
