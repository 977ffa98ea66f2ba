// Importing versions from elsewhere: numbers claimed, bytes stored and compared, and one change per model.

import { z } from "zod";
import { versionFacts, type ModelName, type VersionId, type VersionRecord } from "../backend/model-records.ts";
import type { Json, RunId } from "../backend/records.ts";
import type { Decision, DecisionContext } from "../changes/host.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { createId } from "../util/id.ts";
import { importApplier, type ImportData, type ImportedDraft, type ImportOutcome } from "./actions/import.ts";
import type { VersionClaim } from "./artifact-store.ts";
import type { ChangeOptions, RegistryCore } from "./core.ts";
import type { ImportRequest } from "./hook-data.ts";
import { parseGates } from "./gate.ts";
import type { ImportedVersion } from "./layout/imported-version.ts";
import { formatModelName, parseModelName, resourceOf } from "./name.ts";
import type { ModelView } from "./overlay.ts";
import { refuseWaiting } from "./waiting.ts";

/** What became of one model. */
export interface ImportReport extends ModelName {
  readonly imported: readonly string[];
  /** Were there already, with the same bytes. */
  readonly skipped: readonly string[];
  /** What was decided or could not be kept: "1.0.0: …". */
  readonly notes: readonly string[];
}

/**
 * Takes what an importer yields, a model at a time: all its new versions are written, or none. Numbers are kept where they came with some.
 * What is there already with the same bytes is left as it is, so an import that broke off can simply be made again. Where both the model
 * and what is imported have a version in production, the model's stays and the other is archived, which is noted.
 * Errors: VERSION_EXISTS; ARTIFACT_CORRUPTED where bytes are not those that were exported; VALIDATION_FAILED; those of a change.
 */
export async function* importVersions(
  core: RegistryCore,
  versions: Iterable<ImportedVersion> | AsyncIterable<ImportedVersion>,
  options: ChangeOptions = {},
): AsyncGenerator<ImportReport, void, void> {
  for await (const group of byModel(versions)) yield await importModel(core, group, options);
}

async function* byModel(
  versions: Iterable<ImportedVersion> | AsyncIterable<ImportedVersion>,
): AsyncGenerator<readonly ImportedVersion[], void, void> {
  let group: ImportedVersion[] = [];
  for await (const version of versions) {
    const [first] = group;
    if (first !== undefined && formatModelName(first) !== formatModelName(version)) {
      yield group;
      group = [];
    }
    group.push(version);
  }
  if (group.length > 0) yield group;
}

/** What hooks see. The rest is too much to be changed by them. */
const inputSchema: z.ZodType<ImportRequest> = z.object({
  namespace: z.string(),
  name: z.string(),
  versions: z.array(z.string()),
  reason: z.string().optional(),
});

async function importModel(
  core: RegistryCore,
  group: readonly ImportedVersion[],
  options: ChangeOptions,
): Promise<ImportReport> {
  const name = parseModelName(group[0]!);
  const view = await core.view(name);
  const fresh: ImportedVersion[] = [];
  const skipped: string[] = [];
  for (const version of group) {
    const ref = { kind: "version", version: version.version } as const;
    const [there] = await view.findVersions([{ ...name, ref }]);
    if (there === undefined) fresh.push(version);
    else if (await isSame(core, there, version)) skipped.push(version.version);
    else throw exists(name, version);
  }
  const notes: string[] = [];
  for (const one of group) for (const note of one.notes) notes.push(`${one.version}: ${note}`);
  if (fresh.length === 0) return { ...name, imported: [], skipped, notes };

  const claims: VersionClaim[] = [];
  try {
    const receipt = await core.change<ImportRequest, ImportData, ImportOutcome>(
      {
        action: importApplier.action,
        resource: (input) => resourceOf(input),
        schema: inputSchema,
        input: { ...name, versions: fresh.map(({ version }) => version), reason: options.reason },
        decide: (input, context) => decide(core, name, fresh, input, context, { claims, notes }),
        applier: importApplier,
      },
      options,
      { quick: false, again: false },
    );
    await receipt.committed;
  } catch (error) {
    for (const claim of claims) await core.store.release(name, claim);
    throw error;
  }
  return { ...name, imported: fresh.map(({ version }) => version), skipped, notes };
}

