// Parquet: rows by column, compressed, through packages that are loaded when they are first needed.

import type * as Writing from "hyparquet-writer";
import type { $ZodType } from "zod/v4/core";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { Format, RowWriter } from "./format.ts";
import { cellOf, columnsOf, parquetTypes, type Column } from "./parquet-columns.ts";
import { packageOf } from "./parquet-package.ts";
import { readGroups } from "./parquet-read.ts";

/**
 * Values are arrays of objects; the artifact's schema says which columns there are: texts, numbers (DOUBLE), `z.int()` and bigints (INT64),
 * booleans and dates (milliseconds), null where a field may be missing; every other field is JSON in a text. Files of other programs are
 * read too, of their columns those that the schema names. Needs `hyparquet`, `hyparquet-writer` to write, and `hyparquet-compressors` for
 * files that are compressed with anything but Snappy.
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
