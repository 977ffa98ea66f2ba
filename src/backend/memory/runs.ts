// Runs and what they read and wrote, in memory.

import { compareText } from "../../util/text-order.ts";
import type { Stores } from "../backend.ts";
import { decodeJson, encodeOptionalJson } from "../json-text.ts";
import { closePage, openPage } from "../page.ts";
import type {
  Page,
  PageRequest,
  PartitionId,
  RunFilter,
  RunId,
  RunPartition,
  RunRecord,
  StoredPartition,
} from "../records.ts";
import { partitionsUnknown, runUnknown } from "../refusals.ts";
import { isWithin, momentOf, prefixRange, runListing } from "../run-filter.ts";
import { findStored } from "./partitions.ts";
import type { MemoryState, RunRow } from "./state.ts";

export function startRuns(state: MemoryState, runs: readonly RunRecord[]): void {
  for (const run of runs) {
    if (state.runs.has(run.id)) continue;
    const sequence = state.nextSequence();
    state.set(state.runs, run.id, toRow(run, sequence));
    state.set(state.runOrder, sequence, run.id);
  }
}

/** The row of a build or step. */
export function toRow(run: RunRecord, sequence: number): RunRow {
  return {
    record: Object.freeze(facts(run)),
    reason: encodeOptionalJson(run.reason, "run's reason"),
    error: encodeOptionalJson(run.error, "run's error"),
    task: undefined,
    sequence,
  };
}

export function finishRuns(state: MemoryState, runs: Parameters<Stores["finishRuns"]>[0]): readonly RunId[] {
  const finished: RunId[] = [];
  for (const { id, finishedAt, attempts, duration, error, state: end } of runs) {
    const row = state.runs.get(id);
    if (row?.record.state !== "running" && row?.record.state !== "scheduled") continue;
    const record = Object.freeze({ ...row.record, state: end, finishedAt, attempts, duration });
    state.set(state.runs, id, { ...row, record, error: encodeOptionalJson(error, "run's error") });
    finished.push(id);
  }
  return finished;
}

export function writeRunPartitions(state: MemoryState, edges: Parameters<Stores["writeRunPartitions"]>[0]): void {
  const all = [...edges.inputs, ...edges.outputs];
  for (const { run } of all) if (!state.runs.has(run)) throw runUnknown(run);
  const unknown = all.map(({ partition }) => partition).filter((id) => !state.partitions.has(id));
  if (unknown.length > 0) throw partitionsUnknown(unknown);
  addEdges(state, state.runInputs, edges.inputs);
  addEdges(state, state.runOutputs, edges.outputs);
}

function addEdges(state: MemoryState, map: Map<RunId, readonly RunPartition[]>, edges: readonly RunPartition[]): void {
  const byRun = new Map<RunId, RunPartition[]>();
  for (const edge of edges) {
    const list = byRun.get(edge.run);
    if (list === undefined) byRun.set(edge.run, [...(map.get(edge.run) ?? []), edge]);
    else list.push(edge);
  }
  for (const [run, list] of byRun) {
    const distinct = new Map(list.map(({ name, partition }) => [`${partition} ${name}`, { run, name, partition }]));
    state.set(map, run, [...distinct.values()]);
  }
}

export function readRun(state: MemoryState, id: RunId): RunRecord | undefined {
  const row = state.runs.get(id);
  return row === undefined ? undefined : toRun(row);
}

export function readRuns(state: MemoryState, ids: readonly RunId[]): readonly (RunRecord | undefined)[] {
  return ids.map((id) => readRun(state, id));
}

export function readRunPartitions(
  state: MemoryState,
  id: RunId,
): { readonly inputs: readonly NamedPartition[]; readonly outputs: readonly NamedPartition[] } {
  return { inputs: named(state, state.runInputs.get(id)), outputs: named(state, state.runOutputs.get(id)) };
}

interface NamedPartition {
  readonly name: string;
  readonly partition: StoredPartition;
}

