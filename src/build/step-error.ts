// How a producer's end is said that is none of its results: the same sentences wherever it ran.

import { isStratigraphError, StratigraphError, type ErrorCode } from "../errors.ts";
import type { Task } from "./executor.ts";
import { placeText } from "./place.ts";
import { describeThrown } from "./thrown.ts";

/** What says all there is to say, and is not the producer's failure. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SECRET_MISSING",
  "STEP_CONTEXT_INVALID",
  "COMMAND_FAILED",
]);

export function placeOfTask({ producer, step }: Pick<Task, "producer" | "step">): string {
  return `producer '${producer.name}', ${placeText(step.key, step.partition)}`;
}

/** STEP_FAILED with what was thrown as its cause, or what the context refused. */
export function failedError(thrown: unknown, where: string): StratigraphError {
  if (isStratigraphError(thrown) && refusals.has(thrown.code)) {
    return thrown.where === undefined ? thrown.with({ where }) : thrown;
  }
  return new StratigraphError("STEP_FAILED", `the producer failed: ${describeThrown(thrown)}`, {
    where,
    cause: thrown,
  });
}

export function exitedError(code: number | string | null | undefined, where: string): StratigraphError {
  return new StratigraphError("STEP_EXITED", "the producer called process.exit", {
    where,
    received: `exit code ${String(code ?? 0)}`,
    hint: "Throw an error instead: the build must go on for the other steps.",
  });
}

export function timeoutError(limit: number, where: string): StratigraphError {
  return new StratigraphError("STEP_TIMEOUT", "the producer took too long", {
    where,
    expected: `an answer within ${limit} ms`,
    hint: "Raise its timeout, or find out what it waits for.",
  });
}

export function cancelledError(where: string): StratigraphError {
  return new StratigraphError("BUILD_CANCELLED", "the build was cancelled", { where });
}
