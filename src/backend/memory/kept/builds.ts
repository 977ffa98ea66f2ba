// What builds keep in memory, as it is copied: graphs, snapshots, partitions, runs, and what was said of them.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { KeyText } from "../../../identity/partition-key.ts";
import { compareText } from "../../../util/text-order.ts";
import { decodeJson, encodeJson, encodeOptionalJson } from "../../json-text.ts";
import { directions, keptKey, type KeptPartition, type KeptRecords, type KeptRunPartition } from "../../kept-records.ts"; // prettier-ignore
import type { Position } from "../../page.ts";
import type { PartitionId, RunId, RunPartition } from "../../records.ts";
import { keptOrphan, snapshotUnknown } from "../../refusals.ts";
import { frozen } from "../frozen.ts";
import { linkPartitions } from "../links.ts";
import { OrderedMap } from "../ordered-map.ts";
import { toStored } from "../partitions.ts";
import { toEntry } from "../quality.ts";
import { toRow, toRun } from "../runs.ts";
import { type MemoryState } from "../state.ts";
import { addChange } from "../tags.ts";
import { ofMany, ofMap, ofPlaces, valuesOf, type Kept } from "./listing.ts";

type BuildKind =
  | "graphs"
  | "manifests"
  | "snapshots"
  | "tags"
  | "tagChanges"
  | "partitions"
  | "quality"
  | "links"
  | "latest"
  | "marks"
  | "quarantine"
  | "runs"
  | "runPartitions";

