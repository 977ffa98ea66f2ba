// Snapshots in memory.

import type { Fingerprint } from "../../identity/fingerprint.ts";
import { closePage, openPage, type Listing } from "../page.ts";
import type { Page, PageRequest, SnapshotRecord, SnapshotState, StoredSnapshot } from "../records.ts";
import { otherSnapshot, snapshotTagged, snapshotUnknown } from "../refusals.ts";
import type { MemoryState } from "./state.ts";

const MOST_FOUND = 10;

export function readSnapshot(state: MemoryState, id: Fingerprint): StoredSnapshot | undefined {
  return state.snapshots.get(id);
}

export function readLatestSnapshot(state: MemoryState, graph: string): StoredSnapshot | undefined {
  return newestFirst(state, graph, undefined, 1)[0];
}

export function findSnapshots(state: MemoryState, prefix: string): readonly StoredSnapshot[] {
  return state.snapshots
    .keysFrom(prefix as Fingerprint, MOST_FOUND)
    .filter((id) => id.startsWith(prefix))
    .map((id) => state.snapshots.get(id)!);
}

export function writeSnapshot(state: MemoryState, record: SnapshotRecord): StoredSnapshot {
  const { id, graph, graphFingerprint, createdAt } = record;
  const existing = state.snapshots.get(id);
  if (existing !== undefined && (existing.graph !== graph || existing.graphFingerprint !== graphFingerprint)) {
    throw otherSnapshot(existing, record);
  }
  const isLatest = existing !== undefined && readLatestSnapshot(state, graph) === existing;
  if (isLatest && existing.state === record.state) return existing;
  const stored: StoredSnapshot = Object.freeze({
    id,
    graph,
    graphFingerprint,
    state: record.state,
    createdAt: existing?.createdAt ?? createdAt,
    sequence: isLatest ? existing.sequence : state.nextSequence(),
  });
  state.set(state.snapshots, id, stored);
  if (!isLatest) {
    if (existing !== undefined) state.delete(state.snapshotOrder, existing.sequence);
    state.set(state.snapshotOrder, stored.sequence, id);
  }
  return stored;
}

export function setSnapshotState(state: MemoryState, id: Fingerprint, value: SnapshotState): void {
  const existing = state.snapshots.get(id);
  if (existing === undefined) throw snapshotUnknown(id);
  if (existing.state !== value) state.set(state.snapshots, id, Object.freeze({ ...existing, state: value }));
}

export function listSnapshots(
  state: MemoryState,
  graph: string | undefined,
  request?: PageRequest,
): Page<StoredSnapshot> {
  const listing: Listing = ["listSnapshots", graph];
  const page = openPage(listing, request);
  const rows = newestFirst(state, graph, page.after?.[0] as number | undefined, page.limit + 1);
  return closePage(
    listing,
    page,
    rows,
    ({ sequence }) => [sequence],
    (snapshot) => snapshot,
  );
}

export function removeSnapshots(state: MemoryState, ids: readonly Fingerprint[]): void {
  for (const id of ids) {
    const snapshot = state.snapshots.get(id);
    const tag = snapshot && [...(state.tags.get(snapshot.graph)?.values() ?? [])].find((one) => one.snapshot === id);
    if (tag !== undefined) throw snapshotTagged(tag);
  }
  for (const id of ids) {
    const snapshot = state.snapshots.get(id);
    if (snapshot === undefined) continue;
    state.delete(state.snapshots, id);
    state.delete(state.snapshotOrder, snapshot.sequence);
    state.delete(state.links, id);
  }
}

function newestFirst(
  state: MemoryState,
  graph: string | undefined,
  before: number | undefined,
  count: number,
): StoredSnapshot[] {
  const found: StoredSnapshot[] = [];
  for (let cursor = before; found.length < count;) {
    const sequences = state.snapshotOrder.keysBefore(cursor, 1000);
    if (sequences.length === 0) break;
    for (const sequence of sequences) {
      const snapshot = state.snapshots.get(state.snapshotOrder.get(sequence)!)!;
      if (graph === undefined || snapshot.graph === graph) found.push(snapshot);
      if (found.length === count) break;
    }
    cursor = sequences.at(-1);
  }
  return found;
}
