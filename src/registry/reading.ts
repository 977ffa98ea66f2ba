// Looking at models and versions: one, many, their bytes, their history, and where they come from.

import type { ArtifactHandle } from "./artifact-store.ts";
import type { ModelName, ModelRecord, Stage, TransitionRecord, VersionRecord } from "../backend/model-records.ts";
import type { LineageWalk, Page, PageRequest, RunRecord, StoredPartition } from "../backend/records.ts";
import { codecFolder, type ModelCodec } from "./codec.ts";
import { compareMetrics, type MetricComparison } from "./comparison.ts";
import type { RegistryCore } from "./core.ts";
import { modelVersionOf, type ModelVersion } from "./model-version.ts";
import type { ModelNameInput } from "./name.ts";
import type { ModelRefInput, VersionRefInput } from "./reference.ts";
import { artifactOf } from "./removing.ts";
import { parseStage } from "./stage.ts";

export interface ListOptions {
  /** In any spelling. */
  readonly stage?: string | undefined;
  /** Tombstones too. False unless told. */
  readonly deleted?: boolean | undefined;
  /** 1 to 10,000; 1,000 unless told. */
  readonly limit?: number | undefined;
  /** The page before answered it as `next`. */
  readonly cursor?: string | undefined;
}

export interface ModelListOptions {
  readonly namespace?: string | undefined;
  /** `*` and `?` stand for any text and any character. */
  readonly name?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export type Model = ModelRecord;

/** The bytes of a version as files, until it is disposed; and which version they are of. */
export interface OpenedVersion extends ArtifactHandle {
  readonly version: ModelVersion;
}

/** Where a version comes from. */
export interface VersionTrace {
  readonly version: ModelVersion;
  /** The run it was registered in, where that is remembered. */
  readonly run: RunRecord | undefined;
  /** The partition it was made from, where that is remembered. */
  readonly partition: StoredPartition | undefined;
  /** Everything that partition was made from, itself included. */
  readonly upstream: LineageWalk | undefined;
  /** Of these, what nobody made: files as they were found, with their content fingerprints. */
  readonly raw: readonly StoredPartition[];
}

export async function findRecord(
  core: RegistryCore,
  ref: ModelRefInput,
  beside?: VersionRefInput,
): Promise<VersionRecord> {
  const { ref: pick, namespace, name } = core.modelRef(ref, beside);
  return core.find({ namespace, name }, pick);
}

export async function get(
  core: RegistryCore,
  ref: ModelRefInput,
  beside: VersionRefInput | undefined,
  { verify = false }: { readonly verify?: boolean | undefined },
): Promise<ModelVersion> {
  const record = await findRecord(core, ref, beside);
  if (verify) await core.store.verify(artifactOf(record));
  return modelVersionOf(record);
}

export async function open(core: RegistryCore, ref: ModelRefInput, beside?: VersionRefInput): Promise<OpenedVersion> {
  const record = await findRecord(core, ref, beside);
  const handle = await core.store.open(artifactOf(record));
  return {
    path: handle.path,
    isFolder: handle.isFolder,
    version: modelVersionOf(record),
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  };
}

export async function load<M>(core: RegistryCore, ref: ModelRefInput, codec: ModelCodec<M>): Promise<M> {
  await using handle = await open(core, ref);
  return await codec.load(codecFolder(handle));
}

export async function listVersions(
  core: RegistryCore,
  input: ModelNameInput,
  { stage, deleted, limit, cursor }: ListOptions,
): Promise<Page<ModelVersion>> {
  const name = core.modelName(input);
  const view = await core.view(name);
  const filter = {
    ...name,
    ...(stage === undefined ? {} : { stages: [parseStage(stage, "listVersions")] }),
    ...(deleted === undefined ? {} : { deleted }),
  };
  const { items, next } = await view.listVersions(filter, pageOf(limit, cursor));
  if (items.length === 0) await core.requireModel(name, view);
  return { items: items.map(modelVersionOf), next };
}

export async function listModels(
  core: RegistryCore,
  { namespace, name, limit, cursor }: ModelListOptions,
): Promise<Page<Model>> {
  return core.host.connection.listModels(
    { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) },
    pageOf(limit, cursor),
  );
}

export async function getModel(core: RegistryCore, input: ModelNameInput): Promise<Model> {
  const name = core.modelName(input);
  const view = await core.view(name);
  await core.requireModel(name, view);
  const [model] = await view.readModels([name]);
  return model!;
}

export async function getByStage(core: RegistryCore, input: ModelNameInput, stage: string): Promise<ModelVersion> {
  const wanted: Stage = parseStage(stage, "getByStage");
  return modelVersionOf(await core.find(core.modelName(input), { kind: "stage", stage: wanted }));
}

export async function history(
  core: RegistryCore,
  ref: ModelRefInput,
  page: PageRequest,
): Promise<Page<TransitionRecord>> {
  const { ref: pick, named, ...rest } = core.modelRef(ref);
  const name: ModelName = { namespace: rest.namespace, name: rest.name };
  if (!named) {
    await core.requireModel(name);
    return core.host.connection.listTransitions(name, page);
  }
  const { version } = await core.find(name, pick);
  return core.host.connection.listTransitions({ ...name, version }, page);
}

export async function compareVersions(
  core: RegistryCore,
  input: ModelNameInput,
  a: VersionRefInput,
  b: VersionRefInput,
): Promise<MetricComparison> {
  const name = core.modelName(input);
  const [left, right] = [await findRecord(core, name, a), await findRecord(core, name, b)];
  return compareMetrics(left.metrics, right.metrics);
}

export async function trace(core: RegistryCore, ref: ModelRefInput): Promise<VersionTrace> {
  const { connection } = core.host;
  const record = await findRecord(core, ref);
  const run = record.run === undefined ? undefined : await connection.readRun(record.run);
  const version = modelVersionOf(record);
  if (record.source === undefined) return { version, run, partition: undefined, upstream: undefined, raw: [] };
  const { partition: id } = record.source;
  const [partition] = await connection.readPartitions([id]);
  const upstream = await connection.walkLineage([id], { direction: "upstream" });
  return { version, run, partition, upstream, raw: upstream.partitions.filter(({ input }) => input === undefined) };
}

export function pageOf(limit: number | undefined, cursor: string | undefined): PageRequest {
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { after: cursor as NonNullable<PageRequest["after"]> }),
  };
}
