// Which versions a listing is about and in which order, and what a condition on a value means.

import { compareText } from "../util/text-order.ts";
import type { Comparison, ValueCondition, VersionFilter } from "./model-records.ts";
import type { Listing } from "./page.ts";
import type { Json } from "./records.ts";

export function versionListing(filter: VersionFilter): Listing {
  const { namespace, name, framework, run, content, stages, versions, where, deleted, orderBy } = filter;
  const lists = [stages, versions, where?.map(({ in: place, key, is, value }) => [place, key, is, value]), orderBy];
  return ["listVersions", namespace, name, framework, run, content, JSON.stringify([...lists, deleted === true])];
}

/** `sequence`: newest first in one model; `age`: newest first in several, whose sequences say nothing of each other. */
export type VersionOrder = "sequence" | "age" | { readonly metric: string; readonly descending: boolean };

export function versionOrder({ namespace, name, orderBy }: VersionFilter): VersionOrder {
  if (orderBy !== undefined) return orderBy;
  return namespace !== undefined && name !== undefined && !hasWildcard(name) ? "sequence" : "age";
}

/** Whether a text with `*` and `?` stands for more than itself. */
export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** The regular expression of a text with `*` (any text) and `?` (any one character). */
export function wildcardPattern(pattern: string): RegExp {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|/-]/g, (sign) =>
    sign === "*" ? ".*" : sign === "?" ? "." : `\\${sign}`,
  );
  return new RegExp(`^${source}$`, "su");
}

/**
 * Whether a value fulfils a condition. Only values of one kind have an order and can be equal: numbers by size, texts by UTF-8 bytes,
 * false before true. A value of another kind differs, and fulfils `ne`; one that is not there fulfils nothing.
 */
export function fulfils(value: Json | undefined, { is, value: given }: ValueCondition): boolean {
  if (value === undefined) return false;
  const order = compareValues(value, given);
  if (order === undefined) return is === "ne";
  return tests[is](order);
}

const tests: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

function compareValues(a: Json, b: number | string | boolean): number | undefined {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return undefined;
}
