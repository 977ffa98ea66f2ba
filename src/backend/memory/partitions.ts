// Partitions in memory: which artifact, which key, made from what, with which content.

import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { KeyText } from "../../identity/partition-key.ts";
import { compareText } from "../../util/text-order.ts";
import { closePage, openPage, type Listing } from "../page.ts";
import type {
  Page,
  PageRequest,
  PartitionId,
  PartitionQuery,
  PartitionRecord,
  RunId,
  RunPartition,
  StoredPartition,
} from "../records.ts";
import { storedPartition } from "../stored-partition.ts";
import { OrderedMap } from "./ordered-map.ts";
import type { MemoryState, PartitionRow } from "./state.ts";

export function readArtifactPartitions(
  state: MemoryState,
  artifact: Fingerprint,
  {
    inputs,
    page: request,
  }: { inputs?: ReadonlyMap<KeyText, Fingerprint> | undefined; page?: PageRequest | undefined } = {},
): Page<StoredPartition> {
  const listing: Listing = ["readArtifactPartitions", artifact];
  const page = openPage(listing, request);
  const [afterKey = "", afterSequence = -1] = (page.after ?? []) as readonly [KeyText?, number?];
  const byKey = state.partitionsByKey.get(artifact);
  const rows: PartitionRow[] = [];
  const asked = inputs === undefined ? undefined : [...inputs.keys()].sort(compareText);
  // Each key has at least one partition, so this many are enough.
  for (const key of asked ?? byKey?.keysFrom(afterKey as KeyText, page.limit + 2) ?? []) {
    if (compareText(key, afterKey) < 0) continue;
    for (const id of byKey?.get(key) ?? []) {
      const row = state.partitions.get(id)!;
      if (key === afterKey && row.sequence <= afterSequence) continue;
      if (inputs !== undefined && row.partition.input !== inputs.get(key)) continue;
      rows.push(row);
    }
    if (rows.length > page.limit) break;
  }
  return closePage(listing, page, rows, ({ partition, sequence }) => [partition.key, sequence], toStored);
}

export function writeArtifactPartitions(
  state: MemoryState,
  records: readonly PartitionRecord[],
): readonly PartitionId[] {
  return records.map((record) => writePartition(state, record));
}

function writePartition(state: MemoryState, record: PartitionRecord): PartitionId {
  const { artifact, key, input, content } = record;
  const byKey = state.within(
    state.partitionsByKey,
    artifact,
    () => new OrderedMap<KeyText, readonly PartitionId[]>(compareText),
  );
  const siblings = byKey.get(key) ?? [];
  const id = siblings.find((one) => {
    const { partition } = state.partitions.get(one)!;
    return partition.input === input && partition.content === content;
  });
  if (id !== undefined && isSame(state.partitions.get(id)!.partition, record)) return id;
  const sequence = state.nextSequence();
  const written = id ?? (sequence as PartitionId);
  const partition = Object.freeze(storedPartition({ ...record, value: record.value?.slice() }, written, false));
  state.set(state.partitions, written, { partition, sequence, writtenAt: state.clock.now() });
  state.journal.set(byKey, key, [...siblings.filter((one) => one !== written), written]);
  return written;
}

/** Whether writing the record would change nothing. Equal content of equal size is equal bytes, so only having them can differ. */
function isSame(stored: StoredPartition, record: PartitionRecord): boolean {
  return (
    !stored.damaged &&
    stored.size === record.size &&
    stored.digest === record.digest &&
    stored.storage === record.storage &&
    stored.location === record.location &&
    stored.run === record.run &&
    (stored.value === undefined) === (record.value === undefined)
  );
}

export function findPartitions(
  state: MemoryState,
  queries: readonly PartitionQuery[],
): readonly (StoredPartition | undefined)[] {
  return queries.map(({ artifact, key, input }) => {
    const ids = state.partitionsByKey.get(artifact)?.get(key) ?? [];
    for (let i = ids.length - 1; i >= 0; i--) {
      const row = state.partitions.get(ids[i]!)!;
      if (row.partition.input === input && !row.partition.damaged) return toStored(row);
    }
    return undefined;
  });
}

