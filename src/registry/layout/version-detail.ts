// What a version has and another system's format has no key for: written beside its keys, where that system passes over it.

import { z } from "zod";
import {
  versionFacts,
  type Labels,
  type ModelRecord,
  type SomeVersionFacts,
  type VersionRecord,
} from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import type { ImportedModel, ImportedVersion } from "./imported-version.ts";

/** Rises when what is written changes its meaning. */
export const LAYOUT_VERSION = 1;

const json: z.ZodType<Json> = z.json();
const texts = z.record(z.string(), z.string());
const values = z.record(z.string(), json);

/** Everything optional: a file that another system made has none of it. */
export interface VersionDetail extends Omit<SomeVersionFacts, "metrics"> {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly sequence?: number | undefined;
  readonly stage?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly artifact?: { readonly digest: string; readonly location: string } | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly revision?: number | undefined;
}

const detailShape = {
  namespace: z.string().optional(),
  name: z.string().optional(),
  version: z.string().optional(),
  sequence: z.int().positive().optional(),
  stage: z.string().optional(),
  createdBy: z.string().optional(),
  artifact: z.object({ digest: z.string(), location: z.string() }).optional(),
  artifactType: z.string().optional(),
  framework: z.string().optional(),
  description: z.string().optional(),
  params: values.optional(),
  metadata: values.optional(),
  labels: texts.optional(),
  inputSchema: json.optional(),
  outputSchema: json.optional(),
  dependencies: texts.optional(),
  configFingerprint: z.string().optional(),
  gates: json.optional(),
  promotedToStagingAt: z.string().optional(),
  promotedToProductionAt: z.string().optional(),
  archivedAt: z.string().optional(),
  aliases: z.array(z.string()).optional(),
  extensions: values.optional(),
  revision: z.int().optional(),
} satisfies Record<keyof VersionDetail, z.ZodType>;

export const detailSchema: z.ZodType<VersionDetail> = z.object(detailShape);

export const detailFields: readonly (keyof VersionDetail)[] = Object.keys(detailShape) as (keyof VersionDetail)[];

export interface Tombstone {
  readonly version: string;
  readonly sequence: number;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly at: string;
  readonly by: string;
  readonly why?: string | undefined;
}

export const tombstoneSchema: z.ZodType<Tombstone> = z.object({
  version: z.string(),
  sequence: z.int().positive(),
  createdAt: z.string(),
  createdBy: z.string(),
  at: z.string(),
  by: z.string(),
  why: z.string().optional(),
});

export interface ModelDetail {
  readonly description?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly gates?: Json | undefined;
  readonly createdAt?: string | undefined;
  readonly createdBy?: string | undefined;
}

export const modelDetailSchema: z.ZodType<ModelDetail> = z.object({
  description: z.string().optional(),
  labels: texts.optional(),
  gates: json.optional(),
  createdAt: z.string().optional(),
  createdBy: z.string().optional(),
});

/** These fields of a record, the empty ones left out. */
export function detailOf(record: VersionRecord, fields: readonly (keyof VersionDetail)[], extra: VersionDetail): Json {
  const all: VersionDetail = {
    namespace: record.namespace,
    name: record.name,
    version: record.version,
    sequence: record.sequence,
    stage: record.stage,
    createdBy: record.createdBy,
    artifact:
      record.artifact === undefined
        ? undefined
        : { digest: record.artifact.digest, location: record.artifact.location },
    ...versionFacts(record),
    revision: record.revision,
    ...extra,
  };
  return Object.fromEntries(
    fields.map((field) => [field, all[field]] as const).filter(([field, value]) => !isEmpty(field, value)),
  ) as Json;
}

export function tombstoneOf({ version, sequence, createdAt, createdBy, deleted }: VersionRecord): Json {
  const { at = "", by = "", why } = deleted ?? {};
  return { version, sequence, createdAt, createdBy, at, by, ...(why === undefined ? {} : { why }) };
}

export function modelDetailOf({ description, labels, gates, createdAt, createdBy }: ModelRecord): Json {
  const fields = Object.entries({ description, labels, gates, createdAt, createdBy });
  return Object.fromEntries(fields.filter(([field, value]) => !isEmpty(field, value))) as Json;
}

export function modelFrom(detail: ModelDetail, extensions: Readonly<Record<string, Json>>): ImportedModel {
  const { description, labels = {}, gates, createdAt, createdBy } = detail;
  return { description, labels, gates, createdAt, createdBy, extensions };
}

/** A deleted version: nothing but its numbers. */
export function importedTombstone(
  name: Pick<ImportedVersion, "namespace" | "name" | "model" | "from">,
  { version, sequence, createdAt, createdBy, at, by, why }: Tombstone,
): ImportedVersion {
  return {
    ...name,
    version,
    sequence,
    stage: "archived",
    createdAt,
    createdBy,
    artifactPath: undefined,
    digest: undefined,
    runId: undefined,
    ...versionFacts({}),
    deleted: { at, by, why },
    aliases: [],
    notes: [],
  };
}

/** An empty schema or an empty set of gates says something; an empty list of the others says nothing. */
const telling: ReadonlySet<string> = new Set(["gates", "inputSchema", "outputSchema"]);

function isEmpty(field: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null || telling.has(field)) return false;
  return Object.keys(value).length === 0;
}
