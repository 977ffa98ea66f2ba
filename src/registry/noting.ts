// What people say about a model or version after it was registered: labels, notes, aliases, gates, a description.

import { z } from "zod";
import type {
  AliasChange,
  AliasRecord,
  AnnotationRecord,
  Labels,
  ModelName,
  ModelRecord,
  VersionRecord,
} from "../backend/model-records.ts";
import type { Page, PageRequest } from "../backend/records.ts";
import type { ChangeRequest, Receipt } from "../changes/host.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { aliasApplier, type AliasData } from "./actions/alias.ts";
import {
  annotateApplier,
  labelApplier,
  targetShape,
  type AnnotateData,
  type LabelData,
  type LabelResult,
} from "./actions/note.ts";
import { updateApplier, type UpdateData, type UpdateResult } from "./actions/update.ts";
import type { ChangeOptions, RegistryCore } from "./core.ts";
import { parseGates, type GateSettings } from "./gate.ts";
import { actorSchema, annotationSchema, descriptionSchema, jsonSchema, labelsSchema, nameSchema } from "./limits.ts";
import { formatModelName, resourceOf, type ModelNameInput } from "./name.ts";
import { isAliasName, type ModelRefInput } from "./reference.ts";
import { written, type Written } from "./written.ts";

export interface AliasOptions extends ChangeOptions {
  /** Compare-and-set: the version it must name now, `null` for none; whatever it names unless told. */
  readonly expected?: string | null | undefined;
}

/** Gates by where they are kept, and those that count. */
export interface GatesShown {
  readonly model: GateSettings | undefined;
  readonly version: GateSettings | undefined;
  readonly effective: GateSettings;
}

interface Found {
  readonly name: ModelName;
  /** `undefined`: the model as a whole. */
  readonly version: VersionRecord | undefined;
}

/** A model, or the version that a reference names. */
async function targetOf(core: RegistryCore, input: ModelRefInput): Promise<Found> {
  const { ref, named, namespace, name } = core.modelRef(input);
  const model = { namespace, name };
  if (named) return { name: model, version: await core.find(model, ref) };
  await core.requireModel(model);
  return { name: model, version: undefined };
}

function targetData({ name, version }: Found): Pick<LabelData, "namespace" | "name" | "sequence" | "version"> {
  return { ...name, ...(version === undefined ? {} : { sequence: version.sequence, version: version.version }) };
}

const BEST: { readonly quick: boolean; readonly again: boolean } = { quick: true, again: true };

type Simple<Data, Result> = Pick<ChangeRequest<Data, Data, Result>, "schema" | "applier"> & { readonly data: Data };

/** A change whose input is its intent's data: nothing is to be decided but that it fits. */
async function changeSimply<Data extends ModelName & { readonly version?: string | undefined }, Result>(
  core: RegistryCore,
  { schema, applier, data }: Simple<Data, Result>,
  foreseen: (data: Data) => Result | Promise<Result>,
  options: ChangeOptions,
): Promise<Receipt<Result>> {
  return core.change<Data, Data, Result>(
    {
      action: applier.action,
      resource: (input) => resourceOf(input, input.version),
      schema,
      input: data,
      decide: async (input) => ({ data: input, result: await foreseen(input) }),
      applier,
    },
    options,
    BEST,
  );
}

const labelSchema: z.ZodType<LabelData> = z.strictObject({
  ...targetShape,
  set: labelsSchema,
  remove: z.array(z.string().min(1)),
});

/** Sets some labels and removes others; answers all there are then. */
export async function changeLabels(
  core: RegistryCore,
  target: ModelRefInput,
  change: { readonly set?: Labels | undefined; readonly remove?: readonly string[] | undefined },
  options: ChangeOptions,
): Promise<Written<Labels>> {
  const found = await targetOf(core, target);
  const before = await labelsOf(core, found);
  const { set = {}, remove = [] } = change;
  const data: LabelData = { ...targetData(found), set, remove };
  const receipt = await changeSimply<LabelData, LabelResult>(
    core,
    { schema: labelSchema, applier: labelApplier, data },
    (input) => ({
      labels: Object.fromEntries(
        Object.entries({ ...before, ...input.set }).filter(([name]) => !input.remove.includes(name)),
      ),
    }),
    options,
  );
  return written(receipt, ({ labels }) => labels);
}

