// The Ubunye layout: a folder per use case and model, with one registry.json that knows all versions.

import { join } from "node:path";
import { z } from "zod";
import { StratigraphError } from "../../errors.ts";
import type { VersionRecord } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { withFolderLock } from "./folder-lock.ts";
import { formatJson, readJsonFile } from "./json-file.ts";
import { aliasesOf, livingVersions, promoterOf, revisionOf, tombstones, type ModelRows } from "./model-rows.ts";
import {
  checkFolderNames,
  projectionClock,
  ProjectionFolder,
  type ProjectionOptions,
  type ProjectionResult,
} from "./projection.ts";
import {
  detailOf,
  detailSchema,
  LAYOUT_VERSION,
  modelDetailOf,
  modelDetailSchema,
  tombstoneOf,
  tombstoneSchema,
  type ModelDetail,
  type Tombstone,
  type VersionDetail,
} from "./version-detail.ts";

const values = z.record(z.string(), z.json());

type Values = Readonly<Record<string, Json>>;

/** One of `versions`. That system's reader refuses any other key here, so ours stand in `details`. */
export interface UbunyeVersion {
  readonly version?: string | undefined;
  readonly stage: string;
  readonly registered_at: string;
  readonly promoted_to_staging?: string | null | undefined;
  readonly promoted_to_prod?: string | null | undefined;
  readonly archived_at?: string | null | undefined;
  readonly metrics?: Values | null | undefined;
  readonly metadata?: Values | null | undefined;
  readonly lineage_run_id?: string | null | undefined;
  readonly config_hash?: string | null | undefined;
  readonly promoted_by?: string | null | undefined;
}

const versionShape = {
  version: z.string().optional(),
  stage: z.string().default("development"),
  registered_at: z.string(),
  promoted_to_staging: z.string().nullish(),
  promoted_to_prod: z.string().nullish(),
  archived_at: z.string().nullish(),
  metrics: values.nullish(),
  metadata: values.nullish(),
  lineage_run_id: z.string().nullish(),
  config_hash: z.string().nullish(),
  promoted_by: z.string().nullish(),
} satisfies Record<keyof UbunyeVersion, z.ZodType>;

export interface UbunyeRegistry {
  readonly model_name: string;
  readonly use_case: string;
  readonly versions: Readonly<Record<string, UbunyeVersion>>;
  readonly promotion_gates?: Json | undefined;
  readonly revision?: number | undefined;
  readonly schemaVersion?: number | undefined;
  readonly details?: Readonly<Record<string, VersionDetail>> | undefined;
  readonly deleted?: readonly Tombstone[] | undefined;
  readonly model?: ModelDetail | undefined;
}

const registryShape = {
  model_name: z.string(),
  use_case: z.string(),
  versions: z.record(z.string(), z.looseObject(versionShape)).default({}),
  promotion_gates: z.json().optional(),
  revision: z.number().optional(),
  schemaVersion: z.number().optional(),
  details: z.record(z.string(), detailSchema).optional(),
  deleted: z.array(tombstoneSchema).optional(),
  model: modelDetailSchema.optional(),
} satisfies Record<keyof UbunyeRegistry, z.ZodType>;

export const ubunyeRegistrySchema: z.ZodType<UbunyeRegistry> = z.looseObject(registryShape);
export const ubunyeRegistryKeys: readonly string[] = Object.keys(registryShape);
export const ubunyeVersionKeys: readonly string[] = Object.keys(versionShape);

const DETAIL: readonly (keyof VersionDetail)[] = [
  "sequence",
  "createdBy",
  "artifact",
  "artifactType",
  "framework",
  "description",
  "params",
  "labels",
  "inputSchema",
  "outputSchema",
  "dependencies",
  "gates",
  "aliases",
  "extensions",
  "revision",
];

/**
 * Writes `{use_case}/{model}/registry.json` and, for each version that is not deleted, `versions/{v}/model/`, `metadata.json` and
 * `metrics.json`; only what differs, each file whole. Rebuilt into an empty folder it has the same bytes. A registry.json of a later
 * revision is left alone. Errors: VALIDATION_FAILED, LOCK_TIMEOUT, and those of the store.
 */
