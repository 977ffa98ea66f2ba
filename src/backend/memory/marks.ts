// Marks, in memory.

import type { Stores } from "../backend.ts";
import { closePage, openPage } from "../page.ts";
import type { MarkFilter, MarkRecord, NewMark, Page, PageRequest } from "../records.ts";
import { markListing } from "../mark-listing.ts";
import { partitionsUnknown } from "../refusals.ts";
import type { MemoryState } from "./state.ts";

export function writeMarks(state: MemoryState, marks: readonly NewMark[]): readonly MarkRecord[] {
  const unknown = marks.map(({ partition }) => partition).filter((id) => !state.partitions.has(id));
  if (unknown.length > 0) throw partitionsUnknown(unknown);
  const at = new Date(state.clock.now()).toISOString();
  // Of several at one place in one call the last one holds.
  const last = new Map(marks.map((mark) => [placeOf(mark), mark]));
  for (const mark of holding(state, (one) => last.has(placeOf(one)))) {
    const { by, why } = last.get(placeOf(mark))!;
    end(state, mark, { at, by, why });
  }
  return marks.map((mark) => {
    const { kind, graph, artifactKey, key, partition, by, why } = mark;
    const sequence = state.nextSequence();
    const { run } = state.partitions.get(partition)!.partition;
    const next = last.get(placeOf(mark))!;
    const ended = next === mark ? undefined : { at, by: next.by, why: next.why };
    const record = { sequence, kind, graph, artifactKey, key, partition, run, at, by, why, ended };
    state.set(state.marks, sequence, Object.freeze(record));
    return record;
  });
}

export function listMarks(state: MemoryState, filter: MarkFilter = {}, request?: PageRequest): Page<MarkRecord> {
  const listing = markListing(filter);
  const page = openPage(listing, request);
  const rows: MarkRecord[] = [];
  let before = page.after?.[0] as number | undefined;
  while (rows.length <= page.limit) {
    const sequences = state.marks.keysBefore(before, 1000);
    if (sequences.length === 0) break;
    for (const sequence of sequences) {
      const mark = state.marks.get(sequence)!;
      if (matches(mark, filter)) rows.push(mark);
    }
    before = sequences.at(-1);
  }
  return closePage(
    listing,
    page,
    rows,
    ({ sequence }) => [sequence],
    (mark) => mark,
  );
}

export function endMarks(state: MemoryState, change: Parameters<Stores["endMarks"]>[0]): number {
  const wanted = new Set(change.sequences);
  const at = new Date(state.clock.now()).toISOString();
  const marks = holding(state, ({ sequence }) => wanted.has(sequence));
  for (const mark of marks) end(state, mark, { at, by: change.by, why: change.why });
  return marks.length;
}

function holding(state: MemoryState, wanted: (mark: MarkRecord) => boolean): MarkRecord[] {
  return [...state.marks.values()].filter((mark) => mark.ended === undefined && wanted(mark));
}

function end(state: MemoryState, mark: MarkRecord, ended: NonNullable<MarkRecord["ended"]>): void {
  state.set(state.marks, mark.sequence, Object.freeze({ ...mark, ended: Object.freeze(ended) }));
}

function placeOf({ kind, graph, artifactKey, key }: NewMark): string {
  return JSON.stringify([kind, graph, artifactKey, key]);
}

function matches(mark: MarkRecord, { graph, kind, open }: MarkFilter): boolean {
  return (
    (graph === undefined || mark.graph === graph) &&
    (kind === undefined || mark.kind === kind) &&
    (open === undefined || (mark.ended === undefined) === open)
  );
}
