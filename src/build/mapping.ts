// Which partitions a producer makes, and which input partitions each of them needs.

import { StratigraphError } from "../errors.ts";
import type { GraphCall, GraphInput, GraphNode } from "../graph/graph.ts";
import type { ViewKind } from "../graph/view.ts";
import { coarsenValue, compareValues, enumerateValues, shiftValue } from "../identity/dimension-value.ts";
import type { Dimension, Dimensions } from "../identity/dimension.ts";
import { encodeKey, type KeyText } from "../identity/partition-key.ts";
import { partitionSet, wholeSet, type AnyKey, type PartitionSet } from "./partition-set.ts";

/** For one input of a call: by position of the output partition, the positions of the input partitions it needs. */
export interface InputMapping {
  readonly name: string;
  readonly from: GraphNode;
  readonly set: PartitionSet;
  /** `undefined`: every output partition needs the input partition of the same position. */
  readonly needs: readonly (readonly number[])[] | undefined;
  /** What `build` receives: the value itself, or a list of `{ key, value }`. By position where `mapKeys` decides. */
  readonly many: boolean | readonly boolean[];
  readonly view: ViewKind;
}

/** The partitions of what a call reads. */
export type SetOf = (node: GraphNode) => PartitionSet;

export interface CallMapping {
  readonly outputs: PartitionSet;
  readonly inputs: readonly InputMapping[];
}

/**
 * Output keys are the natural join of the keys of all inputs over the dimensions they share with the output; a dimension
 * that no input has comes from `oneOf`, from a range (`from` and `to`), or is coarsened from the input of a `mapKeys`.
 * Throws GRAPH_INVALID where a dimension stays open, PARTITION_NOT_BUILT where `latest` or `mapKeys` name what does not exist.
 */
export function mapCall(call: GraphCall, setOf: SetOf): CallMapping {
  const outputs = outputSet(call, setOf);
  return {
    outputs,
    inputs: call.inputs.map((input) => ({
      name: input.name,
      from: input.from,
      view: input.spec.view,
      set: setOf(input.from),
      ...needsOf(call, input, outputs, setOf(input.from)),
    })),
  };
}

// ------------------------------------------------------------------ output keys

function outputSet(call: GraphCall, setOf: SetOf): PartitionSet {
  const { dimensions } = call;
  const names = Object.keys(dimensions);
  if (names.length === 0) return wholeSet;

  // The common case: a plain input with exactly these dimensions, and nothing else that could narrow them down.
  const constraining = call.inputs.filter(({ spec }) => !spec.optional && spec.edge.kind !== "map");
  const plain = constraining.filter(({ spec }) => spec.edge.kind === "same");
  if (constraining.length === 1 && plain.length === 1) {
    const set = setOf(plain[0]!.from);
    if (Object.keys(set.dimensions).length === names.length) return set;
  }

  let rows: AnyKey[] = [{}];
  const bound = new Set<string>();
  const join = (set: PartitionSet, shared: readonly string[]): void => {
    if (shared.length === 0) return;
    rows = naturalJoin(
      rows,
      set,
      shared,
      shared.filter((name) => bound.has(name)),
    );
    for (const name of shared) bound.add(name);
  };
  const shares = (input: GraphInput): string[] =>
    Object.keys(input.from.artifact.dimensions).filter((name) => Object.hasOwn(dimensions, name));

  for (const input of plain) join(setOf(input.from), shares(input));
  const edges = constraining.filter(({ spec }) => spec.edge.kind !== "same");
  for (const input of edges) {
    const { edge } = input.spec;
    const over = "over" in edge ? edge.over : undefined;
    join(
      setOf(input.from),
      shares(input).filter((name) => name !== over),
    );
  }
  // `window` and `latest` look back from any key, so they say which keys there are only where nothing else does.
  for (const input of edges) {
    const { edge } = input.spec;
    if (edge.kind !== "window" && edge.kind !== "latest") continue;
    const { over } = edge;
    if (!bound.has(over) && Object.hasOwn(dimensions, over)) join(setOf(input.from), shares(input));
  }
  for (const name of names) {
    if (bound.has(name)) continue;
    const values = enumerateValues(dimensions[name]!) ?? coarsened(call, name, setOf);
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
    bound.add(name);
  }
  return partitionSet(dimensions, rows);
}

