// Our own layout for moving models: a folder per model with everything the database says of it, and each version's files.

import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { VersionRecord } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { parseSemanticVersion } from "../store/semantic-version.ts";
import { findArtifact } from "./find-artifact.ts";
import { withFolderLock } from "./folder-lock.ts";
import { readOptionalTime, readStage, readTime } from "./foreign-values.ts";
import { withOneProduction, type ImportedModel, type ImportedVersion } from "./imported-version.ts";
import { formatJson, readJsonFile } from "./json-file.ts";
import { aliasesOf, livingVersions, revisionOf, tombstones, type ModelRows } from "./model-rows.ts";
import {
  checkFolderNames,
  projectionClock,
  ProjectionFolder,
  type ProjectionOptions,
  type ProjectionResult,
} from "./projection.ts";
import { registries } from "./ubunye-import.ts";
import {
  detailFields,
  detailOf,
  detailSchema,
  importedTombstone,
  LAYOUT_VERSION,
  modelDetailOf,
  modelDetailSchema,
  modelFrom,
  tombstoneOf,
  tombstoneSchema,
  type VersionDetail,
} from "./version-detail.ts";

const KIND = "stratigraph model";
/** Found by its name, which nothing a codec writes should have. */
export const NATIVE_FILE = "strata-model.json";

interface WrittenVersion {
  readonly version: string;
  readonly sequence: number;
  readonly stage: string;
  readonly createdAt: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly run?: string | undefined;
}

const versionSchema: z.ZodType<VersionDetail & WrittenVersion> = detailSchema.and(
  z.object({
    // It names a folder.
    version: z.string().refine((text) => parseSemanticVersion(text) !== undefined, "this is not a semantic version"),
    sequence: z.int().positive(),
    stage: z.string(),
    createdAt: z.string(),
    metrics: z.record(z.string(), z.number()),
    run: z.string().optional(),
  }),
);

const modelSchema = z.looseObject({
  kind: z.literal(KIND),
  schemaVersion: z.literal(LAYOUT_VERSION),
  revision: z.number(),
  namespace: z.string(),
  name: z.string(),
  model: modelDetailSchema,
  versions: z.array(versionSchema),
  deleted: z.array(tombstoneSchema),
  /** For people: an import begins a history of its own. */
  history: z.array(z.json()).optional(),
});

const DETAIL: readonly (keyof VersionDetail)[] = detailFields.filter(
  (field) => field !== "namespace" && field !== "name",
);

/** Writes `{namespace}/{name}/strata-model.json` and `versions/{v}/`. See `projectUbunye` for what holds of all projections. */
export async function projectNative(
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
      const own = target.at(rows.model.namespace, rows.model.name);
      kept.add(own);
      const living = livingVersions(rows);
      for (const { version, artifact } of living) {
        if (artifact !== undefined)
          await target.place(artifact, join(own, "versions", version), options.rewrite !== true);
      }
      await target.write(join(own, NATIVE_FILE), formatJson(modelOf(rows)));
      for (const version of await target.names(join(own, "versions"))) {
        if (!living.some((record) => record.version === version)) await target.remove(join(own, "versions", version));
      }
    }
    if (options.prune !== true) return;
    for await (const path of registries(folder, NATIVE_FILE)) {
      if (!kept.has(dirname(path))) await target.remove(dirname(path));
    }
  });
  return target.result();
}

/** Errors: VALIDATION_FAILED, naming file and place; STORAGE_FAILED. */
export async function* importNative(folder: string): AsyncGenerator<ImportedVersion, void, void> {
  for await (const path of registries(resolve(folder), NATIVE_FILE)) {
    const found = await readJsonFile(path, modelSchema);
    if (found === undefined) continue;
    const { namespace, name, versions, deleted } = found;
    const model = modelFrom(found.model, {});
    const imported = deleted.map((one) => importedTombstone({ namespace, name, model, from: path }, one));
    for (const version of versions) imported.push(await versionOf({ namespace, name, model, from: path }, version));
    yield* withOneProduction(imported.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0)));
  }
}

function modelOf(rows: ModelRows): Json {
  const { namespace, name } = rows.model;
  return {
    kind: KIND,
    schemaVersion: LAYOUT_VERSION,
    revision: revisionOf(rows),
    namespace,
    name,
    model: modelDetailOf(rows.model),
    versions: livingVersions(rows).map((record) => versionJson(rows, record)),
    deleted: tombstones(rows).map(tombstoneOf),
    // Through text, as fields without a value are no JSON.
    ...(rows.transitions === undefined ? {} : { history: JSON.parse(JSON.stringify(rows.transitions)) as Json }),
  };
}

function versionJson(rows: ModelRows, record: VersionRecord): Json {
  const detail = detailOf(record, DETAIL, { aliases: [...aliasesOf(rows, record.version)] }) as Record<string, Json>;
  const { createdAt, metrics, run } = record;
  return { ...detail, createdAt, metrics, ...(run === undefined ? {} : { run }) };
}

async function versionOf(
  names: { readonly namespace: string; readonly name: string; readonly model: ImportedModel; readonly from: string },
  version: VersionDetail & WrittenVersion,
): Promise<ImportedVersion> {
  const where = `${names.from}, version ${version.version}`;
  const folder = join(dirname(names.from), "versions", version.version);
  const artifactPath =
    version.artifact === undefined ? undefined : await findArtifact(folder, version.artifact.location);
  const isGone = version.artifact !== undefined && artifactPath === undefined;
  return {
    ...names,
    version: version.version,
    sequence: version.sequence,
    stage: readStage(version.stage, where),
    createdAt: readTime(version.createdAt, where),
    createdBy: version.createdBy,
    artifactPath,
    digest: isGone ? undefined : version.artifact?.digest,
    runId: version.run,
    artifactType: version.artifactType,
    framework: version.framework,
    description: version.description,
    metrics: version.metrics,
    params: version.params ?? {},
    metadata: version.metadata ?? {},
    labels: version.labels ?? {},
    inputSchema: version.inputSchema,
    outputSchema: version.outputSchema,
    dependencies: version.dependencies ?? {},
    configFingerprint: version.configFingerprint,
    gates: version.gates,
    promotedToStagingAt: readOptionalTime(version.promotedToStagingAt, where),
    promotedToProductionAt: readOptionalTime(version.promotedToProductionAt, where),
    archivedAt: readOptionalTime(version.archivedAt, where),
    deleted: undefined,
    aliases: version.aliases ?? [],
    extensions: version.extensions ?? {},
    notes: isGone ? ["its files are not there"] : [],
  };
}
