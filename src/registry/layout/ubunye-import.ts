// Reads an Ubunye store, ours or an original one: every registry.json below a folder.

import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { compareText } from "../../util/text-order.ts";
import { storageError } from "../../util/durable-file.ts";
import { pathProblem } from "../store/tree.ts";
import {
  checkDistinct,
  readOptionalTime,
  readStage,
  readTime,
  splitMetrics,
  toSemanticVersion,
  unknownKeys,
} from "./foreign-values.ts";
import { withOneProduction, type ImportedModel, type ImportedVersion } from "./imported-version.ts";
import { findArtifact } from "./find-artifact.ts";
import { kindOf, readJsonFile } from "./json-file.ts";
import { ubunyeRegistryKeys, ubunyeRegistrySchema, ubunyeVersionKeys, type UbunyeRegistry } from "./ubunye.ts";
import { importedTombstone, modelFrom } from "./version-detail.ts";

/**
 * Model by model, in the order of the folders' names. Keys that the layout does not know are kept as extensions.
 * Errors: VALIDATION_FAILED, naming file and place; STORAGE_FAILED.
 */
export async function* importUbunye(folder: string): AsyncGenerator<ImportedVersion, void, void> {
  for await (const path of registries(resolve(folder))) {
    const registry = await readJsonFile(path, ubunyeRegistrySchema);
    if (registry !== undefined) yield* await versionsOf(registry, path);
  }
}

/** All files of that name; not those below one of them. A use case that was written with slashes lies deeper than others. */
export async function* registries(folder: string, file: string = "registry.json"): AsyncGenerator<string, void, void> {
  const path = join(folder, file);
  if ((await kindOf(path)) === "file") {
    yield path;
    return; // below it are versions, and what users keep in them
  }
  let names: readonly string[];
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  } catch (cause) {
    throw storageError(cause, folder, 0);
  }
  for (const name of names.toSorted(compareText)) yield* registries(join(folder, name), file);
}

async function versionsOf(registry: UbunyeRegistry, path: string): Promise<readonly ImportedVersion[]> {
  const model = modelFrom(
    { ...registry.model, gates: registry.promotion_gates },
    unknownKeys(registry, ubunyeRegistryKeys),
  );
  const versions: ImportedVersion[] = [];
  for (const key of Object.keys(registry.versions)) versions.push(await versionOf(registry, key, model, path));
  const names = { ...nameOf(registry), model, from: path };
  for (const deleted of registry.deleted ?? []) versions.push(importedTombstone(names, deleted));
  // Stable: of equal times, the one that was written first comes first.
  versions.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0) || Date.parse(a.createdAt) - Date.parse(b.createdAt));
  checkDistinct(versions);
  return withOneProduction(versions);
}

function nameOf({ use_case, model_name }: UbunyeRegistry): { readonly namespace: string; readonly name: string } {
  return { namespace: use_case.replaceAll("/", "."), name: model_name };
}

async function versionOf(
  registry: UbunyeRegistry,
  key: string,
  model: ImportedModel,
  path: string,
): Promise<ImportedVersion> {
  const entry = registry.versions[key]!;
  const detail = registry.details?.[key] ?? {};
  const where = `${path}, version ${JSON.stringify(key)}`;
  if (key.includes("/") || pathProblem(key) !== undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "a version's folder would lie elsewhere", { where });
  }
  const version = toSemanticVersion(key);
  const { metrics, others, notes } = splitMetrics(entry.metrics ?? {});
  const said = [...notes];
  if (version !== key) said.push(`version ${JSON.stringify(key)} is no semantic version and is imported as ${version}`);
  if (registry.use_case.includes("/")) said.push(`use case ${JSON.stringify(registry.use_case)} has '.' for '/' here`);
  const artifactPath = await findArtifact(join(dirname(path), "versions", key, "model"), detail.artifact?.location);
  if (artifactPath === undefined) said.push("its files are not there");
  return {
    ...nameOf(registry),
    version,
    sequence: detail.sequence,
    stage: readStage(entry.stage, where),
    createdAt: readTime(entry.registered_at, where),
    createdBy: detail.createdBy ?? entry.promoted_by ?? undefined,
    artifactPath,
    digest: artifactPath === undefined ? undefined : detail.artifact?.digest,
    runId: entry.lineage_run_id ?? undefined,
    artifactType: detail.artifactType,
    framework: detail.framework,
    description: detail.description,
    metrics,
    params: detail.params ?? {},
    metadata: entry.metadata ?? {},
    labels: detail.labels ?? {},
    inputSchema: detail.inputSchema,
    outputSchema: detail.outputSchema,
    dependencies: detail.dependencies ?? {},
    configFingerprint: entry.config_hash ?? undefined,
    gates: detail.gates,
    promotedToStagingAt: readOptionalTime(entry.promoted_to_staging, where),
    promotedToProductionAt: readOptionalTime(entry.promoted_to_prod, where),
    archivedAt: readOptionalTime(entry.archived_at, where),
    deleted: undefined,
    aliases: detail.aliases ?? [],
    extensions: {
      ...detail.extensions,
      ...unknownKeys(entry, ubunyeVersionKeys),
      ...(Object.keys(others).length === 0 ? {} : { metrics: others }),
      ...(version === key ? {} : { originalVersion: key }),
    },
    model,
    from: path,
    notes: said,
  };
}
