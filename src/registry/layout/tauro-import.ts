// Reads a Tauro registry, ours or an original one: every JSON file of a version, and from the index what was deleted.

import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { storageError } from "../../util/durable-file.ts";
import { showValue } from "../../util/show.ts";
import { compareText } from "../../util/text-order.ts";
import { pathProblem } from "../store/tree.ts";
import {
  checkDistinct,
  readOptionalTime,
  readStage,
  readTexts,
  readTime,
  splitMetrics,
  toSemanticVersion,
  unknownKeys,
} from "./foreign-values.ts";
import { findArtifact } from "./find-artifact.ts";
import { withOneProduction, type ImportedVersion } from "./imported-version.ts";
import { kindOf, readJsonFile } from "./json-file.ts";
import { readIndex, type ModelIndex } from "./parquet-index.ts";
import {
  readDependencies,
  readNote,
  REGISTRY,
  tauroMetadataKeys,
  tauroStage,
  tauroVersionKeys,
  tauroVersionSchema,
  type TauroVersion,
} from "./tauro.ts";
import { importedTombstone, modelFrom } from "./version-detail.ts";

/**
 * `folder`: the one that holds `model_registry`, or that one itself. Model by model; keys that the layout does not know are kept as
 * extensions. A number that is in the index and has no JSON file was deleted there, and stays taken.
 * Errors: VALIDATION_FAILED, naming file and place; PACKAGE_MISSING where there is an index; STORAGE_FAILED.
 */
export async function* importTauro(folder: string): AsyncGenerator<ImportedVersion, void, void> {
  const registry = await registryIn(resolve(folder));
  const index = (await readIndex(join(registry, "models", "index.parquet"))) ?? { rows: [], note: undefined };
  const ids = new Set(await names(join(registry, "metadata")));
  for (const { modelId } of index.rows) ids.add(modelId);
  for (const id of Object.keys(readNote(index.note))) ids.add(id);
  for (const id of [...ids].sort(compareText)) {
    if (id.includes("/") || pathProblem(id) !== undefined) throw leavesFolder(id, registry);
    yield* await versionsOf(registry, id, index);
  }
}

export async function registryIn(folder: string): Promise<string> {
  const inner = join(folder, REGISTRY);
  return (await kindOf(inner)) === "folder" ? inner : folder;
}

async function versionsOf(registry: string, id: string, index: ModelIndex): Promise<readonly ImportedVersion[]> {
  const versions: ImportedVersion[] = [];
  const note = readNote(index.note)[id];
  // The index is written before files go: those of a deleted version are still there after a kill between the two.
  const leaving = new Set(note?.deleted.map(({ sequence }) => `v${sequence}.json`));
  const folder = join(registry, "metadata", id);
  for (const file of await names(folder)) {
    if (!/^v\d+\.json$/.test(file) || leaving.has(file)) continue;
    const path = join(folder, file);
    const document = await readJsonFile(path, tauroVersionSchema);
    if (document !== undefined) versions.push(await versionOf(registry, id, document, path));
  }
  const [first] = versions;
  const from = join(registry, "models", "index.parquet");
  for (const deleted of note?.deleted ?? []) {
    const model = first?.model ?? modelFrom(note?.model ?? {}, {});
    versions.push(importedTombstone({ namespace: note!.namespace, name: note!.name, model, from }, deleted));
  }
  for (const row of index.rows) {
    if (row.modelId !== id || versions.some(({ sequence }) => sequence === row.version)) continue;
    const model = first?.model ?? modelFrom({}, {});
    const { namespace, name } = first ?? { namespace: "default", name: row.name };
    const at = row.createdAt === "" ? new Date(0).toISOString() : readTime(row.createdAt, from);
    const numbers = { version: toSemanticVersion(String(row.version)), sequence: row.version, createdAt: at };
    const gone = { createdBy: "unknown", at, by: "unknown", why: "it had no file any more when it was imported" };
    versions.push(importedTombstone({ namespace, name, model, from }, { ...numbers, ...gone }));
  }
  versions.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
  checkDistinct(versions);
  return withOneProduction(versions);
}

