// What became of a schema: field by field, and whether what was written under the old one can be read with the new one.

import type { $ZodType } from "zod/v4/core";
import { isDeepStrictEqual } from "node:util";
import { Comparison } from "./difference/comparison.ts";
import type { JsonSchema } from "./json-schema.ts";
import { schemaDescription } from "./schema.ts";

/**
 * From the side of who reads old data with the new schema. `compatible`: every value of the old schema is one of the new. `breaking`: some
 * are not. `unknown`: it cannot be told, because a pattern, a custom check or an intersection decides it; take it for breaking.
 */
export type SchemaVerdict = "compatible" | "breaking" | "unknown";

export interface SchemaChange {
  /** The field, as `rows[].price`; `[*]` is any value of a record, map or set, and "" the whole value. */
  readonly path: string;
  /** What changed, to be read after the field: "was string, is number now". */
  readonly says: string;
  readonly verdict: SchemaVerdict;
}

export interface SchemaDifference {
  /** Of the gravest change; compatible where there is none. */
  readonly verdict: SchemaVerdict;
  readonly changes: readonly SchemaChange[];
}

/**
 * Compares what two zod schemas take, `z.input`, as far as it is data: transforms and refinements are code, and not looked at. The other way
 * round, it says what a reader that still has the old schema would say of new data. Error: SCHEMA_UNSUPPORTED.
 *
 * @example
 * schemaDifference(z.object({ price: z.string() }), z.object({ price: z.number() })).verdict; // "breaking"
 */
export function schemaDifference(before: $ZodType, after: $ZodType): SchemaDifference {
  return jsonSchemaDifference(schemaDescription(before).json, schemaDescription(after).json);
}

/** The same of two descriptions, as `schemaDescription` makes them and graphs store them. */
export function jsonSchemaDifference(before: JsonSchema, after: JsonSchema): SchemaDifference {
  if (isDeepStrictEqual(before, after)) return { verdict: "compatible", changes: [] };
  const found = new Comparison().compare(before, after);
  const changes: readonly SchemaChange[] =
    found.length > 0
      ? found
      : [{ path: "", says: "is written in another way, and takes the same", verdict: "compatible" }];
  return { verdict: gravest(changes), changes };
}

function gravest(changes: readonly SchemaChange[]): SchemaVerdict {
  const has = (wanted: SchemaVerdict): boolean => changes.some(({ verdict }) => verdict === wanted);
  return has("breaking") ? "breaking" : has("unknown") ? "unknown" : "compatible";
}
