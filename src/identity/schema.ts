// Schemas as data: the JSON Schema of a zod schema's written form, which is what fingerprints, comparisons and backends see.

import { isDeepStrictEqual } from "node:util";
import { registry, toJSONSchema, type $ZodType, type $ZodTypes } from "zod/v4/core";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { canonicalText } from "../util/canonical.ts";
import { systemClock } from "../util/clock.ts";
import { showValue } from "../util/show.ts";
import { compareText } from "../util/text-order.ts";
import { normalJsonSchema, type JsonSchema } from "./json-schema.ts";
import { sealManifest, type SealedManifest } from "./manifest.ts";

/** `text` is the sealed manifest of the JSON Schema, `fingerprint` that text's. */
export interface SchemaDescription extends SealedManifest {
  /**
   * JSON Schema (draft 2020-12, normal form) of what is written: `z.input`. What JSON Schema lacks stands under `$zod`:
   * `{ "$zod": { "type": "date" } }`, also `coerce`, `optional` outside of properties, and the keys and values of maps and sets (their `#`
   * is the key or value schema itself). Titles, descriptions and the like are left out.
   */
  readonly json: JsonSchema;
}

/**
 * Describes a zod 4 schema, memoised by object. Transforms, refinements and the code behind `z.custom` are not in it: they count
 * through the producer's version. Defaults are; one that is computed on each call counts as "computed", whatever it gives.
 * Throws SCHEMA_UNSUPPORTED for what no format could store: functions, symbols, promises.
 */
export function schemaDescription(schema: $ZodType): SchemaDescription {
  let description = described.get(schema);
  if (description === undefined) {
    const json = describe(schema);
    description = Object.freeze({ json, ...sealManifest({ kind: "schema", format: 1, parts: { json } }) });
    described.set(schema, description);
  }
  return description;
}

const described = new WeakMap<$ZodType, SchemaDescription>();

/** People's words about schemas live in zod's global registry; looking in an empty one leaves them out. */
const nothingSaid = registry<Record<string, never>>();

/** The maps and sets being described now, from the outside in: each of their members is a JSON Schema of its own. */
const open: $ZodType[] = [];

function describe(schema: $ZodType): JsonSchema {
  checkSchema(schema);
  const above = open.lastIndexOf(schema);
  if (above >= 0) return { $zod: { type: "recursion", up: open.length - above } };
  open.push(schema);
  try {
    const json = toJSONSchema(schema, {
      io: "input",
      target: "draft-2020-12",
      metadata: nothingSaid,
      unrepresentable: ({ zodSchema, path, message }) => {
        if (tagged.has(zodSchema._zod.def.type)) return "any"; // `annotate` says what it is
        throw unsupported(message, path);
      },
      override: ({ zodSchema, jsonSchema, path }) => {
        annotate(zodSchema, jsonSchema, path);
      },
    });
    const normal = normalJsonSchema(json);
    canonicalText(normal); // refuses what is nested too deeply while the sentence can still speak of a schema
    return freeze(normal);
  } catch (cause) {
    if (isStratigraphError(cause) && cause.code === "SCHEMA_UNSUPPORTED") throw cause;
    const isDeep = cause instanceof RangeError || isStratigraphError(cause);
    throw new StratigraphError(
      "SCHEMA_UNSUPPORTED",
      isDeep
        ? "the schema is nested too deeply"
        : `the schema has no JSON Schema form: ${cause instanceof Error ? cause.message : "zod refused it"}`,
      { cause },
    );
  } finally {
    open.pop();
  }
}

/** A JSON Schema while zod is writing it. */
type Written = { [keyword: string]: unknown; $zod?: { readonly [name: string]: unknown } | undefined };

const tagged: ReadonlySet<string> = new Set([
  ...[
    "bigint",
    "date",
    "nan",
    "undefined",
    "void",
    "custom",
    "transform",
    "map",
    "set",
    "literal",
    "default",
    "prefault",
    "catch",
  ],
]);

function annotate(schema: $ZodTypes, json: Written, path: readonly (string | number)[]): void {
  const { def } = schema._zod;
  switch (def.type) {
    case "bigint":
    case "date":
      return note(json, { type: def.type, ...coercionOf(def), ...checksOf(def) });
    case "nan":
    case "undefined":
    case "void":
    case "custom":
    case "transform":
    case "file":
    case "success":
      return note(json, { type: def.type });
    case "map":
      return note(json, { type: "map", key: describe(def.keyType), value: describe(def.valueType), ...checksOf(def) });
    case "set":
      return note(json, { type: "set", value: describe(def.valueType), ...checksOf(def) });
    case "literal":
      return annotateLiteral(json, def.values);
    case "string":
    case "number":
    case "boolean":
      return note(json, coercionOf(def));
    case "optional":
      return note(json, { optional: true });
    case "nonoptional":
      return note(json, { optional: undefined });
    case "default":
    case "prefault":
      delete json.default;
      if (def.type === "prefault") note(json, { prefault: true });
      return annotateDefault(json, "default", () => def.defaultValue);
    case "catch":
      delete json.default; // zod puts the caught value there
      annotateInnerDefault(json, def.innerType as $ZodTypes);
      return annotateDefault(json, "catch", () => def.catchValue(undefined as never));
    case "function":
    case "symbol":
    case "promise":
      throw unsupported(`a ${def.type} cannot be stored`, path);
    default: // JSON Schema says it all
  }
}

