// Partitions that were written under an older declaration of their artifact: how they were written, and their values as it has them now.

import type { Connection } from "../backend/backend.ts";
import { readDescription } from "../backend/description.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import type { ByteSource, Format } from "../data/format/format.ts";
import { formatOf } from "../data/format/stored-format.ts";
import { checkRowCount, decodeValue, parseValue, rowParser, type Encoding } from "../data/io.ts";
import { rowSchemaOf, type RowSchema } from "../data/row-schema.ts";
import { readRowsOf } from "../data/rows.ts";
import { isStratigraphError, StratigraphError, type ErrorDetails } from "../errors.ts";
import type { DeclaredArtifact } from "../graph/artifact.ts";
import type { GraphNode } from "../graph/graph.ts";
import { applyUpcast, type DeclaredUpcast } from "../graph/upcast.ts";
import { parseManifest } from "../identity/manifest.ts";
import { schemaDescription } from "../identity/schema.ts";
import { canonicalText } from "../util/canonical.ts";
import { parseStepManifest } from "./step-identity.ts";

/** What an artifact was declared as when a partition of it was written. */
export interface WrittenForm {
  /** The schema's fingerprint. */
  readonly schema: string;
  readonly format: { readonly kind: string; readonly options: unknown };
  /** Which snapshot says so, where one does. */
  readonly snapshot?: string;
}

/** As the snapshot's graph declared it, under the key it had there. `undefined` where that is what is declared now, or is not known. */
export async function formInSnapshot(
  connection: Connection,
  snapshot: StoredSnapshot | undefined,
  key: string,
  node: GraphNode,
  partition: StoredPartition,
): Promise<WrittenForm | undefined> {
  if (partition.artifact === node.identity || snapshot === undefined) return undefined;
  const description = await readDescription(connection, snapshot);
  const artifact = description?.artifacts.find((one) => one.key === key);
  return artifact && { schema: artifact.schema, format: artifact.format, snapshot: snapshot.id };
}

/** The same for what a producer made, in whatever snapshot: as the producer was when it made it. */
export async function formAsMade(
  connection: Connection,
  node: GraphNode,
  { artifact, input }: StoredPartition,
): Promise<WrittenForm | undefined> {
  if (artifact === node.identity || input === undefined || node.kind !== "produced") return undefined;
  const [step] = await connection.readManifests([input]);
  const [producer] = step === undefined ? [] : await connection.readManifests([parseStepManifest(step.text).producer]);
  return producer && formInProducer(producer.text, "outputs", node.slot);
}

/** What a producer read or made by that name, as its manifest says. */
export function formInProducer(manifest: string, side: "inputs" | "outputs", name: string): WrittenForm | undefined {
  const forms = parseManifest(manifest).parts[side] as Readonly<Record<string, WrittenForm>> | undefined;
  const form = forms?.[name];
  return form && { schema: form.schema, format: form.format };
}

/**
 * The value as readers get it now. Where an upcast is declared for the schema it was written under, that is used, whatever the value is, so
 * that partitions of one schema are all read in one way; without one it has to fit the present schema as it is.
 * Errors: DATA_UNPARSEABLE, DATA_INVALID.
 */
export async function decodeWritten(
  { artifact }: GraphNode,
  form: WrittenForm | undefined,
  bytes: Uint8Array,
  where: string,
): Promise<unknown> {
  if (form === undefined) return decodeValue(artifact, bytes, where);
  const upcast = upcastFor(artifact, form);
  if (upcast === undefined) {
    return refusing(form, artifact, () => decodeValue(presentEncoding(artifact, form, where), bytes, where));
  }
  const old = await decodeValue(oldEncoding(artifact, form, upcast, where), bytes, where);
  const value =
    upcast.takes === "value"
      ? applyUpcast(upcast, old, where)
      : (old as readonly unknown[]).map((row, index) => applyUpcast(upcast, row, rowPlace(where, index)));
  return judging(upcast, () => parseValue(wholly(artifact), value, where));
}

/** The same row by row, in batches as `readRowsOf` gives them. Error: GRAPH_INVALID for an upcast of the whole value, which would need all rows at once. */
export async function* readWrittenRows(
  { artifact }: GraphNode,
  form: WrittenForm | undefined,
  source: ByteSource,
  where: string,
): AsyncGenerator<Iterable<unknown>> {
  const upcast = form === undefined ? undefined : upcastFor(artifact, form);
  if (form === undefined) yield* readRowsOf(artifact, source, where);
  else if (upcast === undefined) yield* presentRows(artifact, form, source, where);
  else if (upcast.takes === "row") yield* upcastRows(artifact, form, upcast, source, where);
  else {
    throw new StratigraphError("GRAPH_INVALID", "the upcast takes the whole value, which a stream never has", {
      where,
      expected: "from.rows(OldSchema, (row) => …)",
      hint: "Declare it row by row, or read the whole value.",
    });
  }
}