function naturalJoin(rows: AnyKey[], set: PartitionSet, shared: readonly string[], on: readonly string[]): AnyKey[] {
  const projections = new Map<string, AnyKey>();
  for (const key of set.keys) {
    const projection = project(key, shared);
    projections.set(groupText(projection, shared), projection);
  }
  const groups = new Map<string, AnyKey[]>();
  for (const projection of projections.values()) push(groups, groupText(projection, on), projection);
  return rows.flatMap((row) => (groups.get(groupText(row, on)) ?? []).map((other) => ({ ...row, ...other })));
}

/** The values of a dimension that only `mapKeys` inputs could know: those their own time dimensions fall into. */
function coarsened(call: GraphCall, name: string, setOf: SetOf): readonly (string | number)[] {
  const to = call.dimensions[name]!;
  const values = new Set<string | number>();
  let known = false;
  for (const input of call.inputs) {
    if (input.spec.edge.kind !== "map") continue;
    const set = setOf(input.from);
    const from = coarsenable(set.dimensions, name, to);
    if (from === undefined) continue;
    known = true;
    for (const key of set.keys) {
      const value = coarsenValue(set.dimensions[from]!, key[from]!, to);
      if (value !== undefined) values.add(value);
    }
  }
  if (known) return [...values];
  throw new StratigraphError("GRAPH_INVALID", `no input says which partitions there are of dimension '${name}'`, {
    where: whereIs(call),
    hint: `Give an input with '${name}', use oneOf(…), or give the dimension a range: ${to.kind}({ from, to }).`,
  });
}

/** The dimension of the input whose values fall into `to`: the one of the same name, else the only one that can. */
function coarsenable(dimensions: Dimensions, name: string, to: Dimension): string | undefined {
  const fits = (candidate: string): boolean =>
    finerKinds[to.kind]?.includes(dimensions[candidate]!.kind) ?? dimensions[candidate]!.kind === to.kind;
  if (Object.hasOwn(dimensions, name) && fits(name)) return name;
  const candidates = Object.keys(dimensions).filter(fits);
  return candidates.length === 1 ? candidates[0] : undefined;
}

const finerKinds: Readonly<Record<string, readonly string[]>> = {
  hourly: ["hourly"],
  daily: ["hourly", "daily"],
  weekly: ["hourly", "daily", "weekly"],
  monthly: ["hourly", "daily", "monthly"],
};

// ------------------------------------------------------------------ what each output partition needs

function needsOf(
  call: GraphCall,
  input: GraphInput,
  outputs: PartitionSet,
  set: PartitionSet,
): Pick<InputMapping, "needs" | "many"> {
  const { edge } = input.spec;
  switch (edge.kind) {
    case "same":
      return { needs: set === outputs ? undefined : sameKeys(outputs, set), many: false };
    case "all":
      return { needs: allNeeds(outputs, set, edge.over), many: true };
    case "window":
      return { needs: windowNeeds(outputs, set, edge.over, edge.size), many: true };
    case "latest":
      return { needs: latestNeeds(call, input, outputs, set, edge.over), many: false };
    case "map":
      return mappedNeeds(call, input, outputs, set, edge.keys);
  }
}

function sameKeys(outputs: PartitionSet, set: PartitionSet): (readonly number[])[] {
  const names = Object.keys(set.dimensions);
  const positions = positionsBy(set, names);
  return outputs.keys.map((key) => positions.get(groupText(key, names)) ?? []);
}

function allNeeds(outputs: PartitionSet, set: PartitionSet, over: string | undefined): (readonly number[])[] {
  const names = sharedNames(outputs, set, over);
  const positions = positionsBy(set, names);
  // Output partitions of one group share one list: a thousand outputs over a thousand inputs stay two thousand numbers.
  return outputs.keys.map((key) => positions.get(groupText(key, names)) ?? []);
}

function windowNeeds(outputs: PartitionSet, set: PartitionSet, over: string, size: number): (readonly number[])[] {
  const look = lookBack(outputs, set, over);
  return outputs.keys.map((key) => {
    const { group, end } = look(key);
    if (end < 0) return [];
    const last: AnyKey = Object.hasOwn(outputs.dimensions, over) ? key : set.keys[group[end]!]!;
    const first = shiftValue(set.dimensions[over]!, last[over]!, 1 - size);
    if (first === undefined) return group.slice(0, end + 1); // the window reaches back to before the calendar begins
    let start = end + 1;
    while (start > 0 && compareValues(set.dimensions[over]!, set.keys[group[start - 1]!]![over]!, first) >= 0) start--;
    return group.slice(start, end + 1);
  });
}