export function readPartitions(
  state: MemoryState,
  ids: readonly PartitionId[],
): readonly (StoredPartition | undefined)[] {
  return ids.map((id) => findStored(state, id));
}

export function findStored(state: MemoryState, id: PartitionId): StoredPartition | undefined {
  const row = state.partitions.get(id);
  return row === undefined ? undefined : toStored(row);
}

/** Rows are shared and frozen; bytes cannot be frozen, so everybody gets a copy. */
export function toStored({ partition }: PartitionRow): StoredPartition {
  return partition.value === undefined ? partition : { ...partition, value: partition.value.slice() };
}

export function markPartitionsDamaged(state: MemoryState, ids: readonly PartitionId[]): void {
  for (const id of ids) {
    const row = state.partitions.get(id);
    if (row === undefined || row.partition.damaged) continue;
    state.set(state.partitions, id, { ...row, partition: Object.freeze({ ...row.partition, damaged: true }) });
  }
}

export function listUnlinkedPartitions(
  state: MemoryState,
  before: number,
  request?: PageRequest,
): Page<StoredPartition> {
  const listing: Listing = ["listUnlinkedPartitions", String(before)];
  const page = openPage(listing, request);
  const linked = linkedPartitions(state);
  const rows: PartitionRow[] = [];
  let after = page.after?.[0] as PartitionId | undefined;
  while (rows.length <= page.limit) {
    const ids = state.partitions.keysAfter(after, 1000);
    if (ids.length === 0) break;
    for (const id of ids) {
      const row = state.partitions.get(id)!;
      if (row.writtenAt < before && !linked.has(id)) rows.push(row);
    }
    after = ids.at(-1);
  }
  return closePage(listing, page, rows, ({ partition }) => [partition.id], toStored);
}

export function removeUnlinkedPartitions(state: MemoryState, ids: readonly PartitionId[]): readonly PartitionId[] {
  const linked = linkedPartitions(state);
  const removed = new Set<PartitionId>();
  for (const id of ids) {
    const row = state.partitions.get(id);
    if (row === undefined || linked.has(id)) continue;
    removed.add(id);
    state.delete(state.partitions, id);
    state.delete(state.quality, id);
    const byKey = state.partitionsByKey.get(row.partition.artifact)!;
    const left = byKey.get(row.partition.key)!.filter((one) => one !== id);
    if (left.length === 0) state.delete(byKey, row.partition.key);
    else state.journal.set(byKey, row.partition.key, left);
  }
  removeEdges(state, state.runInputs, removed);
  removeEdges(state, state.runOutputs, removed);
  return ids.filter((id, index) => removed.has(id) && ids.indexOf(id) === index);
}

function removeEdges(
  state: MemoryState,
  edges: Map<RunId, readonly RunPartition[]>,
  removed: ReadonlySet<PartitionId>,
): void {
  for (const [run, partitions] of edges) {
    if (!partitions.some(({ partition }) => removed.has(partition))) continue;
    state.set(
      edges,
      run,
      partitions.filter(({ partition }) => !removed.has(partition)),
    );
  }
}

export function findLocations(state: MemoryState, storage: string, locations: readonly string[]): ReadonlySet<string> {
  const asked = new Set(locations);
  const found = new Set<string>();
  for (const { partition } of state.partitions.values()) {
    if (partition.storage === storage && asked.has(partition.location)) found.add(partition.location);
  }
  return found;
}

/** By a snapshot, by a version of a model that is not deleted, by a pin, or kept in quarantine. */
function linkedPartitions(state: MemoryState): ReadonlySet<PartitionId> {
  const linked = new Set<PartitionId>();
  for (const artifacts of state.links.values()) {
    for (const keys of artifacts.values()) for (const id of keys.values()) linked.add(id);
  }
  for (const { source, deleted } of state.versionsById.values()) {
    if (source !== undefined && deleted === undefined) linked.add(source.partition);
  }
  for (const { kind, ended, partition } of state.marks.values()) {
    if (kind === "pin" && ended === undefined) linked.add(partition);
  }
  for (const { ended, partition } of state.quarantine.values()) if (ended === undefined) linked.add(partition);
  return linked;
}
