// The shape of code: its text without what means nothing when it runs, so that comments, layout, quotes and types change no digest.

import { fingerprintText, type Fingerprint } from "../identity/fingerprint.ts";
import { decoratorsOf, fieldsOf, isDecoratedParameter, isErased, isNode, unwrapped, type Node } from "./syntax.ts";

/** The digest of what some nodes do when they run, in order. `source`: the text they were parsed from; `kind`: what counts beside them. */
export function shapeDigest(nodes: readonly Node[], source: string, kind = "module"): Fingerprint {
  const parts: string[] = [kind];
  for (const node of nodes) write(node, source, parts);
  return fingerprintText(parts.join(""));
}

function write(given: Node, source: string, parts: string[]): void {
  const node = unwrapped(given);
  if (isErased(node)) return;
  if (node.type === "Literal") {
    parts.push(literal(node));
    return;
  }
  const fields = fieldsOf(node);
  if (fields === undefined) {
    // What is not known counts as it is written.
    parts.push(`(?${JSON.stringify(source.slice(node.start, node.end))})`);
    return;
  }
  parts.push("(", node.type);
  for (const field of fields) {
    parts.push(" ");
    const value = node[field];
    // `{ a: 1 }` and `{ "a": 1 }` are one thing.
    if (field === "key" && node["computed"] !== true && (value as Node).type === "Literal") {
      parts.push(`(Identifier ${JSON.stringify(String((value as Node)["value"]))})`);
    } else writeValue(value, source, parts);
  }
  if (isDecoratedParameter(node)) writeValue(decoratorsOf(node), source, parts);
  parts.push(")");
}

function writeValue(value: unknown, source: string, parts: string[]): void {
  if (Array.isArray(value)) {
    parts.push("[");
    for (const one of value as unknown[]) {
      parts.push(",");
      writeValue(one, source, parts);
    }
    parts.push("]");
  } else if (isNode(value)) write(value, source, parts);
  else if (typeof value === "object" && value !== null) {
    const { cooked, raw } = value as { readonly cooked?: string | null; readonly raw?: string };
    parts.push(JSON.stringify([cooked ?? null, raw ?? ""]));
  } else if (typeof value === "string") parts.push(JSON.stringify(value));
  // Absent, null and false are one: parsers do not agree on which they write.
  else parts.push(value === true ? "1" : "0");
}

function literal(node: Node): string {
  const { value, bigint, regex } = node as Node & { readonly bigint?: string; readonly regex?: object };
  if (regex !== undefined && regex !== null) {
    const { pattern, flags } = regex as { readonly pattern: string; readonly flags: string };
    return `(regex ${JSON.stringify(pattern)} ${flags})`;
  }
  if (bigint !== undefined && bigint !== null) return `(bigint ${bigint})`;
  // -0 cannot be written as a literal, and NaN neither.
  return typeof value === "string" ? `(text ${JSON.stringify(value)})` : `(${typeof value} ${String(value)})`;
}
