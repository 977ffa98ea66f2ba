// How a finished step is recorded: its links, and its run's reason and error; and what is done where one of them is gone.

import type { Json, PartitionLink } from "../backend/records.ts";
import { isStratigraphError, type StratigraphError } from "../errors.ts";
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

/** What is written, or "gone" where it would have named a stored partition that a gc has taken since it was found. */
export async function orGone<T>(writing: Promise<T>): Promise<T | "gone"> {
  try {
    return await writing;
  } catch (error) {
    if (isStratigraphError(error) && error.code === "PARTITION_UNKNOWN") return "gone";
    throw error;
  }
}
