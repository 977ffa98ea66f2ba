// The four stages in every spelling people use for them, and their order.

import { stages, type Stage } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";

/** How far a stage is from being live; `archived` is beside the ladder. */
export const stageRank: Readonly<Record<Stage, number | undefined>> = {
  development: 0,
  staging: 1,
  production: 2,
  archived: undefined,
};

/** What is read as a stage, whatever its case; another registry says "None" or nothing for what is fresh. */
const SPELLINGS: ReadonlyMap<string, Stage> = new Map<string, Stage>([
  ...stages.map((stage) => [stage, stage] as const),
  ["none", "development"],
  ["", "development"],
]);

/** Names of places where programs run, which people take for stages. */
const ENVIRONMENTS: ReadonlySet<string> = new Set([
  "dev",
  "test",
  "qa",
  "uat",
  "stage",
  "stg",
  "preprod",
  "prod",
  "prd",
]);

/** The stage a text means, or `undefined`. */
export function findStage(text: string): Stage | undefined {
  return SPELLINGS.get(text.trim().toLowerCase());
}

/**
 * The stage that is meant. Error: VALIDATION_FAILED, which lists the four, and says so where an environment was given.
 */
export function parseStage(value: unknown, where?: string): Stage {
  const stage = typeof value === "string" ? findStage(value) : undefined;
  if (stage !== undefined) return stage;
  const environment = environmentIn(value);
  const guess = typeof value === "string" ? suggest(value, stages) : undefined;
  const hint = guess === undefined ? undefined : `Did you mean '${guess}'?`;
  throw new StratigraphError(
    "VALIDATION_FAILED",
    environment === undefined
      ? "that is no stage"
      : `${showValue(environment)} is an environment, where a program runs; a stage says how far a model version has come`,
    { where, expected: stages.join(", "), received: showValue(value), hint },
  );
}

function environmentIn(value: unknown): string | undefined {
  if (typeof value === "string") return ENVIRONMENTS.has(value.trim().toLowerCase()) ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const given: unknown = Object.entries(value).find(([name]) => name === "environment" || name === "env")?.[1];
  return typeof given === "string" ? given : undefined;
}

/** "Production": as the registries write it that have only three. */
export function capitalStage(stage: Stage): string {
  return stage.charAt(0).toUpperCase() + stage.slice(1);
}
