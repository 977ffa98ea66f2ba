// Tags and their history.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import { showValue } from "../../../util/show.ts";
import type { Stores } from "../../backend.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest, TagChange, TagRecord, TagWrite } from "../../records.ts";
import { snapshotUnknown, tagMoved, tagRefusal, tagUnknown } from "../../refusals.ts";
import { fromHex, fromNull, toBytes, toOptionalBytes } from "../column.ts";
import { takeSequence, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { sql, type Statement } from "../statement.ts";

/** Of `tag t`, its `graph g` and `snapshot s`. */
export const tagColumns: Statement = sql`g.name, t.tag, lower(hex(s.fingerprint)), t.sequence, t.changed_at, t.changed_by, t.why`;

export type TagRow = readonly [
  graph: string,
  tag: string,
  snapshot: Fingerprint,
  sequence: number,
  at: string,
  by: string,
  why: string | null,
];

export function toTag([graph, tag, snapshot, sequence, at, by, why]: TagRow): TagRecord {
  return { graph, tag, snapshot, sequence, at, by, why: fromNull(why) };
}

export function* readSnapshotTag(_: SqlContext, graph: string, tag: string): Operation<TagRecord | undefined> {
  const row = yield* first<TagRow>(sql`
    SELECT ${tagColumns} FROM graph g JOIN tag t ON t.graph = g.id JOIN snapshot s ON s.id = t.snapshot
    WHERE g.name = ${graph} AND t.tag = ${tag}`);
  return row && toTag(row);
}

export function* writeSnapshotTag(context: SqlContext, write: TagWrite): Operation<TagRecord> {
  const { graph, tag, snapshot, by, why } = write;
  const target = yield* first<[snapshot: number, graph: number]>(sql`
    SELECT s.id, s.graph FROM snapshot s JOIN graph g ON g.id = s.graph
    WHERE s.fingerprint = ${toBytes(snapshot)} AND g.name = ${graph}`);
  if (target === undefined) throw snapshotUnknown(snapshot);
  const current = yield* readSnapshotTag(context, graph, tag);
  const refusal = tagRefusal(write, current?.snapshot);
  if (refusal !== undefined) throw refusal;
  if (current?.snapshot === snapshot) return current;
  const sequence = yield* takeSequence(1);
  const at = write.at ?? new Date(context.clock.now()).toISOString();
  const [snapshotNumber, graphNumber] = target;
  yield* change(sql`
    INSERT INTO tag (graph, tag, snapshot, sequence, changed_at, changed_by, why)
    VALUES (${graphNumber}, ${tag}, ${snapshotNumber}, ${sequence}, ${at}, ${by}, ${why})
    ON CONFLICT (graph, tag) DO UPDATE SET snapshot = excluded.snapshot, sequence = excluded.sequence,
      changed_at = excluded.changed_at, changed_by = excluded.changed_by, why = excluded.why`);
  const record: TagRecord = { graph, tag, snapshot, sequence, at, by, why };
  yield* addChange(graphNumber, { ...record, previous: current?.snapshot });
  return record;
}

export function* addChange(graph: number, entry: TagChange): Operation<void> {
  const { tag, snapshot, previous, sequence, at, by, why } = entry;
  yield* change(sql`
    INSERT INTO tag_change (sequence, graph, tag, snapshot, previous, changed_at, changed_by, why)
    VALUES (${sequence}, ${graph}, ${tag}, ${toOptionalBytes(snapshot)}, ${toOptionalBytes(previous)}, ${at}, ${by}, ${why})`);
}

export function* listSnapshotTags(
  _: SqlContext,
  graph: string | undefined,
  request?: PageRequest,
): Operation<Page<TagRecord>> {
  const listing: Listing = ["listSnapshotTags", graph];
  const page = openPage(listing, request);
  const ofGraph = graph === undefined ? sql`` : sql`AND g.name = ${graph}`;
  const after = page.after === undefined ? sql`` : sql`AND (g.name, t.tag) > (${page.after[0]}, ${page.after[1]})`;
  const rows = yield* all<TagRow>(sql`
    SELECT ${tagColumns} FROM graph g JOIN tag t ON t.graph = g.id JOIN snapshot s ON s.id = t.snapshot
    WHERE true ${ofGraph} ${after} ORDER BY g.name, t.tag LIMIT ${page.limit + 1}`);
  return closePage(listing, page, rows, ([name, tag]) => [name, tag], toTag);
}

export function* removeSnapshotTag(
  context: SqlContext,
  removal: Parameters<Stores["removeSnapshotTag"]>[0],
): Operation<void> {
  const { graph, tag, by, why, expected } = removal;
  const current = yield* readSnapshotTag(context, graph, tag);
  if (current === undefined) throw tagUnknown(graph, tag);
  if (expected !== undefined && current.snapshot !== expected) {
    const where = `graph ${showValue(graph)}, tag ${showValue(tag)}`;
    throw tagMoved(where, expected, current.snapshot, { graph, tag, current: current.snapshot });
  }
  const row = yield* first<[graph: number]>(sql`
    DELETE FROM tag WHERE graph = (SELECT id FROM graph WHERE name = ${graph}) AND tag = ${tag} RETURNING graph`);
  const sequence = yield* takeSequence(1);
  const at = removal.at ?? new Date(context.clock.now()).toISOString();
  yield* addChange(row![0], { graph, tag, snapshot: undefined, previous: current.snapshot, sequence, at, by, why });
}

export function* readSnapshotTagHistory(
  _: SqlContext,
  graph: string,
  tag: string,
  request?: PageRequest,
): Operation<Page<TagChange>> {
  const listing: Listing = ["readSnapshotTagHistory", graph, tag];
  const page = openPage(listing, request);
  const before = page.after === undefined ? sql`` : sql`AND c.sequence < ${page.after[0]}`;
  const rows = yield* all<ChangeRow>(sql`
    SELECT lower(hex(c.snapshot)), lower(hex(c.previous)), c.sequence, c.changed_at, c.changed_by, c.why
    FROM tag_change c WHERE c.graph = (SELECT id FROM graph WHERE name = ${graph}) AND c.tag = ${tag} ${before}
    ORDER BY c.sequence DESC LIMIT ${page.limit + 1}`);
  return closePage(
    listing,
    page,
    rows,
    (row) => [row[2]],
    ([snapshot, previous, sequence, at, by, why]) => ({
      graph,
      tag,
      snapshot: fromHex(snapshot),
      previous: fromHex(previous),
      sequence,
      at,
      by,
      why: fromNull(why),
    }),
  );
}

type ChangeRow = readonly [
  snapshot: string,
  previous: string,
  sequence: number,
  at: string,
  by: string,
  why: string | null,
];
