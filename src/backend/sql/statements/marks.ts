// Marks: pins and taints.

import type { KeyText } from "../../../identity/partition-key.ts";
import type { Stores } from "../../backend.ts";
import { markListing } from "../../mark-listing.ts";
import { closePage, openPage } from "../../page.ts";
import type {
  MarkFilter,
  MarkKind,
  MarkRecord,
  NewMark,
  Page,
  PageRequest,
  PartitionId,
  RunId,
} from "../../records.ts";
import { partitionsUnknown } from "../../refusals.ts";
import { fromNull, toJsonList } from "../column.ts";
import { numberGraph, takeSequence, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { sql, type Statement } from "../statement.ts";

/** Of `mark m` and its `graph g`. */
export const markColumns: Statement = sql`m.sequence, m.kind, g.name, m.artifact_key, m.key, m.partition, m.run, m.marked_at, m.marked_by,
    m.why, m.ended_at, m.ended_by, m.ended_why`;

export type MarkRow = readonly [
  sequence: number,
  kind: MarkKind,
  graph: string,
  artifactKey: string,
  key: KeyText,
  partition: PartitionId,
  run: RunId | null,
  at: string,
  by: string,
  why: string,
  endedAt: string | null,
  endedBy: string | null,
  endedWhy: string | null,
];

export function toMark(row: MarkRow): MarkRecord {
  const [sequence, kind, graph, artifactKey, key, partition, run, at, by, why, endedAt, endedBy, endedWhy] = row;
  const ended = endedAt === null ? undefined : { at: endedAt, by: endedBy ?? "", why: fromNull(endedWhy) };
  return { sequence, kind, graph, artifactKey, key, partition, run: fromNull(run), at, by, why, ended };
}

export function* writeMarks(context: SqlContext, marks: readonly NewMark[]): Operation<readonly MarkRecord[]> {
  const ids = toJsonList([...new Set(marks.map(({ partition }) => partition))]);
  const found = yield* all<[id: PartitionId, run: RunId | null]>(sql`
    SELECT p.id, p.run FROM json_each(${ids}) q CROSS JOIN partition p ON p.id = q.value`);
  const runs = new Map(found);
  const unknown = marks.map(({ partition }) => partition).filter((id) => !runs.has(id));
  if (unknown.length > 0) throw partitionsUnknown(unknown);
  const at = new Date(context.clock.now()).toISOString();
  const base = yield* takeSequence(marks.length);
  const written = marks.map((mark, index): MarkRecord => {
    const { kind, graph, artifactKey, key, partition, by, why } = mark;
    const run = fromNull(runs.get(partition) ?? null);
    return { sequence: base + index, kind, graph, artifactKey, key, partition, run, at, by, why, ended: undefined };
  });
  // One by one: people mark few, and of several at one place the last one is to hold.
  for (const mark of written) {
    const { kind, artifactKey, key, partition, run, by, why, sequence } = mark;
    const graph = yield* numberGraph(context, mark.graph);
    yield* change(sql`
      UPDATE mark SET ended_at = ${at}, ended_by = ${by}, ended_why = ${why}
      WHERE graph = ${graph} AND kind = ${kind} AND artifact_key = ${artifactKey} AND key = ${key} AND ended_at IS NULL`);
    yield* change(sql`
      INSERT INTO mark (sequence, kind, graph, artifact_key, key, partition, run, marked_at, marked_by, why)
      VALUES (${sequence}, ${kind}, ${graph}, ${artifactKey}, ${key}, ${partition}, ${run}, ${at}, ${by}, ${why})`);
  }
  const last = new Map(written.map((mark) => [placeOf(mark), mark]));
  return written.map((mark) => {
    const { by, why, sequence } = last.get(placeOf(mark))!;
    return sequence === mark.sequence ? mark : { ...mark, ended: { at, by, why } };
  });
}

function placeOf({ kind, graph, artifactKey, key }: MarkRecord): string {
  return JSON.stringify([kind, graph, artifactKey, key]);
}

export function* listMarks(_: SqlContext, filter: MarkFilter = {}, request?: PageRequest): Operation<Page<MarkRecord>> {
  const listing = markListing(filter);
  const page = openPage(listing, request);
  const { graph, kind, open } = filter;
  const ofGraph = graph === undefined ? sql`` : sql`AND m.graph = (SELECT id FROM graph WHERE name = ${graph})`;
  const ofKind = kind === undefined ? sql`` : sql`AND m.kind = ${kind}`;
  const holding = open === undefined ? sql`` : open ? sql`AND m.ended_at IS NULL` : sql`AND m.ended_at IS NOT NULL`;
  const before = page.after === undefined ? sql`` : sql`AND m.sequence < ${page.after[0]}`;
  const found = yield* all<MarkRow>(sql`
    SELECT ${markColumns} FROM mark m JOIN graph g ON g.id = m.graph WHERE true ${ofGraph} ${ofKind} ${holding} ${before}
    ORDER BY m.sequence DESC LIMIT ${page.limit + 1}`);
  return closePage(listing, page, found, ([sequence]) => [sequence], toMark);
}

export function* endMarks(context: SqlContext, ending: Parameters<Stores["endMarks"]>[0]): Operation<number> {
  const { sequences, by, why } = ending;
  const at = new Date(context.clock.now()).toISOString();
  const ended = yield* all<[sequence: number]>(sql`
    UPDATE mark SET ended_at = ${at}, ended_by = ${by}, ended_why = ${why}
    WHERE sequence IN (SELECT q.value FROM json_each(${toJsonList(sequences)}) q) AND ended_at IS NULL
    RETURNING sequence`);
  return ended.length;
}
