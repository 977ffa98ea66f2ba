// Where two values differ: the paths, and what is there.

import { memberPath } from "../util/show.ts";

/** One place where two values differ; `undefined` on the side that has nothing there. */
export interface ValueDifference {
  /** As one would write it: `total`, `days[3].amount`, `["first name"]`; "" is the value itself. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface ValueDifferences {
  /** The first of them, in the order of the values. */
  readonly items: readonly ValueDifference[];
  /** All of them. */
  readonly count: number;
}

/**
 * Compares plain data. Lists are compared by position, after what is equal at their ends is set aside, so that a row put in at the front
 * is one difference. Values nested deeper than 64 count as one.
 */
export function differencesOf(before: unknown, after: unknown, most = 20): ValueDifferences {
  const items: ValueDifference[] = [];
  let count = 0;
  const found = (path: string, one: unknown, other: unknown): void => {
    count++;
    if (items.length < most) items.push({ path, before: one, after: other });
  };
  const compare = (path: string, one: unknown, other: unknown, depth: number): void => {
    if (Object.is(one, other)) return;
    if (depth > 64 || !isStructure(one) || !isStructure(other) || Array.isArray(one) !== Array.isArray(other)) {
      if (!isSame(one, other)) found(path, one, other);
    } else if (Array.isArray(one) && Array.isArray(other)) {
      compareLists(path, one, other, depth);
    } else {
      const names = new Set([...Object.keys(one), ...Object.keys(other)]);
      for (const name of names) {
        compare(memberPath(path, name), ownValue(one, name), ownValue(other, name), depth + 1);
      }
    }
  };
  const compareLists = (path: string, one: readonly unknown[], other: readonly unknown[], depth: number): void => {
    if (one.length === other.length) {
      one.forEach((item, index) => compare(`${path}[${index}]`, item, other[index], depth + 1));
      return;
    }
    const shorter = Math.min(one.length, other.length);
    let front = 0;
    while (front < shorter && isSame(one[front], other[front])) front++;
    let back = 0;
    while (back < shorter - front && isSame(one.at(-1 - back), other.at(-1 - back))) back++;
    const length = Math.max(one.length, other.length) - back;
    for (let index = front; index < length; index++) {
      const has = index < one.length - back;
      const had = index < other.length - back;
      if (has && had) compare(`${path}[${index}]`, one[index], other[index], depth + 1);
      else found(`${path}[${index}]`, has ? one[index] : undefined, had ? other[index] : undefined);
    }
  };
  compare("", before, after, 0);
  return { items, count };
}

type Structure = readonly unknown[] | Readonly<Record<string, unknown>>;

function isStructure(value: unknown): value is Structure {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function ownValue(structure: Structure, name: string): unknown {
  return Object.hasOwn(structure, name) ? (structure as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** Plain data that JSON writes the same; dates and the like by what they say. */
function isSame(one: unknown, other: unknown): boolean {
  return (
    Object.is(one, other) || (typeof one === "object" && typeof other === "object" && written(one) === written(other))
  );
}

function written(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
}
