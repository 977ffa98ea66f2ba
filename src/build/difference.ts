// What would come to an environment with a plan, and what would leave it: the plan beside the snapshot that is there now.

import { everyItem } from "../backend/pages.ts";
import type { Connection } from "../backend/backend.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { contentAt, stepAt } from "./network.ts";
import type { PlannedNetwork } from "./plan.ts";

/** Counts of partitions, sources among them. */
export interface PlannedDifference {
  readonly environment: string;
  /** What the environment holds now; `undefined` before its first build. */
  readonly snapshot: Fingerprint | undefined;
  /** Whether a build would give the environment another snapshot, or its first. */
  readonly moves: boolean;
  /** There already, with the same content. */
  readonly same: number;
  /** Comes to it without running, because it was found or built elsewhere. */
  readonly linked: number;
  /** Runs, or may run. */
  readonly open: number;
  /** Is in it now, and would be no longer. */
  readonly gone: number;
}

/** Reads the environment's snapshot one artifact at a time. Of a plan for a part of the graph, the rest counts for nothing. */
export async function differenceTo(
  connection: Connection,
  { network, manifest }: PlannedNetwork,
  environment: string,
): Promise<PlannedDifference> {
  const tag = await connection.readSnapshotTag(network.graph.name, environment);
  const counts = { same: 0, linked: 0, open: 0, gone: 0 };
  const had = tag === undefined ? new Map<string, number>() : await connection.countSnapshotPartitions(tag.snapshot);
  const keys = new Set<string>();
  for (const [node, state] of network.states) {
    keys.add(node.key);
    const now = had.has(node.key) ? await contentsIn(connection, tag!.snapshot, node) : new Map<KeyText, Fingerprint>();
    const { texts, positions } = state.set;
    for (const [position, text] of texts.entries()) {
      if (stepAt(state, position)?.needed === false) continue;
      const content = contentAt(state, node, position);
      counts[content === undefined ? "open" : now.get(text) === content ? "same" : "linked"]++;
    }
    for (const text of now.keys()) if (!positions.has(text)) counts.gone++;
  }
  // What a fan-out has not said yet may be there again, or not.
  for (const { key } of network.graph.nodes.values()) if (!keys.has(key)) counts.open += had.get(key) ?? 0;
  for (const [key, count] of had) if (!network.graph.nodes.has(key)) counts.gone += count;
  return { environment, snapshot: tag?.snapshot, moves: tag?.snapshot !== manifest.fingerprint, ...counts };
}

async function contentsIn(
  connection: Connection,
  snapshot: Fingerprint,
  { key }: GraphNode,
): Promise<ReadonlyMap<KeyText, Fingerprint>> {
  const contents = new Map<KeyText, Fingerprint>();
  for await (const one of everyItem((page) => connection.readSnapshotPartitions(snapshot, key, { page }))) {
    contents.set(one.key, one.content);
  }
  return contents;
}
