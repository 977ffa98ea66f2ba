// Reads everything that snapshots hold once more, and says which bytes are not the ones that were recorded.

import type { PartitionId, StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { isStratigraphError, type StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { everyItem } from "../backend/pages.ts";

/** What can be wrong with stored bytes. */
export const problems = {
  missing: "the bytes are gone",
  damaged: "the bytes are not the ones recorded",
  unreadable: "the bytes could not be read",
} as const;

export type Problem = keyof typeof problems;

export interface Finding {
  readonly snapshot: StoredSnapshot;
  readonly key: string;
  readonly partition: StoredPartition;
  readonly problem: Problem;
  readonly error: StratigraphError;
}

export interface Verification {
  readonly snapshots: readonly StoredSnapshot[];
  /** Partitions read, each once however many snapshots hold it. */
  readonly checked: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

export interface VerifyOptions {
  /** Whose storages read the bytes; a graph's own storages are found only with it. */
  readonly graph?: GraphDefinition | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called now and then. */
  readonly on?: ((progress: { readonly checked: number; readonly bytes: number }) => void) | undefined;
}

/**
 * Reads each produced partition of these snapshots. Sources are left out: they belong to the user, may change, and are compared
 * by every build. Writes nothing.
 */
export async function verifySnapshots(
  workspace: Workspace,
  snapshots: readonly StoredSnapshot[],
  { graph, signal, on }: VerifyOptions = {},
): Promise<Verification> {
  const { connection } = workspace;
  const seen = new Set<PartitionId>();
  const findings: Finding[] = [];
  let bytes = 0;
  for (const snapshot of snapshots) {
    const counts = await connection.countSnapshotPartitions(snapshot.id);
    for (const key of counts.keys()) {
      const found = graph?.nodes.get(graph.keyNow(key));
      for await (const partition of everyItem((page) =>
        connection.readSnapshotPartitions(snapshot.id, key, { page }),
      )) {
        if (partition.input === undefined || seen.has(partition.id)) continue;
        signal?.throwIfAborted();
        seen.add(partition.id);
        bytes += partition.size;
        const node = found?.identity === partition.artifact ? found : undefined;
        const error = await problemOf(() => readPartitionBytes(workspace, node, partition));
        if (error !== undefined) findings.push({ snapshot, key, partition, problem: kindOf(error), error });
        on?.({ checked: seen.size, bytes });
      }
    }
  }
  return { snapshots, checked: seen.size, bytes, findings };
}

/**
 * Looks at findings again, after what could be built again has been.
 * Building the same thing writes to a new place and keeps the partition's id.
 */
export async function verifyAgain(
  workspace: Workspace,
  findings: readonly Finding[],
  graph?: GraphDefinition,
): Promise<Finding[]> {
  const { connection } = workspace;
  const stored = await connection.readPartitions(findings.map(({ partition }) => partition.id));
  const left: Finding[] = [];
  for (const [index, finding] of findings.entries()) {
    const partition = stored[index];
    if (partition === undefined) continue;
    const found = graph?.nodes.get(graph.keyNow(finding.key));
    const node = found?.identity === partition.artifact ? found : undefined;
    const error = await problemOf(() => readPartitionBytes(workspace, node, partition));
    if (error !== undefined) left.push({ ...finding, partition, problem: kindOf(error), error });
  }
  return left;
}

/** Makes builds pass over these partitions, so that the next one builds them again. */
export async function markFindings(workspace: Workspace, findings: readonly Finding[]): Promise<void> {
  if (findings.length > 0)
    await workspace.connection.markPartitionsDamaged(findings.map(({ partition }) => partition.id));
}

/** The snapshots people rely on: the latest of each graph, and every tagged one. */
export async function reliedOnSnapshots(workspace: Workspace, graph?: string): Promise<StoredSnapshot[]> {
  const { connection } = workspace;
  const snapshots = new Map<string, StoredSnapshot>();
  const names = graph === undefined ? everyItem((page) => connection.listGraphs(page)) : [graph];
  for await (const name of names) {
    const latest = await connection.readLatestSnapshot(name);
    if (latest !== undefined) snapshots.set(latest.id, latest);
  }
  for await (const tag of everyItem((page) => connection.listSnapshotTags(graph, page))) {
    if (snapshots.has(tag.snapshot)) continue;
    const snapshot = await connection.readSnapshot(tag.snapshot);
    if (snapshot !== undefined) snapshots.set(snapshot.id, snapshot);
  }
  return [...snapshots.values()];
}

async function problemOf(read: () => Promise<unknown>): Promise<StratigraphError | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (isStratigraphError(error)) return error;
    throw error;
  }
}

function kindOf({ code }: StratigraphError): Problem {
  return code === "DATA_MISSING" ? "missing" : code === "DATA_DAMAGED" ? "damaged" : "unreadable";
}
