// Walks from partition to run to partition, nearest first, whoever answers which edges there are.

import { compareText } from "../util/text-order.ts";
import type { Stores } from "./backend.ts";
import type { LineageEdge, PartitionId } from "./records.ts";

export type WalkOptions = Parameters<Stores["walkLineage"]>[1];

const DEFAULT_LIMIT = 10_000;

export interface Walked {
  /** By distance, then by id. */
  readonly partitions: readonly PartitionId[];
  /** Among them, by output, input, name and run. */
  readonly edges: readonly LineageEdge[];
  readonly truncated: boolean;
}

/**
 * Yields partitions and is given every edge that leads on from them: upstream those that end there, downstream those that begin there.
 * Each partition is asked about once, the outermost too: only so it is known which edges are among them, and whether there is more.
 */
export function* walkFrom(
  start: readonly PartitionId[],
  { direction, depth = Infinity, limit = DEFAULT_LIMIT }: WalkOptions,
): Generator<readonly PartitionId[], Walked, readonly LineageEdge[]> {
  const found = new Set<PartitionId>();
  const edges: LineageEdge[] = [];
  let truncated = false;
  let ahead = new Set(start);
  for (let distance = 0; ahead.size > 0; distance++) {
    const next = distance > depth ? [] : [...ahead].sort((a, b) => a - b).slice(0, limit - found.size);
    if (next.length < ahead.size) truncated = true;
    for (const id of next) found.add(id);
    ahead = new Set();
    if (next.length === 0) break;
    for (const edge of yield next) {
      edges.push(edge);
      const far = direction === "upstream" ? edge.input : edge.output;
      if (!found.has(far)) ahead.add(far);
    }
  }
  const among = edges.filter(({ input, output }) => found.has(input) && found.has(output)).sort(compareEdges);
  return { partitions: [...found], edges: among.filter((edge, at) => !isSame(edge, among[at - 1])), truncated };
}

function compareEdges(a: LineageEdge, b: LineageEdge): number {
  return a.output - b.output || a.input - b.input || compareText(a.name, b.name) || compareText(a.run, b.run);
}

/** A run that wrote a partition under two names has made it once. */
function isSame(edge: LineageEdge, before: LineageEdge | undefined): boolean {
  return before !== undefined && compareEdges(edge, before) === 0;
}
