// A trace drawn together: the many partitions of one artifact that one producer made become one group, with counts.

import type { PartitionId, RunId } from "../backend/records.ts";
import { placeText } from "../build/place.ts";
import { compareText } from "../util/text-order.ts";
import { modelText } from "./model-reference.ts";
import type { Trace, TracedModel, TracedPartition, TracedRun } from "./trace.ts";

export interface GroupOptions {
  /** Every partition is a group of its own. False unless told. */
  readonly partitions?: boolean | undefined;
}

export interface LineageGroup {
  readonly kind: "raw" | "made" | "model";
  /** "days", "days[date=2026-01-02]" of a single one, "team/churn@1.3.0". */
  readonly title: string;
  readonly graph: string | undefined;
  /** In order of key; empty for a model. */
  readonly partitions: readonly TracedPartition[];
  /** "sum-day 1.0.0"; `undefined` for what was found. */
  readonly producer: string | undefined;
  /** The runs that made them, newest first. */
  readonly runs: readonly TracedRun[];
  readonly model: TracedModel | undefined;
  readonly isOrigin: boolean;
  /** Indices of the groups it was made from and of those made with it, in order. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The groups of a trace, origins first; models are groups as well, each behind the partition it was made from. */
export function groupTrace(trace: Trace, { partitions: apart = false }: GroupOptions = {}): readonly LineageGroup[] {
  const runs = new Map(trace.runs.map((run) => [run.id, run]));
  const groups: OpenGroup[] = [];
  const byText = new Map<string, number>();
  const places = new Map<PartitionId, number>();
  for (const partition of trace.partitions) {
    const run = partition.run === undefined ? undefined : runs.get(partition.run);
    const producer = run?.producer === undefined ? undefined : `${run.producer} ${run.version ?? ""}`.trimEnd();
    const { role, graph, artifact, raw, storage, id } = partition;
    const isOrigin = role === "origin";
    // What nobody remembers the name of stays apart by place: names are never guessed.
    const whose = artifact ?? `${storage} ${partition.location}`;
    const text = apart ? String(id) : JSON.stringify([isOrigin, graph, whose, producer, raw]);
    let place = byText.get(text);
    if (place === undefined) {
      byText.set(text, (place = groups.length));
      groups.push({ partitions: [], producer, isOrigin, model: undefined, inputs: new Set(), outputs: new Set() });
    }
    groups[place]!.partitions.push(partition);
    places.set(id, place);
  }
  const connect = (from: number, to: number): void => {
    if (from === to) return;
    groups[from]!.outputs.add(to);
    groups[to]!.inputs.add(from);
  };
  for (const { input, output } of trace.edges) {
    const [from, to] = [places.get(input), places.get(output)];
    if (from !== undefined && to !== undefined) connect(from, to);
  }
  const { model } = trace.origin;
  const models = [
    ...(model === undefined ? [] : [model]),
    ...trace.models.filter((one) => model === undefined || modelText(one) !== modelText(model)),
  ];
  for (const one of models) {
    const from = one.partition === undefined ? undefined : places.get(one.partition);
    groups.push({
      partitions: [],
      producer: undefined,
      isOrigin: one === model,
      model: one,
      inputs: new Set(),
      outputs: new Set(),
    });
    if (from !== undefined) connect(from, groups.length - 1);
  }
  return groups.map((group) => closed(group, runs));
}

interface OpenGroup {
  readonly partitions: TracedPartition[];
  readonly producer: string | undefined;
  readonly isOrigin: boolean;
  readonly model: TracedModel | undefined;
  readonly inputs: Set<number>;
  readonly outputs: Set<number>;
}

function closed(group: OpenGroup, runs: ReadonlyMap<RunId, TracedRun>): LineageGroup {
  const { model, isOrigin, producer } = group;
  const partitions = [...group.partitions].sort((a, b) => compareText(a.key, b.key) || a.id - b.id);
  const [first] = partitions;
  const made = new Set(partitions.flatMap(({ run }) => (run === undefined ? [] : [run])));
  const inputs = [...group.inputs];
  const outputs = [...group.outputs];
  const own = [...made].flatMap((id) => runs.get(id) ?? []).sort((a, b) => compareText(b.startedAt, a.startedAt));
  if (model !== undefined || first === undefined) {
    const title = model === undefined ? "" : modelText(model);
    return {
      kind: "model",
      title,
      graph: undefined,
      partitions,
      producer,
      runs: own,
      model,
      isOrigin,
      inputs,
      outputs,
    };
  }
  const artifact = first.artifact ?? first.location;
  const title = partitions.length === 1 && first.artifact !== undefined ? placeText(artifact, first.key) : artifact;
  const kind = first.raw ? "raw" : "made";
  return { kind, title, graph: first.graph, partitions, producer, runs: own, model, isOrigin, inputs, outputs };
}

/** "date=2026-01-01 … date=2026-01-31"; the only key, or "" where unpartitioned. */
export function keyRange({ partitions }: Pick<LineageGroup, "partitions">): string {
  const keys = partitions.map(({ key }) => key);
  const [first = "", last = ""] = [keys[0], keys.at(-1)];
  return first === last ? first : `${first} … ${last}`;
}
