// A version as the registry's callers hold it, and as JSON that comes back equal.

import { z } from "zod";
import { stages, type Stage, type VersionRecord } from "../backend/model-records.ts";
import type { Json } from "../backend/records.ts";
import { jsonSchema } from "./limits.ts";
import { formatUri } from "./name.ts";

/** One version of a model. Plain data: `JSON.parse(JSON.stringify(v))` parsed by `modelVersionSchema` is equal to it. */
export interface ModelVersion {
  readonly namespace: string;
  readonly name: string;
  /** "models:/team/churn/1.3.0". */
  readonly uri: string;
  /** Semantic version. */
  readonly version: string;
  /** 1, 2, 3, …: the order of registration. */
  readonly sequence: number;
  readonly stage: Stage;
  /** ISO time with zone. */
  readonly createdAt: string;
  /** Who registered it. */
  readonly createdBy: string;
  /** The version of this package that wrote the record. */
  readonly engineVersion: string;
  /** The run it was registered in. */
  readonly runId?: string | undefined;
  /** The snapshot of the partition it was made from. */
  readonly snapshotId?: string | undefined;
  /** That partition, as `graph`, artifact key and partition key. */
  readonly partition?: { readonly graph: string; readonly artifactKey: string; readonly key: string } | undefined;
  /** Content fingerprint of that partition. */
  readonly contentFingerprint?: string | undefined;
  /** SHA-256 of the bytes, as hex; of a folder, of the list of its files. */
  readonly digest?: string | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
  readonly files?: number | undefined;
  readonly artifactPath?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly framework?: string | undefined;
  readonly description?: string | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly hyperparameters: Readonly<Record<string, Json>>;
  readonly metadata: Readonly<Record<string, Json>>;
  readonly labels: Readonly<Record<string, string>>;
  /** JSON Schemas of what goes in and comes out. */
  readonly signature?: { readonly input?: Json | undefined; readonly output?: Json | undefined } | undefined;
  readonly dependencies: Readonly<Record<string, string>>;
  /** Of the configuration of the run it was registered in. */
  readonly configFingerprint?: string | undefined;
  /** Gates of this version alone, instead of the model's. */
  readonly gates?: Json | undefined;
  readonly promotedToStagingAt?: string | undefined;
  readonly promotedToProductionAt?: string | undefined;
  readonly archivedAt?: string | undefined;
  readonly deleted?: { readonly at: string; readonly by: string; readonly why?: string | undefined } | undefined;
  /** What a newer version of this package put beside the fields above. */
  readonly extensions: Readonly<Record<string, Json>>;
  /** Rises with every change of the record. */
  readonly revision: number;
}

const text = z.string();
const jsons = z.record(text, jsonSchema);
const texts = z.record(text, text);

export const modelVersionSchema: z.ZodType<ModelVersion> = z.object({
  namespace: text,
  name: text,
  uri: text,
  version: text,
  sequence: z.int().positive(),
  stage: z.enum(stages),
  createdAt: text,
  createdBy: text,
  engineVersion: text,
  runId: text.optional(),
  snapshotId: text.optional(),
  partition: z.object({ graph: text, artifactKey: text, key: text }).optional(),
  contentFingerprint: text.optional(),
  digest: text.optional(),
  size: z.int().nonnegative().optional(),
  files: z.int().nonnegative().optional(),
  artifactPath: text.optional(),
  artifactType: text.optional(),
  framework: text.optional(),
  description: text.optional(),
  metrics: z.record(text, z.number()),
  hyperparameters: jsons,
  metadata: jsons,
  labels: texts,
  signature: z.object({ input: jsonSchema.optional(), output: jsonSchema.optional() }).optional(),
  dependencies: texts,
  configFingerprint: text.optional(),
  gates: jsonSchema.optional(),
  promotedToStagingAt: text.optional(),
  promotedToProductionAt: text.optional(),
  archivedAt: text.optional(),
  deleted: z.object({ at: text, by: text, why: text.optional() }).optional(),
  extensions: jsons,
  revision: z.int().positive(),
});

export function modelVersionOf(record: VersionRecord): ModelVersion {
  const { source, artifact, inputSchema, outputSchema, deleted } = record;
  return {
    namespace: record.namespace,
    name: record.name,
    uri: formatUri(record, record.version),
    version: record.version,
    sequence: record.sequence,
    stage: record.stage,
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    engineVersion: record.engineVersion,
    metrics: record.metrics,
    hyperparameters: record.params,
    metadata: record.metadata,
    labels: record.labels,
    dependencies: record.dependencies,
    extensions: record.extensions,
    revision: record.revision,
    // What is not known is absent, as in JSON, which has no undefined.
    ...present({
      runId: record.run,
      snapshotId: source?.snapshot,
      partition:
        source === undefined ? undefined : { graph: source.graph, artifactKey: source.artifactKey, key: source.key },
      contentFingerprint: source?.content,
      digest: artifact?.digest,
      size: artifact?.size,
      files: artifact?.files,
      artifactPath: artifact?.location,
      artifactType: record.artifactType,
      framework: record.framework,
      description: record.description,
      signature:
        inputSchema === undefined && outputSchema === undefined
          ? undefined
          : present({ input: inputSchema, output: outputSchema }),
      configFingerprint: record.configFingerprint,
      gates: record.gates,
      promotedToStagingAt: record.promotedToStagingAt,
      promotedToProductionAt: record.promotedToProductionAt,
      archivedAt: record.archivedAt,
      deleted: deleted === undefined ? undefined : { at: deleted.at, by: deleted.by, ...present({ why: deleted.why }) },
    }),
  };
}

function present<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const known: { [Name in keyof T]?: Exclude<T[Name], undefined> } = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined) known[name] = value as Exclude<T[typeof name], undefined>;
  }
  return known;
}
