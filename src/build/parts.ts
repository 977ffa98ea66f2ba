// The partitions that fan-outs made: found again by the list of keys that each of their steps left.

import type { Connection } from "../backend/backend.ts";
import type { PartitionQuery, StoredPartition } from "../backend/records.ts";
import type { MadeKey } from "../graph/fan-out.ts";
import type { GraphNode } from "../graph/graph.ts";
import { decodeKey, encodeKey, type KeyText } from "../identity/partition.ts";
import type { Network, NodeState, Step } from "./network.ts";
import { setOf, type AnyKey } from "./partition-set.ts";

/** A step with a fan-out, and the list of keys that is stored for it. */
export interface ListedParts {
  readonly step: Step;
  readonly keys: StoredPartition;
}

/** By step the list and what it names, in its order: one query for all. `undefined` where some of that is gone or damaged. */
export async function findParts(
  connection: Pick<Connection, "findPartitions">,
  lists: readonly ListedParts[],
): Promise<(readonly StoredPartition[] | undefined)[]> {
  const listed = lists.map(({ step, keys }) => ({ keys, made: madeKeys(step, keys) }));
  const queries: PartitionQuery[] = listed.flatMap(({ keys, made }, index) => {
    const { identity } = lists[index]!.step.group.call.parts!.node;
    return made.map(({ key }) => ({ artifact: identity, key, input: keys.input! }));
  });
  const found = queries.length === 0 ? [] : await connection.findPartitions(queries);
  let start = 0;
  return listed.map(({ keys, made }) => {
    const parts = found.slice(start, (start += made.length));
    return parts.every((part, index) => part?.content === made[index]!.content)
      ? [keys, ...(parts as readonly StoredPartition[])]
      : undefined;
  });
}

/** What a stored list says a step made, in its order. */
export function madeKeys(
  { group: { call, set }, position }: Step,
  { value }: StoredPartition,
): readonly { readonly key: KeyText; readonly content: string }[] {
  const { dimensions } = call.parts!.node.artifact;
  const made = JSON.parse(Buffer.from(value!).toString("utf8")) as readonly MadeKey[];
  return made.map(({ key, content }) => ({ key: encodeKey(dimensions, { ...set.keys[position]!, ...key }), content }));
}

/** Gives each fan-out that is known whole by now its place in the network; whether there was one. */
export function layParts({ groups, states }: Network): boolean {
  let more = false;
  for (const group of groups) {
    const { parts } = group.call;
    if (parts === undefined || states.has(parts.node) || !group.steps.every(({ outputs }) => outputs)) continue;
    const { node } = parts;
    const entries: [KeyText, AnyKey][] = [];
    const origins = new Map<KeyText, { readonly step: Step; readonly slot: number }>();
    for (const step of group.steps) {
      for (const [slot, { key }] of step.outputs!.entries()) {
        if (slot === 0) continue;
        entries.push([key, decodeKey(node.artifact.dimensions, key)]);
        origins.set(key, { step, slot });
      }
    }
    const set = setOf(node.artifact.dimensions, entries);
    const state = { kind: "parts", node, group, set, origins: set.texts.map((text) => origins.get(text)!) } as const;
    (states as Map<GraphNode, NodeState>).set(node, state);
    more = true;
  }
  return more;
}
