// A stored partition, open for reading piece by piece, and checked against what was recorded on the way.

import type { StoredPartition } from "../backend/records.ts";
import { contentError } from "../data/io.ts";
import { openInMemory, type OpenBytes } from "../data/open-bytes.ts";
import { VerifiedBytes } from "../data/verified-bytes.ts";
import { isStratigraphError } from "../errors.ts";
import type { GraphNode } from "../graph/graph.ts";
import { placeText } from "./place.ts";
import { readPartitionBytes, sourceGone, storageOf, type Workspace } from "./workspace.ts";

/** What `readPartitionBytes` reads whole. Errors: DATA_MISSING; for a source SOURCE_CHANGED. */
export async function openPartition(
  workspace: Workspace,
  node: GraphNode | undefined,
  partition: StoredPartition,
): Promise<{ readonly bytes: OpenBytes; readonly verified: VerifiedBytes }> {
  const where = partitionPlace(node, partition);
  const bytes = await openBytes(workspace, node, partition, where);
  const { content: fingerprint, size, digest } = partition;
  const expected = { fingerprint, size, digest };
  const code = partition.input === undefined ? "SOURCE_CHANGED" : "DATA_DAMAGED";
  return {
    bytes,
    verified: new VerifiedBytes(bytes, expected, (received) => contentError(received, expected, where, code)),
  };
}

export function partitionPlace(node: GraphNode | undefined, partition: StoredPartition): string {
  return `${placeText(node?.key ?? "partition", partition.key)} at ${partition.location}`;
}

async function openBytes(
  workspace: Workspace,
  node: GraphNode | undefined,
  partition: StoredPartition,
  where: string,
): Promise<OpenBytes> {
  if (partition.value !== undefined) return openInMemory(partition.value);
  const storage = storageOf(node, partition.storage);
  if (storage.open === undefined) return openInMemory(await readPartitionBytes(workspace, node, partition));
  try {
    return await storage.open(partition.location, workspace.storage);
  } catch (error) {
    throw partition.input === undefined && isStratigraphError(error) && error.code === "DATA_MISSING"
      ? sourceGone(where, error)
      : error;
  }
}
