// A clock that stands still until it is told to move.

import type { Clock } from "../util/clock.ts";

export interface ManualClock extends Clock {
  /** Moves both times; backwards only the one for people, as system clocks do. */
  advance(milliseconds: number): void;
}

/** Starts at the given time, 2026-01-01T00:00:00Z unless told. */
export function manualClock(start: number = 1_767_225_600_000): ManualClock {
  let now = start;
  let monotonic = 0;
  return {
    now: () => now,
    monotonic: () => monotonic,
    advance(milliseconds) {
      now += milliseconds;
      if (milliseconds > 0) monotonic += milliseconds;
    },
  };
}
