// Diff for programs: what differs between two snapshots of a graph.

import type { Graph } from "../../build/graph.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { compareValues } from "../compare-values.ts";
import { diffSnapshotsIn, type ArtifactDiff, type PartitionDiff, type SnapshotDiff } from "../diff.ts";
import type { ValueDifferences } from "../value-difference.ts";
import { checkCall, checkNumber, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";

export interface DiffSnapshotsOptions<G extends string = string> extends WorkspaceOptions {
  readonly before: SnapshotInput<G>;
  /** The latest unless told. */
  readonly after?: SnapshotInput<G> | undefined;
  /** Also compare the values of what changed and is listed, up to 1 MiB each. False unless told. */
  readonly values?: boolean | undefined;
  /** Partitions listed for each artifact; 1,000 unless told. All are counted. */
  readonly limit?: number | undefined;
}

export interface ComparedPartition extends PartitionDiff {
  /** Where the two values differ; `undefined` where they were not compared. */
  readonly values: ValueDifferences | undefined;
}

export interface ComparedArtifact extends ArtifactDiff {
  readonly partitions: readonly ComparedPartition[];
}

export interface ComparedSnapshots extends SnapshotDiff {
  readonly artifacts: readonly ComparedArtifact[];
}

const names: OptionNames<DiffSnapshotsOptions> = {
  ...{ before: true, after: true, values: true, limit: true },
  ...workspaceNames,
};

/**
 * Says what differs between two snapshots: partitions by content, so that what was built again with the same result is the same, and
 * declarations, schemas field by field. Writes nothing. Errors: SNAPSHOT_UNKNOWN.
 */
export async function diffSnapshots<G extends string, N>(
  graph: Graph<G, N>,
  options: DiffSnapshotsOptions<NoInfer<G>>,
): Promise<ComparedSnapshots> {
  checkCall("diffSnapshots()", graph, options, names);
  const { before, after = "latest", values = false, limit, ...place }: DiffSnapshotsOptions = options;
  checkNumber("diffSnapshots()", "limit", limit, { least: 0, whole: true, unit: "a whole number of partitions" });
  await using workspace = await openWorkspace({ ...place, readOnly: true });
  const { connection } = workspace;
  const found = await diffSnapshotsIn(
    connection,
    await storedSnapshot(connection, graph.name, before, "diffSnapshots(), before"),
    await storedSnapshot(connection, graph.name, after, "diffSnapshots(), after"),
    { limit },
  );
  const differences = values ? await compareValues(workspace, graph.definition, found) : undefined;
  const artifacts = found.artifacts.map((artifact) => ({
    ...artifact,
    partitions: artifact.partitions.map((partition) => ({ ...partition, values: differences?.get(partition) })),
  }));
  return { ...found, artifacts };
}