function named(state: MemoryState, edges: readonly RunPartition[] = []): readonly NamedPartition[] {
  const found = edges.flatMap(({ name, partition: id }: { name: string; partition: PartitionId }) => {
    const partition = findStored(state, id);
    return partition === undefined ? [] : [{ name, partition }];
  });
  return found.sort(
    (a, b) =>
      compareText(a.name, b.name) || compareText(a.partition.key, b.partition.key) || a.partition.id - b.partition.id,
  );
}

export function listRuns(state: MemoryState, filter: RunFilter = {}, request?: PageRequest): Page<RunRecord> {
  const listing = runListing(filter);
  const page = openPage(listing, request);
  const rows: RunRow[] = [];
  let before = page.after?.[0] as number | undefined;
  while (rows.length <= page.limit) {
    const sequences = state.runOrder.keysBefore(before, 1000);
    if (sequences.length === 0) break;
    for (const sequence of sequences) {
      const row = state.runs.get(state.runOrder.get(sequence)!)!;
      if (matches(row.record, filter) && matchesTask(row, filter) && matchesContent(state, row, filter.content))
        rows.push(row);
    }
    before = sequences.at(-1);
  }
  return closePage(listing, page, rows, ({ sequence }) => [sequence], toRun);
}

function matches(run: RunRow["record"], filter: RunFilter): boolean {
  return (
    (filter.graph === undefined || filter.graph === run.graph) &&
    (filter.parent === undefined || filter.parent === run.parent) &&
    (filter.kind === undefined || filter.kind === run.kind) &&
    (filter.kinds === undefined || filter.kinds.includes(run.kind)) &&
    (filter.states === undefined || filter.states.includes(run.state)) &&
    (filter.state === undefined || filter.state === run.state) &&
    (filter.snapshot === undefined || filter.snapshot === run.snapshot) &&
    (filter.input === undefined || filter.input === run.input) &&
    (filter.idPrefix === undefined || isWithin(run.id, prefixRange(filter.idPrefix))) &&
    (filter.since === undefined || (momentOf(run.startedAt) ?? -Infinity) >= filter.since)
  );
}

function matchesTask({ task }: RunRow, { namespace, name, labels = {}, engineVersions, artifact }: RunFilter): boolean {
  const asked = Object.entries(labels);
  if (task === undefined) {
    const plain = [namespace, name, engineVersions, artifact].every((one) => one === undefined);
    return plain && asked.length === 0;
  }
  return (
    (namespace === undefined || namespace === task.namespace) &&
    (name === undefined || name === task.name) &&
    asked.every(([label, value]) => Object.hasOwn(task.labels, label) && task.labels[label] === value) &&
    (engineVersions === undefined || engineVersions.includes(task.engineVersion)) &&
    (artifact === undefined || task.io.some((one) => one.name === artifact || one.location === artifact))
  );
}

/** Of what a task told, or of a partition it or a step read or wrote. */
function matchesContent(state: MemoryState, { record, task }: RunRow, content: string | undefined): boolean {
  if (content === undefined || task?.io.some((one) => one.content === content) === true) return true;
  const edges = [...(state.runInputs.get(record.id) ?? []), ...(state.runOutputs.get(record.id) ?? [])];
  return edges.some(({ partition }) => state.partitions.get(partition)?.partition.content === content);
}

export function toRun({ record, reason, error, task }: RunRow): RunRecord {
  const run = {
    ...record,
    reason: reason === undefined ? undefined : decodeJson(reason, "run's reason"),
    error: error === undefined ? undefined : decodeJson(error, "run's error"),
  };
  return task === undefined ? run : { ...run, task };
}

function facts(run: RunRecord): RunRow["record"] {
  const { id, parent, kind, graph, snapshot, producer, version, key, input } = run;
  const { state, startedAt, finishedAt, attempts, duration, holder } = run;
  return {
    id,
    parent,
    kind,
    graph,
    snapshot,
    producer,
    version,
    key,
    input,
    state,
    startedAt,
    finishedAt,
    attempts,
    duration,
    holder,
  };
}
