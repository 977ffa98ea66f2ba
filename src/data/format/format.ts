// How values are written as bytes: the port that every format implements.

import type { $ZodType } from "zod/v4/core";

/** A frozen plain object with two functions; `kind`, `extension` and `options` are what counts in fingerprints. */
export interface Format {
  readonly kind: string;
  /** With its dot: ".json". */
  readonly extension: string;
  /** Everything that changes what the bytes mean, as plain data. */
  readonly options: { readonly [name: string]: string | number | boolean | null | readonly string[] };
  /** The same value gives the same bytes on every machine. Throws DATA_INVALID for a value the format cannot hold. */
  encode(value: unknown): Uint8Array;
  /** Throws DATA_UNPARSEABLE, `where` naming row and field or offset; the caller adds which file. May be a promise. */
  decode(bytes: Uint8Array): unknown;
  /** For formats of rows: one row after the other, never all in memory. */
  readonly rows?: RowFormat | undefined;
  /** For formats that write what the schema says: this format for the values of that schema. Throws GRAPH_INVALID. */
  forSchema?(schema: $ZodType): Format;
}

export interface RowFormat {
  /** In the order of the file, in batches. The same rows as `decode` gives. Throws DATA_UNPARSEABLE. */
  read(source: ByteSource): AsyncIterable<readonly unknown[]>;
  /** All its bytes together are those of `encode` for an array of the same rows. */
  write(): RowWriter;
}

export interface RowWriter {
  /** Takes a row, and gives the bytes that are ready by now. Throws DATA_INVALID. */
  add(row: unknown): Uint8Array | undefined;
  end(): Uint8Array;
}

/** Bytes that lie somewhere, read piece by piece. */
export interface ByteSource {
  readonly size: number;
  /** From the first byte to the last. */
  pieces(): AsyncIterable<Uint8Array>;
  /** From `start` to before `end`, for formats that begin elsewhere. */
  read(start: number, end: number): Promise<Uint8Array>;
}
