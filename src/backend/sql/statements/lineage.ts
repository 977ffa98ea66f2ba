// Lineage: from partition to run to partition, and partitions by where and what they are.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import { walkFrom, type WalkOptions } from "../../lineage-walk.ts";
import type { LineageEdge, LineageWalk, PartitionId, RunId, StoredPartition } from "../../records.ts";
import { toJsonList } from "../column.ts";
import type { SqlContext } from "../context.ts";
import { all, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";
import { partitionColumns, partitionReader, type PartitionRow } from "./partition-row.ts";
import { readPartitions } from "./partitions.ts";
import { INPUT, OUTPUT } from "./runs.ts";

type EdgeRow = readonly [run: RunId, name: string, input: PartitionId, output: PartitionId];

/** One statement for each distance. */
export function* walkLineage(
  context: SqlContext,
  start: readonly PartitionId[],
  options: WalkOptions,
): Operation<LineageWalk> {
  const there = yield* all<[id: PartitionId]>(sql`
    SELECT p.id FROM json_each(${toJsonList(start)}) q CROSS JOIN partition p ON p.id = q.value`);
  const walk = walkFrom(
    there.map(([id]) => id),
    options,
  );
  let step = walk.next();
  while (step.done !== true) {
    step = walk.next(yield* options.direction === "upstream" ? edgesInto(step.value) : edgesFrom(step.value));
  }
  const { partitions, edges, truncated } = step.value;
  const stored = yield* readPartitions(context, partitions);
  return { partitions: stored.filter((one) => one !== undefined), edges, truncated };
}

/** Who wrote these, and what those runs read. */
function* edgesInto(outputs: readonly PartitionId[]): Operation<readonly LineageEdge[]> {
  const rows = yield* all<EdgeRow>(sql`
    SELECT r.id, i.name, i.partition, o.partition FROM json_each(${toJsonList(outputs)}) q
    CROSS JOIN run_partition o ON o.direction = ${OUTPUT} AND o.partition = q.value
    CROSS JOIN run_partition i ON i.run = o.run AND i.direction = ${INPUT}
    CROSS JOIN run r ON r.sequence = o.run`);
  return rows.map(toEdge);
}

/** Who read these, and what those runs wrote. */
function* edgesFrom(inputs: readonly PartitionId[]): Operation<readonly LineageEdge[]> {
  const rows = yield* all<EdgeRow>(sql`
    SELECT r.id, i.name, i.partition, o.partition FROM json_each(${toJsonList(inputs)}) q
    CROSS JOIN run_partition i ON i.direction = ${INPUT} AND i.partition = q.value
    CROSS JOIN run_partition o ON o.run = i.run AND o.direction = ${OUTPUT}
    CROSS JOIN run r ON r.sequence = i.run`);
  return rows.map(toEdge);
}

function toEdge([run, name, input, output]: EdgeRow): LineageEdge {
  return { run, name, input, output };
}

export function* findPartitionsAt(
  context: SqlContext,
  storage: string | undefined,
  locations: readonly string[],
): Operation<readonly (readonly StoredPartition[])[]> {
  const rows = yield* all<readonly [ordinal: number, ...PartitionRow]>(sql`
    SELECT q.key, ${partitionColumns} FROM json_each(${toJsonList(locations)}) q
    CROSS JOIN partition p ON p.location = q.value ${storage === undefined ? sql`` : sql`AND p.storage = ${storage}`}
    ORDER BY q.key, p.id`);
  return grouped(locations.length, rows, yield* partitionReader(context, rows, 1));
}

/** Contents have no index, see the migration: the one that holds them is looked through once, however many are asked for. */
export function* findPartitionsOf(
  context: SqlContext,
  contents: readonly Fingerprint[],
): Operation<readonly (readonly StoredPartition[])[]> {
  const asked = [...new Set(contents)];
  const rows = yield* all<PartitionRow>(sql`
    SELECT ${partitionColumns} FROM partition p WHERE p.id IN (
      SELECT s.id FROM partition s WHERE s.content IN (SELECT unhex(q.value) FROM json_each(${toJsonList(asked)}) q))
    ORDER BY p.id`);
  const toPartition = yield* partitionReader(context, rows, 0);
  const found = new Map(asked.map((content) => [content, [] as StoredPartition[]]));
  for (const row of rows) found.get(row[4])!.push(toPartition(row));
  return contents.map((content) => [...found.get(content)!]);
}

function grouped<Row extends readonly [ordinal: number, ...unknown[]]>(
  length: number,
  rows: readonly Row[],
  toPartition: (row: Row) => StoredPartition,
): readonly (readonly StoredPartition[])[] {
  const groups = Array.from({ length }, (): StoredPartition[] => []);
  for (const row of rows) groups[row[0]]!.push(toPartition(row));
  return groups;
}