async function labelsOf(core: RegistryCore, { name, version }: Found): Promise<Labels> {
  if (version !== undefined) return version.labels;
  const [model] = await (await core.view(name)).readModels([name]);
  return model?.labels ?? {};
}

const annotateSchema: z.ZodType<AnnotateData> = z.strictObject({
  ...targetShape,
  author: actorSchema,
  text: annotationSchema,
});

export async function annotate(
  core: RegistryCore,
  target: ModelRefInput,
  note: string | { readonly author?: string | undefined; readonly text: string },
  options: ChangeOptions,
): Promise<Written<Omit<AnnotationRecord, "number">>> {
  const found = await targetOf(core, target);
  const { text, author = options.by ?? core.host.actor } = typeof note === "string" ? { text: note } : note;
  const data: AnnotateData = { ...targetData(found), author, text };
  const at = new Date(core.host.clock.now()).toISOString();
  const shown = (record: AnnotationRecord | undefined): Omit<AnnotationRecord, "number"> => ({
    ...found.name,
    version: found.version?.version,
    author: record?.author ?? author,
    text: record?.text ?? text,
    at: record?.at ?? at,
  });
  const receipt = await changeSimply<AnnotateData, AnnotationRecord | undefined>(
    core,
    { schema: annotateSchema, applier: annotateApplier, data },
    () => undefined,
    options,
  );
  return written(receipt, shown);
}

export async function listAnnotations(
  core: RegistryCore,
  target: ModelRefInput,
  page: PageRequest,
): Promise<Page<AnnotationRecord>> {
  const { name, version } = await targetOf(core, target);
  return core.host.connection.listAnnotations(
    { ...name, ...(version === undefined ? {} : { version: version.version }) },
    page,
  );
}

const aliasSchema: z.ZodType<AliasData> = z.strictObject({
  namespace: nameSchema,
  name: nameSchema,
  alias: nameSchema.refine(isAliasName, "a name that is no stage, number, version, and not 'latest'"),
  version: z.string().optional(),
  expected: z.string().nullable().optional(),
  why: z.string().optional(),
});

export async function setAlias(
  core: RegistryCore,
  ref: ModelRefInput,
  alias: string,
  options: AliasOptions,
): Promise<Written<AliasRecord>> {
  const { ref: version, ...rest } = core.modelRef(ref);
  const name = { namespace: rest.namespace, name: rest.name };
  const found = await core.find(name, version);
  const { expected, reason } = options;
  const data: AliasData = {
    ...name,
    alias,
    version: found.version,
    ...(expected === undefined ? {} : { expected }),
    ...(reason === undefined ? {} : { why: reason }),
  };
  const foreseen: AliasRecord = {
    ...name,
    alias,
    version: found.version,
    sequence: found.sequence,
    at: new Date(core.host.clock.now()).toISOString(),
    by: options.by ?? core.host.actor,
    why: reason,
  };
  const receipt = await changeSimply<AliasData, AliasRecord | undefined>(
    core,
    { schema: aliasSchema, applier: aliasApplier, data },
    () => foreseen,
    options,
  );
  return written(receipt, (record) => record ?? foreseen);
}

export async function removeAlias(
  core: RegistryCore,
  input: ModelNameInput,
  alias: string,
  options: AliasOptions,
): Promise<Written<{ readonly alias: string }>> {
  const name = core.modelName(input);
  await core.requireModel(name);
  const { expected, reason } = options;
  const data: AliasData = {
    ...name,
    alias,
    ...(expected === undefined ? {} : { expected }),
    ...(reason === undefined ? {} : { why: reason }),
  };
  const { items } = await (await core.view(name)).listAliases(name, { limit: 10_000 });
  if (!items.some((one) => one.alias === alias)) throw aliasNotFound(name, alias, items);
  const receipt = await changeSimply<AliasData, AliasRecord | undefined>(
    core,
    { schema: aliasSchema, applier: aliasApplier, data },
    () => undefined,
    options,
  );
  return written(receipt, () => ({ alias }));
}

