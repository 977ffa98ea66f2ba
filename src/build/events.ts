// Everything that can be observed during a build, as one union: terminal, run records and tests all read this stream.

import type { RunId } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Stray } from "../data/storage/storage.ts";
import type { KeyChange } from "./key-changes.ts";
import type { Warning } from "./quality.ts";
import type { Reason } from "./reason.ts";
import type { FinishedState, PlannedState } from "./step-state.ts";

/** Names one step to people: its producer's first output and the partition. */
export interface StepName {
  readonly key: string;
  /** Canonical key text, "" where unpartitioned. */
  readonly partition: string;
  readonly producer: string;
}

export type BuildEvent =
  | { readonly type: "scan-started"; readonly graph: string }
  /** A source artifact was looked through. */
  | {
      readonly type: "source-found";
      readonly key: string;
      readonly partitions: number;
      readonly strays: readonly Stray[];
      readonly strayCount: number;
    }
  | {
      readonly type: "planned";
      /** True for what came to the plan while it was carried out, because fan-outs say what else there is; the counts are of that alone. */
      readonly more?: true | undefined;
      readonly graph: string;
      readonly snapshot: Fingerprint;
      /** Steps by planned state. */
      readonly counts: Readonly<Record<PlannedState, number>>;
      /** Steps by artifact key and planned state, for a progress tree. */
      readonly byKey: ReadonlyMap<string, Readonly<Record<PlannedState, number>>>;
    }
  | {
      readonly type: "step-started";
      readonly step: StepName;
      readonly reason: Reason;
      readonly attempt: number;
      /** The run of this step, and of the build it is part of. */
      readonly run?: RunId | undefined;
      readonly build?: RunId | undefined;
    }
  | { readonly type: "step-log"; readonly step: StepName; readonly text: string }
  /** How far a producer says it is; `total` where it knows how much there is to do. */
  | {
      readonly type: "step-progress";
      readonly step: StepName;
      readonly done: number;
      readonly total: number | undefined;
      readonly note: string | undefined;
    }
  | {
      readonly type: "step-retrying";
      readonly step: StepName;
      readonly attempt: number;
      readonly delay: number;
      readonly error: StratigraphError;
    }
  /** Another process is building this step; its result will be used. */
  | { readonly type: "step-waiting"; readonly step: StepName; readonly holder: string }
  | {
      readonly type: "step-finished";
      readonly step: StepName;
      readonly state: FinishedState;
      readonly reason: Reason;
      /** Milliseconds the producer took; only where it ran. */
      readonly duration: number | undefined;
      readonly error: StratigraphError | undefined;
      /** Only where it ran. */
      readonly run?: RunId | undefined;
      /** What its outputs do not meet and that only warns; there where there is any. */
      readonly warnings?: readonly Warning[] | undefined;
    }
  /** Stored bytes turned out to be missing or damaged; they will be built again. */
  | {
      readonly type: "healing";
      readonly key: string;
      readonly partition: string;
      readonly problem: "missing" | "damaged";
    }
  /** Partitions of a source came or left since the snapshot before, or of a fan-out since its step ran last. */
  | ({ readonly type: "keys-changed" } & KeyChange)
  | { readonly type: "build-finished"; readonly result: BuildResult };

/** An artifact of which it is not known which partitions there are, as a fan-out says that, which did not run yet or failed. */
export interface OpenArtifact {
  readonly key: string;
  /** The producer with the fan-out. */
  readonly producer: string;
}

export type BuildListener = (event: BuildEvent) => void;

export type BuildOutcome = "succeeded" | "failed" | "cancelled";

/** One output partition in a plan or a finished build. `strata … --json` prints exactly these. */
export interface StepReport<State extends string = PlannedState | FinishedState> {
  readonly key: string;
  readonly partition: string;
  readonly state: State;
  readonly reason: Reason;
  readonly error?: StratigraphError | undefined;
  /** What it does not meet and that only warns; there where there is any. */
  readonly warnings?: readonly Warning[] | undefined;
  readonly duration?: number | undefined;
  /** Of a plan with a price: milliseconds and bytes of the whole step, all its outputs together. */
  readonly expected?: { readonly duration: number; readonly bytes: number } | undefined;
}

export interface BuildResult {
  readonly graph: string;
  readonly snapshot: Fingerprint;
  readonly outcome: BuildOutcome;
  /** Counts of output partitions. */
  readonly built: number;
  readonly reused: number;
  readonly skipped: number;
  readonly failed: number;
  /** One entry per output partition, in graph order then key order. */
  readonly steps: readonly StepReport<FinishedState>[];
  /** Artifacts of which nothing was built because a fan-out failed that says which partitions there are; there where there are any. */
  readonly open?: readonly OpenArtifact[] | undefined;
  /** Partitions of sources and fan-outs that were not there before, or are not there any more; there where there are any. */
  readonly keys?: readonly KeyChange[] | undefined;
  /** Milliseconds. */
  readonly duration: number;
}
