// Tags and their history, in memory.

import { showValue } from "../../util/show.ts";
import type { Stores } from "../backend.ts";
import { closePage, openPage, type Listing } from "../page.ts";
import type { Page, PageRequest, TagChange, TagRecord, TagWrite } from "../records.ts";
import { snapshotUnknown, tagMoved, tagRefusal, tagUnknown } from "../refusals.ts";
import { compareText } from "../../util/text-order.ts";
import { OrderedMap } from "./ordered-map.ts";
import { ascending, type MemoryState } from "./state.ts";

export function readSnapshotTag(state: MemoryState, graph: string, tag: string): TagRecord | undefined {
  return state.tags.get(graph)?.get(tag);
}

export function writeSnapshotTag(state: MemoryState, write: TagWrite): TagRecord {
  const { graph, tag, snapshot, by, why } = write;
  if (state.snapshots.get(snapshot)?.graph !== graph) throw snapshotUnknown(snapshot);
  const tags = state.within(state.tags, graph, () => new OrderedMap<string, TagRecord>(compareText));
  const current = tags.get(tag);
  const refusal = tagRefusal(write, current?.snapshot);
  if (refusal !== undefined) throw refusal;
  if (current?.snapshot === snapshot) return current;
  const record: TagRecord = Object.freeze({ graph, tag, snapshot, ...stamp(state, write.at), by, why });
  state.set(tags, tag, record);
  addChange(state, { ...record, previous: current?.snapshot });
  return record;
}

export function listSnapshotTags(
  state: MemoryState,
  graph: string | undefined,
  request?: PageRequest,
): Page<TagRecord> {
  const listing: Listing = ["listSnapshotTags", graph];
  const page = openPage(listing, request);
  const [afterGraph, afterTag] = (page.after ?? []) as readonly (string | undefined)[];
  const names = graph !== undefined ? [graph] : state.tags.keysAfter(undefined, state.tags.size);
  const rows: TagRecord[] = [];
  for (const name of names) {
    if (afterGraph !== undefined && compareText(name, afterGraph) < 0) continue;
    const tags = state.tags.get(name);
    if (tags === undefined) continue;
    for (const tag of tags.keysAfter(name === afterGraph ? afterTag : undefined, page.limit + 1 - rows.length)) {
      rows.push(tags.get(tag)!);
    }
    if (rows.length > page.limit) break;
  }
  return closePage(
    listing,
    page,
    rows,
    (row) => [row.graph, row.tag],
    (row) => row,
  );
}

export function removeSnapshotTag(state: MemoryState, change: Parameters<Stores["removeSnapshotTag"]>[0]): void {
  const { graph, tag, by, why, expected } = change;
  const tags = state.tags.get(graph);
  const current = tags?.get(tag);
  if (tags === undefined || current === undefined) throw tagUnknown(graph, tag);
  if (expected !== undefined && current.snapshot !== expected) {
    const where = `graph ${showValue(graph)}, tag ${showValue(tag)}`;
    throw tagMoved(where, expected, current.snapshot, { graph, tag, current: current.snapshot });
  }
  state.delete(tags, tag);
  addChange(state, {
    graph,
    tag,
    snapshot: undefined,
    previous: current.snapshot,
    ...stamp(state, change.at),
    by,
    why,
  });
}

export function readSnapshotTagHistory(
  state: MemoryState,
  graph: string,
  tag: string,
  request?: PageRequest,
): Page<TagChange> {
  const listing: Listing = ["readSnapshotTagHistory", graph, tag];
  const page = openPage(listing, request);
  const changes = state.tagChanges.get(placeOf(graph, tag));
  const before = page.after?.[0] as number | undefined;
  const rows = changes?.keysBefore(before, page.limit + 1).map((sequence) => changes.get(sequence)!) ?? [];
  return closePage(
    listing,
    page,
    rows,
    ({ sequence }) => [sequence],
    (change) => change,
  );
}

function stamp(state: MemoryState, at: string | undefined): { sequence: number; at: string } {
  return { sequence: state.nextSequence(), at: at ?? new Date(state.clock.now()).toISOString() };
}

export function addChange(state: MemoryState, change: TagChange): void {
  const make = (): OrderedMap<number, TagChange> => new OrderedMap<number, TagChange>(ascending);
  const changes = state.within(state.tagChanges, placeOf(change.graph, change.tag), make);
  state.set(changes, change.sequence, Object.freeze(change));
}

function placeOf(graph: string, tag: string): string {
  return JSON.stringify([graph, tag]);
}