export async function projectUbunye(
  models: Iterable<ModelRows> | AsyncIterable<ModelRows>,
  store: ArtifactStore,
  folder: string,
  options: ProjectionOptions = {},
): Promise<ProjectionResult> {
  const target = new ProjectionFolder(folder, store);
  await withFolderLock(folder, projectionClock(options), async () => {
    const kept = new Set<string>();
    for await (const rows of models) {
      checkFolderNames(rows.model);
      kept.add(join(rows.model.namespace, rows.model.name));
      await projectModel(target, rows, options);
    }
    if (options.prune !== true) return;
    for (const namespace of await target.names(target.at())) {
      for (const name of await target.names(target.at(namespace))) {
        if (kept.has(join(namespace, name))) continue;
        // Another system's models stay, whatever is asked.
        const there = await readOwn(target.at(namespace, name, "registry.json"));
        if (there?.schemaVersion !== undefined) await target.remove(target.at(namespace, name));
      }
      await target.removeIfEmpty(target.at(namespace));
    }
  });
  return target.result();
}

async function projectModel(
  target: ProjectionFolder,
  rows: ModelRows,
  { rewrite, prune }: ProjectionOptions,
): Promise<void> {
  const { namespace, name } = rows.model;
  const registry = target.at(namespace, name, "registry.json");
  const there = rewrite === true ? undefined : await readOwn(registry);
  if (prune !== true && there?.revision !== undefined && there.revision > revisionOf(rows)) return;

  const living = livingVersions(rows);
  for (const record of living) {
    const known = there?.details?.[record.version];
    if (prune !== true && known?.revision === record.revision) continue; // its files are as they were
    const version = target.at(namespace, name, "versions", record.version);
    if (record.artifact !== undefined) {
      const isCurrent = known?.artifact?.digest === record.artifact.digest;
      await target.place(record.artifact, join(version, "model"), isCurrent);
    }
    await target.write(join(version, "metadata.json"), formatJson(record.metadata));
    await target.write(join(version, "metrics.json"), formatJson(record.metrics));
  }
  // Bytes before names: a reader of registry.json finds whatever it says. And names before bytes on the way out.
  await target.write(registry, formatJson(registryOf(rows, living)));
  const versions = target.at(namespace, name, "versions");
  for (const version of await target.names(versions)) {
    if (!living.some((record) => record.version === version)) await target.remove(join(versions, version));
  }
}

/** What cannot be read is written anew. */
async function readOwn(path: string): Promise<UbunyeRegistry | undefined> {
  try {
    return await readJsonFile(path, ubunyeRegistrySchema);
  } catch (error) {
    if (error instanceof StratigraphError && error.code === "VALIDATION_FAILED") return undefined;
    throw error;
  }
}

function registryOf(rows: ModelRows, living: readonly VersionRecord[]): Json {
  const { model } = rows;
  const deleted = tombstones(rows);
  return {
    model_name: model.name,
    use_case: model.namespace,
    versions: Object.fromEntries(living.map((record) => [record.version, entryOf(rows, record)])),
    ...(model.gates === undefined ? {} : { promotion_gates: model.gates }),
    revision: revisionOf(rows),
    schemaVersion: LAYOUT_VERSION,
    details: Object.fromEntries(
      living.map((record) => [
        record.version,
        detailOf(record, DETAIL, { aliases: [...aliasesOf(rows, record.version)] }),
      ]),
    ),
    ...(deleted.length === 0 ? {} : { deleted: deleted.map(tombstoneOf) }),
    model: modelDetailOf({ ...model, gates: undefined }),
  };
}

function entryOf(rows: ModelRows, record: VersionRecord): Json {
  return {
    version: record.version,
    stage: record.stage,
    registered_at: record.createdAt,
    promoted_to_staging: record.promotedToStagingAt ?? null,
    promoted_to_prod: record.promotedToProductionAt ?? null,
    archived_at: record.archivedAt ?? null,
    metrics: record.metrics,
    metadata: record.metadata,
    lineage_run_id: record.run ?? null,
    config_hash: record.configFingerprint ?? null,
    promoted_by: promoterOf(rows, record),
  };
}
