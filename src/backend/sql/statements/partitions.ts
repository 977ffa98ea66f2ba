// Partitions: which artifact, which key, made from what, with which content.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { KeyText } from "../../../identity/partition-key.ts";
import { compareText } from "../../../util/text-order.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest, PartitionId, PartitionQuery, StoredPartition } from "../../records.ts";
import { pad, toJsonList } from "../column.ts";
import { findArtifacts, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";
import { partitionColumns, partitionReader, type PartitionRow } from "./partition-row.ts";

// In every batched lookup the list comes first and CROSS JOIN keeps it there: with a plain JOIN the planner scans the large table and
// takes the list apart again for each of its rows, which is a thousand times slower.

type Ordinal<Row extends readonly unknown[]> = readonly [ordinal: number, ...Row];

export function* readArtifactPartitions(
  context: SqlContext,
  artifact: Fingerprint,
  options: { inputs?: ReadonlyMap<KeyText, Fingerprint> | undefined; page?: PageRequest | undefined } = {},
): Operation<Page<StoredPartition>> {
  const listing: Listing = ["readArtifactPartitions", artifact];
  const page = openPage(listing, options.page);
  const [key = "", sequence = -1] = page.after ?? [];
  const number = (yield* findArtifacts(context, new Set([artifact]))).get(artifact) ?? null;
  const source =
    options.inputs === undefined
      ? sql`partition p WHERE p.artifact = ${number}`
      : sql`json_each(${inputList(options.inputs, String(key))}) q CROSS JOIN partition p
          ON p.artifact = ${number} AND p.key = substr(q.value, 33) AND p.input = unhex(substr(q.value, 1, 32)) WHERE true`;
  const rows = yield* all<readonly [...PartitionRow, sequence: number]>(sql`
    SELECT ${partitionColumns}, p.sequence FROM ${source}
      AND p.key >= ${key} AND (p.key > ${key} OR p.sequence > ${sequence})
    ORDER BY p.key, p.sequence LIMIT ${page.limit + 1}`);
  const toPartition = yield* partitionReader(context, rows, 0);
  return closePage(listing, page, rows, (row) => [row[2], row[12]], toPartition);
}

function inputList(inputs: ReadonlyMap<KeyText, Fingerprint>, from: string): string {
  const list: string[] = [];
  for (const [key, input] of inputs) if (compareText(key, from) >= 0) list.push(input + key);
  return toJsonList(list);
}

export function* findPartitions(
  context: SqlContext,
  queries: readonly PartitionQuery[],
): Operation<readonly (StoredPartition | undefined)[]> {
  const artifacts = yield* findArtifacts(context, new Set(queries.map(({ artifact }) => artifact)));
  const list = queries.map(({ artifact, key, input }) => pad(artifacts.get(artifact) ?? 0) + input + key);
  const rows = yield* all<Ordinal<readonly [sequence: number, ...PartitionRow]>>(sql`
    SELECT q.key, p.sequence, ${partitionColumns} FROM json_each(${toJsonList(list)}) q
    CROSS JOIN partition p ON p.artifact = CAST(substr(q.value, 1, 16) AS INTEGER)
      AND p.key = substr(q.value, 49) AND p.input = unhex(substr(q.value, 17, 32))
    WHERE p.damaged = 0`);
  // More than one only where a producer made different content of the same input.
  const newest = new Array<(typeof rows)[number] | undefined>(queries.length).fill(undefined);
  for (const row of rows) {
    const [ordinal, sequence] = row;
    if ((newest[ordinal]?.[1] ?? -1) < sequence) newest[ordinal] = row;
  }
  const toPartition = yield* partitionReader(context, rows, 2);
  return newest.map((row) => row && toPartition(row));
}

export function* readPartitions(
  context: SqlContext,
  ids: readonly PartitionId[],
): Operation<readonly (StoredPartition | undefined)[]> {
  const rows = yield* all<Ordinal<PartitionRow>>(sql`
    SELECT q.key, ${partitionColumns} FROM json_each(${toJsonList(ids)}) q CROSS JOIN partition p ON p.id = q.value`);
  return inOrder(ids.length, rows, yield* partitionReader(context, rows, 1));
}

/** Puts rows that begin with the position of their question into that position. */
export function inOrder<Row extends readonly [ordinal: number, ...unknown[]], T>(
  length: number,
  rows: readonly Row[],
  convert: (row: Row) => T,
): readonly (T | undefined)[] {
  const answers = new Array<T | undefined>(length).fill(undefined);
  for (const row of rows) answers[row[0]] = convert(row);
  return answers;
}

export function* markPartitionsDamaged(_: SqlContext, ids: readonly PartitionId[]): Operation<void> {
  yield* change(sql`
    UPDATE partition SET damaged = 1
    WHERE id IN (SELECT q.value FROM json_each(${toJsonList(ids)}) q) AND damaged = 0`);
}

export function* listUnlinkedPartitions(
  context: SqlContext,
  before: number,
  request?: PageRequest,
): Operation<Page<StoredPartition>> {
  const listing: Listing = ["listUnlinkedPartitions", String(before)];
  const page = openPage(listing, request);
  const [after = -1] = page.after ?? [];
  const rows = yield* all<PartitionRow>(sql`
    SELECT ${partitionColumns} FROM partition p
    WHERE p.id > ${after} AND p.written_at < ${before} AND p.id NOT IN (SELECT k.partition FROM link k)
      AND p.id NOT IN (SELECT v.partition FROM model_version v WHERE v.partition IS NOT NULL AND v.deleted = 0)
      AND p.id NOT IN (SELECT m.partition FROM mark m WHERE m.kind = 'pin' AND m.ended_at IS NULL)
      AND p.id NOT IN (SELECT d.partition FROM quarantine d WHERE d.ended_at IS NULL)
    ORDER BY p.id LIMIT ${page.limit + 1}`);
  return closePage(listing, page, rows, ([id]) => [id], yield* partitionReader(context, rows, 0));
}

export function* removeUnlinkedPartitions(
  _: SqlContext,
  ids: readonly PartitionId[],
): Operation<readonly PartitionId[]> {
  // Links have no index by partition, see the migration: they are looked through once here.
  const linked = yield* all<[id: PartitionId]>(sql`
    SELECT DISTINCT k.partition FROM link k WHERE k.partition IN (SELECT q.value FROM json_each(${toJsonList(ids)}) q)`);
  const pinned = yield* all<[id: PartitionId]>(sql`
    SELECT DISTINCT v.partition FROM json_each(${toJsonList(ids)}) q
    CROSS JOIN model_version v ON v.partition = q.value AND v.deleted = 0`);
  const held = yield* all<[id: PartitionId]>(sql`
    SELECT DISTINCT m.partition FROM json_each(${toJsonList(ids)}) q
    CROSS JOIN mark m ON m.partition = q.value AND m.kind = 'pin' AND m.ended_at IS NULL`);
  const quarantined = yield* all<[id: PartitionId]>(sql`
    SELECT DISTINCT d.partition FROM json_each(${toJsonList(ids)}) q
    CROSS JOIN quarantine d ON d.partition = q.value AND d.ended_at IS NULL`);
  const kept = new Set([...linked, ...pinned, ...held, ...quarantined].map(([id]) => id));
  const list = toJsonList([...new Set(ids)].filter((id) => !kept.has(id)));
  const removed = yield* all<[id: PartitionId]>(sql`
    DELETE FROM partition WHERE id IN (SELECT q.value FROM json_each(${list}) q) RETURNING id`);
  const gone = new Set(removed.map(([id]) => id));
  if (gone.size > 0) {
    yield* change(sql`
      DELETE FROM run_partition
      WHERE direction IN (0, 1) AND partition IN (SELECT q.value FROM json_each(${toJsonList([...gone])}) q)`);
    yield* change(sql`
      DELETE FROM partition_quality WHERE partition IN (SELECT q.value FROM json_each(${toJsonList([...gone])}) q)`);
  }
  return [...new Set(ids)].filter((id) => gone.has(id));
}

export function* findLocations(
  _: SqlContext,
  storage: string,
  locations: readonly string[],
): Operation<ReadonlySet<string>> {
  const rows = yield* all<[location: string]>(sql`
    SELECT q.value FROM json_each(${toJsonList(locations)}) q
    WHERE EXISTS (SELECT 1 FROM partition p WHERE p.location = q.value AND p.storage = ${storage})`);
  return new Set(rows.map(([location]) => location));
}