function aliasNotFound(name: ModelName, alias: string, known: readonly AliasRecord[]): StratigraphError {
  return new StratigraphError("ALIAS_NOT_FOUND", `model ${formatModelName(name)} has no alias ${showValue(alias)}`, {
    expected: known.length === 0 ? undefined : known.map((one) => one.alias).join(", "),
    data: { ...name, alias },
  });
}

export async function listAliases(
  core: RegistryCore,
  input: ModelNameInput,
  page: PageRequest,
): Promise<Page<AliasRecord>> {
  const name = core.modelName(input);
  const view = await core.view(name);
  await core.requireModel(name, view);
  return view.listAliases(name, page);
}

export async function aliasHistory(
  core: RegistryCore,
  input: ModelNameInput,
  alias: string,
  page: PageRequest,
): Promise<Page<AliasChange>> {
  return core.host.connection.readAliasHistory({ ...core.modelName(input), alias }, page);
}

const updateSchema: z.ZodType<UpdateData> = z.strictObject({
  ...targetShape,
  description: descriptionSchema.nullable().optional(),
  gates: jsonSchema.optional(),
});

/** Stores gates with a model, or with one version of it; `null` takes them away. A slip in a key is refused here. Error: GATE_INVALID. */
export async function setGates(
  core: RegistryCore,
  target: ModelRefInput,
  gates: GateSettings | null,
  options: ChangeOptions,
): Promise<Written<{ readonly gates: GateSettings | null }>> {
  if (gates !== null) parseGates(gates, core.options.gates);
  const found = await targetOf(core, target);
  const receipt = await update(core, { ...targetData(found), gates }, found, options);
  return written(receipt, ({ model, version }) => ({ gates: asGates((model ?? version)?.gates) ?? null }));
}

export async function describe(
  core: RegistryCore,
  target: ModelRefInput,
  description: string | null,
  options: ChangeOptions,
): Promise<Written<{ readonly description: string | null }>> {
  const found = await targetOf(core, target);
  const receipt = await update(core, { ...targetData(found), description }, found, options);
  return written(receipt, ({ model, version }) => ({ description: (model ?? version)?.description ?? null }));
}

function update(
  core: RegistryCore,
  data: UpdateData,
  found: Found,
  options: ChangeOptions,
): Promise<Receipt<UpdateResult>> {
  return changeSimply<UpdateData, UpdateResult>(
    core,
    { schema: updateSchema, applier: updateApplier, data },
    async (input) => {
      const next = {
        ...(input.description === undefined ? {} : { description: input.description ?? undefined }),
        ...(input.gates === undefined ? {} : { gates: input.gates ?? undefined }),
      };
      if (found.version !== undefined) return { version: { ...found.version, ...next } };
      const [model] = await (await core.view(found.name)).readModels([found.name]);
      return { model: model === undefined ? undefined : { ...model, ...next } };
    },
    options,
  );
}

export async function showGates(core: RegistryCore, target: ModelRefInput): Promise<GatesShown> {
  const { name, version } = await targetOf(core, target);
  const [record] = await (await core.view(name)).readModels([name]);
  const [ofModel, ofVersion] = [asGates(record?.gates), asGates(version?.gates)];
  return { model: ofModel, version: ofVersion, effective: ofVersion ?? ofModel ?? core.options.modelGates ?? {} };
}

function asGates(stored: ModelRecord["gates"]): GateSettings | undefined {
  return typeof stored === "object" && stored !== null && !Array.isArray(stored) ? (stored as GateSettings) : undefined;
}
