// Which run the code at work belongs to, wherever it was called from.

import { AsyncLocalStorage } from "node:async_hooks";
import type { RunId } from "../backend/records.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";

/** The step of a build that a producer is called for. */
export interface StepScope {
  readonly graph: string;
  readonly snapshot: Fingerprint;
  readonly producer: string;
  /** The producer's. */
  readonly version: string;
  readonly key: KeyText;
  /** Fingerprint of the graph, which is the configuration of all its steps. */
  readonly config: Fingerprint;
}

interface Scope {
  readonly run: RunId;
  readonly step: StepScope | undefined;
}

const scope = new AsyncLocalStorage<Scope>();

/**
 * Calls `work` inside a run: what it records is recorded as part of that run, and metadata is written behind it. `step`: the step of a
 * build that the run is of. Inside another run the inner one counts.
 */
export function insideRun<T>(run: RunId, work: () => T, step?: StepScope): T {
  return scope.run({ run, step }, work);
}

/** The run that the calling code is part of, by the id its record is written with; `undefined` outside of every run. */
export function currentRun(): RunId | undefined {
  return scope.getStore()?.run;
}

/** The step that the calling code is part of; `undefined` outside of every producer. */
export function currentStep(): StepScope | undefined {
  return scope.getStore()?.step;
}
