// What changed, in words that follow the name of a field.

import { showValue } from "../../util/show.ts";
import type { SchemaChange, SchemaVerdict } from "../schema-difference.ts";
import type { Alternative } from "./node.ts";

/** In one list after the other, as they are found. */
export type Changes = readonly SchemaChange[];

export function change(path: string, says: string, verdict: SchemaVerdict): Changes {
  return [{ path, says, verdict }];
}

/** `"a", "b" or "c"`. */
export function shownValues(values: readonly unknown[]): string {
  const shown = values.slice(0, values.length > 5 ? 4 : 5).map((value) => shownValue(value));
  if (values.length > 5) shown.push(`${values.length - 4} more`);
  const last = shown.pop() ?? "nothing";
  return shown.length === 0 ? last : `${shown.join(", ")} or ${last}`;
}

/** A value as a schema's description holds it, where dates and the like are tagged. */
export function shownValue(value: unknown): string {
  if (typeof value !== "object" || value === null || !("$" in value)) {
    return typeof value === "object" && value !== null ? JSON.stringify(value) : showValue(value);
  }
  const inner: unknown = "value" in value ? value.value : value.$;
  return typeof inner === "string" ? inner : JSON.stringify(inner);
}

/** "number or null", each once. */
export function kindsOf(alternatives: readonly Alternative[], optional: boolean): string {
  const words = alternatives.map(({ kind, coerced, values }) => {
    if (kind === "any") return "anything";
    if (kind === "never") return "nothing";
    if (kind === "code") return "what a program decides";
    if (values !== undefined && kind !== "null" && kind !== "boolean") return shownValues(values);
    return coerced ? `${kind} or what becomes one` : kind;
  });
  const all = [...new Set([...words, ...(optional ? ["undefined"] : [])])];
  return all.length === 0 ? "nothing" : all.join(" or ");
}
