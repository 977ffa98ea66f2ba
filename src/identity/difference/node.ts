// One place of a JSON Schema, read for a comparison: the kinds of values it takes, each with its own rules.

import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "../json-schema.ts";

/** A schema, and the documents it stands in, the outermost first: the keys and values of maps and sets are documents of their own. */
export interface Place {
  readonly schema: JsonSchema;
  readonly documents: readonly JsonSchema[];
}

export type Keywords = Readonly<Record<string, unknown>>;

/** One kind of value that a place takes. */
export interface Alternative {
  /** "string", "object", "date", …; "any", "never", and "code" for what only a program can judge. */
  readonly kind: string;
  /** Whether other kinds are turned into this one. */
  readonly coerced: boolean;
  /** Where they can be counted: all values it takes. */
  readonly values: readonly unknown[] | undefined;
  /** The rules of this kind. */
  readonly keywords: Keywords;
  readonly documents: readonly JsonSchema[];
  /** The schema it was read from: a schema that contains itself comes back to it. */
  readonly origin: object;
  /** A value that is also one of these is refused (`oneOf`). */
  readonly rivals: readonly Alternative[];
}

export interface Node {
  /** Takes `undefined`. */
  readonly optional: boolean;
  /** Members of an exclusive union take `undefined` together, so that it refuses it: also as a field that may be absent. */
  readonly clashes: boolean;
  /** Takes everything, as `catch` stands for what does not fit. */
  readonly catches: boolean;
  /** What stands for `undefined`; none where there is none. */
  readonly defaults: readonly unknown[];
  readonly alternatives: readonly Alternative[];
}

type Tag = Keywords & { readonly type?: string; readonly optional?: true; readonly coerce?: true };

/** Follows references, of a document into itself and of a map to what it stands in. */
export function resolved({ schema, documents }: Place): Place {
  if (typeof schema === "boolean") return { schema, documents };
  const { $ref } = schema;
  if (typeof $ref === "string") {
    const document = documents.at(-1) as Keywords | undefined;
    const name = $ref.slice("#/$defs/".length);
    const target = $ref === "#" ? document : (document!["$defs"] as Readonly<Record<string, JsonSchema>>)[name]!;
    return resolved({ schema: target!, documents });
  }
  const { type, up } = tagOf(schema);
  if (type !== "recursion") return { schema, documents };
  const above = documents.slice(0, documents.length - (up as number) + 1);
  return resolved({ schema: above.at(-1)!, documents: above });
}

/** Says the same, and what it says does not depend on where it stands. */
export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) && !/"\$ref"|"recursion"/.test(JSON.stringify(one) ?? "");
}

/** The keys or values of a map or set: a document inside of the one it stands in, unless it is that one again. */
export function innerDocument(schema: JsonSchema, documents: readonly JsonSchema[]): Place {
  const isAbove = typeof schema === "object" && tagOf(schema).type === "recursion";
  return { schema, documents: isAbove ? documents : [...documents, schema] };
}

/** Deeper than any schema of use; a union that holds nothing but itself would have no end. */
const DEEPEST = 64;

export function readNode(given: Place, depth = 0): Node {
  const place = resolved(given);
  const { schema, documents } = place;
  if (typeof schema === "boolean") return schema ? takesAny(place) : plainNode([bare("never", {}, place)]);
  if (depth > DEEPEST) return plainNode([bare("code", schema, place)]);
  // A reference that is not alone stands as a schema of its own beside what is said more.
  const { $zod: _, $defs: __, anyOf, oneOf, $ref, default: fixed, ...keywords } = schema as Keywords;
  const { optional, prefault: ___, catch: caught, default: computed, ...tag } = tagOf(schema);
  const defaults = "default" in schema ? [fixed] : computed === undefined ? [] : [computed];
  const members = (anyOf ?? oneOf ?? ($ref === undefined ? undefined : [$ref])) as readonly JsonSchema[] | undefined;
  const inner =
    members === undefined
      ? readKinds(keywords, tag, place)
      : Object.keys({ ...keywords, ...tag }).length > 0
        ? plainNode([bare("code", schema, place)])
        : readMembers(
            members.map((member) => readNode({ schema: member, documents }, depth + 1)),
            oneOf !== undefined,
          );
  return {
    optional: inner.optional || optional === true || defaults.length > 0,
    clashes: inner.clashes && optional !== true && defaults.length === 0,
    catches: inner.catches || caught !== undefined,
    defaults: defaults.length > 0 ? defaults : inner.defaults,
    alternatives: inner.alternatives,
  };
}