function latestNeeds(
  call: GraphCall,
  input: GraphInput,
  outputs: PartitionSet,
  set: PartitionSet,
  over: string,
): (readonly number[])[] {
  const look = lookBack(outputs, set, over);
  return outputs.keys.map((key, position) => {
    const { group, end } = look(key);
    if (end >= 0) return [group[end]!];
    if (input.spec.optional) return [];
    throw new StratigraphError("PARTITION_NOT_BUILT", `latest() finds no partition of '${input.from.key}'`, {
      where: `${whereIs(call, input.name)}, partition [${outputs.texts[position]!}]`,
      hint: "Use optional(latest(…)) where there may be none yet.",
    });
  });
}

/** For an output key: the partitions that agree on the other dimensions, and the last one not after the key. */
function lookBack(
  outputs: PartitionSet,
  set: PartitionSet,
  over: string,
): (key: AnyKey) => { group: readonly number[]; end: number } {
  const names = sharedNames(outputs, set, over);
  const dimension = set.dimensions[over]!;
  const groups = positionsBy(set, names);
  for (const group of groups.values()) {
    group.sort((a, b) => compareValues(dimension, set.keys[a]![over]!, set.keys[b]![over]!));
  }
  const bounded = Object.hasOwn(outputs.dimensions, over);
  return (key) => {
    const group = groups.get(groupText(key, names)) ?? [];
    if (!bounded) return { group, end: group.length - 1 };
    let low = 0;
    let high = group.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareValues(dimension, set.keys[group[middle]!]![over]!, key[over]!) <= 0) low = middle + 1;
      else high = middle;
    }
    return { group, end: low - 1 };
  };
}

function mappedNeeds(
  call: GraphCall,
  input: GraphInput,
  outputs: PartitionSet,
  set: PartitionSet,
  keysOf: (key: AnyKey) => unknown,
): Pick<InputMapping, "needs" | "many"> {
  const many: boolean[] = [];
  const needs = outputs.keys.map((key, position) => {
    const where = `${whereIs(call, input.name)}, mapKeys() for [${outputs.texts[position]!}]`;
    const answer = keysOf(key);
    many.push(Array.isArray(answer));
    const texts = (Array.isArray(answer) ? (answer as unknown[]) : [answer]).map((one) => mappedKey(set, one, where));
    const found = [...new Set(texts)].flatMap((text) => set.positions.get(text) ?? []);
    if (Array.isArray(answer) || found.length > 0 || input.spec.optional) return found;
    throw new StratigraphError("PARTITION_NOT_BUILT", `'${input.from.key}' has no partition [${texts[0] ?? ""}]`, {
      where,
      hint: "Return a list from mapKeys, or use optional(mapKeys(…)), where a partition may be absent.",
    });
  });
  return { needs, many };
}

function mappedKey(set: PartitionSet, key: unknown, where: string): KeyText {
  if (typeof key !== "object" || key === null) {
    throw new StratigraphError("PARTITION_KEY_INVALID", "mapKeys() must give a key or a list of keys", {
      where,
      expected: `an object with ${
        Object.keys(set.dimensions)
          .map((name) => `'${name}'`)
          .join(", ") || "nothing in it"
      }`,
      received: String(key),
    });
  }
  try {
    return encodeKey(set.dimensions, key as Readonly<Record<string, unknown>>);
  } catch (error) {
    throw error instanceof StratigraphError ? error.within(where) : error;
  }
}

// ------------------------------------------------------------------ small pieces

function sharedNames(outputs: PartitionSet, set: PartitionSet, over: string | undefined): string[] {
  return Object.keys(set.dimensions).filter((name) => name !== over && Object.hasOwn(outputs.dimensions, name));
}

function positionsBy(set: PartitionSet, names: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  set.keys.forEach((key, position) => push(groups, groupText(key, names), position));
  return groups;
}

/** Values of dimensions never hold control characters, so a NUL keeps neighbours apart. */
function groupText(key: AnyKey, names: readonly string[]): string {
  if (names.length === 1) return String(key[names[0]!]);
  let text = "";
  for (const name of names) text += `${String(key[name])}\0`;
  return text;
}

function project(key: AnyKey, names: readonly string[]): AnyKey {
  return Object.fromEntries(names.map((name) => [name, key[name]!]));
}

function push<K, V>(groups: Map<K, V[]>, group: K, value: V): void {
  const members = groups.get(group);
  if (members === undefined) groups.set(group, [value]);
  else members.push(value);
}

export function whereIs(call: GraphCall, input?: string): string {
  return `producer '${call.producer.name}'${input === undefined ? "" : `, input '${input}'`}`;
}
