// Rows of bytes, one after the other: parsed by the schema on the way in, and checked by it on the way out.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import { checkRowCount, rowParser, type Encoding } from "./io.ts";
import type { ByteSource, RowFormat } from "./format/format.ts";
import { rowSchemaOf, type RowSchema } from "./row-schema.ts";

/**
 * Parsed rows in the order of the file, in batches, each row parsed when it is asked for: a generator that gave them one by one would cost
 * every row three more promises. A row is a promise where its schema has asynchronous checks. Throws DATA_UNPARSEABLE and DATA_INVALID.
 */
export async function* readRowsOf(
  encoding: Encoding,
  source: ByteSource,
  where: string,
): AsyncGenerator<Iterable<unknown>> {
  const { format, schema } = rowsOf(encoding);
  const parse = rowParser(encoding, schema.row, where);
  let count = 0;
  function* parsed(batch: readonly unknown[]): Generator<unknown> {
    for (const row of batch) yield parse(row, count++);
  }
  try {
    for await (const batch of format.read(source)) yield parsed(batch);
  } catch (error) {
    throw isStratigraphError(error) && error.code === "DATA_UNPARSEABLE" ? error.within(where) : error;
  }
  checkRowCount(count, schema, where);
}

/** Takes rows in their written form and gives the bytes of the file. */
export interface RowEncoder {
  /** Bytes that are ready, if any. Throws DATA_INVALID. */
  add(row: unknown): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  end(): Uint8Array;
}

export function encodeRows(encoding: Encoding, where: string): RowEncoder {
  const { format, schema } = rowsOf(encoding);
  const parse = rowParser(encoding, schema.row, where);
  const writer = format.write();
  let count = 0;
  const write = (row: unknown): Uint8Array | undefined => within(where, () => writer.add(row));
  return {
    add(row) {
      const parsed = parse(row, count);
      count += 1;
      return parsed instanceof Promise ? parsed.then(() => write(row)) : write(row);
    },
    end() {
      checkRowCount(count, schema, where);
      return within(where, () => writer.end());
    },
  };
}

function rowsOf({ format: { rows, kind }, schema }: Encoding): {
  readonly format: RowFormat;
  readonly schema: RowSchema;
} {
  const found = rowSchemaOf(schema);
  if (rows !== undefined && typeof found === "object") return { format: rows, schema: found };
  throw new StratigraphError("DATA_INVALID", "this artifact has no rows that can be taken one by one", {
    expected: "an array schema and a format of rows",
    received: typeof found === "string" ? "another schema" : `${kind}()`,
  });
}

function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isStratigraphError(error) ? error.within(where) : error;
  }
}