function readMembers(members: readonly Node[], exclusive: boolean): Node {
  const optional = members.filter((member) => member.optional || member.catches).length;
  if (!exclusive) {
    return {
      optional: optional > 0,
      clashes: optional === 0 && members.some(({ clashes }) => clashes),
      catches: members.some(({ catches }) => catches),
      defaults: [],
      alternatives: members.flatMap(({ alternatives }) => alternatives),
    };
  }
  const alternatives = members.flatMap((member) => {
    const others = members.flatMap((other) => (other === member ? [] : other.alternatives));
    return member.alternatives.map((one) => ({ ...one, rivals: [...one.rivals, ...others] }));
  });
  // One that takes everything beside others: only a program can say which values are left.
  const opaque = members.some(({ catches }) => catches);
  return {
    optional: optional === 1,
    clashes: optional > 1,
    catches: false,
    defaults: [],
    alternatives: opaque ? alternatives.map((one) => ({ ...one, kind: "code" })) : alternatives,
  };
}

/** A place without alternatives of its own; `type` may still name several kinds. */
function readKinds(keywords: Keywords, tag: Tag, place: Place): Node {
  const coerced = tag.coerce === true;
  switch (tag.type) {
    case undefined:
      break;
    case "undefined":
    case "void":
      return { ...plainNode([]), optional: true };
    case "nan":
    case "date":
    case "bigint":
    case "map":
    case "set":
      return plainNode([{ ...bare(tag.type, tag, place), coerced }]);
    case "literal":
      return readLiterals(tag["values"] as readonly unknown[], place);
    default:
      return plainNode([bare("code", { ...keywords, ...tag }, place)]);
  }
  const { type, const: only, enum: listed, ...rules } = keywords;
  const values = (listed ?? ("const" in keywords ? [only] : undefined)) as readonly unknown[] | undefined;
  const kinds = type === undefined ? values && [...new Set(values.map(kindOf))] : ([type].flat() as string[]);
  if (kinds === undefined) {
    if (Object.keys(rules).length === 0) return takesAny(place);
    return plainNode([bare(isDeepStrictEqual(rules, { not: {} }) ? "never" : "code", rules, place)]);
  }
  return plainNode(
    kinds.map((kind) => ({
      ...bare(kind, rules, place),
      coerced: coerced && kind !== "null",
      values:
        values?.filter((value) => isOf(value, kind)) ?? (coerced && kind !== "null" ? undefined : allOf.get(kind)),
    })),
  );
}

const allOf: ReadonlyMap<string, readonly unknown[]> = new Map([
  ["boolean", [true, false]],
  ["null", [null]],
]);

/** Literals that JSON lacks are written as the canonical text writes them. */
function readLiterals(values: readonly unknown[], place: Place): Node {
  const kinds = [...new Set(values.map(kindOf))];
  const alternatives = kinds.map((kind) => ({
    ...bare(kind, {}, place),
    values: values.filter((value) => kindOf(value) === kind),
  }));
  return {
    ...plainNode(alternatives.filter(({ kind }) => kind !== "undefined")),
    optional: kinds.includes("undefined"),
  };
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return String((value as { readonly $?: unknown }).$);
}

function isOf(value: unknown, kind: string): boolean {
  return kind === "integer" ? Number.isInteger(value) : kindOf(value) === kind;
}

function bare(kind: string, keywords: Keywords, { schema, documents }: Place): Alternative {
  return { kind, coerced: false, values: undefined, keywords, documents, origin: Object(schema) as object, rivals: [] };
}

function plainNode(alternatives: readonly Alternative[]): Node {
  return { optional: false, clashes: false, catches: false, defaults: [], alternatives };
}

function takesAny(place: Place): Node {
  return { ...plainNode([bare("any", {}, place)]), optional: true };
}

function tagOf(schema: Keywords): Tag {
  return (schema["$zod"] ?? {}) as Tag;
}
