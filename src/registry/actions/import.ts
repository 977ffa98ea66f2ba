// Importing a model, as rows: its versions with the history that their times tell, all of it or nothing.

import { z } from "zod";
import type { ModelName, Stage, TransitionKind, TransitionRecord } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import type { AuditDraft, EventDraft } from "../../changes/applier.ts";
import { jsonSchema, nameSchema } from "../limits.ts";
import { mirroredStages, mirrorStages, stageHolders } from "../mirror.ts";
import { resourceOf } from "../name.ts";
import { versionDraftSchema, type VersionDraft } from "../version-data.ts";
import type { RegistryApplier } from "./applier.ts";

export interface ImportedDraft {
  readonly version: VersionDraft;
  readonly deleted?: { readonly at: string; readonly by: string; readonly why?: string | undefined } | undefined;
  readonly aliases: readonly string[];
}

export interface ImportData extends ModelName {
  /** Taken where the model is new. */
  readonly description?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly gates?: Json | undefined;
  readonly createdAt?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly versions: readonly ImportedDraft[];
  readonly why?: string | undefined;
}

export interface ImportOutcome {
  readonly versions: number;
}

type Step = Pick<TransitionRecord, "version" | "sequence" | "kind" | "from" | "to" | "at">;

export const importApplier: RegistryApplier<ImportData, ImportOutcome> = {
  action: "model.import",
  schema: z.object({
    namespace: nameSchema,
    name: nameSchema,
    description: z.string().optional(),
    labels: z.record(z.string(), z.string()),
    gates: jsonSchema.optional(),
    createdAt: z.string().optional(),
    createdBy: z.string().optional(),
    versions: z.array(
      z.object({
        version: versionDraftSchema,
        deleted: z.object({ at: z.string(), by: z.string(), why: z.string().optional() }).optional(),
        aliases: z.array(nameSchema),
      }),
    ),
    why: z.string().optional(),
  }),
  async apply(tx, data, intent) {
    const { namespace, name, versions, why } = data;
    const model = { namespace, name };
    const events: EventDraft[] = [];
    const audit: AuditDraft[] = [];
    const [known] = await tx.readModels([model]);
    if (known === undefined) {
      const { description, labels, gates, createdAt = intent.recordedAt, createdBy = intent.actor } = data;
      await tx.writeModel({ ...model, description, labels, gates, createdAt, createdBy }, undefined);
      events.push({ type: "model.created", subject: resourceOf(model), data: model });
    }
    const before = await stageHolders(tx, model, mirroredStages);
    const common = {
      ...model,
      by: intent.actor,
      why,
      forced: false,
      gates: undefined,
      correlation: intent.correlation,
    };
    // In the order they happened, so that history and rollback see who was in production before whom.
    const steps = versions.flatMap(stepsOf).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    const transitions = await tx.writeTransitions(steps.map((step) => ({ ...common, ...step })));
    const stagedAt = new Map(transitions.map(({ sequence, number }) => [sequence, number]));
    await tx.writeVersions(
      versions.map(({ version, deleted }) => ({
        version: {
          ...version,
          stagedAt: stagedAt.get(version.sequence)!,
          deleted: deleted === undefined ? undefined : { at: deleted.at, by: deleted.by, why: deleted.why },
        },
        expected: undefined,
      })),
    );
    for (const { version, aliases } of versions) {
      for (const alias of aliases) {
        const at = intent.recordedAt;
        await tx.writeAlias({ ...model, alias, version: version.version, at, by: intent.actor, why });
      }
    }
    await mirrorStages(tx, model, mirroredStages, before, intent.actor, why);
    for (const { version, deleted } of versions) {
      const { sequence, stage } = version;
      const resource = resourceOf(model, version.version);
      const told = { ...model, version: version.version, sequence, stage };
      if (deleted === undefined) events.push({ type: "model.registered", subject: resource, data: told });
      audit.push({
        resource,
        why,
        data: { ...told, digest: version.artifact?.digest ?? null, deleted: deleted !== undefined },
      });
    }
    return { result: { versions: versions.length }, events, audit };
  },
};

/** What its times say it went through; it ends where it is. */
function stepsOf({ version: draft, deleted }: ImportedDraft): readonly Step[] {
  const { version, sequence, createdAt, promotedToStagingAt, promotedToProductionAt, archivedAt, stage } = draft;
  const reached: readonly (readonly [Stage, string | undefined])[] = [
    ["staging", promotedToStagingAt],
    ["production", promotedToProductionAt],
    ["archived", archivedAt],
  ];
  const times = reached
    .flatMap(([to, at]) => (at === undefined ? [] : [{ to, at }]))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const first: Stage = times.length === 0 ? stage : "development";
  const steps: Step[] = [{ version, sequence, kind: "register", from: undefined, to: first, at: createdAt }];
  let from = first;
  let last = createdAt;
  const go = (to: Stage, at: string): void => {
    // Never before it was registered, whatever clocks said.
    last = Date.parse(at) < Date.parse(last) ? last : at;
    steps.push({ version, sequence, kind: kindOf(from, to), from, to, at: last });
    from = to;
  };
  for (const { to, at } of times) if (to !== from) go(to, at);
  if (from !== stage) go(stage, last);
  if (deleted !== undefined) {
    const at = Date.parse(deleted.at) < Date.parse(last) ? last : deleted.at;
    steps.push({ version, sequence, kind: "delete", from, to: undefined, at });
  }
  return steps;
}

function kindOf(from: Stage, to: Stage): TransitionKind {
  if (to === "archived") return "archive";
  if (from === "archived") return "restore";
  const ranks: readonly Stage[] = ["development", "staging", "production"];
  return ranks.indexOf(to) > ranks.indexOf(from) ? "promote" : "demote";
}
