// Which run the code at work belongs to, wherever it was called from.

import { AsyncLocalStorage } from "node:async_hooks";
import type { RunId } from "../backend/records.ts";

const scope = new AsyncLocalStorage<RunId>();

/** Calls `work` inside a run: what it records is recorded as part of that run, and metadata is written behind it. */
export function insideRun<T>(run: RunId, work: () => T): T {
  return scope.run(run, work);
}

/** The run that the calling code is part of; `undefined` outside of every run. */
export function currentRun(): RunId | undefined {
  return scope.getStore();
}