export const keptBuilds: { readonly [Kind in BuildKind]: Kept<KeptRecords[Kind]> } = {
  graphs: {
    list: (state, after, limit) =>
      ofMany(describedGraphs(state), ({ name, fingerprint }) => [name, fingerprint], after, limit, ({ text, ...graph }) => ({
        ...graph,
        description: decodeJson(text, "graph description"),
      })), // prettier-ignore
    put(state, records) {
      for (const { name, fingerprint, description } of records) {
        const graphs = state.within(state.graphs, name, () => new Map<Fingerprint, string>());
        state.set(graphs, fingerprint, encodeJson(description, "graph description"));
      }
    },
  },
  manifests: {
    list: (state, after, limit) => ofMap(state.manifests, after, limit, (text, fingerprint) => ({ fingerprint, text })),
    put(state, records) {
      for (const { fingerprint, text } of records) state.set(state.manifests, fingerprint, text);
    },
  },
  snapshots: {
    list: (state, after, limit) => ofMap(state.snapshots, after, limit, (snapshot) => snapshot),
    put(state, records) {
      for (const record of records) {
        const before = state.snapshots.get(record.id);
        if (before !== undefined) state.delete(state.snapshotOrder, before.sequence);
        state.set(state.snapshots, record.id, frozen({ ...record }));
        state.set(state.snapshotOrder, record.sequence, record.id);
      }
    },
    drop(state, { id }) {
      const snapshot = state.snapshots.get(id);
      if (snapshot === undefined) return;
      for (const tags of state.tags.values()) {
        for (const [tag, named] of tags) if (named.snapshot === id) state.delete(tags, tag);
      }
      state.delete(state.snapshots, id);
      state.delete(state.snapshotOrder, snapshot.sequence);
      state.delete(state.links, id);
    },
  },
  tags: {
    list: (state, after, limit) =>
      ofMany(
        valuesOf(state.tags),
        (tag) => keptKey("tags", tag),
        after,
        limit,
        (tag) => tag,
      ),
    put(state, records) {
      for (const record of records) {
        if (!state.snapshots.has(record.snapshot)) throw snapshotUnknown(record.snapshot);
        const tags = state.within(state.tags, record.graph, () => new OrderedMap<string, typeof record>(compareText));
        state.set(tags, record.tag, frozen({ ...record }));
      }
    },
    drop(state, { graph, tag }) {
      const tags = state.tags.get(graph);
      if (tags !== undefined) state.delete(tags, tag);
    },
  },
  tagChanges: {
    list: (state, after, limit) =>
      ofMany(
        valuesOf(state.tagChanges),
        (row) => [row.sequence],
        after,
        limit,
        (row) => row,
      ),
    put(state, records) {
      for (const record of records) addChange(state, { ...record });
    },
  },
  partitions: {
    list: (state, after, limit) => ofMap(state.partitions, after, limit, (row): KeptPartition => {
      const { sequence, writtenAt } = row;
      return { ...toStored(row), sequence, writtenAt };
    }), // prettier-ignore
    put(state, records) {
      for (const record of records) putPartition(state, record);
    },
    drop: (state, { id }) => dropPartition(state, id),
  },
  quality: {
    list: (state, after, limit) =>
      ofMany(state.quality, ([partition]) => [partition], after, limit, ([partition, { statistics, findings }]) => ({
        partition,
        statistics: statistics === undefined ? undefined : decodeJson(statistics, "statistics"),
        findings: decodeJson(findings, "findings"),
      })), // prettier-ignore
    put(state, records) {
      for (const { partition, statistics, findings } of records) {
        state.set(state.quality, partition, {
          statistics: encodeOptionalJson(statistics, "statistics"),
          findings: encodeJson(findings, "findings"),
        });
      }
    },
    drop: (state, { partition }) => state.delete(state.quality, partition),
  },
  links: {
    list: (state, after, limit) =>
      ofPlaces(state.links as ReadonlyMap<string, Map<string, OrderedMap<KeyText, PartitionId>>>, after, limit,
        (snapshot, artifactKey, key, partition) => ({ snapshot: snapshot as Fingerprint, artifactKey, key, partition })), // prettier-ignore
    put(state, records) {
      for (const link of records) linkPartitions(state, link.snapshot, [link]);
    },
    drop(state, { snapshot, artifactKey, key }) {
      const links = state.links.get(snapshot)?.get(artifactKey);
      if (links !== undefined) state.delete(links, key);
      if (links?.size === 0) state.delete(state.links.get(snapshot)!, artifactKey);
    },
  },
  latest: {
    list: (state, after, limit) =>
      ofPlaces(state.latest, after, limit, (graph, artifactKey, key, partition) => ({ graph, artifactKey, key, partition })), // prettier-ignore
    put(state, records) {
      for (const { graph, artifactKey, key, partition } of records) {
        const places = state.within(state.latest, graph, () => new Map<string, OrderedMap<KeyText, PartitionId>>());
        const keys = state.within(places, artifactKey, () => new OrderedMap<KeyText, PartitionId>(compareText));
        state.set(keys, key, partition);
      }
    },
  },
  marks: {
    list: (state, after, limit) => ofMap(state.marks, after, limit, (mark) => mark),
    put(state, records) {
      for (const record of records) state.set(state.marks, record.sequence, frozen(structuredClone(record)));
    },
  },
  quarantine: {
    list: (state, after, limit) => ofMap(state.quarantine, after, limit, toEntry),
    put(state, records) {
      for (const record of records) {
        const findings = encodeJson(record.findings, "findings");
        state.set(state.quarantine, record.sequence, frozen({ ...record, findings }));
      }
    },
  },
  runs: {
    list: (state, after, limit) =>
      ofMap(state.runOrder, after, limit, (id, sequence) => ({ ...toRun(state.runs.get(id)!), sequence })),
    put(state, records) {
      for (const { sequence, ...run } of records) {
        const row = toRow(run, sequence);
        state.set(
          state.runs,
          run.id,
          run.task === undefined ? row : { ...row, task: frozen(structuredClone(run.task)) },
        );
        state.set(state.runOrder, sequence, run.id);
      }
    },
    drop(state, { id, sequence }) {
      state.delete(state.runs, id);
      state.delete(state.runOrder, sequence);
      state.delete(state.runInputs, id);
      state.delete(state.runOutputs, id);
    },
  },
  runPartitions: { list: listRunPartitions, put: putRunPartitions, drop: dropRunPartition },
};

function* describedGraphs({
  graphs,
}: MemoryState): Generator<{ name: string; fingerprint: Fingerprint; text: string }> {
  for (const [name, described] of graphs) {
    for (const [fingerprint, text] of described) yield { name, fingerprint, text };
  }
}

