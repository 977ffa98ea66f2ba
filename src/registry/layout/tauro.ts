// The Tauro layout: JSON per version, artifacts by model id, and a Parquet index of them all.

import { z } from "zod";
import { StratigraphError } from "../../errors.ts";
import type { Labels, ModelName, Stage, VersionRecord } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import { compareText } from "../../util/text-order.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { digestOf } from "../store/tree.ts";
import { withFolderLock } from "./folder-lock.ts";
import { formatJson, readJsonFile } from "./json-file.ts";
import { aliasesOf, livingVersions, revisionOf, tombstones, type ModelRows } from "./model-rows.ts";
import { encodeIndex, readIndex, type IndexRow, type ModelIndex } from "./parquet-index.ts";
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

/** That system's reader passes over unknown keys in here, and refuses them one level up. */
export interface TauroMetadata {
  readonly name: string;
  readonly framework?: string | null | undefined;
  readonly version: number;
  readonly created_at: string;
  readonly description?: string | null | undefined;
  readonly hyperparameters?: Values | null | undefined;
  readonly metrics?: Values | null | undefined;
  readonly tags?: Values | null | undefined;
  readonly stage: string;
  readonly input_schema?: Json | undefined;
  readonly output_schema?: Json | undefined;
  readonly dependencies?: readonly string[] | null | undefined;
  readonly stratigraph?:
    { readonly schemaVersion: number; readonly detail: VersionDetail; readonly model: ModelDetail } | undefined;
}

const metadataShape = {
  name: z.string(),
  framework: z.string().nullish(),
  version: z.int().positive(),
  created_at: z.string(),
  description: z.string().nullish(),
  hyperparameters: values.nullish(),
  metrics: values.nullish(),
  tags: values.nullish(),
  stage: z.string().default("Staging"),
  input_schema: z.json().optional(),
  output_schema: z.json().optional(),
  dependencies: z.array(z.string()).nullish(),
  stratigraph: z.object({ schemaVersion: z.number(), detail: detailSchema, model: modelDetailSchema }).optional(),
} satisfies Record<keyof TauroMetadata, z.ZodType>;

export interface TauroVersion {
  readonly model_id: string;
  readonly version: number;
  readonly metadata: TauroMetadata;
  readonly artifact_uri?: string | null | undefined;
  readonly artifact_type?: string | null | undefined;
  readonly created_at: string;
  readonly updated_at?: string | null | undefined;
  readonly experiment_run_id?: string | null | undefined;
  readonly size_bytes?: number | null | undefined;
}

const versionShape = {
  model_id: z.string(),
  version: z.int().positive(),
  metadata: z.looseObject(metadataShape),
  artifact_uri: z.string().nullish(),
  artifact_type: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string().nullish(),
  experiment_run_id: z.string().nullish(),
  size_bytes: z.number().nullish(),
} satisfies Record<keyof TauroVersion, z.ZodType>;

export const tauroVersionSchema: z.ZodType<TauroVersion> = z.looseObject(versionShape);
export const tauroVersionKeys: readonly string[] = Object.keys(versionShape);
export const tauroMetadataKeys: readonly string[] = Object.keys(metadataShape);

/** In the index file's own metadata, by model id: the numbers of deleted versions, and which revisions the files beside it have. */
export type TauroNote = Readonly<Record<string, TauroModelNote>>;

export interface TauroModelNote {
  readonly namespace: string;
  readonly name: string;
  readonly model: ModelDetail;
  readonly revision: number;
  /** Revisions of versions, by sequence. */
  readonly versions: Readonly<Record<string, number>>;
  readonly deleted: readonly Tombstone[];
}

const noteSchema: z.ZodType<TauroNote> = z.record(
  z.string(),
  z.object({
    namespace: z.string(),
    name: z.string(),
    model: modelDetailSchema,
    revision: z.number(),
    versions: z.record(z.string(), z.int()),
    deleted: z.array(tombstoneSchema),
  }),
);

const DETAIL: readonly (keyof VersionDetail)[] = [
  "namespace",
  "name",
  "version",
  "stage",
  "createdBy",
  "artifact",
  "metadata",
  "configFingerprint",
  "gates",
  "promotedToStagingAt",
  "promotedToProductionAt",
  "archivedAt",
  "aliases",
  "extensions",
  "revision",
  "framework",
  "artifactType",
];

/**
 * Writes `model_registry/metadata/{model_id}/v{n}.json` and `model_registry/artifacts/{model_id}/v{n}/` for each version that is not
 * deleted, n being its sequence, and `model_registry/models/index.parquet`; only what differs, each file whole. Rebuilt into an empty folder
 * it has the same bytes. The stage `development`, which that system has not, is `Staging` there.
 * Errors: VALIDATION_FAILED, PACKAGE_MISSING, LOCK_TIMEOUT, and those of the store.
 */
