// The built partition a version is made from, by what people know of it: graph, snapshot, artifact and key.

import type { Connection } from "../backend/backend.ts";
import type { VersionSource } from "../backend/model-records.ts";
import type { StoredPartition } from "../backend/records.ts";
import { resolveSnapshot } from "../build/snapshot.ts";
import { StratigraphError } from "../errors.ts";
import { integers, strings } from "../identity/declare-dimension.ts";
import { encodeKey, type KeyText } from "../identity/partition-key.ts";

export interface PartitionRef {
  /** The graph's name; a snapshot that was built knows it. */
  readonly graph?: string | undefined;
  /** What `build` answered, or "latest" (unless told), a tag, or the first characters of an id. */
  readonly snapshot?: string | { readonly id: string; readonly graph: string } | undefined;
  /** The artifact's key in the graph: "model". */
  readonly artifact: string;
  /** `{ date: "2026-01-02" }`, or as text; may be left out where there is one partition. */
  readonly key?: string | Readonly<Record<string, string | number>> | undefined;
}

/** Errors: SNAPSHOT_UNKNOWN, PARTITION_NOT_BUILT, PARTITION_KEY_INVALID, VALIDATION_FAILED. */
export async function findSourcePartition(
  connection: Connection,
  ref: PartitionRef,
): Promise<{ readonly partition: StoredPartition; readonly origin: VersionSource }> {
  const { snapshot = "latest", artifact, key } = ref;
  const graph = typeof snapshot === "string" ? ref.graph : snapshot.graph;
  if (graph === undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "say which graph the partition is of", {
      expected: "`graph`, or a snapshot as `build` answered it",
    });
  }
  const stored = await resolveSnapshot(connection, graph, typeof snapshot === "string" ? snapshot : snapshot.id);
  const text = typeof key === "object" ? keyTextOf(key) : (key as KeyText | undefined);
  const { items } = await connection.readSnapshotPartitions(
    stored.id,
    artifact,
    text === undefined ? { page: { limit: 2 } } : { keys: [text] },
  );
  const [partition, second] = items;
  const where = `snapshot ${stored.id.slice(0, 8)} of graph '${graph}'`;
  if (partition === undefined) {
    throw new StratigraphError("PARTITION_NOT_BUILT", `the snapshot has no ${artifact}[${text ?? ""}]`, {
      where,
      hint: `See what there is: strata ls ${artifact}`,
    });
  }
  if (second !== undefined) {
    throw new StratigraphError("VALIDATION_FAILED", `'${artifact}' has more than one partition: name the one`, {
      where,
      expected: `a key, such as "${partition.key}"`,
    });
  }
  return {
    partition,
    origin: {
      graph,
      snapshot: stored.id,
      artifactKey: artifact,
      key: partition.key,
      partition: partition.id,
      content: partition.content,
    },
  };
}

/** The text of a key does not depend on the kind of its dimensions, only on whether a value is a number. */
function keyTextOf(key: Readonly<Record<string, string | number>>): KeyText {
  const dimensions = Object.fromEntries(
    Object.entries(key).map(([name, value]) => [name, typeof value === "number" ? integers() : strings()]),
  );
  return encodeKey(dimensions, key);
}
