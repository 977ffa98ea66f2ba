// What code versions know of this package and of zod: what they make is immutable, and making it changes nothing else.

import type { Binding } from "./module.ts";

/** Whether a module is one of those. Their own versions count for zod alone: what this package does to results has a format of its own. */
export function isFramework(specifier: string): boolean {
  return /^(stratigraph|zod)(\/|$)/.test(specifier);
}

export function isThisPackage(specifier: string): boolean {
  return /^stratigraph(\/|$)/.test(specifier);
}

/** Whether the functions it is given run later, or not at all while a graph is declared. */
export function keepers({ from, name }: Binding): boolean {
  return !isThisPackage(from) || /^(producer|sink|artifact|mapKeys)$/.test(name);
}

const ofProducers: ReadonlySet<string> = new Set([
  ...["annotations", "description", "executor", "name", "pool", "retries", "timeout", "validate", "version"],
]);

/** Options that are in no fingerprint, by the function they are given to. */
export const uncounted: Readonly<Record<string, ReadonlySet<string>>> = {
  artifact: new Set([
    ...["annotations", "checks", "description", "statistics", "storage", "thresholds", "upcasts", "validate"],
  ]),
  producer: ofProducers,
  sink: ofProducers,
};