export async function projectTauro(
  models: Iterable<ModelRows> | AsyncIterable<ModelRows>,
  store: ArtifactStore,
  folder: string,
  options: ProjectionOptions = {},
): Promise<ProjectionResult> {
  const target = new ProjectionFolder(folder, store);
  await withFolderLock(folder, projectionClock(options), async () => {
    const path = target.at(REGISTRY, "models", "index.parquet");
    const index = new Index(options.prune === true ? undefined : await readOwn(path));
    const kept = new Set<string>();
    const living: string[] = [];
    for await (const rows of models) {
      checkFolderNames(rows.model);
      kept.add(modelId(rows.model));
      if (await projectModel(target, rows, options, index)) living.push(modelId(rows.model));
    }
    await target.write(path, await encodeIndex(index.content()));
    // Names before bytes on the way out.
    for (const id of living) await removeOthers(target, id, index.versions(id));
    if (options.prune !== true) return;
    for (const id of await target.names(target.at(REGISTRY, "metadata"))) {
      if (kept.has(id) || !(await isOurs(target, id))) continue;
      await target.remove(target.at(REGISTRY, "metadata", id));
      await target.remove(target.at(REGISTRY, "artifacts", id));
    }
  });
  return target.result();
}

export const REGISTRY = "model_registry";

/** Made of the name, so that a rebuilt projection has the same; in the form of a UUID, which readers may expect. */
export function modelId({ namespace, name }: ModelName): string {
  const hex = digestOf(JSON.stringify(["tauro", namespace, name]));
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}

/** There is one level of names: those of other namespaces than "default" carry it in front. */
export function tauroName({ namespace, name }: ModelName): string {
  return namespace === "default" ? name : `${namespace}.${name}`;
}

export function tauroStage(stage: Stage): string {
  if (stage === "production") return "Production";
  return stage === "archived" ? "Archived" : "Staging";
}

/** False where the folder has a later revision of the model, and stays as it is. */
async function projectModel(
  target: ProjectionFolder,
  rows: ModelRows,
  { rewrite, prune }: ProjectionOptions,
  index: Index,
): Promise<boolean> {
  const id = modelId(rows.model);
  if (prune !== true && (index.note(id)?.revision ?? 0) > revisionOf(rows)) return false;
  // There are as many files as versions, and a reader may come between two of them: he finds two in production rather than none.
  const living = livingVersions(rows);
  const isLive = ({ stage }: VersionRecord): boolean => stage === "production";
  for (const record of [...living.filter(isLive), ...living.filter((one) => !isLive(one))]) {
    const version = `v${record.sequence}`;
    const known = index.note(id)?.versions[record.sequence];
    if (prune !== true && rewrite !== true && known === record.revision) continue; // its files are as they were
    const path = target.at(REGISTRY, "metadata", id, `${version}.json`);
    const there = rewrite === true ? undefined : await readOwnVersion(path);
    if (record.artifact !== undefined) {
      const isCurrent = there?.metadata.stratigraph?.detail.artifact?.digest === record.artifact.digest;
      await target.place(record.artifact, target.at(REGISTRY, "artifacts", id, version), isCurrent);
    }
    await target.write(path, formatJson(documentOf(rows, record)));
  }
  index.replace(rows);
  return true;
}

/** Whether we made a model's files: another system's stay, whatever is asked. */
async function isOurs(target: ProjectionFolder, id: string): Promise<boolean> {
  for (const name of await target.names(target.at(REGISTRY, "metadata", id))) {
    const there = await readOwnVersion(target.at(REGISTRY, "metadata", id, name));
    if (there?.metadata.stratigraph !== undefined) return true;
  }
  return false;
}

async function removeOthers(target: ProjectionFolder, id: string, versions: ReadonlySet<number>): Promise<void> {
  for (const [part, ending] of [
    ["metadata", ".json"],
    ["artifacts", ""],
  ] as const) {
    for (const name of await target.names(target.at(REGISTRY, part, id))) {
      const kept = [...versions].some((version) => name === `v${version}${ending}`);
      if (!kept) await target.remove(target.at(REGISTRY, part, id, name));
    }
  }
}

