// What people know about an artifact or producer: owner, team, purpose. Never part of any fingerprint.

import { StratigraphError } from "../errors.ts";
import { checkNames } from "./name.ts";
import { called, isPlainRecord } from "./option.ts";

export type AnnotationValue =
  null | boolean | number | string | readonly AnnotationValue[] | { readonly [name: string]: AnnotationValue };

/** `{ owner: "ana", teams: ["risk", "web"] }`; selectors find artifacts by them (`owner:ana`). */
export type Annotations = { readonly [name: string]: AnnotationValue };

export const noAnnotations: Annotations = Object.freeze({});

/** A frozen copy. Throws GRAPH_INVALID for what JSON cannot hold, because annotations are stored with a graph's description. */
export function checkedAnnotations(annotations: unknown, where: string): Annotations {
  if (annotations === undefined) return noAnnotations;
  if (!isPlainRecord(annotations)) {
    throw new StratigraphError("GRAPH_INVALID", "annotations are names with values", {
      where,
      expected: 'an object such as { owner: "ana" }',
      received: called(annotations),
    });
  }
  checkNames(Object.keys(annotations), where, "annotation");
  return copied(annotations, where, 0) as Annotations;
}

/** True where an annotation of that name is, or has among its values, this text. */
export function hasAnnotation(annotations: Annotations, name: string, text: string): boolean {
  if (!Object.hasOwn(annotations, name)) return false;
  return annotationTexts(annotations[name]!).includes(text);
}

/** What a selector may write for it: the value, or one of a list; records have no text. */
export function annotationTexts(value: AnnotationValue): readonly string[] {
  const values: readonly AnnotationValue[] = Array.isArray(value) ? (value as readonly AnnotationValue[]) : [value];
  return values.filter((one) => typeof one !== "object" || one === null).map(String);
}

function copied(value: unknown, where: string, depth: number): AnnotationValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (depth < 16) {
    if (Array.isArray(value)) return Object.freeze(value.map((one) => copied(one, where, depth + 1)));
    if (isPlainRecord(value)) {
      const entries = Object.entries(value).map(([name, one]) => [name, copied(one, `${where}, '${name}'`, depth + 1)]);
      return Object.freeze(Object.fromEntries(entries) as Annotations);
    }
  }
  throw new StratigraphError("GRAPH_INVALID", "an annotation cannot be stored", {
    where,
    expected: "text, numbers, booleans, null, and lists and records of them, at most 16 deep",
    received: called(value),
  });
}
