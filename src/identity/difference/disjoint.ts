// Whether two kinds of values have no value in common, as far as it can be seen: by kind, by value, by a field that tells them apart.

import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "../json-schema.ts";
import { readNode, type Alternative } from "./node.ts";

/** False in every doubtful case. */
export function isDisjoint(one: Alternative, other: Alternative): boolean {
  if (opaque(one) || opaque(other)) return false;
  if (family(one) !== family(other)) return !(isObject(one) && isObject(other));
  if (one.values !== undefined && other.values !== undefined) {
    return !one.values.some((value) => other.values!.some((candidate) => isDeepStrictEqual(value, candidate)));
  }
  return one.kind === "object" && Object.keys(fieldsOf(one)).some((name) => tellsApart(name, one, other));
}

/** A field that the one always has, with values that the other never has there. Not deeper: these are tags, not data. */
function tellsApart(name: string, one: Alternative, other: Alternative): boolean {
  const [mine, yours] = [fieldsOf(one)[name], fieldsOf(other)[name]];
  const required = (one.keywords["required"] ?? []) as readonly string[];
  if (mine === undefined || yours === undefined || !required.includes(name)) return false;
  const [left, right] = [
    readNode({ schema: mine, documents: one.documents }),
    readNode({ schema: yours, documents: other.documents }),
  ];
  if (left.catches || right.catches || left.optional) return false;
  return left.alternatives.every((a) =>
    right.alternatives.every((b) => (a.kind !== "object" || b.kind !== "object") && isDisjoint(a, b)),
  );
}

function fieldsOf({ keywords }: Alternative): Readonly<Record<string, JsonSchema>> {
  return (keywords["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>;
}

function opaque({ kind, coerced }: Alternative): boolean {
  return coerced || kind === "any" || kind === "code";
}

/** `z.object` takes instances of classes too: a map without further demands is an object to it. */
function isObject({ kind }: Alternative): boolean {
  return ["object", "map", "set", "date"].includes(kind);
}

function family({ kind }: Alternative): string {
  return kind === "integer" ? "number" : kind;
}
