// Two schemas whose values can never be the same: what a compiler would refuse, as far as it can be seen at run time.

import { z } from "zod";

export interface ValueConflict {
  /** Where in the value: "", ".total", "[]". */
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

type Shape = {
  readonly type?: unknown;
  readonly properties?: { readonly [name: string]: Shape };
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
};

/**
 * The first place where no value that `there` yields could be one that `here` yields. Answers `undefined` in every doubtful case
 * (unions, transforms, refinements): this is a help for plain JavaScript, and must never refuse what the compiler accepts.
 */
export function valueConflict(there: z.core.$ZodType, here: z.core.$ZodType): ValueConflict | undefined {
  if (there === here) return undefined;
  return conflict(yielded(there), yielded(here), "", 0);
}

const shapes = new WeakMap<z.core.$ZodType, Shape>();

/** The values readers get, not those that are stored. What JSON Schema cannot say becomes `{}`, which conflicts with nothing. */
function yielded(schema: z.core.$ZodType): Shape {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    try {
      shape = z.toJSONSchema(schema, { io: "output", unrepresentable: "any", cycles: "ref" }) as Shape;
    } catch {
      // A schema that cannot be told at all is refused where it is fingerprinted; here it only says nothing.
      shape = {};
    }
    shapes.set(schema, shape);
  }
  return shape;
}

function conflict(there: Shape, here: Shape, path: string, depth: number): ValueConflict | undefined {
  const from = typeOf(there);
  const to = typeOf(here);
  if (from === undefined || to === undefined || depth > 8) return undefined;
  if (from !== to) return { path, expected: to, received: from };
  if (to === "array") {
    return isShape(there.items) && isShape(here.items)
      ? conflict(there.items, here.items, `${path}[]`, depth + 1)
      : undefined;
  }
  if (to !== "object") return undefined;
  const properties = there.properties ?? {};
  for (const name of here.required ?? []) {
    const wanted = here.properties?.[name];
    if (wanted === undefined) continue;
    if (!Object.hasOwn(properties, name)) {
      if (there.additionalProperties !== false) continue;
      return { path: `${path}.${name}`, expected: typeOf(wanted) ?? "a value", received: "nothing" };
    }
    const found = conflict(properties[name]!, wanted, `${path}.${name}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function typeOf({ type }: Shape): string | undefined {
  if (typeof type !== "string") return undefined;
  return type === "integer" ? "number" : type;
}

function isShape(thing: unknown): thing is Shape {
  return typeof thing === "object" && thing !== null && !Array.isArray(thing);
}
