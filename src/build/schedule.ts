// What a schedule is told, and what it answers.

import type { RunId } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { SecretProvider } from "../util/secret.ts";
import type { BuildListener } from "./events.ts";
import type { Executor } from "./executor.ts";
import type { PoolLimits } from "./pools.ts";
import type { Step } from "./network.ts";

export interface ScheduleOptions {
  /** Steps running at once. */
  readonly concurrency: number;
  /** After a failure: finish what does not depend on it (true), or start nothing more. */
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
  readonly emit: BuildListener;
  readonly executor: Executor;
  readonly snapshot: Fingerprint;
  readonly build: RunId;
  readonly forced: (step: Step) => boolean;
  readonly pools: PoolLimits;
  /** Milliseconds until what a silent process holds may be taken over. */
  readonly leaseTime: number;
  readonly secrets?: SecretProvider | undefined;
}

/** How one step ended; steps that were up to date from the start have no entry. */
export interface StepEnd {
  readonly error: StratigraphError | undefined;
  readonly duration: number | undefined;
  /** Only where it ran. */
  readonly run?: RunId | undefined;
}

export interface ScheduleResult {
  readonly ends: ReadonlyMap<Step, StepEnd>;
  /** Stored bytes were found missing or damaged: plan again, the steps that made them must run once more. */
  readonly healing: boolean;
}
