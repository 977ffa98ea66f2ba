// Upcasts: how a value that was written under an older schema of an artifact becomes one of the present schema.

import type { z } from "zod";
import { rowSchemaOf } from "../data/row-schema.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { schemaDescription } from "../identity/schema.ts";
import { invalid } from "./option.ts";
import { is, type Is } from "./sentence.ts";

/** One of an artifact's upcasts. */
export interface Upcast {
  readonly is: Is<"upcast">;
}

/**
 * What an artifact's `upcasts` is given, to declare them with. Takes what readers got under the old schema, and gives what `build` returns
 * under the new one, `To`. Old partitions are found by the schema they were written under: it is given as it was declared then.
 */
export interface UpcastFrom<in To> {
  <Old extends z.core.$ZodType>(from: Old, make: (old: z.core.output<Old>) => To): Upcast;
  /** Row by row, so that old partitions can be streamed. `from` is the schema of all rows: `z.array(…)`. */
  rows<Old extends z.core.$ZodType<readonly unknown[]>>(
    from: Old,
    make: (row: z.core.output<Old>[number]) => To extends readonly (infer Row)[] ? Row : never,
  ): Upcast;
}

/** The run-time side. */
export interface DeclaredUpcast {
  /** The schema that the value was written under, and its fingerprint, by which it is found. */
  readonly from: z.core.$ZodType;
  readonly fingerprint: Fingerprint;
  /** What `make` is given: the whole value, or one row after the other. */
  readonly takes: "value" | "row";
  readonly make: (old: unknown) => unknown;
}

const from: UpcastFrom<unknown> = Object.assign(
  (schema: z.core.$ZodType, make: (old: never) => unknown) => declared(schema, "value", make),
  { rows: (schema: z.core.$ZodType, make: (old: never) => unknown) => declared(schema, "row", make) },
);

function declared(schema: z.core.$ZodType, takes: DeclaredUpcast["takes"], make: (old: never) => unknown): Upcast {
  const where = takes === "row" ? "from.rows()" : "from()";
  if (typeof make !== "function") invalid(where, "an upcast needs a function", "(old) => the value as it is now", make);
  const { fingerprint } = within(where, () => schemaDescription(schema));
  if (takes === "row" && typeof rowSchemaOf(schema) === "string") {
    invalid(where, "this schema has no rows that can be taken one by one", "z.array(…)", schema);
  }
  const upcast = { is: is.upcast };
  // Not among the data above, so that it prints as what it is.
  for (const [name, value] of Object.entries({ from: schema, fingerprint, takes, make })) {
    Object.defineProperty(upcast, name, { value });
  }
  return Object.freeze(upcast);
}

const none: readonly DeclaredUpcast[] = Object.freeze([]);

/** Of an artifact's options. Throws GRAPH_INVALID for one that could never be meant. */
export function checkedUpcasts(upcasts: unknown, schema: z.core.$ZodType, where: string): readonly DeclaredUpcast[] {
  if (upcasts === undefined) return none;
  const expected = "(from) => [from(OldSchema, (old) => …)]";
  if (typeof upcasts !== "function") invalid(where, "upcasts are given by a function", expected, upcasts);
  const list: unknown = within(where, () => (upcasts as (give: typeof from) => unknown)(from));
  if (!Array.isArray(list)) invalid(where, "upcasts are given as a list", expected, list);
  const present = within(where, () => schemaDescription(schema)).fingerprint;
  const seen = new Set<string>();
  for (const one of list as readonly unknown[]) {
    if (!isUpcast(one)) invalid(where, "this is not an upcast", expected, one);
    if (one.fingerprint === present) {
      const hint = "Transforms and refinements are no part of what is compared.";
      invalid(where, "this upcast is from the schema that the artifact has", "an older schema", one.from, hint);
    }
    if (seen.has(one.fingerprint)) invalid(where, "two upcasts are from the same schema", "one of them", one.from);
    seen.add(one.fingerprint);
    if (one.takes === "row" && rowSchemaOf(schema) === "no rows") {
      invalid(where, "from.rows() gives rows, and this schema has none", "from(OldSchema, (old) => …)", schema);
    }
  }
  return Object.freeze([...(list as DeclaredUpcast[])]);
}

function isUpcast(thing: unknown): thing is DeclaredUpcast {
  return typeof thing === "object" && thing !== null && "is" in thing && thing.is === is.upcast;
}

function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isStratigraphError(error) ? error.within(where) : error;
  }
}

/** What the user's function gives. Throws DATA_INVALID for what it throws. */
export function applyUpcast({ make, fingerprint }: DeclaredUpcast, old: unknown, where: string): unknown {
  try {
    return make(old);
  } catch (cause) {
    throw new StratigraphError("DATA_INVALID", `the upcast from schema ${fingerprint.slice(0, 8)} threw an error`, {
      where,
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}
