// How a finished step is recorded: its links, and its run's reason and error.

import type { Json, PartitionLink } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import { outputNode, type Step } from "./network.ts";
import type { StepTools } from "./step-tools.ts";
import { stackOf } from "./thrown.ts";

/** A step's outputs in their places in a snapshot. */
export function linksOf(step: Step): PartitionLink[] {
  return step.outputs!.map(({ id, key }, slot) => ({
    artifactKey: outputNode(step, slot).key,
    key,
    partition: id,
  }));
}

/** With the names of the secrets that were used, where there were any. */
export function withSecrets(reason: Json | undefined, { secrets: { names } }: StepTools): Json | undefined {
  return names.length === 0 ? reason : { ...(reason as Readonly<Record<string, Json>>), secrets: names };
}

export function errorRecord(error: StratigraphError): Json {
  return {
    code: error.code,
    message: error.message,
    ...(stackOf(error.cause) === undefined ? {} : { stack: stackOf(error.cause)! }),
  };
}
