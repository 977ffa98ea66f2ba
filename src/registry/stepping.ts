// Steps in a version's life, decided: whether it may, what its gates say, and who has to make room.

import { z } from "zod";
import {
  stages,
  type ModelName,
  type Stage,
  type TransitionRecord,
  type VersionRecord,
} from "../backend/model-records.ts";
import type { Json } from "../backend/records.ts";
import type { DecisionContext } from "../changes/host.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { SeenVersion } from "./actions/seen.ts";
import { transitionAppliers, type TransitionData, type TransitionResult } from "./actions/transition.ts";
import type { ChangeOptions, RegistryCore } from "./core.ts";
import { askGates, parseGates, skippedGates, type GateResult, type Gates, type GateSettings } from "./gate.ts";
import type { StepRequest } from "./hook-data.ts";
import { checkTransition, type Step } from "./lifecycle.ts";
import { jsonSchema, nameSchema, reasonSchema } from "./limits.ts";
import { modelVersionOf, type ModelVersion } from "./model-version.ts";
import { formatModelName, resourceOf } from "./name.ts";
import { Overlay, type ModelView } from "./overlay.ts";
import { stageRank } from "./stage.ts";
import { unwritten, written, type Written } from "./written.ts";

/** Who is archived when a version is promoted. `same-stage`: whoever is in the stage it goes to. Production is unique in any case. */
export const archivings = ["production", "same-stage", "never"] as const;
export type ArchivePrevious = (typeof archivings)[number];

export interface StepOptions extends ChangeOptions {
  /** Instead of the stored gates. An empty record asks the stored ones. */
  readonly gates?: GateSettings | undefined;
  /** Do not ask the gates. Needs a reason, and is remembered. False unless told. */
  readonly force?: boolean | undefined;
  /** Only ask the gates. False unless told. */
  readonly dryRun?: boolean | undefined;
  /** `throw` (unless told) PROMOTION_BLOCKED, or `log` which gates failed and go on. */
  readonly onBlocked?: "throw" | "log" | undefined;
  /** What the registry was made with unless told. */
  readonly archivePrevious?: ArchivePrevious | undefined;
}

/** The version as it is now, and what became of the call. */
export interface StepOutcome extends ModelVersion {
  /** False where it was in that stage already, was blocked, or was only asked about. */
  readonly changed: boolean;
  readonly from: Stage;
  /** Those that made room. */
  readonly archived: readonly ModelVersion[];
  /** What every gate said, passed ones too; of those not asked, why. */
  readonly gateResults: readonly GateResult[];
  readonly forced: boolean;
  readonly warnings: readonly string[];
}

/** What is asked for, with the version found already. */
export interface StepAsked {
  readonly step: Step;
  readonly name: ModelName;
  readonly version: VersionRecord;
  readonly to: Stage;
  readonly options: StepOptions;
  readonly warnings?: readonly string[] | undefined;
}

export const stepSchema: z.ZodType<StepRequest> = z.strictObject({
  namespace: nameSchema,
  name: nameSchema,
  version: z.string(),
  sequence: z.int().positive(),
  to: z.enum(stages),
  gates: z.record(z.string(), jsonSchema).optional(),
  force: z.boolean().default(false),
  reason: reasonSchema.optional(),
  archivePrevious: z.enum(archivings).default("production"),
});

interface Decided {
  readonly gateResults: readonly GateResult[];
  readonly forced: boolean;
}

