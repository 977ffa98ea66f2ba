// Training that ends in the registry: what the configuration says is understood before the first example is looked at.

import { z } from "zod";
import { parseWith } from "../changes/parse.ts";
import type { ModelCodec } from "./codec.ts";
import type { GateSettings } from "./gate.ts";
import { nameSchema, versionSchema } from "./limits.ts";
import type { ModelVersion } from "./model-version.ts";
import { formatModelName, parseModelName, type ModelNameInput } from "./name.ts";
import type { RegisterFields } from "./registering.ts";
import type { ModelRegistry } from "./registry.ts";
import { parseStage } from "./stage.ts";
import { promotionBlocked, type StepOutcome } from "./stepping.ts";
import type { Written } from "./written.ts";

/** Where a trained model goes. Plain data, as it stands in a configuration file; there `auto_version` and the like are read as well. */
export interface TrainingTarget {
  /** "churn", or "team/churn". */
  readonly model: string;
  /** The namespace; "default" unless told, here or in the name. */
  readonly useCase?: string | undefined;
  /** Take the next number. True unless told; false needs `version`. */
  readonly autoVersion?: boolean | undefined;
  readonly version?: string | undefined;
  readonly bump?: "patch" | "minor" | "major" | undefined;
  /** "staging" or "production"; stays where it begins unless told. */
  readonly promoteTo?: string | undefined;
  /** Instead of the stored gates. */
  readonly promotionGates?: GateSettings | undefined;
  /** What to do once the version is registered and its gates say no: `throw` (unless told) PROMOTION_BLOCKED, or `log` and go on. */
  readonly onBlocked?: "throw" | "log" | undefined;
}

export interface Trained<M> extends Pick<RegisterFields, "metrics" | "hyperparameters" | "metadata"> {
  readonly model: M;
}

export interface TrainOptions<M> extends Omit<
  RegisterFields,
  "name" | "namespace" | "version" | "bump" | "metrics" | "metadata" | "hyperparameters"
> {
  /** The registry to register in. */
  readonly into: ModelRegistry;
  /** Parsed by `trainingTargetSchema`. */
  readonly registry: TrainingTarget | Readonly<Record<string, unknown>>;
  readonly codec: ModelCodec<M>;
  /** Makes the model and measures it; not called where the configuration is wrong. */
  readonly train: (signal: AbortSignal | undefined) => Trained<M> | Promise<Trained<M>>;
}

export interface TrainResult<M> {
  readonly model: M;
  readonly version: Written<ModelVersion>;
  /** Where it was to be promoted. */
  readonly promotion: Written<StepOutcome> | undefined;
}

const SPELLINGS: Readonly<Record<string, string>> = {
  use_case: "useCase",
  usecase: "useCase",
  namespace: "useCase",
  name: "model",
  model_name: "model",
  auto_version: "autoVersion",
  promote_to: "promoteTo",
  promotion_gates: "promotionGates",
  on_blocked: "onBlocked",
};

export const trainingTargetSchema: z.ZodType<TrainingTarget> = z.preprocess(
  (given) =>
    typeof given !== "object" || given === null || Array.isArray(given)
      ? given
      : Object.fromEntries(Object.entries(given).map(([key, value]) => [SPELLINGS[key] ?? key, value as unknown])),
  z
    .strictObject({
      model: z.string().min(1),
      useCase: nameSchema.optional(),
      autoVersion: z.boolean().default(true),
      version: versionSchema.optional(),
      bump: z.enum(["patch", "minor", "major"]).optional(),
      promoteTo: z.string().optional(),
      promotionGates: z.record(z.string(), z.json()).optional(),
      onBlocked: z.enum(["throw", "log"]).default("throw"),
    })
    .refine(({ autoVersion, version }) => autoVersion || version !== undefined, {
      path: ["version"],
      error: "a version, because autoVersion is false",
    }),
);

/**
 * Trains, registers, and promotes if the gates say yes. Inside a run the writing is left to the writer and the version knows its run.
 * Errors: VALIDATION_FAILED and GATE_INVALID before training; PROMOTION_BLOCKED after the version is registered, which stays where it began.
 */
export async function train<M>(options: TrainOptions<M>): Promise<TrainResult<M>> {
  const { into, registry, codec, train: fit, signal, ...rest } = options;
  const target = await parseWith(trainingTargetSchema, registry, "registry");
  const { useCase, version: pinned, bump, promotionGates, onBlocked } = target;
  // Without a namespace it is the registry's own.
  const given: ModelNameInput = useCase === undefined ? target.model : { namespace: useCase, name: target.model };
  parseModelName(given);
  if (promotionGates !== undefined) into.checkGates(promotionGates);
  const to = target.promoteTo === undefined ? undefined : parseStage(target.promoteTo, "registry, promoteTo");

  const { model, metrics, hyperparameters, metadata } = await fit(signal);

  const version = await into.register<M>({
    ...rest,
    name: target.model,
    ...(useCase === undefined ? {} : { namespace: useCase }),
    ...(pinned === undefined ? {} : { version: pinned }),
    ...(bump === undefined ? {} : { bump }),
    metrics,
    hyperparameters,
    metadata,
    model,
    codec,
    signal,
  });
  if (to === undefined || to === version.stage) return { model, version, promotion: undefined };
  const { by, reason, mode, durable } = rest;
  const name = { namespace: version.namespace, name: version.name };
  const promotion = await into.promote({ ...name, version: version.version }, to, {
    gates: promotionGates,
    onBlocked: "log",
    by,
    reason: reason ?? `trained as ${formatModelName(name)} v${version.version}`,
    mode,
    durable,
  });
  if (!promotion.changed && onBlocked !== "log")
    throw promotionBlocked(name, version.version, to, promotion.gateResults);
  return { model, version, promotion };
}
