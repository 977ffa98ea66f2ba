// Does: runs a producer's function once, wherever that may be.

import type { ProducerDefinition } from "../graph/producer.ts";
import type { AnyKey } from "./partition-set.ts";
import type { StepName } from "./events.ts";
import type { PartWriter } from "./part-output.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { StepTools } from "./step-tools.ts";

/** One call of a producer's `build`, with everything it is given. */
export interface Task {
  readonly step: StepName;
  readonly producer: ProducerDefinition;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly key: AnyKey;
  readonly attempt: number;
  /** Stands for the work: the same for the same producer, inputs and partition, in every attempt and every build. */
  readonly work: Fingerprint;
  readonly tools: StepTools;
  /** For an executor that does not call `producer.build`, which writes them itself: what takes the partitions of a fan-out. */
  readonly parts?: (() => PartWriter) | undefined;
}

/** The port. `execute` settles when the producer has, or rejects with why it could not. */
export interface Executor {
  /**
   * Errors: STEP_FAILED (with the user's error as cause), STEP_TIMEOUT, STEP_UNSETTLED, STEP_EXITED, BUILD_CANCELLED, what the context
   * refuses, and of threads THREAD_REFUSED, MODULE_NOT_LOADED and PACKAGE_MISSING.
   */
  execute(task: Task, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}
