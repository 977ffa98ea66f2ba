// What of a record is no column of its own, as one JSON text; what a newer writer put beside it stays.

import { invalid } from "./check.ts";
import { decodeJson, encodeJson } from "./json-text.ts";
import type { ModelRecord, VersionRecord } from "./model-records.ts";
import type { Json, TaskFacts } from "./records.ts";

export type Extensions = Readonly<Record<string, Json>>;

/** The columns of a model; everything else is in its text. */
export type ModelBody = Omit<ModelRecord, "namespace" | "name" | "revision">;

/** What a version is found by, and its revision, are columns. */
export type VersionBody = Omit<
  VersionRecord,
  "namespace" | "name" | "id" | "version" | "sequence" | "stage" | "stagedAt" | "revision"
>;

const modelFields = ["description", "labels", "gates", "createdAt", "createdBy"] as const;

const versionFields = [
  "createdAt",
  "createdBy",
  "engineVersion",
  "run",
  "source",
  "artifact",
  "artifactType",
  "framework",
  "description",
  "metrics",
  "params",
  "metadata",
  "labels",
  "inputSchema",
  "outputSchema",
  "dependencies",
  "configFingerprint",
  "gates",
  "promotedToStagingAt",
  "promotedToProductionAt",
  "archivedAt",
  "deleted",
] as const;

const sourceFields = ["graph", "snapshot", "artifactKey", "key", "partition", "content"] as const;
const artifactFields = ["digest", "size", "files", "location"] as const;
const deletedFields = ["at", "by", "why"] as const;

const taskFields = ["namespace", "name", "target", "recordedAt", "engineVersion", "io", "labels", "config"] as const;

const ioFields = ["direction", "name", "location", "format", "rows", "content"] as const;

export function encodeModel(model: ModelBody): string {
  return encodeJson(pick(model, modelFields), "model");
}

export function decodeModel(text: string): ModelBody {
  return fill(decodeRecord(text, "model"), modelFields) as unknown as ModelBody;
}

export function encodeVersion(version: VersionBody): string {
  const { source, artifact, deleted } = version;
  const parts = {
    source: source && pick(source, sourceFields),
    artifact: artifact && pick(artifact, artifactFields),
    deleted: deleted && pick(deleted, deletedFields),
  };
  return encodeExtended({ ...version, ...parts }, versionFields, "version");
}

export function decodeVersion(text: string): VersionBody {
  const version = decodeExtended(text, versionFields, "version") as unknown as VersionBody;
  const { deleted } = version;
  return deleted === undefined ? version : { ...version, deleted: fill(deleted, deletedFields) };
}

export function encodeTask(task: TaskFacts): string {
  return encodeExtended({ ...task, io: task.io.map((one) => pick(one, ioFields)) }, taskFields, "task");
}

export function decodeTask(text: string): TaskFacts {
  const task = decodeExtended(text, taskFields, "task") as unknown as TaskFacts;
  return { ...task, io: task.io.map((one) => fill(one, ioFields)) };
}

/** Extensions stand beside the fields: a newer reader finds them as the fields they are to it. */
function encodeExtended<Field extends string>(
  record: { readonly [Name in Field]: unknown } & { readonly extensions: Extensions },
  fields: readonly Field[],
  what: string,
): string {
  const known: readonly string[] = fields;
  for (const name of Object.keys(record.extensions)) {
    if (known.includes(name)) throw invalid(what, "extensions with names of their own", name);
  }
  return encodeJson({ ...pick(record, fields), ...record.extensions }, what);
}

function decodeExtended(text: string, fields: readonly string[], what: string): Record<string, unknown> {
  const stored = decodeRecord(text, what);
  const extensions: Record<string, Json> = {};
  // Listings decode thousands: most records have no name beyond the fields, and none is copied for nothing.
  for (const name of Object.keys(stored)) if (!fields.includes(name)) extensions[name] = stored[name]!;
  return Object.assign(fill<Record<string, unknown>>(stored, fields), { extensions });
}

function decodeRecord(text: string, what: string): Readonly<Record<string, Json>> {
  return decodeJson(text, what) as Readonly<Record<string, Json>>;
}

/** The fields that have a value, in this order. */
function pick<Field extends string>(
  record: { readonly [Name in Field]: unknown },
  fields: readonly Field[],
): Record<string, Json> {
  const picked: Record<string, Json> = {};
  for (const field of fields) if (record[field] !== undefined) picked[field] = record[field] as Json;
  return picked;
}

/** All fields, those without a value as `undefined`. */
function fill<Value extends object>(stored: Value, fields: readonly (keyof Value & string)[]): Value {
  const filled: Partial<Value> = {};
  for (const field of fields) filled[field] = stored[field];
  return filled as Value;
}
