// The partitions of one artifact, in order, each known by its position.

import type { Dimensions, Key } from "../identity/dimension.ts";
import { compareKeys, encodeKey, type KeyText } from "../identity/partition-key.ts";

export type AnyKey = Key<Dimensions>;

/** Immutable. Artifacts with the same partitions share one set, so that a position means the same partition in both. */
export interface PartitionSet {
  readonly dimensions: Dimensions;
  readonly texts: readonly KeyText[];
  readonly keys: readonly AnyKey[];
  /** The position of a key. */
  readonly positions: ReadonlyMap<KeyText, number>;
}

class SortedSet implements PartitionSet {
  readonly dimensions: Dimensions;
  readonly texts: readonly KeyText[];
  readonly keys: readonly AnyKey[];
  #positions: ReadonlyMap<KeyText, number> | undefined;

  constructor(dimensions: Dimensions, entries: readonly (readonly [KeyText, AnyKey])[]) {
    this.dimensions = dimensions;
    this.texts = entries.map(([text]) => text);
    this.keys = entries.map(([, key]) => key);
  }

  /** Made when it is first asked for: most sets never are, and it is the largest part of one. */
  get positions(): ReadonlyMap<KeyText, number> {
    this.#positions ??= new Map(this.texts.map((text, position) => [text, position]));
    return this.#positions;
  }
}

const emptyKey: AnyKey = Object.freeze({});

/** The set of an unpartitioned artifact: one partition whose key is empty. */
export const wholeSet: PartitionSet = {
  dimensions: Object.freeze({}),
  texts: ["" as KeyText],
  keys: [emptyKey],
  positions: new Map([["" as KeyText, 0]]),
};

/** A set of these keys in ascending order; keys given twice count once. */
export function partitionSet(dimensions: Dimensions, keys: Iterable<AnyKey>): PartitionSet {
  const byText = new Map<KeyText, AnyKey>();
  for (const key of keys) byText.set(encodeKey(dimensions, key), key);
  return setOf(dimensions, [...byText]);
}

/** The same where the texts are known already. */
export function setOf(dimensions: Dimensions, entries: [KeyText, AnyKey][]): PartitionSet {
  // Key texts sort like their values but for integers, where "10" comes before "9".
  const integers = Object.keys(dimensions).filter((name) => dimensions[name]!.kind === "integers");
  const [name, second] = Object.keys(dimensions);
  if (integers.length === 0) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  else if (name !== undefined && second === undefined) {
    // By far the most common of these, and four times as fast.
    entries.sort(([, a], [, b]) => (a[name] as number) - (b[name] as number));
  } else entries.sort(([, a], [, b]) => compareKeys(dimensions, a, b));
  return new SortedSet(dimensions, entries);
}
