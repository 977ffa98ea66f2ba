// Runs, and what they read and wrote.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { KeyText } from "../../../identity/partition-key.ts";
import type { Stores } from "../../backend.ts";
import { decodeJson, encodeOptionalJson } from "../../json-text.ts";
import { closePage, openPage } from "../../page.ts";
import type {
  Page,
  PageRequest,
  PartitionId,
  RunFilter,
  RunId,
  RunPartition,
  RunRecord,
  RunState,
  StoredPartition,
} from "../../records.ts";
import { partitionsUnknown, runUnknown } from "../../refusals.ts";
import { decodeTask } from "../../record-text.ts";
import { momentOf, prefixRange, runListing } from "../../run-filter.ts";
import { fromHex, fromNull, pad, toBytes, toJsonList, toOptionalBytes } from "../column.ts";
import { numberGraph, takeSequence, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Statement, type Value } from "../statement.ts";
import { partitionColumns, partitionReader, type PartitionRow } from "./partition-row.ts";

/** Of `run r` and its `graph g`. */
export const runColumns: Statement = sql`r.id, r.parent, r.kind, g.name, lower(hex(r.snapshot)), r.producer, r.version, r.key, lower(hex(r.input)),
    r.state, r.reason, r.started_at, r.finished_at, r.attempts, r.duration, r.error, r.holder, r.sequence,
    r.task`;

export type RunRow = readonly [
  id: RunId,
  parent: RunId | null,
  kind: RunRecord["kind"],
  graph: string,
  snapshot: string,
  producer: string | null,
  version: string | null,
  key: KeyText | null,
  input: string,
  state: RunState,
  reason: string | null,
  startedAt: string,
  finishedAt: string | null,
  attempts: number,
  duration: number | null,
  error: string | null,
  holder: string,
  sequence: number,
  task: string | null,
];

export function toRun(row: RunRow): RunRecord {
  const [id, parent, kind, graph, snapshot, producer, version, key, input] = row;
  const [state, reason, startedAt, finishedAt, attempts, duration, error, holder, , task] = row.slice(9) as Tail;
  const run = {
    id,
    parent: fromNull(parent),
    kind,
    graph,
    snapshot: fromHex(snapshot),
    producer: fromNull(producer),
    version: fromNull(version),
    key: fromNull(key),
    input: fromHex(input),
    state,
    reason: reason === null ? undefined : decodeJson(reason, "run's reason"),
    startedAt,
    finishedAt: fromNull(finishedAt),
    attempts,
    duration: fromNull(duration),
    error: error === null ? undefined : decodeJson(error, "run's error"),
    holder,
  };
  return task === null ? run : { ...run, task: decodeTask(task) };
}

type Tail = [
  state: RunState,
  reason: string | null,
  startedAt: string,
  finishedAt: string | null,
  attempts: number,
  duration: number | null,
  error: string | null,
  holder: string,
  sequence: number,
  task: string | null,
];

/** The columns that builds, steps and tasks have alike, in the order of `sequence` to `started_ms`. */
export function* runRow(
  context: SqlContext,
  run: RunRecord,
  sequence: number,
): Operation<readonly (Value | undefined)[]> {
  const { id, parent, kind, snapshot, producer, version, key, input, state } = run;
  const { startedAt, finishedAt, attempts, duration, holder } = run;
  const graph = yield* numberGraph(context, run.graph);
  const reason = encodeOptionalJson(run.reason, "run's reason");
  const error = encodeOptionalJson(run.error, "run's error");
  const step = [producer, version, key, toOptionalBytes(input)];
  const times = [startedAt, finishedAt, attempts, duration];
  return [
    ...[sequence, id, parent, kind, graph, toOptionalBytes(snapshot), ...step, state, reason],
    ...[...times, error, holder, momentOf(startedAt)],
  ];
}

export function* startRuns(context: SqlContext, runs: readonly RunRecord[]): Operation<void> {
  let sequence = yield* takeSequence(runs.length);
  for (const chunk of eachChunk(runs)) {
    const list: (readonly (Value | undefined)[])[] = [];
    for (const run of chunk) list.push(yield* runRow(context, run, sequence++));
    yield* change(sql`
      INSERT INTO run (sequence, id, parent, kind, graph, snapshot, producer, version, key, input, state,
        reason, started_at, finished_at, attempts, duration, error, holder, started_ms)
      VALUES ${rows(list)} ON CONFLICT (id) DO NOTHING`);
  }
}