function putPartition(state: MemoryState, { sequence, writtenAt, ...record }: KeptPartition): void {
  const { id, artifact, key, input, content } = record;
  const byKey = state.within(
    state.partitionsByKey,
    artifact,
    () => new OrderedMap<KeyText, readonly PartitionId[]>(compareText),
  );
  const same = byKey.get(key)?.find((one) => {
    const { partition } = state.partitions.get(one)!;
    return one !== id && partition.input === input && partition.content === content;
  });
  if (same !== undefined) dropPartition(state, same);
  const partition = Object.freeze({ ...record, value: record.value?.slice() });
  state.set(state.partitions, id, { partition, sequence, writtenAt });
  const siblings = [...(byKey.get(key) ?? []).filter((one) => one !== id), id];
  const age = (one: PartitionId): number => state.partitions.get(one)!.sequence;
  state.journal.set(byKey, key, siblings.sort((a, b) => age(a) - age(b))); // prettier-ignore
}

function dropPartition(state: MemoryState, id: PartitionId): void {
  const row = state.partitions.get(id);
  if (row === undefined) return;
  const byKey = state.partitionsByKey.get(row.partition.artifact)!;
  const left = byKey.get(row.partition.key)!.filter((one) => one !== id);
  if (left.length === 0) state.delete(byKey, row.partition.key);
  else state.journal.set(byKey, row.partition.key, left);
  state.delete(state.partitions, id);
}

function listRunPartitions(
  state: MemoryState,
  after: Position | undefined,
  limit: number,
): readonly KeptRunPartition[] {
  const found: KeptRunPartition[] = [];
  const keyOf = (one: KeptRunPartition): Position => keptKey("runPartitions", one);
  let from = (after?.[0] as number | undefined) ?? 0;
  while (found.length < limit) {
    const [sequence] = state.runOrder.keysFrom(from, 1);
    if (sequence === undefined) break;
    const id = state.runOrder.get(sequence)!;
    const edges = directions.flatMap((direction) =>
      (edgesOf(state, direction).get(id) ?? []).map(({ name, partition }) => ({
        sequence,
        direction,
        name,
        partition,
      })),
    );
    for (const edge of ofMany(edges, keyOf, after, limit - found.length, (one) => one)) found.push(edge);
    from = sequence + 1;
  }
  return found;
}

function putRunPartitions(state: MemoryState, records: readonly KeptRunPartition[]): void {
  const groups = new Map<string, KeptRunPartition[]>();
  for (const record of records) {
    const place = `${record.direction} ${record.sequence}`;
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [record]);
    else group.push(record);
  }
  for (const list of groups.values()) {
    const { sequence, direction } = list[0]!;
    const run = runAt(state, sequence);
    if (run === undefined) throw keptOrphan("runPartitions", `run ${sequence}`);
    const edges = new Map((edgesOf(state, direction).get(run) ?? []).map((edge) => [edgeText(edge), edge]));
    for (const { name, partition } of list) edges.set(edgeText({ name, partition }), { run, name, partition });
    state.set(edgesOf(state, direction), run, [...edges.values()]);
  }
}

function dropRunPartition(state: MemoryState, { sequence, direction, name, partition }: KeptRunPartition): void {
  const run = runAt(state, sequence);
  const edges = run && edgesOf(state, direction).get(run);
  if (run === undefined || edges === undefined) return;
  const left = edges.filter((edge) => edgeText(edge) !== edgeText({ name, partition }));
  state.set(edgesOf(state, direction), run, left);
}

function edgesOf(state: MemoryState, direction: KeptRunPartition["direction"]): Map<RunId, readonly RunPartition[]> {
  return direction === "input" ? state.runInputs : state.runOutputs;
}

function runAt(state: MemoryState, sequence: number): RunId | undefined {
  return state.runOrder.get(sequence);
}

function edgeText({ name, partition }: Pick<RunPartition, "name" | "partition">): string {
  return `${partition} ${name}`;
}
