// What a schema says of rows: the schema of one, how many there may be, and whether rows stay what they are when they are parsed.

import type { $ZodType, $ZodTypes } from "zod/v4/core";

export interface RowSchema {
  readonly row: $ZodType;
  readonly fewest: number;
  readonly most: number;
}

/**
 * Of an array of rows. A text says why rows cannot be taken one by one: it is no array, or something in it looks at all rows together.
 */
export function rowSchemaOf(schema: $ZodType): RowSchema | "no rows" | "whole" {
  const { def } = (schema as $ZodTypes)._zod;
  if (def.type === "readonly") return (def.checks ?? []).length > 0 ? "whole" : rowSchemaOf(def.innerType);
  if (def.type !== "array") return "no rows";
  let fewest = 0;
  let most = Infinity;
  for (const { _zod } of def.checks ?? []) {
    const check = _zod.def as { check: string; minimum?: number; maximum?: number; length?: number };
    if (check.check === "min_length") fewest = Math.max(fewest, check.minimum!);
    else if (check.check === "max_length") most = Math.min(most, check.maximum!);
    else if (check.check === "length_equals")
      [fewest, most] = [Math.max(fewest, check.length!), Math.min(most, check.length!)];
    else return "whole";
  }
  return { row: def.element, fewest, most };
}

const plain = new Set([
  "string",
  "number",
  "boolean",
  "bigint",
  "date",
  "null",
  "any",
  "unknown",
  "enum",
  "literal",
  "int",
]);

/**
 * Whether parsing gives back what it was given, but for fields that an object does not name. Only then may a row go unparsed: with
 * `z.coerce`, a transform or a default the unparsed row would be another one. What is not known to keep values counts as changing them.
 */
export function keepsValues(schema: $ZodType): boolean {
  const { def } = (schema as $ZodTypes)._zod;
  if ("coerce" in def && def.coerce === true) return false;
  if ((def.checks ?? []).some(({ _zod }) => _zod.def.check === "overwrite")) return false;
  switch (def.type) {
    case "object":
      return Object.values(def.shape).every(keepsValues);
    case "array":
      return keepsValues(def.element);
    case "nullable":
    case "optional":
    case "nonoptional":
    case "readonly":
      return keepsValues(def.innerType);
    case "union":
      return def.options.every(keepsValues);
    case "record":
      return keepsValues(def.keyType) && keepsValues(def.valueType);
    case "tuple":
      return def.items.every(keepsValues) && (def.rest === null || keepsValues(def.rest));
    default:
      return plain.has(def.type);
  }
}
