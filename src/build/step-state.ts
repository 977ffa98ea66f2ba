// The states a step passes through, a sentence each.

/** What a plan says of an output partition. */
export const plannedStates = {
  "up-to-date": "its result exists and is used as it is",
  stale: "it was built, from something else than there is now",
  missing: "it was never built, or its bytes are gone",
  pending: "it waits for a step above it; it runs only if that changes something",
} as const;

/** What a build says of an output partition when it is over. */
export const finishedStates = {
  built: "its producer ran and the result is stored",
  reused: "an earlier result was used",
  skipped: "it did not run because a step above it failed, or the build was cancelled",
  failed: "its producer, a check or a write failed",
} as const;

export type PlannedState = keyof typeof plannedStates;
export type FinishedState = keyof typeof finishedStates;
