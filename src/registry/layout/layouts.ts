// Export and import of models in any layout, and which layout a folder has.

import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { errnoOf, storageError } from "../../util/durable-file.ts";
import { showValue } from "../../util/show.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import type { ImportedVersion } from "./imported-version.ts";
import { kindOf } from "./json-file.ts";
import type { ModelReader, ModelRows } from "./model-rows.ts";
import { importNative, NATIVE_FILE, projectNative } from "./native.ts";
import type { ProjectionOptions, ProjectionResult } from "./projection.ts";
import { importTauro, registryIn } from "./tauro-import.ts";
import { projectTauro } from "./tauro.ts";
import { importUbunye, registries } from "./ubunye-import.ts";
import { projectUbunye } from "./ubunye.ts";

/** `native`: lossless, for moving models; the others: as those systems read and write them. */
export const modelLayouts = ["native", "ubunye", "tauro"] as const;
export type ModelLayout = (typeof modelLayouts)[number];

/** A layout that is kept up to date beside the registry. */
export type ProjectModels = (
  models: Iterable<ModelRows> | AsyncIterable<ModelRows>,
  store: ArtifactStore,
  folder: string,
  options?: ProjectionOptions,
) => Promise<ProjectionResult>;

export const projections: Readonly<Record<ModelLayout, ProjectModels>> = {
  native: projectNative,
  ubunye: projectUbunye,
  tauro: projectTauro,
};

const importers: Readonly<Record<ModelLayout, (folder: string) => AsyncGenerator<ImportedVersion, void, void>>> = {
  native: importNative,
  ubunye: importUbunye,
  tauro: importTauro,
};

export interface ExportOptions {
  readonly models: ModelReader;
  readonly store: ArtifactStore;
  /** Empty or not there yet. */
  readonly folder: string;
  readonly layout: ModelLayout;
}

/** Errors: VALIDATION_FAILED for a folder that has something in it; PACKAGE_MISSING; those of the store. */
export async function exportModels({ models, store, folder, layout }: ExportOptions): Promise<ProjectionResult> {
  const path = resolve(folder);
  if (!(await isEmpty(path))) {
    throw new StratigraphError("VALIDATION_FAILED", "models are exported into an empty folder only", {
      where: path,
      hint: "Name a folder that is not there yet.",
    });
  }
  return projections[layout](models.readModels(), store, path);
}

/**
 * Everything a folder holds, as the registry's `importVersions` takes it. The layout is found out unless told.
 * Errors: VALIDATION_FAILED, naming file and place; PACKAGE_MISSING.
 */
export async function* importModels(
  folder: string,
  options: { readonly layout?: ModelLayout | undefined } = {},
): AsyncGenerator<ImportedVersion, void, void> {
  const path = resolve(folder);
  yield* importers[options.layout ?? (await findLayout(path))](path);
}

/** Throws VALIDATION_FAILED where a folder has none of them. */
export async function findLayout(folder: string): Promise<ModelLayout> {
  if ((await kindOf(join(await registryIn(folder), "metadata"))) === "folder") return "tauro";
  for (const [layout, file] of [
    ["native", NATIVE_FILE],
    ["ubunye", "registry.json"],
  ] as const) {
    if (await hasAny(folder, file)) return layout;
  }
  throw new StratigraphError("VALIDATION_FAILED", "there are no models in this folder", {
    where: folder,
    expected: `a folder in one of the layouts ${modelLayouts.map((one) => showValue(one)).join(", ")}`,
  });
}

async function hasAny(folder: string, file: string): Promise<boolean> {
  if ((await kindOf(folder)) !== "folder") return false;
  for await (const _ of registries(folder, file)) return true;
  return false;
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return true;
    throw storageError(cause, folder, 0);
  }
}