function documentOf(rows: ModelRows, record: VersionRecord): Json {
  const id = modelId(record);
  const { promotedToStagingAt, promotedToProductionAt, archivedAt, createdAt } = record;
  const times = [createdAt, promotedToStagingAt, promotedToProductionAt, archivedAt].filter((one) => one !== undefined);
  return {
    model_id: id,
    version: record.sequence,
    metadata: {
      name: tauroName(record),
      framework: record.framework ?? "custom",
      version: record.sequence,
      created_at: createdAt,
      description: record.description ?? "",
      hyperparameters: record.params,
      metrics: record.metrics,
      tags: record.labels,
      stage: tauroStage(record.stage),
      input_schema: record.inputSchema ?? null,
      output_schema: record.outputSchema ?? null,
      dependencies: Object.entries(record.dependencies).map(([name, version]) => writeDependency(name, version)),
      stratigraph: {
        schemaVersion: LAYOUT_VERSION,
        detail: detailOf(record, DETAIL, { aliases: [...aliasesOf(rows, record.version)] }),
        model: modelDetailOf(rows.model),
      },
    },
    artifact_uri: `${REGISTRY}/artifacts/${id}/v${record.sequence}`,
    artifact_type: record.artifactType ?? "custom",
    created_at: createdAt,
    updated_at: times.reduce((last, one) => (Date.parse(one) > Date.parse(last) ? one : last), createdAt),
    experiment_run_id: record.run ?? null,
    size_bytes: record.artifact?.size ?? null,
  };
}

/** "numpy==1.2" for an exact version, "numpy>=1.2" for a range, "numpy" for any. */
export function writeDependency(name: string, version: string): string {
  if (version === "" || /^[<>=!~^]/.test(version)) return name + version;
  return `${name}==${version}`;
}

export function readDependencies(lines: readonly string[]): Labels {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = line, version = ""] = /^([\w.@/[\]-]+)\s*(.*)$/s.exec(line.trim()) ?? [];
      return [name, version.replace(/^==\s*(?!=)/, "").trim()];
    }),
  );
}

async function readOwn(path: string): Promise<ModelIndex | undefined> {
  return unlessDamaged(() => readIndex(path));
}

async function readOwnVersion(path: string): Promise<TauroVersion | undefined> {
  return unlessDamaged(() => readJsonFile(path, tauroVersionSchema));
}

/** What cannot be read is written anew. */
async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StratigraphError && error.code === "VALIDATION_FAILED") return undefined;
    throw error;
  }
}

/** The rows of the index, of which those of a model are replaced together. */
class Index {
  readonly #rows = new Map<string, readonly IndexRow[]>();
  #note: TauroNote = {};

  constructor(there: ModelIndex | undefined) {
    for (const row of there?.rows ?? []) this.#rows.set(row.modelId, [...(this.#rows.get(row.modelId) ?? []), row]);
    this.#note = readNote(there?.note);
  }

  /** Throws VALIDATION_FAILED where another model has the name already. */
  replace(rows: ModelRows): void {
    const id = modelId(rows.model);
    const name = tauroName(rows.model);
    for (const [other, [first]] of this.#rows) {
      if (other === id || first?.name !== name) continue;
      throw new StratigraphError("VALIDATION_FAILED", `two models would both be called '${name}' in this layout`, {
        where: `model ${rows.model.namespace}/${rows.model.name}`,
        hint: "Rename one of them, or leave this layout.",
      });
    }
    this.#rows.set(
      id,
      livingVersions(rows).map(({ sequence, createdAt }) => ({ modelId: id, name, version: sequence, createdAt })),
    );
    const { namespace } = rows.model;
    const own = {
      namespace,
      name: rows.model.name,
      model: modelDetailOf(rows.model),
      revision: revisionOf(rows),
      versions: Object.fromEntries(livingVersions(rows).map(({ sequence, revision }) => [sequence, revision])),
      deleted: tombstones(rows).map(tombstoneOf),
    };
    this.#note = { ...this.#note, ...noteSchema.parse({ [id]: own }) };
  }

  note(id: string): TauroModelNote | undefined {
    return this.#note[id];
  }

  versions(id: string): ReadonlySet<number> {
    return new Set(this.#rows.get(id)?.map(({ version }) => version));
  }

  content(): ModelIndex {
    const rows = [...this.#rows.values()].flat();
    rows.sort((a, b) => compareText(a.name, b.name) || a.version - b.version);
    const ids = Object.keys(this.#note).sort();
    const note =
      ids.length === 0 ? undefined : JSON.stringify(Object.fromEntries(ids.map((id) => [id, this.#note[id]])));
    return { rows, note };
  }
}

export function readNote(note: string | undefined): TauroNote {
  if (note === undefined) return {};
  try {
    return noteSchema.parse(JSON.parse(note));
  } catch {
    return {}; // another program's
  }
}
