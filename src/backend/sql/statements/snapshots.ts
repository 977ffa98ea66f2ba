// Snapshots.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest, SnapshotRecord, SnapshotState, StoredSnapshot } from "../../records.ts";
import { otherSnapshot, snapshotTagged, snapshotUnknown } from "../../refusals.ts";
import { toBytes, toJsonList } from "../column.ts";
import { numberGraph, takeSequence, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { sql, type Statement } from "../statement.ts";

const MOST_FOUND = 10;

/** Of `snapshot s` and its `graph g`. */
export const snapshotColumns: Statement = sql`lower(hex(s.fingerprint)), g.name, lower(hex(s.graph_fingerprint)), s.state, s.created_at, s.sequence`;

export type SnapshotRow = readonly [
  id: Fingerprint,
  graph: string,
  graphFingerprint: Fingerprint,
  state: SnapshotState,
  createdAt: string,
  sequence: number,
];

export function toSnapshot([id, graph, graphFingerprint, state, createdAt, sequence]: SnapshotRow): StoredSnapshot {
  return { id, graph, graphFingerprint, state, createdAt, sequence };
}

export function* readSnapshot(_: SqlContext, id: Fingerprint): Operation<StoredSnapshot | undefined> {
  const row = yield* first<SnapshotRow>(sql`
    SELECT ${snapshotColumns} FROM snapshot s JOIN graph g ON g.id = s.graph WHERE s.fingerprint = ${toBytes(id)}`);
  return row && toSnapshot(row);
}

export function* readLatestSnapshot(_: SqlContext, graph: string): Operation<StoredSnapshot | undefined> {
  const row = yield* first<SnapshotRow>(sql`
    SELECT ${snapshotColumns} FROM graph g JOIN snapshot s ON s.graph = g.id WHERE g.name = ${graph}
    ORDER BY s.sequence DESC LIMIT 1`);
  return row && toSnapshot(row);
}

export function* findSnapshots(_: SqlContext, prefix: string): Operation<readonly StoredSnapshot[]> {
  const rows = yield* all<SnapshotRow>(sql`
    SELECT ${snapshotColumns} FROM snapshot s JOIN graph g ON g.id = s.graph
    WHERE s.fingerprint BETWEEN unhex(${prefix.padEnd(32, "0")}) AND unhex(${prefix.padEnd(32, "f")})
    ORDER BY s.fingerprint LIMIT ${MOST_FOUND}`);
  return rows.map(toSnapshot);
}

export function* writeSnapshot(context: SqlContext, record: SnapshotRecord): Operation<StoredSnapshot> {
  const { id, graph, graphFingerprint, state, createdAt } = record;
  const existing = yield* readSnapshot(context, id);
  if (existing === undefined) {
    const number = yield* numberGraph(context, graph);
    const sequence = yield* takeSequence(1);
    yield* change(sql`
      INSERT INTO snapshot (fingerprint, graph, graph_fingerprint, state, created_at, sequence)
      VALUES (${toBytes(id)}, ${number}, ${toBytes(graphFingerprint)}, ${state}, ${createdAt}, ${sequence})`);
    return { id, graph, graphFingerprint, state, createdAt, sequence };
  }
  if (existing.graph !== graph || existing.graphFingerprint !== graphFingerprint) throw otherSnapshot(existing, record);
  const latest = yield* readLatestSnapshot(context, graph);
  const isLatest = latest?.id === id;
  if (isLatest && existing.state === state) return existing;
  const sequence = isLatest ? existing.sequence : yield* takeSequence(1);
  yield* change(sql`
    UPDATE snapshot SET state = ${state}, sequence = ${sequence} WHERE fingerprint = ${toBytes(id)}`);
  return { ...existing, state, sequence };
}

export function* setSnapshotState(_: SqlContext, id: Fingerprint, state: SnapshotState): Operation<void> {
  const row = yield* first<[state: SnapshotState]>(sql`
    SELECT s.state FROM snapshot s WHERE s.fingerprint = ${toBytes(id)}`);
  if (row === undefined) throw snapshotUnknown(id);
  if (row[0] !== state) yield* change(sql`UPDATE snapshot SET state = ${state} WHERE fingerprint = ${toBytes(id)}`);
}

export function* listSnapshots(
  _: SqlContext,
  graph: string | undefined,
  request?: PageRequest,
): Operation<Page<StoredSnapshot>> {
  const listing: Listing = ["listSnapshots", graph];
  const page = openPage(listing, request);
  const ofGraph = graph === undefined ? sql`` : sql`AND s.graph = (SELECT id FROM graph WHERE name = ${graph})`;
  const before = page.after === undefined ? sql`` : sql`AND s.sequence < ${page.after[0]}`;
  const rows = yield* all<SnapshotRow>(sql`
    SELECT ${snapshotColumns} FROM snapshot s JOIN graph g ON g.id = s.graph
    WHERE true ${ofGraph} ${before} ORDER BY s.sequence DESC LIMIT ${page.limit + 1}`);
  return closePage(listing, page, rows, (row) => [row[5]], toSnapshot);
}

export function* removeSnapshots(_: SqlContext, ids: readonly Fingerprint[]): Operation<void> {
  const list = toJsonList(ids);
  const tagged = yield* first<[graph: string, tag: string, snapshot: Fingerprint]>(sql`
    SELECT g.name, t.tag, lower(hex(s.fingerprint)) FROM json_each(${list}) q
    CROSS JOIN snapshot s ON s.fingerprint = unhex(q.value)
    CROSS JOIN tag t ON t.snapshot = s.id
    CROSS JOIN graph g ON g.id = t.graph LIMIT 1`);
  if (tagged !== undefined) {
    const [graph, tag, snapshot] = tagged;
    throw snapshotTagged({ graph, tag, snapshot });
  }
  // Its links go with it.
  yield* change(sql`DELETE FROM snapshot WHERE fingerprint IN (SELECT unhex(q.value) FROM json_each(${list}) q)`);
}
