// Events.

import { eventListing, splitTypes } from "../../fact-filter.ts";
import type { EventFilter, EventRecord, NewEvent } from "../../fact-records.ts";
import { decodeJson, encodeJson } from "../../json-text.ts";
import { closePage, openPage } from "../../page.ts";
import type { Page, PageRequest, RunId } from "../../records.ts";
import { momentOf, prefixRange } from "../../run-filter.ts";
import { fromNull, toJsonList } from "../column.ts";
import { takeSequence, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Statement } from "../statement.ts";

/** Of `event e`. */
export const eventColumns: Statement = sql`e.number, e.id, e.type, e.at, e.actor, e.subject, e.run, e.correlation, e.data`;

export type EventRow = readonly [
  number: number,
  id: string,
  type: string,
  at: string,
  actor: string,
  subject: string,
  run: RunId | null,
  correlation: string,
  data: string,
];

export function toEvent([number, id, type, at, actor, subject, run, correlation, data]: EventRow): EventRecord {
  return {
    id,
    type,
    at,
    actor,
    subject,
    run: fromNull(run),
    correlation,
    data: decodeJson(data, "event data"),
    number,
  };
}

export function* writeEvents(_: SqlContext, events: readonly NewEvent[]): Operation<readonly EventRecord[]> {
  let number = yield* takeSequence(events.length);
  const written: EventRecord[] = [];
  for (const chunk of eachChunk(events)) {
    const list = chunk.map(({ id, type, at, actor, subject, run, correlation, data }) => {
      return [number++, id, type, at, momentOf(at), actor, subject, run, correlation, encodeJson(data, "event data")];
    });
    const inserted = yield* all<EventRow>(sql`
      INSERT INTO event (number, id, type, at, at_ms, actor, subject, run, correlation, data) VALUES ${rows(list)}
      ON CONFLICT (id) DO NOTHING RETURNING number, id, type, at, actor, subject, run, correlation, data`);
    for (const row of inserted) written.push(toEvent(row));
  }
  return written.sort((a, b) => a.number - b.number);
}

export function* listEvents(
  _: SqlContext,
  filter: EventFilter = {},
  request?: PageRequest,
): Operation<Page<EventRecord>> {
  const listing = eventListing(filter);
  const page = openPage(listing, request);
  const from = page.after?.[0] ?? filter.after;
  const place =
    from === undefined ? sql`` : filter.after === undefined ? sql`AND e.number < ${from}` : sql`AND e.number > ${from}`;
  const order = filter.after === undefined ? sql`e.number DESC` : sql`e.number`;
  const found = yield* all<EventRow>(sql`
    SELECT ${eventColumns} FROM event e WHERE true ${conditions(filter)} ${place} ORDER BY ${order} LIMIT ${page.limit + 1}`);
  return closePage(listing, page, found, ([number]) => [number], toEvent);
}

function conditions({ types, subject, run, since }: EventFilter): Statement {
  return sql`
    ${types === undefined ? sql`` : ofTypes(types)}
    ${subject === undefined ? sql`` : sql`AND e.subject = ${subject}`}
    ${run === undefined ? sql`` : sql`AND e.run = ${run}`}
    ${since === undefined ? sql`` : sql`AND e.at_ms >= ${since}`}`;
}

function ofTypes(types: readonly string[]): Statement {
  const { exact, prefixes } = splitTypes(types);
  if (exact.length === 1 && prefixes.length === 0) return sql`AND e.type = ${exact[0]}`;
  const listed = sql`e.type IN (SELECT q.value FROM json_each(${toJsonList(exact)}) q)`;
  return sql`AND (${prefixes.map(prefixRange).reduce((any, [from, to]) => sql`${any} OR (e.type >= ${from} AND e.type < ${to})`, listed)})`;
}

export function* countEvents(_: SqlContext, before: number): Operation<number> {
  const [row] = yield* all<readonly [number]>(sql`SELECT count(*) FROM event WHERE at_ms < ${before}`);
  return row![0];
}

export function* removeEvents(_: SqlContext, before: number): Operation<number> {
  return yield* change(sql`DELETE FROM event WHERE at_ms < ${before}`);
}
