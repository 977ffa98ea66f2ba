// What of a record is no column of its own, as one JSON text; what a newer writer put beside it stays.

import { invalid } from "./check.ts";
import { decodeJson, encodeJson } from "./json-text.ts";
import type { ModelRecord, VersionRecord } from "./model-records.ts";
import type { Json, TaskFacts } from "./records.ts";

export type Extensions = Readonly<Record<string, Json>>;

/** The columns of a model; everything else is in its text. */
export type ModelBody = Omit<ModelRecord, "namespace" | "name" | "revision">;

/** What a version is found by, and its revision. */
export type VersionColumns = Pick<
  VersionRecord,
  "namespace" | "name" | "id" | "version" | "sequence" | "stage" | "stagedAt" | "revision"
>;

export type VersionBody = Omit<VersionRecord, keyof VersionColumns>;

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

const versionNames: ReadonlySet<string> = new Set(versionFields);

const sourceFields = ["graph", "snapshot", "artifactKey", "key", "partition", "content"] as const;
const artifactFields = ["digest", "size", "files", "location"] as const;
const deletedFields = ["at", "by", "why"] as const;

const taskFields = ["namespace", "name", "target", "recordedAt", "engineVersion", "io", "labels", "config"] as const;
const taskNames: ReadonlySet<string> = new Set(taskFields);

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

/** Listings decode thousands: a literal has one shape from the start, an object filled field by field becomes a hash table. */
export function decodeVersion(columns: VersionColumns, text: string): VersionRecord {
  const stored = decodeRecord(text, "version");
  const body = stored as unknown as VersionBody;
  const { deleted } = body;
  return {
    namespace: columns.namespace,
    name: columns.name,
    id: columns.id,
    version: columns.version,
    sequence: columns.sequence,
    stage: columns.stage,
    stagedAt: columns.stagedAt,
    revision: columns.revision,
    createdAt: body.createdAt,
    createdBy: body.createdBy,
    engineVersion: body.engineVersion,
    run: body.run,
    source: body.source,
    artifact: body.artifact,
    artifactType: body.artifactType,
    framework: body.framework,
    description: body.description,
    metrics: body.metrics,
    params: body.params,
    metadata: body.metadata,
    labels: body.labels,
    inputSchema: body.inputSchema,
    outputSchema: body.outputSchema,
    dependencies: body.dependencies,
    configFingerprint: body.configFingerprint,
    gates: body.gates,
    promotedToStagingAt: body.promotedToStagingAt,
    promotedToProductionAt: body.promotedToProductionAt,
    archivedAt: body.archivedAt,
    deleted: deleted && fill(deleted, deletedFields),
    extensions: extensionsOf(stored, versionNames),
  };
}

export function encodeTask(task: TaskFacts): string {
  return encodeExtended({ ...task, io: task.io.map((one) => pick(one, ioFields)) }, taskFields, "task");
}

export function decodeTask(text: string): TaskFacts {
  const stored = decodeRecord(text, "task");
  const task = fill(stored, taskFields) as unknown as TaskFacts;
  return { ...task, io: task.io.map((one) => fill(one, ioFields)), extensions: extensionsOf(stored, taskNames) };
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

/** Most records have no name beyond the fields, and nothing is copied for them. */
function extensionsOf(stored: Extensions, known: ReadonlySet<string>): Extensions {
  const extensions: Record<string, Json> = {};
  for (const name in stored) if (!known.has(name)) extensions[name] = stored[name]!;
  return extensions;
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
