// What plain JavaScript may pass where TypeScript would have refused it: the checks, and how a wrong thing is called in the message.

import { StratigraphError } from "../errors.ts";
import { showObject, showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";

/** Throws GRAPH_INVALID. */
export function invalid(where: string, what: string, expected: string, received: unknown, hint?: string): never {
  throw new StratigraphError("GRAPH_INVALID", what, { where, expected, received: called(received), hint });
}

/** What a thing is, for the end of "received …". Artifacts, edges and producers say it themselves. */
export function called(thing: unknown): string {
  if (thing === undefined) return "nothing";
  if ((typeof thing !== "object" && typeof thing !== "function") || thing === null) return showValue(thing);
  const text: unknown = "is" in thing ? thing.is : undefined;
  if (typeof text === "string") return text;
  if (typeof thing === "function") return "a function";
  return "_zod" in thing ? "a zod schema" : showObject(thing);
}

/** "Did you mean 'days'?" as a hint; `undefined` where nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const meant = suggest(word, candidates);
  return meant === undefined ? undefined : `Did you mean '${meant}'?`;
}

/** Refuses options that do not exist, because a misspelt one would be ignored in silence. */
export function checkOptions(options: unknown, names: readonly string[], where: string): void {
  if (!isRecord(options))
    invalid(where, "options are given as one object", `{ ${names.slice(0, 3).join(", ")}, … }`, options);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    invalid(where, "there is no such option", names.map((one) => `'${one}'`).join(", "), name, didYouMean(name, names));
  }
}

export function isRecord(thing: unknown): thing is Readonly<Record<string, unknown>> {
  return typeof thing === "object" && thing !== null && !Array.isArray(thing);
}

/** A record that was written as a literal (or has no prototype), and so holds what it shows. */
export function isPlainRecord(thing: unknown): thing is Readonly<Record<string, unknown>> {
  if (!isRecord(thing)) return false;
  const prototype: unknown = Object.getPrototypeOf(thing);
  return prototype === Object.prototype || prototype === null;
}

export function checkedDescription(description: unknown, where: string): string | undefined {
  if (description === undefined || typeof description === "string") return description;
  invalid(where, "a description is a text", "a text", description);
}
