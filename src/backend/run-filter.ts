// Which runs a listing is about.

import { compareText } from "../util/text-order.ts";
import type { Listing } from "./page.ts";
import type { RunFilter } from "./records.ts";

export function runListing(filter: RunFilter): Listing {
  const { graph, parent, kind, state, snapshot, input, idPrefix, since, namespace, name, content } = filter;
  const labels = filter.labels === undefined ? undefined : JSON.stringify(Object.entries(filter.labels).sort());
  const engines = filter.engineVersions === undefined ? undefined : JSON.stringify(filter.engineVersions);
  const plain = [graph, parent, kind, state, snapshot, input, idPrefix, since?.toString(), namespace, name, content];
  const any = [filter.kinds, filter.states].map((list) => (list === undefined ? undefined : JSON.stringify(list)));
  return ["listRuns", ...plain, labels, engines, ...any, filter.artifact];
}

/** The texts that begin with `prefix`, as a range in UTF-8 order: from the first, included, to the second. */
export function prefixRange(prefix: string): readonly [from: string, to: string] {
  return [prefix, `${prefix}\u{10ffff}`];
}

export function isWithin(text: string, [from, to]: readonly [from: string, to: string]): boolean {
  return compareText(text, from) >= 0 && compareText(text, to) < 0;
}

/** Milliseconds since 1970; `undefined` for a text that is no time, which no builder writes. */
export function momentOf(time: string | undefined): number | undefined {
  const moment = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(moment) ? undefined : moment;
}