async function* presentRows(
  artifact: DeclaredArtifact,
  form: WrittenForm,
  source: ByteSource,
  where: string,
): AsyncGenerator<Iterable<unknown>> {
  try {
    for await (const batch of readRowsOf(presentEncoding(artifact, form, where), source, where)) {
      // One by one: a row that does not fit must be told of here.
      for (const row of batch) yield [await row];
    }
  } catch (error) {
    throw olderSchema(error, form, artifact);
  }
}

async function* upcastRows(
  artifact: DeclaredArtifact,
  form: WrittenForm,
  upcast: DeclaredUpcast,
  source: ByteSource,
  where: string,
): AsyncGenerator<Iterable<unknown>> {
  const rows = rowSchemaOf(artifact.schema) as RowSchema;
  const parse = rowParser(wholly(artifact), rows.row, where);
  let count = 0;
  for await (const batch of readRowsOf(oldEncoding(artifact, form, upcast, where), source, where)) {
    for (const old of batch) {
      const index = count++;
      const row = applyUpcast(upcast, await old, rowPlace(where, index));
      yield [await judging(upcast, () => parse(row, index))];
    }
  }
  checkRowCount(count, rows, where);
}

// ---------------------------------------------------------------------------------------------------------------------

function upcastFor({ upcasts }: DeclaredArtifact, { schema }: WrittenForm): DeclaredUpcast | undefined {
  return upcasts.find(({ fingerprint }) => fingerprint === schema);
}

/** All rows are parsed, whatever `validate` says: those of another schema are not known to fit. */
function wholly({ schema, format }: DeclaredArtifact): Encoding {
  return { schema, format };
}

function presentEncoding(artifact: DeclaredArtifact, form: WrittenForm, where: string): Encoding {
  return { schema: artifact.schema, format: formatFor(artifact.schema, artifact.format, form, where) };
}

function oldEncoding(artifact: DeclaredArtifact, form: WrittenForm, { from }: DeclaredUpcast, where: string): Encoding {
  return { schema: from, format: formatFor(from, artifact.format, form, where) };
}

/** The format that it was written in, for values of this schema. */
function formatFor(
  schema: Encoding["schema"],
  present: Format,
  { format: { kind, options } }: WrittenForm,
  where: string,
): Format {
  const isPresent = present.kind === kind && canonicalText(present.options) === canonicalText(options);
  const format = isPresent ? present : formatOf({ kind, options });
  if (format !== undefined) return format.forSchema?.(schema) ?? format;
  throw new StratigraphError("DATA_UNPARSEABLE", "it was written in another format than is declared now", {
    where,
    expected: present.kind,
    received: kind,
    hint: "Read the bytes as they are: strata read … --raw",
  });
}

/** What does not fit is told with the reason: it was never meant for the present schema. */
async function refusing<T>(form: WrittenForm, artifact: DeclaredArtifact, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw olderSchema(error, form, artifact);
  }
}

function olderSchema(error: unknown, { schema, snapshot }: WrittenForm, artifact: DeclaredArtifact): unknown {
  if (schema === schemaDescription(artifact.schema).fingerprint) return error;
  const of = snapshot === undefined ? "" : ` of snapshot ${snapshot.slice(0, 8)}`;
  const hint = "Declare how it is read now: artifact({ …, upcasts: (from) => [from(OldSchema, (old) => …)] })";
  return prefixed(error, `written under the older schema ${schema.slice(0, 8)}${of}`, {
    hint,
    data: { schema, snapshot },
  });
}

/** What `apply` gives has to fit the schema as if `build` had returned it. */
async function judging<T>({ fingerprint }: DeclaredUpcast, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw prefixed(error, `given by the upcast from schema ${fingerprint.slice(0, 8)}`);
  }
}

function prefixed(error: unknown, prefix: string, more: Pick<ErrorDetails, "hint" | "data"> = {}): unknown {
  if (!isStratigraphError(error) || (error.code !== "DATA_INVALID" && error.code !== "DATA_UNPARSEABLE")) return error;
  const { code, what, where, expected, received, hint, data, cause } = error;
  return new StratigraphError(code, `${prefix}, ${what}`, {
    ...{ where, expected, received, hint, cause, ...more },
    data: { ...data, ...more.data },
  });
}

function rowPlace(where: string, index: number): string {
  return `${where}, row ${index + 1}`;
}
