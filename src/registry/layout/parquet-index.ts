// The Tauro layout's index of models as a Parquet file, through packages that are loaded when they are first needed.

import { StratigraphError } from "../../errors.ts";
import { readIfThere } from "./json-file.ts";

/** A row of `models/index.parquet`: its four columns. */
export interface IndexRow {
  readonly modelId: string;
  readonly name: string;
  readonly version: number;
  readonly createdAt: string;
}

export interface ModelIndex {
  readonly rows: readonly IndexRow[];
  /** What we keep in the file's own metadata, which other readers pass over. */
  readonly note: string | undefined;
}

const NOTE = "stratigraph";

/** The same rows are the same bytes. Throws PACKAGE_MISSING. */
export async function encodeIndex({ rows, note }: ModelIndex): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer").catch(missing("hyparquet-writer"));
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: "model_id", data: rows.map((row) => row.modelId), type: "STRING" },
      { name: "name", data: rows.map((row) => row.name), type: "STRING" },
      { name: "version", data: rows.map((row) => BigInt(row.version)), type: "INT64" },
      { name: "created_at", data: rows.map((row) => row.createdAt), type: "STRING" },
    ],
    createdBy: NOTE,
    ...(note === undefined ? {} : { kvMetadata: [{ key: NOTE, value: note }] }),
  });
  return new Uint8Array(buffer);
}

/** `undefined` where there is no such file. Errors: PACKAGE_MISSING; VALIDATION_FAILED for what is no Parquet file with those columns. */
export async function readIndex(path: string): Promise<ModelIndex | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const { parquetMetadata, parquetReadObjects } = await import("hyparquet").catch(missing("hyparquet"));
  try {
    const file = new Uint8Array(bytes).buffer; // hyparquet reads an ArrayBuffer that begins with the file
    const metadata = parquetMetadata(file);
    const columns = metadata.schema.map(({ name }) => name);
    // An index without rows may have columns of no type at all.
    if (metadata.num_rows > 0n) {
      for (const column of ["model_id", "name", "version"]) {
        if (!columns.includes(column)) throw new Error(`it has no column '${column}'`);
      }
    }
    const found = await parquetReadObjects({ file, metadata });
    const note = metadata.key_value_metadata?.find(({ key }) => key === NOTE)?.value;
    return { rows: found.map(readRow), note };
  } catch (cause) {
    throw new StratigraphError("VALIDATION_FAILED", "the index of models cannot be read", {
      where: path,
      received: cause instanceof Error ? cause.message : String(cause),
      hint: "Remove it: what it says is in the JSON files as well, but for the numbers of deleted versions.",
      cause,
    });
  }
}

function readRow(row: Readonly<Record<string, unknown>>): IndexRow {
  const { model_id, name, version, created_at } = row;
  const number = Number(version);
  if (typeof model_id !== "string" || typeof name !== "string" || !Number.isSafeInteger(number))
    throw new Error("it has a row without model_id, name or version");
  const createdAt = created_at instanceof Date ? created_at.toISOString() : created_at;
  return { modelId: model_id, name, version: number, createdAt: typeof createdAt === "string" ? createdAt : "" };
}

function missing(name: string): (cause: unknown) => never {
  return (cause) => {
    throw new StratigraphError("PACKAGE_MISSING", `the package '${name}' is needed for Parquet files`, {
      hint: `Run \`npm install ${name}\`.`,
      cause,
    });
  };
}