/** Adds to what JSON Schema cannot say; the tag of a wrapped schema may be shared, so it is never written into. */
function note(json: Written, facts: { readonly [name: string]: unknown }): void {
  const all = Object.entries({ ...json.$zod, ...facts }).filter(([, fact]) => fact !== undefined);
  if (all.length > 0) json.$zod = Object.fromEntries(all);
  else delete json.$zod;
}

function annotateLiteral(json: Written, values: readonly unknown[]): void {
  if (values.every((value) => value !== undefined && typeof value !== "bigint")) return;
  // zod would leave undefined out and make a number of a bigint.
  for (const keyword of ["const", "enum", "type"]) delete json[keyword];
  note(json, { type: "literal", values: inOrder(values) });
}

/** The first default under wrappers that zod's own `default` of a catch hides. */
function annotateInnerDefault(json: Written, inner: $ZodTypes | undefined): void {
  for (let at = inner; at !== undefined; at = (at._zod.def as { readonly innerType?: $ZodTypes }).innerType) {
    const { def } = at._zod;
    if (def.type === "default" || def.type === "prefault")
      return annotateDefault(json, "default", () => def.defaultValue);
  }
}

function annotateDefault(json: Written, name: "default" | "catch", value: () => unknown): void {
  try {
    const first = value();
    if (isDeepStrictEqual(first, value()) && !isNow(first)) {
      if (name === "default") json.default = asJson(first);
      else note(json, { catch: asJson(first) });
      return;
    }
  } catch {
    // It needs what only a real call has, or it is no data: computed, in both cases.
  }
  note(json, { [name]: "computed" });
}

/** zod does not say whether a default was given as a value or as a function; a value that is this very second was not typed into a file. */
function isNow(value: unknown): boolean {
  const time = value instanceof Date ? value.getTime() : typeof value === "string" ? Date.parse(value) : value;
  return typeof time === "number" && Math.abs(systemClock.now() - time) < 1000;
}

function coercionOf(def: object): { readonly coerce?: true } {
  return "coerce" in def && def.coerce === true ? { coerce: true } : {};
}

/** The limits that are data; of two that say the same the looser one stays too, which does no harm. */
function checksOf(def: { readonly checks?: readonly { readonly _zod: { readonly def: object } }[] | undefined }): {
  readonly checks?: unknown;
} {
  const checks = [def, ...(def.checks ?? []).map((check) => check._zod.def)].flatMap((check) => {
    const facts = Object.entries(check).filter(([name]) => checkFacts.has(name));
    return "check" in check && check.check !== "custom" && facts.length > 1 ? [Object.fromEntries(facts)] : [];
  });
  return checks.length === 0 ? {} : { checks: inOrder(checks) };
}

const checkFacts: ReadonlySet<string> = new Set([
  "check",
  "value",
  "inclusive",
  "minimum",
  "maximum",
  "size",
  "format",
]);

function inOrder(values: readonly unknown[]): readonly unknown[] {
  const texts = values.map((value) => canonicalText(value));
  return texts.sort(compareText).map((text) => JSON.parse(text) as unknown);
}

/** Any value as JSON, with the tags of the canonical text where JSON would lose something. */
function asJson(value: unknown): unknown {
  return JSON.parse(canonicalText(value)) as unknown;
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}

function checkSchema(schema: unknown): void {
  if (typeof schema === "object" && schema !== null && "_zod" in schema) return;
  const isOlder = typeof schema === "object" && schema !== null && "_def" in schema;
  throw new StratigraphError("SCHEMA_UNSUPPORTED", "this is not a zod 4 schema", {
    expected: "a schema like z.object({ … })",
    received: isOlder ? "a schema of an older zod" : showValue(schema),
    hint: isOlder ? 'Install zod 4, or import from "zod/v4"' : undefined,
  });
}

function unsupported(what: string, path: readonly (string | number)[]): StratigraphError {
  return new StratigraphError("SCHEMA_UNSUPPORTED", what, { where: path.length === 0 ? undefined : path.join(".") });
}