export function* finishRuns(_: SqlContext, runs: Parameters<Stores["finishRuns"]>[0]): Operation<readonly RunId[]> {
  const finished: RunId[] = [];
  for (const { id, state, finishedAt, attempts, duration, error } of runs) {
    const changed = yield* change(sql`
      UPDATE run SET state = ${state}, finished_at = ${finishedAt}, attempts = ${attempts}, duration = ${duration},
        error = ${encodeOptionalJson(error, "run's error")},
        ended_ms = CASE kind WHEN 'task' THEN coalesce(${momentOf(finishedAt)}, started_ms) END
      WHERE id = ${id} AND state IN ('running', 'scheduled')`);
    if (changed > 0) finished.push(id);
  }
  return finished;
}

export const INPUT = 0;
export const OUTPUT = 1;

export function* writeRunPartitions(
  _: SqlContext,
  { inputs, outputs }: Parameters<Stores["writeRunPartitions"]>[0],
): Operation<void> {
  const edges = [...inputs, ...outputs];
  const runs = [...new Set(edges.map(({ run }) => run))];
  const numbers = new Map<RunId, number>();
  const found = yield* all<[ordinal: number, sequence: number]>(sql`
    SELECT q.key, r.sequence FROM json_each(${toJsonList(runs)}) q CROSS JOIN run r ON r.id = q.value`);
  for (const [ordinal, sequence] of found) numbers.set(runs[ordinal]!, sequence);
  for (const run of runs) if (!numbers.has(run)) throw runUnknown(run);
  yield* checkPartitions(edges);
  const text = ({ run, name, partition }: RunPartition, direction: number): string =>
    pad(numbers.get(run)!) + pad(partition) + String(direction) + name;
  const list = [...inputs.map((edge) => text(edge, INPUT)), ...outputs.map((edge) => text(edge, OUTPUT))];
  yield* change(sql`
    INSERT INTO run_partition (run, direction, name, partition)
    SELECT CAST(substr(q.value, 1, 16) AS INTEGER), CAST(substr(q.value, 33, 1) AS INTEGER), substr(q.value, 34),
      CAST(substr(q.value, 17, 16) AS INTEGER)
    FROM json_each(${toJsonList(list)}) q WHERE true ON CONFLICT (run, direction, name, partition) DO NOTHING`);
}

function* checkPartitions(edges: readonly RunPartition[]): Operation<void> {
  const ids = edges.map(({ partition }) => partition);
  const unknown = yield* all<[id: PartitionId]>(sql`
    SELECT q.value FROM json_each(${toJsonList(ids)}) q LEFT JOIN partition p ON p.id = q.value WHERE p.id IS NULL
    ORDER BY q.key`);
  if (unknown.length > 0) throw partitionsUnknown(unknown.map(([id]) => id));
}

export function* readRun(_: SqlContext, id: RunId): Operation<RunRecord | undefined> {
  const row = yield* first<RunRow>(
    sql`SELECT ${runColumns} FROM run r JOIN graph g ON g.id = r.graph WHERE r.id = ${id}`,
  );
  return row && toRun(row);
}

export function* readRuns(_: SqlContext, ids: readonly RunId[]): Operation<readonly (RunRecord | undefined)[]> {
  const known = yield* knownRuns(ids);
  return ids.map((id) => known.get(id));
}

/** Those of the runs that are known. */
export function* knownRuns(ids: readonly RunId[]): Operation<Map<RunId, RunRecord>> {
  const found = yield* all<RunRow>(sql`
    SELECT ${runColumns} FROM json_each(${toJsonList(ids)}) q CROSS JOIN run r ON r.id = q.value CROSS JOIN graph g ON g.id = r.graph`);
  return new Map(found.map((row) => [row[0], toRun(row)]));
}

interface NamedPartition {
  readonly name: string;
  readonly partition: StoredPartition;
}

export function* readRunPartitions(
  context: SqlContext,
  id: RunId,
): Operation<{ readonly inputs: readonly NamedPartition[]; readonly outputs: readonly NamedPartition[] }> {
  const edges = yield* all<readonly [direction: number, name: string, ...PartitionRow]>(sql`
    SELECT e.direction, e.name, ${partitionColumns} FROM run_partition e CROSS JOIN partition p ON p.id = e.partition
    WHERE e.run = (SELECT sequence FROM run WHERE id = ${id}) ORDER BY e.direction, e.name, p.key, p.id`);
  const toPartition = yield* partitionReader(context, edges, 2);
  const named = (wanted: number): NamedPartition[] =>
    edges.filter(([direction]) => direction === wanted).map((row) => ({ name: row[1], partition: toPartition(row) }));
  return { inputs: named(INPUT), outputs: named(OUTPUT) };
}

