// Why a partition would be, or was, built or reused: the plan's reason now, what it was built from last, and the chain above it.

import type { RunRecord, StoredPartition } from "../backend/records.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { BuildOptions } from "./build.ts";
import type { StepReport } from "./events.ts";
import type { Reason } from "./reason.ts";
import type { PlannedState } from "./step-state.ts";

/** What is remembered of the build that made a partition. */
export interface LastBuilt {
  readonly partition: StoredPartition;
  readonly run: RunRecord | undefined;
  /** The reason it ran then. */
  readonly reason: Reason | undefined;
  readonly inputs: readonly {
    readonly name: string;
    readonly key: string;
    readonly content: string;
    readonly location: string;
  }[];
}

export interface CountedCode {
  readonly counted: "functions" | "files";
  /** A sentence, where files count. */
  readonly because: string | undefined;
}

export interface Why {
  readonly key: string;
  readonly partition: string;
  /** What a build would do now, and why. */
  readonly now: StepReport<PlannedState>;
  readonly last: LastBuilt | undefined;
  /** Which of its code counts, where the producer follows it: the functions it reaches, or all files that are loaded, and why those. */
  readonly code: CountedCode | undefined;
  /** For a step that waits: the steps above it that would run, at most 20, the nearest first. */
  readonly causes: readonly StepReport<PlannedState>[];
}

/**
 * Explains an artifact's partitions: the one named, or all of them that would change, or (if none would) the first.
 * Errors: SELECTOR_UNKNOWN, PARTITION_NOT_BUILT; GRAPH_INVALID for a source.
 */
export async function why(
  graph: GraphDefinition,
  selector: string,
  options: BuildOptions = {},
): Promise<readonly Why[]> {
  const { explainNow } = await import("./why-now.ts");
  return explainNow(graph, selector, options);
}
