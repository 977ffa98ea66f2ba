// A version's record as data of an intent: what JSON keeps of it, and back.

import { z } from "zod";
import {
  stages,
  versionFacts,
  type StoredArtifact,
  type VersionId,
  type VersionRecord,
  type VersionSource,
} from "../backend/model-records.ts";
import type { Json, PartitionId, RunId } from "../backend/records.ts";
import { parseFingerprint, type Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { jsonSchema, nameSchema } from "./limits.ts";

/** All of a record that is known before it is written. */
export type VersionDraft = Omit<VersionRecord, "revision" | "stagedAt">;

const fingerprint: z.ZodType<Fingerprint, string> = z.string().transform((text) => parseFingerprint(text));
const texts: z.ZodType<Readonly<Record<string, string>>> = z.record(z.string(), z.string());
const jsons: z.ZodType<Readonly<Record<string, Json>>> = z.record(z.string(), jsonSchema);

const source: z.ZodType<VersionSource, unknown> = z.object({
  graph: z.string(),
  snapshot: fingerprint,
  artifactKey: z.string(),
  key: z.string().transform((text) => text as KeyText),
  partition: z.int().transform((id) => id as PartitionId),
  content: fingerprint,
});

const artifact: z.ZodType<StoredArtifact, unknown> = z.object({
  digest: z.string(),
  size: z.int().nonnegative(),
  files: z.int().nonnegative(),
  location: z.string(),
});

/** Absent and undefined are one thing here: JSON has no undefined. */
export const versionDraftSchema: z.ZodType<VersionDraft, unknown> = z
  .object({
    id: z.string().transform((id) => id as VersionId),
    namespace: nameSchema,
    name: nameSchema,
    version: z.string(),
    sequence: z.int().positive(),
    stage: z.enum(stages),
    createdAt: z.string(),
    createdBy: z.string(),
    engineVersion: z.string(),
    run: z
      .string()
      .transform((id) => id as RunId)
      .optional(),
    source: source.optional(),
    artifact: artifact.optional(),
    artifactType: z.string().optional(),
    framework: z.string().optional(),
    description: z.string().optional(),
    metrics: z.record(z.string(), z.number()),
    params: jsons,
    metadata: jsons,
    labels: texts,
    inputSchema: jsonSchema.optional(),
    outputSchema: jsonSchema.optional(),
    dependencies: texts,
    configFingerprint: z.string().optional(),
    gates: jsonSchema.optional(),
    promotedToStagingAt: z.string().optional(),
    promotedToProductionAt: z.string().optional(),
    archivedAt: z.string().optional(),
    extensions: jsons,
  })
  .transform((given) => ({
    id: given.id,
    namespace: given.namespace,
    name: given.name,
    version: given.version,
    sequence: given.sequence,
    stage: given.stage,
    createdAt: given.createdAt,
    createdBy: given.createdBy,
    engineVersion: given.engineVersion,
    run: given.run,
    source: given.source,
    artifact: given.artifact,
    ...versionFacts(given),
    deleted: undefined,
  }));