/** Errors: INVALID_TRANSITION, PROMOTION_BLOCKED, GATE_INVALID, VALIDATION_FAILED, CONFLICT, HOOK_VETO. */
export async function takeStep(core: RegistryCore, asked: StepAsked): Promise<Written<StepOutcome>> {
  const { step, name, version, to, options, warnings = [] } = asked;
  const resource = resourceOf(name, version.version);
  const idle = (said: Partial<StepOutcome>): Written<StepOutcome> =>
    unwritten({ ...outcomeOf(version, version.stage, [], NOTHING_SAID, warnings), changed: false, ...said });
  const { force = false, dryRun = false, onBlocked = "throw", gates, reason } = options;
  const { archivePrevious = core.options.archivePrevious } = options;
  if (dryRun) {
    checkTransition(step, version.stage, to, resource);
    const asking = await gatesOf(core, version, gates);
    return idle({ gateResults: await ask(core, version, asking) });
  }
  if (version.stage === to && !checkTransition(step, version.stage, to, resource)) return idle({});
  let decided: Decided = NOTHING_SAID;
  try {
    const receipt = await core.change<StepRequest, TransitionData, TransitionResult | undefined>(
      {
        action: `model.${step}`,
        resource: (input) => resourceOf(input, input.version),
        schema: stepSchema,
        input: plainInput({
          ...name,
          version: version.version,
          sequence: version.sequence,
          to,
          gates,
          force,
          reason,
          archivePrevious,
        }),
        decide: async (input, context) => {
          const view = await core.view(input, context);
          const data = await decide(core, step, input, context, view, (said) => (decided = said));
          const result = core.isBehind(options) ? await foresee(step, data, view, context) : undefined;
          return { data, result };
        },
        applier: transitionAppliers[step],
      },
      options,
      { quick: core.options.checks === undefined && core.options.gates === undefined, again: true },
    );
    // The applier's own result, or the foreseen one: there is always one.
    return written(receipt, (result) => {
      const { version: after, from, archived } = result!;
      return outcomeOf(after, from, archived, decided, [...warnings, ...warningsOf(step, from, to)]);
    });
  } catch (error) {
    if (onBlocked === "throw" || !isStratigraphError(error) || error.code !== "PROMOTION_BLOCKED") throw error;
    const results = decided.gateResults;
    for (const line of blockedLines(name, version.version, to, results)) core.log(line);
    return idle({ gateResults: results });
  }
}

const NOTHING_SAID: Decided = { gateResults: [], forced: false };

async function decide(
  core: RegistryCore,
  step: Step,
  input: StepRequest,
  context: DecisionContext,
  view: ModelView,
  said: (decided: Decided) => void,
): Promise<TransitionData> {
  const name: ModelName = { namespace: input.namespace, name: input.name };
  const version = await core.find(name, { kind: "sequence", sequence: input.sequence }, view);
  const resource = resourceOf(name, version.version);
  checkTransition(step, version.stage, input.to, resource);
  const { gateResults, forced } = await judge(core, step, input, context, view, version, said);
  const [live] = await view.findVersions([{ ...name, ref: { kind: "stage", stage: "production" } }]);
  const holder = live === undefined ? null : seenOf(live);
  return {
    ...name,
    ...seenOf(version),
    to: input.to,
    // Going down disturbs nobody.
    ...(step === "promote" || step === "rollback" ? { holder } : {}),
    replaced: await replacedBy(view, step, input, version, live),
    why: input.reason,
    forced,
    ...(gateResults.length === 0 ? {} : { gates: gateResults.map(plainResult) }),
    ...(forced
      ? { metadata: { promotion_forced: true, promotion_gates_skipped: gateResults.map(({ gate }) => gate) } }
      : {}),
  };
}

