// How values are written as bytes: the port that every format implements.

/** A frozen plain object with two functions; `kind`, `extension` and `options` are what counts in fingerprints. */
export interface Format {
  readonly kind: string;
  /** With its dot: ".json". */
  readonly extension: string;
  /** Everything that changes what the bytes mean, as plain data. */
  readonly options: { readonly [name: string]: string | number | boolean | null | readonly string[] };
  /** The same value gives the same bytes on every machine. Throws DATA_INVALID for a value the format cannot hold. */
  encode(value: unknown): Uint8Array;
  /** Throws DATA_UNPARSEABLE, `where` naming row and field or offset; the caller adds which file. */
  decode(bytes: Uint8Array): unknown;
}
