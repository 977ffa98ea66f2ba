// Statistics of an artifact over its partitions, as they are stored.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { QualityRecord, StoredPartition, StoredSnapshot } from "../backend/records.ts";
import type { Statistics } from "../data/statistics/statistics.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { GraphArtifact } from "../graph/wired.ts";
import type { Finding } from "./quality.ts";
import { keyInSnapshot, resolveSnapshot } from "./snapshot.ts";
import { openWorkspace, type WorkspaceOptions } from "./workspace.ts";

/** What is known of one partition. */
export interface PartitionStatistics {
  readonly partition: string;
  /** `undefined` where none were taken when it was built or judged. */
  readonly statistics: Statistics | undefined;
  /** What its checks warned of when it was made. */
  readonly findings: readonly Finding[];
}

/** By key, in order of its text. */
export async function readStatistics(
  connection: Connection,
  snapshot: StoredSnapshot,
  artifactKey: string,
): Promise<readonly PartitionStatistics[]> {
  const partitions: StoredPartition[] = [];
  const list = everyItem((page) => connection.readSnapshotPartitions(snapshot.id, artifactKey, { page }));
  for await (const partition of list) partitions.push(partition);
  const known = await connection.readQuality(partitions.map(({ id }) => id));
  return partitions.map(({ key }, index) => ({ partition: key, ...knownOf(known[index]) }));
}

export function knownOf(record: QualityRecord | undefined): Omit<PartitionStatistics, "partition"> {
  return {
    statistics: record?.statistics as unknown as Statistics | undefined,
    findings: (record?.findings ?? []) as unknown as readonly Finding[],
  };
}

/** See `Graph.statistics`. */
export async function statisticsIn<G extends string>(
  graph: GraphDefinition,
  artifact: GraphArtifact<unknown, never, G>,
  { snapshot = "latest", ...options }: WorkspaceOptions & { readonly snapshot?: string | undefined },
): Promise<readonly PartitionStatistics[]> {
  await using workspace = await openWorkspace({ ...options, readOnly: true });
  const found = await resolveSnapshot(workspace.connection, graph.name, snapshot);
  const key = await keyInSnapshot(workspace.connection, graph, found.id, graph.node(artifact).key);
  return await readStatistics(workspace.connection, found, key);
}