/** What the gates say, where this step asks them; told to `said` before it refuses anything. Error: PROMOTION_BLOCKED. */
async function judge(
  core: RegistryCore,
  step: Step,
  input: StepRequest,
  context: DecisionContext,
  view: ModelView,
  version: VersionRecord,
  said: (decided: Decided) => void,
): Promise<Decided> {
  const remember = (decided: Decided): Decided => {
    said(decided);
    return decided;
  };
  if (step !== "promote" && step !== "rollback") return remember(NOTHING_SAID);
  const gates = await gatesOf(core, version, input.gates, view);
  if (gates.parsed.length === 0) return remember(NOTHING_SAID);
  if (step === "rollback") return remember({ gateResults: skippedGates(gates, "rollback"), forced: false });
  if (input.force) {
    if (input.reason === undefined) {
      throw new StratigraphError("VALIDATION_FAILED", "passing over gates needs a reason", {
        where: resourceOf(input, input.version),
        expected: "`reason`: who reads the audit log wants to know why",
      });
    }
    return remember({ gateResults: skippedGates(gates, "forced"), forced: true });
  }
  const { gateResults, forced } = remember({
    gateResults: await ask(core, version, gates, Date.parse(context.at)),
    forced: false,
  });
  const passed = gateResults.every((result) => result.passed);
  const data = { namespace: input.namespace, name: input.name, version: version.version, to: input.to };
  context.tell({
    type: passed ? "gate.passed" : "gate.failed",
    subject: resourceOf(input, version.version),
    data: { ...data, results: gateResults.map(plainResult) },
  });
  if (!passed) throw promotionBlocked(input, version.version, input.to, gateResults);
  return { gateResults, forced };
}

/** Explicit gates, else the version's, else the model's, else those of every model. */
export async function gatesOf(
  core: RegistryCore,
  version: VersionRecord,
  explicit: GateSettings | undefined,
  view?: ModelView,
): Promise<Gates> {
  const custom = core.options.gates;
  if (explicit !== undefined && Object.keys(explicit).length > 0) return parseGates(explicit, custom);
  if (version.gates !== undefined) return parseGates(version.gates, custom);
  const [model] = await (view ?? (await core.view(version))).readModels([version]);
  return parseGates(model?.gates ?? core.options.modelGates ?? {}, custom);
}

async function ask(
  core: RegistryCore,
  version: VersionRecord,
  gates: Gates,
  now: number = core.host.clock.now(),
): Promise<readonly GateResult[]> {
  const checks = gates.parsed.some(({ kind }) => kind !== "bound")
    ? await core.options.checks?.(modelVersionOf(version))
    : undefined;
  return askGates(gates, { metrics: version.metrics, metadata: version.metadata, checks: checks ?? {}, now });
}

async function replacedBy(
  view: ModelView,
  step: Step,
  { namespace, name, to, archivePrevious }: StepRequest,
  version: VersionRecord,
  live: VersionRecord | undefined,
): Promise<SeenVersion[]> {
  if (step !== "promote" && step !== "rollback") return [];
  const others = (records: readonly VersionRecord[]): SeenVersion[] =>
    records.filter(({ sequence }) => sequence !== version.sequence).map(seenOf);
  if (to === "production") return others(live === undefined ? [] : [live]);
  if (archivePrevious !== "same-stage") return [];
  const { items } = await view.listVersions({ namespace, name, stages: [to] });
  return others(items);
}

/** The outcome as it will be, by the applier itself. */
async function foresee(
  step: Step,
  data: TransitionData,
  view: ModelView,
  context: DecisionContext,
): Promise<TransitionResult> {
  const { at: recordedAt, actor, correlation, run = "none" } = context;
  const action = `model.${step}`;
  const intent = { key: "", journal: "registry", action, run, recordedAt, actor, correlation, data: null } as const;
  return (await transitionAppliers[step].apply(new Overlay(view), data, intent)).result;
}

/** The version that was in production before the one that is, by the history; those rolled back or taken off by hand do not count. */
export async function previousHolder(core: RegistryCore, name: ModelName): Promise<VersionRecord> {
  const { connection } = core.host;
  const history: TransitionRecord[] = [];
  let after: Parameters<typeof connection.listTransitions>[1] | undefined = { limit: 10_000 };
  while (after !== undefined) {
    const { items, next }: Awaited<ReturnType<typeof connection.listTransitions>> = await connection.listTransitions(
      { namespace: name.namespace, name: name.name },
      after,
    );
    for (const item of items) history.push(item);
    after = next === undefined ? undefined : { limit: 10_000, after: next };
  }
  const holders = holdersOf(history.reverse());
  const view = await core.view(name);
  const [live] = await view.findVersions([{ ...name, ref: { kind: "stage", stage: "production" } }]);
  while (holders.length > 0) {
    const sequence = holders.pop()!;
    if (sequence === live?.sequence) continue;
    const [found] = await view.findVersions([{ ...name, ref: { kind: "sequence", sequence } }]);
    if (found !== undefined && found.deleted === undefined) return found;
  }
  await core.requireModel(name, view);
  throw new StratigraphError("VERSION_NOT_FOUND", "there is no earlier production version to go back to", {
    where: `model ${formatModelName(name)}`,
    hint: "Name the version: rollback with toVersion.",
    data: { ...name, asked: "the version before", available: [] },
  });
}

