// Which partitions are earlier than one, for thresholds that look back.

import type { StoredPartition } from "../backend/records.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { ThresholdSpec } from "../graph/quality.ts";
import { compareValues } from "../identity/dimension-value.ts";
import { compareKeys, decodeKey, type KeyText } from "../identity/partition-key.ts";
import { outputNode, type Step, type StepGroup } from "./network.ts";
import type { AnyKey } from "./partition-set.ts";

/** How far a threshold looks back. */
export type Relative = NonNullable<ThresholdSpec["relative"]>;

/** The steps before one along a dimension that agree on all others, the nearest so many, oldest first. */
export function before(step: Step, { last, over }: Relative): readonly Step[] {
  const { steps } = step.group;
  const line = lineThrough(step, over);
  const at = line.indexOf(step.position);
  return line.slice(Math.max(0, at - last), at).map((position) => steps[position]!);
}

/** All of them, the nearest first. */
export function* allBefore(step: Step, over: string): Generator<Step> {
  const line = lineThrough(step, over);
  for (let at = line.indexOf(step.position) - 1; at >= 0; at--) yield step.group.steps[line[at]!]!;
}

/** The steps that must have ended before a step's thresholds can be judged. */
export function predecessors(step: Step): readonly Step[] {
  const found = new Set<Step>();
  const { outputs, parts } = step.group.call;
  for (const { node } of outputs) {
    for (const relative of relativesOf(node)) for (const one of before(step, relative)) found.add(one);
  }
  if (parts === undefined) return [...found];
  for (const { over } of relativesOf(parts.node)) {
    // Which of them has a partition that is compared with says each only when it has ended.
    if (!isFound(step, over)) for (const one of allBefore(step, over)) found.add(one);
  }
  return [...found];
}

/** Whether the producer finds this dimension: then earlier partitions are those of the same step. */
export function isFound({ group: { call } }: Step, over: string): boolean {
  return call.producer.fanOut?.over.includes(over) === true;
}

/** How far the thresholds of an artifact look back. */
export function relativesOf({ artifact }: GraphNode): readonly Relative[] {
  return Object.values(artifact.quality.thresholds).flatMap(({ relative }) => relative ?? []);
}

/** The slots of a step so that none comes before one that is earlier. `texts`: the keys, by slot. */
export function inOrder(step: Step, texts: readonly KeyText[]): readonly number[] {
  const slots = [...texts.keys()];
  const { parts } = step.group.call;
  if (parts === undefined) return slots;
  const { dimensions } = parts.node.artifact;
  // The first is the list of their keys, which has dimensions of its own.
  const keys = texts.map((text, slot) => (slot === 0 ? {} : decodeKey(dimensions, text)));
  const [list, ...made] = slots;
  return [list!, ...made.sort((a, b) => compareKeys(dimensions, keys[a]!, keys[b]!))];
}

/** The partitions of one step's fan-out, found by what they agree on. */
export class PartLines {
  readonly #step: Step;
  readonly #texts: readonly KeyText[];
  readonly #lines = new Map<string, ReadonlyMap<string, readonly number[]>>();

  /** `texts`: the keys of all that the step made, by slot. */
  constructor(step: Step, texts: readonly KeyText[]) {
    this.#step = step;
    this.#texts = texts;
  }

  /** The slots before one along a dimension that the producer finds, the nearest so many, oldest first. */
  before(slot: number, { last, over }: Relative): readonly number[] {
    const line = this.#along(over).get(otherText(this.#keyOf(slot), over))!;
    const at = line.indexOf(slot);
    return line.slice(Math.max(0, at - last), at);
  }

  /** The one slot that agrees with a key on all dimensions but one of the step's own. */
  beside(key: AnyKey, over: string): number | undefined {
    return this.#along(over).get(otherText(key, over))?.[0];
  }

  #along(over: string): ReadonlyMap<string, readonly number[]> {
    const known = this.#lines.get(over);
    if (known !== undefined) return known;
    const lines = new Map<string, number[]>();
    for (const slot of inOrder(this.#step, this.#texts).slice(1)) {
      const text = otherText(this.#keyOf(slot), over);
      const line = lines.get(text);
      if (line === undefined) lines.set(text, [slot]);
      else line.push(slot);
    }
    this.#lines.set(over, lines);
    return lines;
  }

  #keyOf(slot: number): AnyKey {
    return decodeKey(outputNode(this.#step, slot).artifact.dimensions, this.#texts[slot]!);
  }
}

const linesOfOutputs = new WeakMap<readonly StoredPartition[], PartLines>();

/** The same of what is stored of a step, made once. */
export function storedLines(step: Step, outputs: readonly StoredPartition[]): PartLines {
  let lines = linesOfOutputs.get(outputs);
  if (lines === undefined) {
    const texts = outputs.map(({ key }) => key);
    linesOfOutputs.set(outputs, (lines = new PartLines(step, texts)));
  }
  return lines;
}

const linesOfSteps = new WeakMap<StepGroup, Map<string, ReadonlyMap<string, readonly number[]>>>();

/** By the other dimensions, the positions in order of one. */
function lineThrough({ group, position }: Step, over: string): readonly number[] {
  let byDimension = linesOfSteps.get(group);
  if (byDimension === undefined) {
    byDimension = new Map<string, ReadonlyMap<string, readonly number[]>>();
    linesOfSteps.set(group, byDimension);
  }
  let lines = byDimension.get(over);
  if (lines === undefined) byDimension.set(over, (lines = linesAlong(group, over)));
  return lines.get(otherText(group.set.keys[position]!, over))!;
}

function linesAlong({ set: { keys }, call }: StepGroup, over: string): ReadonlyMap<string, readonly number[]> {
  const lines = new Map<string, number[]>();
  for (const [position, key] of keys.entries()) {
    const text = otherText(key, over);
    const line = lines.get(text);
    if (line === undefined) lines.set(text, [position]);
    else line.push(position);
  }
  const dimension = call.dimensions[over]!;
  for (const line of lines.values()) {
    line.sort((a, b) => compareValues(dimension, keys[a]![over]!, keys[b]![over]!));
  }
  return lines;
}

function otherText(key: AnyKey, over: string): string {
  return JSON.stringify(
    Object.keys(key)
      .filter((name) => name !== over)
      .sort()
      .map((name) => key[name]),
  );
}
