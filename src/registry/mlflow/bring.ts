// Brings an MLflow server to where our rows are: asked as often as one likes and in any order, it ends the same.

import type { Connection } from "../../backend/backend.ts";
import type { ModelName, ModelRecord, VersionRecord, VersionRef } from "../../backend/model-records.ts";
import { StratigraphError } from "../../errors.ts";
import { resourceOf } from "../name.ts";
import type { MlflowClient, MlflowModel, MlflowVersion } from "./client.ts";
import { mlflowName, mlflowSource, mlflowStages, modelTags, staleTags, VERSION_TAG, versionTags } from "./told.ts";

/** What changed: a model, and in it a version or an alias. */
export interface Changed extends ModelName {
  readonly version?: string | undefined;
  readonly alias?: string | undefined;
}

/** The calls that are made of a connection. */
export type Rows = Pick<Connection, "readModels" | "findVersions">;

/** Stages that MLflow shows best as an alias, as it is giving up stages of its own. */
const aliasedStages = ["staging", "production"] as const;

/** What there is here, of what changed and of what that may move. */
interface Here {
  readonly model: ModelRecord;
  readonly version: VersionRecord | undefined;
  /** Who is called so, by alias. */
  readonly named: ReadonlyMap<string, VersionRecord | undefined>;
}

/**
 * Reads what there is here now, not what there was when it changed: of two changes that arrive in the other order, or twice, the later one
 * stays. Another process may have told of a still later one in between, so who finds its rows changed afterwards does it again. Error:
 * CONFLICT where nothing here is called so, as in another database.
 */
export async function bring(changed: Changed, rows: Rows, client: MlflowClient): Promise<void> {
  let here = await read(changed, rows);
  for (;;) {
    await bringOnce(here, client);
    const after = await read(changed, rows);
    if (revisions(after) === revisions(here)) return;
    here = after;
  }
}

async function read({ namespace, name, version, alias }: Changed, rows: Rows): Promise<Here> {
  const [model] = await rows.readModels([{ namespace, name }]);
  const refs: VersionRef[] = [];
  if (version !== undefined) refs.push({ kind: "version", version });
  if (alias !== undefined) refs.push({ kind: "alias", alias });
  if (version !== undefined) for (const stage of aliasedStages) refs.push({ kind: "stage", stage });
  const found = await rows.findVersions(refs.map((ref) => ({ namespace, name, ref })));
  const named = new Map<string, VersionRecord | undefined>();
  let subject: VersionRecord | undefined;
  for (const [index, ref] of refs.entries()) {
    if (ref.kind === "alias") named.set(ref.alias, found[index]);
    else if (ref.kind === "stage") named.set(ref.stage, found[index]);
    else subject = found[index];
  }
  if (model === undefined || (version !== undefined && subject === undefined))
    throw new StratigraphError("CONFLICT", "there is no such model in this database, so nothing can be told of it", {
      where: resourceOf({ namespace, name }, version),
      hint: "Run the sync where the model was registered, or set the record aside with --set-aside.",
    });
  return { model, version: subject, named };
}

function revisions({ model, version, named }: Here): string {
  const all = [version, ...named.values()].map((one) => one && [one.id, one.revision]);
  return JSON.stringify([model.revision, all]);
}

async function bringOnce({ model, version, named }: Here, client: MlflowClient): Promise<void> {
  const at = mlflowName(model);
  const there = await bringModel(at, model, client);
  const numbers = new Map<string, string>();
  const numberOf = async (record: VersionRecord): Promise<string> => {
    const known = numbers.get(record.version) ?? (await bringVersion(at, record, client));
    numbers.set(record.version, known);
    return known;
  };
  if (version?.deleted !== undefined) await removeVersion(at, version, client);
  else if (version !== undefined) await numberOf(version);
  for (const [alias, record] of named) {
    const before = there.aliases.get(alias);
    const number = record === undefined ? undefined : await numberOf(record);
    if (number !== undefined && number !== before) await client.setAlias(at, alias, number);
    if (number === undefined && before !== undefined) await client.removeAlias(at, alias);
  }
}

async function bringModel(at: string, model: ModelRecord, client: MlflowClient): Promise<MlflowModel> {
  const tags = modelTags(model);
  const { description = "" } = model;
  let there = await client.findModel(at);
  if (there === undefined) {
    await client.createModel(at, description, tags);
    there = (await client.findModel(at)) ?? { description, tags, aliases: new Map() };
  }
  if (there.description !== description) await client.describeModel(at, description);
  for (const [key, value] of changedTags(there.tags, tags)) await client.setModelTag(at, key, value);
  for (const key of staleTags(there.tags, tags)) await client.removeModelTag(at, key);
  return there;
}

async function removeVersion(at: string, { version }: VersionRecord, client: MlflowClient): Promise<void> {
  for (const one of await client.findVersions(at, VERSION_TAG, version)) await client.removeVersion(at, one.version);
}

/** Answers its number there. */
async function bringVersion(at: string, record: VersionRecord, client: MlflowClient): Promise<string> {
  const tags = versionTags(record);
  const { description = "" } = record;
  const there = await findOrCreate(at, record, tags, client);
  const { version } = there;
  if (there.description !== description) await client.describeVersion(at, version, description);
  for (const [key, value] of changedTags(there.tags, tags)) await client.setVersionTag(at, version, key, value);
  for (const key of staleTags(there.tags, tags)) await client.removeVersionTag(at, version, key);
  const stage = mlflowStages[record.stage];
  if ((there.stage ?? "None") !== stage) await client.setStage(at, version, stage);
  return version;
}

/**
 * An answer may be lost after the server did what it was asked to, and two processes may ask at once: the version is looked for before it
 * is made, and of several the first stays. Who made the last one sees all of them, so looking again is enough.
 */
async function findOrCreate(
  at: string,
  record: VersionRecord,
  tags: ReadonlyMap<string, string>,
  client: MlflowClient,
): Promise<MlflowVersion> {
  const find = (): Promise<readonly MlflowVersion[]> => client.findVersions(at, VERSION_TAG, record.version);
  let [first, ...extra] = await find();
  if (first === undefined) {
    const made = await client.createVersion(at, mlflowSource(record), record.description ?? "", tags);
    [first = made, ...extra] = await find();
  }
  for (const { version } of extra) await client.removeVersion(at, version);
  return first;
}

function changedTags(
  there: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  return [...wanted].filter(([key, value]) => there.get(key) !== value);
}
