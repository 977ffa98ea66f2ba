// Events in memory.

import { eventListing, splitTypes } from "../fact-filter.ts";
import type { EventFilter, EventRecord, NewEvent } from "../fact-records.ts";
import { copyJson } from "../json-text.ts";
import { closePage, openPage } from "../page.ts";
import type { Page, PageRequest } from "../records.ts";
import { isWithin, momentOf, prefixRange } from "../run-filter.ts";
import { frozen } from "./frozen.ts";
import type { MemoryState } from "./state.ts";

export function writeEvents(state: MemoryState, events: readonly NewEvent[]): readonly EventRecord[] {
  const written: EventRecord[] = [];
  for (const { id, type, at, actor, subject, run, correlation, data } of events) {
    if (state.eventNumbers.has(id)) continue;
    const number = state.nextSequence();
    const kept = copyJson(data, "event data");
    const row = frozen({ id, type, at, actor, subject, run, correlation, data: kept, number });
    state.set(state.events, number, row);
    state.journal.set(state.eventNumbers, id, number);
    written.push(row);
  }
  return written;
}

export function listEvents(state: MemoryState, filter: EventFilter = {}, request?: PageRequest): Page<EventRecord> {
  const listing = eventListing(filter);
  const page = openPage(listing, request);
  const from = page.after?.[0] as number | undefined;
  const count = state.events.size;
  const numbers =
    filter.after === undefined
      ? state.events.keysBefore(from, count)
      : state.events.keysAfter(from ?? filter.after, count);
  const rows = numbers.map((number) => state.events.get(number)!).filter(matching(filter));
  return closePage(
    listing,
    page,
    rows.slice(0, page.limit + 1),
    ({ number }) => [number],
    (row) => row,
  );
}

function matching({ types, subject, run, since }: EventFilter): (row: EventRecord) => boolean {
  const { exact, prefixes } = splitTypes(types ?? []);
  return (row) =>
    (types === undefined ||
      exact.includes(row.type) ||
      prefixes.some((prefix) => isWithin(row.type, prefixRange(prefix)))) &&
    (subject === undefined || row.subject === subject) &&
    (run === undefined || row.run === run) &&
    (since === undefined || momentOf(row.at)! >= since);
}

export function countEvents(state: MemoryState, before: number): number {
  return eventsBefore(state, before).length;
}

export function removeEvents(state: MemoryState, before: number): number {
  const old = eventsBefore(state, before);
  for (const { number, id } of old) {
    state.delete(state.events, number);
    state.delete(state.eventNumbers, id);
  }
  return old.length;
}

function eventsBefore(state: MemoryState, before: number): readonly EventRecord[] {
  return [...state.events.values()].filter(({ at }) => momentOf(at)! < before);
}
