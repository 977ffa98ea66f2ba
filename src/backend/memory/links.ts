// Which partitions a snapshot holds under which key, in memory.

import { type StratigraphError } from "../../errors.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { KeyText } from "../../identity/partition-key.ts";
import { compareText } from "../../util/text-order.ts";
import { closePage, openPage, type Listing } from "../page.ts";
import type { Page, PageRequest, PartitionId, PartitionLink, PartitionRecord, StoredPartition } from "../records.ts";
import { otherKey, partitionsUnknown, snapshotUnknown } from "../refusals.ts";
import { OrderedMap } from "./ordered-map.ts";
import { findStored, writeArtifactPartitions } from "./partitions.ts";
import type { MemoryState } from "./state.ts";

export function readSnapshotPartitions(
  state: MemoryState,
  snapshot: Fingerprint,
  artifactKey: string,
  { keys, page: request }: { keys?: readonly KeyText[] | undefined; page?: PageRequest | undefined } = {},
): Page<StoredPartition> {
  const listing: Listing = ["readSnapshotPartitions", snapshot, artifactKey];
  const page = openPage(listing, request);
  const after = page.after?.[0] as KeyText | undefined;
  const links = state.links.get(snapshot)?.get(artifactKey);
  let linked: readonly KeyText[];
  if (keys === undefined) linked = links?.keysAfter(after, page.limit + 1) ?? [];
  else {
    linked = [...new Set(keys)]
      .filter((key) => links?.has(key) === true && (after === undefined || compareText(key, after) > 0))
      .sort(compareText)
      .slice(0, page.limit + 1);
  }
  return closePage(
    listing,
    page,
    linked,
    (key) => [key],
    (key) => findStored(state, links!.get(key)!)!,
  );
}

export function writeSnapshotPartitions(
  state: MemoryState,
  snapshot: Fingerprint,
  links: readonly PartitionLink[],
): void {
  linkPartitions(state, snapshot, links);
  const { graph } = state.snapshots.get(snapshot)!;
  const latest = state.within(state.latest, graph, () => new Map<string, OrderedMap<KeyText, PartitionId>>());
  for (const { artifactKey, key, partition } of links) {
    const last = state.within(latest, artifactKey, () => new OrderedMap<KeyText, PartitionId>(compareText));
    if (last.get(key) !== partition) state.set(last, key, partition);
  }
}

/** Says nothing of what was linked last. */
export function linkPartitions(state: MemoryState, snapshot: Fingerprint, links: readonly PartitionLink[]): void {
  if (!state.snapshots.has(snapshot)) throw snapshotUnknown(snapshot);
  checkLinks(state, links);
  const artifacts = state.within(state.links, snapshot, () => new Map<string, OrderedMap<KeyText, PartitionId>>());
  for (const { artifactKey, key, partition } of links) {
    const linked = state.within(artifacts, artifactKey, () => new OrderedMap<KeyText, PartitionId>(compareText));
    if (linked.get(key) !== partition) state.set(linked, key, partition);
  }
}

function checkLinks(state: MemoryState, links: readonly PartitionLink[]): void {
  const unknown: PartitionId[] = [];
  let other: StratigraphError | undefined;
  for (const { key, partition } of links) {
    const row = state.partitions.get(partition);
    if (row === undefined) unknown.push(partition);
    else if (row.partition.key !== key) other ??= otherKey(partition, row.partition.key, key);
  }
  if (unknown.length > 0) throw partitionsUnknown(unknown);
  if (other !== undefined) throw other;
}

export function writeArtifactAndGraphPartitions(
  state: MemoryState,
  snapshot: Fingerprint,
  partitions: readonly { readonly artifactKey: string; readonly partition: PartitionRecord }[],
): readonly PartitionId[] {
  const ids = writeArtifactPartitions(
    state,
    partitions.map(({ partition }) => partition),
  );
  writeSnapshotPartitions(
    state,
    snapshot,
    partitions.map(({ artifactKey, partition: { key } }, index) => ({ artifactKey, key, partition: ids[index]! })),
  );
  return ids;
}

export function countSnapshotPartitions(state: MemoryState, snapshot: Fingerprint): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [artifactKey, keys] of state.links.get(snapshot) ?? []) counts.set(artifactKey, keys.size);
  return new Map([...counts].sort(([a], [b]) => compareText(a, b)));
}

export function sumSnapshotSizes(state: MemoryState, snapshot: Fingerprint): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const [artifactKey, keys] of state.links.get(snapshot) ?? []) {
    let bytes = 0;
    for (const [, id] of keys) bytes += state.partitions.get(id)!.partition.size;
    sizes.set(artifactKey, bytes);
  }
  return new Map([...sizes].sort(([a], [b]) => compareText(a, b)));
}

export function findLatestPartitions(
  state: MemoryState,
  graph: string,
  places: readonly { readonly artifactKey: string; readonly key: KeyText }[],
): readonly (StoredPartition | undefined)[] {
  const artifacts = state.latest.get(graph);
  return places.map(({ artifactKey, key }) => {
    const id = artifacts?.get(artifactKey)?.get(key);
    return id === undefined ? undefined : findStored(state, id);
  });
}
