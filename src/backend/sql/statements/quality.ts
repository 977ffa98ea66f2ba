// The quality of partitions: statistics, findings, quarantine.

import type { KeyText } from "../../../identity/partition-key.ts";
import { decodeJson, encodeJson, encodeOptionalJson } from "../../json-text.ts";
import { closePage, openPage } from "../../page.ts";
import { quarantineListing } from "../../quarantine-listing.ts";
import type {
  NewQuarantine,
  Page,
  PageRequest,
  PartitionId,
  QualityRecord,
  QuarantineFilter,
  QuarantineRecord,
  RunId,
} from "../../records.ts";
import { partitionsUnknown } from "../../refusals.ts";
import { fromNull, toJsonList } from "../column.ts";
import { numberGraph, takeSequence, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Statement } from "../statement.ts";
import { inOrder, markPartitionsDamaged } from "./partitions.ts";

export function* writeQuality(_: SqlContext, records: readonly QualityRecord[]): Operation<void> {
  yield* refuseUnknown(records.map(({ partition }) => partition));
  // The last of several for one partition counts; a statement must not meet a row twice.
  const last = [...new Map(records.map((record) => [record.partition, record])).values()];
  for (const chunk of eachChunk(last)) {
    const list = chunk.map(({ partition, statistics, findings }) => [
      partition,
      encodeOptionalJson(statistics, "statistics"),
      encodeJson(findings, "findings"),
    ]);
    yield* change(sql`
      INSERT INTO partition_quality (partition, statistics, findings) VALUES ${rows(list)}
      ON CONFLICT (partition) DO UPDATE SET statistics = excluded.statistics, findings = excluded.findings`);
  }
}

export function* readQuality(
  _: SqlContext,
  ids: readonly PartitionId[],
): Operation<readonly (QualityRecord | undefined)[]> {
  const found = yield* all<[ordinal: number, partition: PartitionId, statistics: string | null, findings: string]>(sql`
    SELECT q.key, d.partition, d.statistics, d.findings FROM json_each(${toJsonList(ids)}) q
    CROSS JOIN partition_quality d ON d.partition = q.value`);
  return inOrder(ids.length, found, ([, partition, statistics, findings]) => ({
    partition,
    statistics: statistics === null ? undefined : decodeJson(statistics, "statistics"),
    findings: decodeJson(findings, "findings"),
  }));
}

export function* writeQuarantine(
  context: SqlContext,
  entries: readonly NewQuarantine[],
): Operation<readonly QuarantineRecord[]> {
  const ids = entries.map(({ partition }) => partition);
  yield* refuseUnknown(ids);
  yield* markPartitionsDamaged(context, ids);
  const at = new Date(context.clock.now()).toISOString();
  const base = yield* takeSequence(entries.length);
  const written: QuarantineRecord[] = [];
  const list: (string | number | undefined)[][] = [];
  for (const [index, { graph, artifactKey, key, partition, run, findings }] of entries.entries()) {
    const sequence = base + index;
    const text = encodeJson(findings, "findings");
    list.push([sequence, yield* numberGraph(context, graph), artifactKey, key, partition, run, at, text]);
    const copy = decodeJson(text, "findings");
    written.push({ sequence, graph, artifactKey, key, partition, run, at, findings: copy, ended: undefined });
  }
  for (const chunk of eachChunk(list)) {
    yield* change(sql`
      INSERT INTO quarantine (sequence, graph, artifact_key, key, partition, run, made_at, findings) VALUES ${rows(chunk)}`);
  }
  return written;
}

/** Of `quarantine d` and its `graph g`. */
export const quarantineColumns: Statement = sql`d.sequence, g.name, d.artifact_key, d.key, d.partition, d.run, d.made_at, d.findings,
    d.ended_at`;

export type QuarantineRow = readonly [
  sequence: number,
  graph: string,
  artifactKey: string,
  key: KeyText,
  partition: PartitionId,
  run: RunId | null,
  at: string,
  findings: string,
  ended: string | null,
];

export function* listQuarantine(
  _: SqlContext,
  filter: QuarantineFilter = {},
  request?: PageRequest,
): Operation<Page<QuarantineRecord>> {
  const listing = quarantineListing(filter);
  const page = openPage(listing, request);
  const { graph, open } = filter;
  const ofGraph = graph === undefined ? sql`` : sql`AND d.graph = (SELECT id FROM graph WHERE name = ${graph})`;
  const kept = open === undefined ? sql`` : open ? sql`AND d.ended_at IS NULL` : sql`AND d.ended_at IS NOT NULL`;
  const before = page.after === undefined ? sql`` : sql`AND d.sequence < ${page.after[0]}`;
  const found = yield* all<QuarantineRow>(sql`
    SELECT ${quarantineColumns} FROM quarantine d JOIN graph g ON g.id = d.graph WHERE true ${ofGraph} ${kept} ${before}
    ORDER BY d.sequence DESC LIMIT ${page.limit + 1}`);
  return closePage(listing, page, found, ([sequence]) => [sequence], toQuarantine);
}

export function toQuarantine(row: QuarantineRow): QuarantineRecord {
  const [sequence, graph, artifactKey, key, partition, run, at, findings, ended] = row;
  return {
    sequence,
    graph,
    artifactKey,
    key,
    partition,
    run: fromNull(run),
    at,
    findings: decodeJson(findings, "findings"),
    ended: fromNull(ended),
  };
}

export function* endQuarantine(context: SqlContext, sequences: readonly number[]): Operation<number> {
  const at = new Date(context.clock.now()).toISOString();
  return yield* change(sql`
    UPDATE quarantine SET ended_at = ${at}
    WHERE sequence IN (SELECT q.value FROM json_each(${toJsonList(sequences)}) q) AND ended_at IS NULL`);
}

function* refuseUnknown(ids: readonly PartitionId[]): Operation<void> {
  const found = yield* all<[id: PartitionId]>(sql`
    SELECT p.id FROM json_each(${toJsonList(ids)}) q CROSS JOIN partition p ON p.id = q.value`);
  const known = new Set(found.map(([id]) => id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw partitionsUnknown(unknown);
}
