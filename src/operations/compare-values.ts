// What became of the values that differ between two snapshots.

import type { Workspace } from "../build/workspace.ts";
import { isStratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { PartitionDiff, SnapshotDiff } from "./diff.ts";
import { storedValues } from "./stored-values.ts";
import { differencesOf, type ValueDifferences } from "./value-difference.ts";

/** Bytes: values larger than this are not compared in detail. */
const LARGEST_VALUE = 1 << 20;

/**
 * Only what changed, is listed and is small; a value that cannot be read is left out, `verify` says what is wrong with it. Both as they
 * are declared now, or, where one is older and does not fit, both as they were written.
 */
export async function compareValues(
  workspace: Workspace,
  graph: GraphDefinition | undefined,
  { artifacts, before, after }: SnapshotDiff,
): Promise<Map<PartitionDiff, ValueDifferences>> {
  const differences = new Map<PartitionDiff, ValueDifferences>();
  const [readerBefore, readerAfter] = [
    await storedValues(workspace, graph, before),
    await storedValues(workspace, graph, after),
  ];
  for (const { key, was, partitions } of artifacts) {
    for (const partition of partitions) {
      const { before: old, after: now } = partition;
      if (old === undefined || now === undefined || Math.max(old.size, now.size) > LARGEST_VALUE) continue;
      for (const how of ["value", "written"] as const) {
        try {
          const [one, other] = [await readerBefore[how](key, old, was), await readerAfter[how](key, now)];
          differences.set(partition, differencesOf(one, other));
          break;
        } catch (error) {
          if (!isStratigraphError(error)) throw error;
        }
      }
    }
  }
  return differences;
}
