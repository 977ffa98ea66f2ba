// Reproduce for programs: everything a snapshot holds once more, to find what depends on more than its inputs.

import type { StoredSnapshot } from "../../backend/records.ts";
import type { Graph } from "../../build/graph.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { reproduceSnapshot, type ReproduceOptions as StepOptions, type Reproduction } from "../reproduce.ts";
import { checkCall, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";

export interface ReproduceOptions<G extends string = string> extends WorkspaceOptions, StepOptions {
  /** The latest unless told. */
  readonly snapshot?: SnapshotInput<G> | undefined;
}

export interface Reproduced extends Reproduction {
  readonly snapshot: StoredSnapshot;
}

const names: OptionNames<ReproduceOptions> = {
  ...{ snapshot: true, secrets: true, signal: true, on: true },
  ...workspaceNames,
};

/**
 * Runs each step of a snapshot once more, one after the other, on its stored inputs, and compares. Stores nothing.
 * What its producer would make otherwise by now, and steps that fail, are in `left`.
 * Errors: SNAPSHOT_UNKNOWN; the signal's reason where it is aborted.
 */
export async function reproduce<G extends string, N>(
  graph: Graph<G, N>,
  options: ReproduceOptions<NoInfer<G>> = {},
): Promise<Reproduced> {
  checkCall("reproduce()", graph, options, names);
  const { snapshot = "latest", secrets, signal, on, ...place }: ReproduceOptions = options;
  await using workspace = await openWorkspace({ ...place, signal, readOnly: true });
  const found = await storedSnapshot(workspace.connection, graph.name, snapshot, "reproduce(), snapshot");
  const result = await reproduceSnapshot(workspace, graph.definition, found, { secrets, signal, on });
  return { snapshot: found, ...result };
}
