// A step of a version's life, as rows: who leaves a stage, who enters it, and why that was allowed.

import { z } from "zod";
import { stages, type Stage, type TransitionKind, type VersionRecord } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import type { EventDraft } from "../../changes/applier.ts";
import type { Intent } from "../../journal/intent.ts";
import type { Step } from "../lifecycle.ts";
import { jsonSchema, nameSchema } from "../limits.ts";
import { mirroredStages, mirrorStages, stageHolders } from "../mirror.ts";
import type { ModelTx } from "../model-tx.ts";
import { resourceOf } from "../name.ts";
import type { RegistryApplier } from "./applier.ts";
import { conflict, requireSeen, type SeenVersion } from "./seen.ts";

export interface TransitionData extends SeenVersion {
  readonly namespace: string;
  readonly name: string;
  readonly to: Stage;
  /** Who was in production, `null` for nobody; absent where that does not matter. */
  readonly holder?: SeenVersion | null | undefined;
  /** Those that are archived because this one takes their place. */
  readonly replaced: readonly SeenVersion[];
  readonly why?: string | undefined;
  readonly forced: boolean;
  readonly gates?: Json | undefined;
  /** Put into the version's metadata. */
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
}

export interface TransitionResult {
  readonly version: VersionRecord;
  readonly from: Stage;
  readonly archived: readonly VersionRecord[];
}

const seen: z.ZodObject<{ version: z.ZodString; sequence: z.ZodInt; revision: z.ZodInt }> = z.object({
  version: z.string(),
  sequence: z.int().positive(),
  revision: z.int().positive(),
});

const schema: z.ZodType<TransitionData> = seen.extend({
  namespace: nameSchema,
  name: nameSchema,
  to: z.enum(stages),
  holder: seen.nullable().optional(),
  replaced: z.array(seen),
  why: z.string().optional(),
  forced: z.boolean(),
  gates: jsonSchema.optional(),
  metadata: z.record(z.string(), jsonSchema).optional(),
});

const PAST: Readonly<Record<Step, string>> = {
  promote: "model.promoted",
  demote: "model.demoted",
  archive: "model.archived",
  rollback: "model.rolled_back",
  restore: "model.restored",
};

/** One applier for each step: they differ in the word for it. */
export const transitionAppliers: Readonly<Record<Step, RegistryApplier<TransitionData, TransitionResult>>> = {
  promote: applierOf("promote"),
  demote: applierOf("demote"),
  archive: applierOf("archive"),
  rollback: applierOf("rollback"),
  restore: applierOf("restore"),
};

function applierOf(step: Step): RegistryApplier<TransitionData, TransitionResult> {
  return {
    action: `model.${step}`,
    schema,
    apply: (tx, data, intent) => apply(tx, step, data, intent),
    refused: (data, _intent, error) =>
      error.code === "CONFLICT"
        ? [
            {
              type: "promotion.conflict",
              subject: resourceOf(data, data.version),
              data: { namespace: data.namespace, name: data.name, version: data.version, step, to: data.to },
            },
          ]
        : [],
  };
}

async function apply(
  tx: ModelTx,
  step: Step,
  data: TransitionData,
  intent: Intent,
): ReturnType<RegistryApplier<TransitionData, TransitionResult>["apply"]> {
  const { namespace, name, to, why, forced, gates } = data;
  const model = { namespace, name };
  const [current, ...replaced] = await readSeen(tx, data);
  const stages = mirroredStages.filter(
    (stage) => stage === to || stage === current.stage || replaced.some((one) => one.stage === stage),
  );
  const before = await stageHolders(tx, model, stages);
  const kindOfReplaced: TransitionKind = step === "rollback" ? "rollback" : "archive";
  const common = { ...model, at: intent.recordedAt, by: intent.actor, correlation: intent.correlation };
  const transitions = await tx.writeTransitions([
    ...replaced.map(({ version, sequence, stage }) => ({
      ...common,
      version,
      sequence,
      kind: kindOfReplaced,
      from: stage,
      to: "archived" as const,
      why: `replaced by ${data.version}${why === undefined ? "" : `: ${why}`}`,
      forced: false,
      gates: undefined,
    })),
    {
      ...common,
      version: data.version,
      sequence: data.sequence,
      kind: step,
      from: current.stage,
      to,
      why,
      forced,
      gates,
    },
  ]);
  const moved = [...replaced.map((record) => ({ record, stage: "archived" as const })), { record: current, stage: to }];
  const written = await tx.writeVersions(
    moved.map(({ record, stage }, index) => ({
      version: {
        ...record,
        // Whoever comes out of the archive is not archived any more; the history still says when it was.
        archivedAt: undefined,
        ...timesOf(stage, intent.recordedAt),
        stage,
        stagedAt: transitions[index]!.number,
        metadata: record === current ? { ...record.metadata, ...data.metadata } : record.metadata,
      },
      expected: record.revision,
    })),
  );
  await mirrorStages(tx, model, stages, before, intent.actor, why);
  const archived = written.slice(0, -1);
  const version = written.at(-1)!;
  return {
    result: { version, from: current.stage, archived },
    events: [
      ...replaced.map((record) => eventOf("model.archived", record, "archived", { replacedBy: version.version })),
      eventOf(PAST[step], current, to, { forced }),
    ],
    audit: [
      {
        resource: resourceOf(model, version.version),
        status: forced ? "forced" : "done",
        why,
        data: {
          from: current.stage,
          to,
          revision: data.revision,
          archived: archived.map((one) => one.version),
          gates: gates ?? null,
        },
      },
    ],
  };
}

/** The versions as they are now, which is as they were when it was decided. Error: CONFLICT. */
async function readSeen(tx: ModelTx, data: TransitionData): Promise<[VersionRecord, ...VersionRecord[]]> {
  const { namespace, name, holder } = data;
  const seen = [data, ...data.replaced];
  const found = await tx.findVersions([
    ...seen.map(({ sequence }) => ({ namespace, name, ref: { kind: "sequence" as const, sequence } })),
    { namespace, name, ref: { kind: "stage", stage: "production" } },
  ]);
  const live = found.at(-1);
  if (holder !== undefined && live?.sequence !== holder?.sequence) {
    throw conflict(data, data.version, {
      expected: `${holder?.version ?? "no version"} in production`,
      received: live?.version ?? "no version",
    });
  }
  const [current, ...replaced] = seen.map((one, index) => requireSeen(data, one, found[index]));
  return [current!, ...replaced];
}

function timesOf(
  stage: Stage,
  at: string,
): Partial<Pick<VersionRecord, "promotedToStagingAt" | "promotedToProductionAt" | "archivedAt">> {
  switch (stage) {
    case "staging":
      return { promotedToStagingAt: at };
    case "production":
      return { promotedToProductionAt: at };
    case "archived":
      return { archivedAt: at };
    case "development":
      return {};
  }
}

function eventOf(type: string, record: VersionRecord, to: Stage, more: Readonly<Record<string, Json>>): EventDraft {
  const { namespace, name, version, sequence, stage } = record;
  return {
    type,
    subject: resourceOf(record, version),
    data: { namespace, name, version, sequence, from: stage, to, ...more },
  };
}