export function* listRuns(_: SqlContext, filter: RunFilter = {}, request?: PageRequest): Operation<Page<RunRecord>> {
  const listing = runListing(filter);
  const page = openPage(listing, request);
  const before = page.after === undefined ? sql`` : sql`AND r.sequence < ${page.after[0]}`;
  const found = yield* all<RunRow>(sql`
    SELECT ${runColumns} FROM run r JOIN graph g ON g.id = r.graph
    WHERE true ${conditions(filter)} ${before} ORDER BY r.sequence DESC LIMIT ${page.limit + 1}`);
  return closePage(listing, page, found, (row) => [row[17]], toRun);
}

/** Kind and state as text, not values: partial indexes are chosen by what the statement says. */
function conditions({ graph, parent, kind, state, snapshot, input, ...more }: RunFilter): Statement {
  return sql`
    ${graph === undefined ? sql`` : sql`AND r.graph = (SELECT id FROM graph WHERE name = ${graph})`}
    ${parent === undefined ? sql`` : sql`AND r.parent = ${parent}`}
    ${kind === undefined ? sql`` : sql`AND r.kind = ${kinds[kind]}`}
    ${state === undefined ? sql`` : state === "running" ? sql`AND r.state = 'running'` : sql`AND r.state = ${state}`}
    ${snapshot === undefined ? sql`` : sql`AND r.snapshot = ${toBytes(snapshot)}`}
    ${input === undefined ? sql`` : sql`AND r.input = ${toBytes(input)}`}
    ${taskConditions(more)}`;
}

const kinds = { build: sql`'build'`, step: sql`'step'`, task: sql`'task'` } as const;

function taskConditions({
  idPrefix,
  since,
  namespace,
  name,
  labels = {},
  engineVersions,
  content,
  kinds: several,
  states,
  artifact,
}: RunFilter): Statement {
  return sql`
    ${several === undefined ? sql`` : isOfKind(several)}
    ${states === undefined ? sql`` : sql`AND r.state IN (SELECT q.value FROM json_each(${toJsonList(states)}) q)`}
    ${artifact === undefined ? sql`` : told(artifact)}
    ${idPrefix === undefined ? sql`` : startsWith(idPrefix)}
    ${since === undefined ? sql`` : sql`AND r.started_ms >= ${since}`}
    ${namespace === undefined ? sql`` : sql`AND r.namespace = ${namespace}`}
    ${name === undefined ? sql`` : sql`AND r.name = ${name}`}
    ${engineVersions === undefined ? sql`` : sql`AND r.engine IN (SELECT q.value FROM json_each(${toJsonList(engineVersions)}) q)`}
    ${Object.entries(labels).reduce((before, label) => sql`${before} ${hasLabel(label)}`, sql``)}
    ${content === undefined ? sql`` : touched(content)}`;
}

/** Without steps, which are the most by far, as text: an index leaves them out. */
function isOfKind(several: NonNullable<RunFilter["kinds"]>): Statement {
  const list = sql`AND r.kind IN (SELECT q.value FROM json_each(${toJsonList(several)}) q)`;
  return several.includes("step") ? list : sql`AND r.kind <> 'step' ${list}`;
}

function told(artifact: string): Statement {
  return sql`AND EXISTS (SELECT 1 FROM json_each(r.task, '$.io') o
      WHERE json_extract(o.value, '$.name') = ${artifact} OR json_extract(o.value, '$.location') = ${artifact})`;
}

function startsWith(idPrefix: string): Statement {
  const [from, to] = prefixRange(idPrefix);
  return sql`AND r.id >= ${from} AND r.id < ${to}`;
}

function hasLabel([name, value]: readonly [name: string, value: string]): Statement {
  return sql`AND EXISTS (SELECT 1 FROM json_each(r.task, '$.labels') l WHERE l.key = ${name} AND l.value = ${value})`;
}

/** Read or wrote this content: a task by its own account, whoever by the partitions at both ends of it. */
function touched(content: string): Statement {
  const told = sql`SELECT t.run FROM task_content t WHERE t.content = ${content}`;
  if (!/^[0-9a-f]{32}$/.test(content)) return sql`AND r.sequence IN (${told})`;
  return sql`AND r.sequence IN (${told} UNION SELECT e.run FROM partition p
      CROSS JOIN run_partition e ON e.direction IN (${INPUT}, ${OUTPUT}) AND e.partition = p.id
      WHERE p.content = ${toBytes(content as Fingerprint)})`;
}
