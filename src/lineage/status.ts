// How a run went, in our words and in those of the systems whose records we take and give.

import { runStates, type RunState } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";

/** The words of a lineage record. Which of several states a word stands for is told by `state` beside it. */
export const lineageStatuses = ["running", "success", "error"] as const;
export type LineageStatus = (typeof lineageStatuses)[number];

const toStatus: Readonly<Record<RunState, LineageStatus>> = {
  scheduled: "running",
  running: "running",
  succeeded: "success",
  warning: "success",
  failed: "error",
  cancelled: "error",
  lost: "error",
  skipped: "error",
};

/** Every word that is understood, in lower case: ours, a lineage record's, and those of other trackers. */
const fromWord: Readonly<Record<string, RunState>> = {
  ...(Object.fromEntries(runStates.map((state) => [state, state])) as Record<RunState, RunState>),
  pending: "scheduled",
  success: "succeeded",
  completed: "succeeded",
  finished: "succeeded",
  error: "failed",
  killed: "cancelled",
  interrupted: "lost",
};

export function statusOf(state: RunState): LineageStatus {
  return toStatus[state];
}

/** Case does not matter. Error: VALIDATION_FAILED. */
export function parseState(word: string): RunState {
  const state = Object.hasOwn(fromWord, word.toLowerCase()) ? fromWord[word.toLowerCase()] : undefined;
  if (state !== undefined) return state;
  const environment = ["dev", "development", "prod", "production", "staging"].includes(word.toLowerCase());
  throw new StratigraphError("VALIDATION_FAILED", "that is no status of a run", {
    where: "status",
    expected: [...new Set([...lineageStatuses, ...runStates])].join(", "),
    received: `'${word}'`,
    hint: environment ? "Where a run was aimed at is its target." : undefined,
  });
}

/** The states that a word asks for: "success" is also what succeeded with a warning, "error" is every end that is none. */
export function statesAskedFor(word: string): readonly RunState[] {
  const status = lineageStatuses.find((known) => known === word.toLowerCase());
  if (status === undefined) return [parseState(word)];
  return runStates.filter((state) => toStatus[state] === status);
}
