// The partitions that fan-outs made: found again by the list of keys that each of their steps left.

import type { PartitionQuery, StoredPartition } from "../backend/records.ts";
import { isStratigraphError } from "../errors.ts";
import type { MadeKey } from "../graph/fan-out.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { decodeKey, encodeKey, type KeyText } from "../identity/partition-key.ts";
import type { Network, NodeState, Step } from "./network.ts";
import { setOf, type AnyKey } from "./partition-set.ts";
import { readPartitionBytes, type Workspace } from "./workspace.ts";

/** A step with a fan-out, and the list of keys that is stored for it. */
export interface ListedParts {
  readonly step: Step;
  readonly keys: StoredPartition;
}

/** By step the list and what it names, in its order: one query for all. `undefined` where some of that is gone or damaged. */
export async function findParts(
  workspace: Workspace,
  lists: readonly ListedParts[],
): Promise<(readonly StoredPartition[] | undefined)[]> {
  const made: (readonly MadePart[] | undefined)[] = [];
  for (const { step, keys } of lists) made.push(await madeParts(workspace, step, keys));
  const queries: PartitionQuery[] = lists.flatMap(({ step, keys }, index) => {
    const { identity } = step.group.call.parts!.node;
    return (made[index] ?? []).map(({ key }) => ({ artifact: identity, key, input: keys.input! }));
  });
  const found = queries.length === 0 ? [] : await workspace.connection.findPartitions(queries);
  let start = 0;
  const all: (readonly StoredPartition[] | undefined)[] = [];
  for (const [index, { step, keys }] of lists.entries()) {
    const wanted = made[index];
    const newest = wanted === undefined ? [] : found.slice(start, (start += wanted.length));
    const parts = wanted === undefined ? undefined : await partsAsListed(workspace, step, keys, wanted, newest);
    all.push(parts === undefined ? undefined : [keys, ...parts]);
  }
  return all;
}

/** The newest, or the older ones of the listed content: a producer that gives something else each time was run again since the list was pinned. */
async function partsAsListed(
  { connection }: Workspace,
  { group }: Step,
  { input }: StoredPartition,
  wanted: readonly MadePart[],
  newest: readonly (StoredPartition | undefined)[],
): Promise<readonly StoredPartition[] | undefined> {
  const others = wanted.filter(({ content }, at) => newest[at]?.content !== content);
  const older =
    others.length === 0 ? [] : await connection.findPartitionsOf(others.map(({ content }) => content as Fingerprint));
  const { identity } = group.call.parts!.node;
  const parts: StoredPartition[] = [];
  let other = 0;
  for (const [at, { key, content }] of wanted.entries()) {
    const part =
      newest[at]?.content === content
        ? newest[at]
        : older[other++]!.findLast(
            (one) => one.artifact === identity && one.key === key && one.input === input && !one.damaged,
          );
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

export interface MadePart {
  readonly key: KeyText;
  readonly content: string;
}

/** What a stored list says a step made, in its order; `undefined` where the list itself is gone or damaged. */
export async function madeParts(
  workspace: Workspace,
  { group: { call, set }, position }: Step,
  list: StoredPartition,
): Promise<readonly MadePart[] | undefined> {
  const { dimensions } = call.parts!.node.artifact;
  try {
    const bytes = await readPartitionBytes(workspace, call.outputs[0]!.node, list);
    const made = JSON.parse(Buffer.from(bytes).toString("utf8")) as readonly MadeKey[];
    return made.map(({ key, content }) => ({
      key: encodeKey(dimensions, { ...set.keys[position]!, ...key }),
      content,
    }));
  } catch (error) {
    if (isStratigraphError(error) && (error.code === "DATA_MISSING" || error.code === "DATA_DAMAGED")) return undefined;
    throw error;
  }
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
