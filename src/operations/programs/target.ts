// One partition that a program names: by an artifact of the graph, and a key with exactly its dimensions.

import type { Connection } from "../../backend/backend.ts";
import type { StoredPartition, StoredSnapshot } from "../../backend/records.ts";
import { placeText } from "../../build/place.ts";
import { keyInSnapshot } from "../../build/snapshot.ts";
import { StratigraphError } from "../../errors.ts";
import type { GraphDefinition, GraphNode } from "../../graph/graph.ts";
import { isRecord } from "../../graph/option.ts";
import type { AnyWired, GraphArtifact } from "../../graph/wired.ts";
import type { Key } from "../../identity/dimension.ts";
import { encodeKey, type KeyText } from "../../identity/partition-key.ts";
import { refused } from "./given.ts";

/** An artifact of the graph and the key of one of its partitions; no key for an artifact without dimensions. */
export type Target<V, D, G extends string> = {
  /** One of `graph.artifacts`. */
  readonly artifact: GraphArtifact<V, D, G>;
} & (keyof D extends never ? { readonly key?: undefined } : { readonly key: Key<NoInfer<D>> });

/** The same without its types. */
export interface AnyTarget {
  readonly artifact: AnyWired;
  readonly key?: unknown;
}

export interface FoundTarget {
  readonly node: GraphNode;
  readonly text: KeyText;
}

/** Errors: GRAPH_INVALID for an artifact of another graph, PARTITION_KEY_INVALID, VALIDATION_FAILED. */
export function findTarget(call: string, graph: GraphDefinition, { artifact, key = {} }: AnyTarget): FoundTarget {
  if (artifact === undefined) {
    throw refused(call, "it is about one artifact", `{ artifact: ${graph.name}.artifacts.… }`, artifact);
  }
  const node = graph.node(artifact);
  if (!isRecord(key)) {
    const names = Object.keys(node.artifact.dimensions);
    const form = names.length === 0 ? "none" : `{ ${names.map((name) => `${name}: …`).join(", ")} }`;
    throw refused(`${call}, key`, "a key is an object, a value for each dimension", form, key);
  }
  return { node, text: encodeKey(node.artifact.dimensions, key) };
}

/** What the snapshot has of it, under the name that the artifact had then. Error: PARTITION_NOT_BUILT. */
export async function storedTarget(
  connection: Connection,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  { node, text }: FoundTarget,
): Promise<StoredPartition> {
  const key = await keyInSnapshot(connection, graph, snapshot.id, node.key);
  const { items } = await connection.readSnapshotPartitions(snapshot.id, key, { keys: [text] });
  if (items[0] !== undefined) return items[0];
  throw new StratigraphError("PARTITION_NOT_BUILT", `the snapshot has no ${placeText(node.key, text)}`, {
    where: `snapshot ${snapshot.id.slice(0, 8)} of graph '${graph.name}'`,
    hint: "Name one of snapshot.keys(…).",
  });
}