async function versionOf(registry: string, id: string, document: TauroVersion, path: string): Promise<ImportedVersion> {
  const { metadata } = document;
  const own = metadata.stratigraph;
  const detail = own?.detail ?? {};
  const where = path;
  const { metrics, others, notes: said } = splitMetrics(metadata.metrics ?? {});
  const notes = [...said];
  const version = detail.version ?? toSemanticVersion(String(document.version));
  if (detail.version === undefined) notes.push(`version ${document.version} is imported as ${version}`);

  // Their own stage counts; ours only says which of two it was that are one word there.
  const written = readStage(metadata.stage, where);
  const ours = detail.stage === undefined ? undefined : readStage(detail.stage, where);
  const stage = ours !== undefined && tauroStage(ours) === tauroStage(written) ? ours : written;
  const updatedAt = readOptionalTime(document.updated_at, where);
  const createdAt = readTime(document.created_at, where);
  const hasChanged = updatedAt !== undefined && updatedAt !== createdAt;

  const artifact = join(registry, "artifacts", id, `v${document.version}`);
  // A single file was copied to the name of the folder.
  const artifactPath =
    (await kindOf(artifact)) === "file" ? artifact : await findArtifact(artifact, detail.artifact?.location);
  if (artifactPath === undefined) notes.push("its files are not there");
  return {
    namespace: detail.namespace ?? "default",
    name: detail.name ?? metadata.name,
    version,
    sequence: document.version,
    stage,
    createdAt,
    createdBy: detail.createdBy,
    artifactPath,
    digest: artifactPath === undefined ? undefined : detail.artifact?.digest,
    runId: document.experiment_run_id ?? undefined,
    artifactType: unlessFiller(document.artifact_type, own === undefined, detail.artifactType),
    framework: unlessFiller(metadata.framework, own === undefined, detail.framework),
    description: metadata.description === "" ? undefined : (metadata.description ?? undefined),
    metrics,
    params: metadata.hyperparameters ?? {},
    metadata: detail.metadata ?? {},
    labels: readTexts(metadata.tags ?? {}),
    inputSchema: metadata.input_schema ?? undefined,
    outputSchema: metadata.output_schema ?? undefined,
    dependencies: readDependencies(metadata.dependencies ?? []),
    configFingerprint: detail.configFingerprint,
    gates: detail.gates,
    promotedToStagingAt: detail.promotedToStagingAt,
    promotedToProductionAt:
      detail.promotedToProductionAt ?? (stage === "production" && hasChanged ? updatedAt : undefined),
    archivedAt: detail.archivedAt ?? (stage === "archived" && hasChanged ? updatedAt : undefined),
    deleted: undefined,
    aliases: detail.aliases ?? [],
    extensions: {
      ...detail.extensions,
      ...unknownKeys(document, tauroVersionKeys),
      ...unknownKeys(metadata, tauroMetadataKeys),
      ...(Object.keys(others).length === 0 ? {} : { metrics: others }),
    },
    model: modelFrom(own?.model ?? {}, {}),
    from: path,
    notes,
  };
}

/** We write "custom" where a key must be and nothing is known. */
function unlessFiller(
  text: string | null | undefined,
  isForeign: boolean,
  ours: string | undefined,
): string | undefined {
  if (!isForeign && text === "custom") return ours;
  return text ?? undefined;
}

function leavesFolder(id: string, registry: string): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", "a model's folder would lie elsewhere", {
    where: registry,
    received: showValue(id),
  });
}

async function names(folder: string): Promise<readonly string[]> {
  if ((await kindOf(folder)) !== "folder") return [];
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort(compareText);
  } catch (cause) {
    throw storageError(cause, folder, 0);
  }
}
