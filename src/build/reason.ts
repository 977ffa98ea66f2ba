// Why a step runs, or need not: the enumerated reasons, as data. `explain.ts` turns them into sentences.

/** Each code with what it means; the table in `docs/cli.md` prints these. */
export const reasonCodes = {
  unchanged: "producer and inputs are the same as last time",
  "built-before": "the same producer and inputs were built earlier; that result is used again",
  "never-built": "nothing was ever built here",
  "version-changed": "the producer's version changed",
  "code-changed": "the code that the producer runs changed",
  "param-changed": "the value of a param that the producer uses changed",
  "producer-changed": "another producer, or other inputs and outputs than before",
  "schema-changed": "the schema or format of an input or output changed",
  "input-changed": "the content of an input changed, or partitions came or went",
  "output-missing": "the stored bytes are gone",
  "output-damaged": "the stored bytes are not the ones recorded",
  forced: "asked for with --force",
  tainted: "somebody said with `strata taint` that the stored result must not be used again",
  pinned: "somebody said with `strata pin` that this result stays, whatever changes",
  blocked: "what is stored, or what it reads, does not meet what is demanded of it now; nothing is run",
  pending: "depends on a step that has to run first; may turn out to be unchanged",
  "upstream-failed": "a step it depends on failed",
  cancelled: "the build was cancelled before its turn",
} as const;

export type ReasonCode = keyof typeof reasonCodes;

/** One difference between what a step was built from and what it would be built from now. */
export interface Change {
  /** In the user's words: "input 'days'", "version", "output 'total' schema". */
  readonly part: string;
  readonly change: "added" | "removed" | "changed";
  /** The partition of the input, where the part is an input. */
  readonly partition?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export interface Reason {
  readonly code: ReasonCode;
  /** The differences, at most 20; `changeCount` counts all. */
  readonly changes?: readonly Change[] | undefined;
  readonly changeCount?: number | undefined;
  /** What somebody gave as a reason, for `forced`, `tainted` and `pinned`; what is not met, for `blocked`. */
  readonly note?: string | undefined;
  /** The steps waited for, or for `upstream-failed` those that failed: at most 3, as "days[date=2026-01-02]". */
  readonly on?: readonly string[] | undefined;
}

// The commonest, shared: a graph may have a million steps.
export const unchanged: Reason = Object.freeze({ code: "unchanged" });
export const builtBefore: Reason = Object.freeze({ code: "built-before" });
export const neverBuilt: Reason = Object.freeze({ code: "never-built" });
