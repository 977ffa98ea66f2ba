// Lineage in memory, over what runs read and wrote.

import type { Fingerprint } from "../../identity/fingerprint.ts";
import { walkFrom, type WalkOptions } from "../lineage-walk.ts";
import type { LineageEdge, LineageWalk, PartitionId, RunId, RunPartition, StoredPartition } from "../records.ts";
import { findStored, toStored } from "./partitions.ts";
import type { MemoryState } from "./state.ts";

export function walkLineage(state: MemoryState, start: readonly PartitionId[], options: WalkOptions): LineageWalk {
  const upstream = options.direction === "upstream";
  const runs = runsByPartition(upstream ? state.runOutputs : state.runInputs);
  const edgesFrom = (near: PartitionId): LineageEdge[] => {
    const edges: LineageEdge[] = [];
    for (const run of runs.get(near) ?? []) {
      const [inputs, outputs] = [state.runInputs.get(run) ?? [], state.runOutputs.get(run) ?? []];
      for (const { name, partition: input } of inputs) {
        if (!upstream && input !== near) continue;
        for (const { partition: output } of outputs) {
          if (!upstream || output === near) edges.push({ run, name, input, output });
        }
      }
    }
    return edges;
  };
  const walk = walkFrom(
    start.filter((id) => state.partitions.has(id)),
    options,
  );
  let step = walk.next();
  while (step.done !== true) step = walk.next(step.value.flatMap(edgesFrom));
  const { partitions, edges, truncated } = step.value;
  return { partitions: partitions.map((id) => findStored(state, id)!), edges, truncated };
}

function runsByPartition(edges: ReadonlyMap<RunId, readonly RunPartition[]>): Map<PartitionId, Set<RunId>> {
  const runs = new Map<PartitionId, Set<RunId>>();
  for (const [run, partitions] of edges) {
    for (const { partition } of partitions) {
      const known = runs.get(partition);
      if (known === undefined) runs.set(partition, new Set([run]));
      else known.add(run);
    }
  }
  return runs;
}

export function findPartitionsAt(
  state: MemoryState,
  storage: string | undefined,
  locations: readonly string[],
): readonly (readonly StoredPartition[])[] {
  return listed(state, locations, (partition) =>
    storage === undefined || partition.storage === storage ? partition.location : undefined,
  );
}

export function findPartitionsOf(
  state: MemoryState,
  contents: readonly Fingerprint[],
): readonly (readonly StoredPartition[])[] {
  return listed(state, contents, ({ content }) => content);
}

/** The partitions of each of these texts, oldest first. */
function listed(
  state: MemoryState,
  texts: readonly string[],
  textOf: (partition: StoredPartition) => string | undefined,
): StoredPartition[][] {
  const found = new Map(texts.map((text) => [text, [] as StoredPartition[]]));
  for (const id of state.partitions.keysAfter(undefined, state.partitions.size)) {
    const row = state.partitions.get(id)!;
    const text = textOf(row.partition);
    if (text !== undefined) found.get(text)?.push(toStored(row));
  }
  return texts.map((text) => [...found.get(text)!]);
}