/** Who held production, in order, as far as one may go back to them. Oldest transition first. */
export function holdersOf(history: readonly TransitionRecord[]): number[] {
  const entered = new Set(history.filter(({ to }) => to === "production").map(({ correlation }) => correlation));
  const holders: number[] = [];
  for (const { kind, from, to, sequence, correlation } of history) {
    if (to === "production") {
      const earlier = holders.lastIndexOf(sequence);
      // Going back takes off everybody who came later.
      if (kind === "rollback" && earlier !== -1) holders.length = earlier;
      holders.push(sequence);
    } else if (from === "production" && (kind === "rollback" || !entered.has(correlation))) {
      // Taken off because it was bad, not because there was a better one.
      if (holders.at(-1) === sequence) holders.pop();
    }
  }
  return holders;
}

function outcomeOf(
  version: VersionRecord,
  from: Stage,
  archived: readonly VersionRecord[],
  { gateResults, forced }: Decided,
  warnings: readonly string[],
): StepOutcome {
  return {
    ...modelVersionOf(version),
    changed: true,
    from,
    archived: archived.map(modelVersionOf),
    gateResults,
    forced,
    warnings,
  };
}

function warningsOf(step: Step, from: Stage, to: Stage): string[] {
  return from === "production" && (step === "archive" || step === "demote")
    ? [`no version is in production now: this one was the only one, and went to ${to}`]
    : [];
}

export function promotionBlocked(
  name: ModelName,
  version: string,
  to: Stage,
  results: readonly GateResult[],
): StratigraphError {
  const failing = results.filter(({ passed }) => !passed);
  const lines = failing.map(({ gate, message, actual, threshold }) => {
    return `\n  ${gate}: ${message} (actual ${JSON.stringify(actual)}, threshold ${JSON.stringify(threshold)})`;
  });
  return new StratigraphError(
    "PROMOTION_BLOCKED",
    `${failing.length} of ${results.length} gates say no to promoting ${formatModelName(name)} v${version} to ${to}${lines.join("")}`,
    {
      hint: "Register a better version, or force it with a reason.",
      data: { ...name, version, to, results: results.map(plainResult) },
    },
  );
}

/** A line for each gate that said no. */
export function blockedLines(
  name: ModelName,
  version: string,
  to: Stage,
  results: readonly GateResult[],
): readonly string[] {
  return results
    .filter(({ passed }) => !passed)
    .map(({ gate, message, actual, threshold }) => {
      const what = `${formatModelName(name)} v${version} not promoted to ${to}`;
      return `${what}: ${gate}: ${message} (actual ${JSON.stringify(actual)}, threshold ${JSON.stringify(threshold)})`;
    });
}

function plainResult({ gate, passed, message, actual, threshold, skipped }: GateResult): {
  readonly [key: string]: Json;
} {
  return { gate, passed, message, actual, threshold, ...(skipped === undefined ? {} : { skipped }) };
}

function seenOf({ version, sequence, revision }: VersionRecord): SeenVersion {
  return { version, sequence, revision };
}

function plainInput(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

/** Whether a step leads up, down or out: for façades that have one word for all of them. */
export function stepTowards(from: Stage, to: Stage): Step {
  if (to === "archived") return "archive";
  return (stageRank[to] ?? 0) >= (stageRank[from] ?? Infinity) ? "promote" : "demote";
}