async function decide(
  core: RegistryCore,
  name: ModelName,
  fresh: readonly ImportedVersion[],
  { reason }: ImportRequest,
  context: DecisionContext,
  made: { readonly claims: VersionClaim[]; readonly notes: string[] },
): Promise<Decision<ImportData, ImportOutcome>> {
  const view = await core.view(name, context);
  const [live] = await view.findVersions([{ ...name, ref: { kind: "stage", stage: "production" } }]);
  const { items: named } = await view.listAliases(name, { limit: 10_000 });
  const drafts: ImportedDraft[] = [];
  for (const given of fresh) {
    const steppedBack = live !== undefined && given.stage === "production" && given.deleted === undefined;
    if (steppedBack) {
      made.notes.push(
        `${given.version}: it was in production, as ${live.version} is here, which stays; it is archived`,
      );
    }
    const version = steppedBack ? { ...given, stage: "archived" as const, archivedAt: context.at } : given;
    const claim = await claimNumbers(core, name, version, view);
    made.claims.push(claim);
    const gates = understood(core, version.gates, version.version, made.notes);
    const aliases = given.aliases.filter((alias) => !named.some((one) => one.alias === alias));
    for (const alias of given.aliases) {
      if (!aliases.includes(alias))
        made.notes.push(`${given.version}: alias '${alias}' is another version's here, and stays`);
    }
    drafts.push(await draftOf(core, name, { ...version, gates, aliases }, claim, context));
  }
  const { description, labels, gates: settings, createdAt, createdBy } = fresh[0]!.model;
  const gates = understood(core, settings, "the model", made.notes);
  const why = reason ?? `imported from ${fresh[0]!.from}`;
  const data = { ...name, description, labels, gates, createdAt, createdBy, versions: drafts, why };
  return { data, result: { versions: drafts.length } };
}

/** Gates that nobody here understands would block every promotion. */
function understood(core: RegistryCore, gates: Json | undefined, whose: string, notes: string[]): Json | undefined {
  if (gates === undefined || gates === null) return undefined;
  try {
    parseGates(gates, core.options.gates);
    return gates;
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    notes.push(`${whose}: its gates are left out: ${error.message}`);
    return undefined;
  }
}

async function claimNumbers(
  core: RegistryCore,
  name: ModelName,
  { version, sequence }: ImportedVersion,
  view: ModelView,
): Promise<VersionClaim> {
  const known = await view.readVersionNumbers(name);
  return core.store.claim(name, { version, sequence }, known, async (asked) => {
    await refuseWaiting(core.host.journalHome, { ...name, version: asked });
    const [found] = await view.findVersions([{ ...name, ref: { kind: "version", version: asked } }]);
    return found !== undefined;
  });
}

async function draftOf(
  core: RegistryCore,
  name: ModelName,
  given: ImportedVersion,
  { version, sequence }: VersionClaim,
  context: DecisionContext,
): Promise<ImportedDraft> {
  const artifact = given.artifactPath === undefined ? undefined : await core.store.put({ path: given.artifactPath });
  if (artifact !== undefined && given.digest !== undefined && artifact.digest !== given.digest) {
    throw new StratigraphError("ARTIFACT_CORRUPTED", "the files are not the ones that were exported", {
      where: given.artifactPath,
      expected: `SHA-256 ${given.digest}`,
      received: artifact.digest,
      hint: "Export the model again.",
    });
  }
  const { stage, createdAt, createdBy = context.actor, deleted } = given;
  return {
    version: {
      ...name,
      id: createId(core.host.clock) as VersionId,
      version,
      sequence,
      stage: deleted === undefined ? stage : "archived",
      createdAt,
      createdBy,
      engineVersion: core.host.engineVersion,
      run: given.runId as RunId | undefined,
      source: undefined,
      artifact,
      ...versionFacts(given),
      deleted: undefined,
    },
    deleted,
    aliases: given.aliases,
  };
}

/** Both deleted, or both with the same bytes. */
async function isSame(core: RegistryCore, there: VersionRecord, given: ImportedVersion): Promise<boolean> {
  if (given.sequence !== undefined && given.sequence !== there.sequence) return false;
  if (there.deleted !== undefined || given.deleted !== undefined)
    return there.deleted !== undefined && given.deleted !== undefined;
  if (given.artifactPath === undefined || there.artifact === undefined)
    return given.artifactPath === undefined && there.artifact === undefined;
  const digest = given.digest ?? (await core.store.put({ path: given.artifactPath })).digest;
  return digest === there.artifact.digest;
}

function exists(name: ModelName, { version, from }: ImportedVersion): StratigraphError {
  return new StratigraphError("VERSION_EXISTS", `${formatModelName(name)} has another version ${version} already`, {
    where: from,
    hint: "Import into another registry, or delete one of the two first.",
    data: { version },
  });
}
