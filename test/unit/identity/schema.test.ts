import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { parseManifest, sealManifest } from "../../../src/identity/manifest.ts";
import { normalJsonSchema, type JsonSchema } from "../../../src/identity/json-schema.ts";
import { schemaDescription } from "../../../src/identity/schema.ts";
import { counters } from "../../../src/util/counters.ts";

const json = (schema: z.core.$ZodType): unknown => schemaDescription(schema).json;
const same = (...schemas: z.core.$ZodType[]): void => {
  for (const schema of schemas.slice(1)) expect(json(schema)).toEqual(json(schemas[0]!));
  expect(new Set(schemas.map((schema) => schemaDescription(schema).fingerprint)).size).toBe(1);
};
const unsupported = expect.objectContaining({ code: "SCHEMA_UNSUPPORTED" });

describe("schemas that accept the same have one fingerprint", () => {
  it("in whatever order names, members of an enum and required properties come", () => {
    same(
      z.object({ a: z.string(), b: z.number(), c: z.enum(["x", "y"]), d: z.literal([1, 2]) }),
      z.object({ d: z.literal([2, 1]), c: z.enum(["y", "x"]), b: z.number(), a: z.string() }),
    );
  });

  it("whatever people say about them", () => {
    same(
      z.object({ a: z.string() }),
      z.object({ a: z.string().describe("the a") }).describe("all"),
      z
        .object({ a: z.string().meta({ title: "A", examples: ["x"], deprecated: true }) })
        .meta({ id: "schema-test-id", description: "d" }),
      z.object({ a: z.string().readonly() }).readonly(),
      z.object({ a: z.string().meta({ owner: "ana" }) }).meta({ "x-page": 7 }),
    );
  });

  it("whatever transforms, refinements and brands they have, which count by the producer's version", () => {
    same(
      z.string(),
      z.string().transform((text) => text.length),
      z.string().refine((text) => text !== "x"),
      z.string().brand<"Euro">(),
      z.string().pipe(z.transform((text) => text.length)),
      z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() }),
    );
  });

  it("from zod and from zod/mini", () => {
    same(
      z.object({ a: z.optional(z.int().min(3)) }),
      mini.object({ a: mini.optional(mini.int().check(mini.minimum(3))) }),
    );
  });
});

describe("schemas that accept different things have different fingerprints", () => {
  const different: Record<string, z.ZodType> = {
    any: z.any(),
    never: z.never(),
    null: z.null(),
    undefined: z.undefined(),
    void: z.void(),
    nan: z.nan(),
    string: z.string(),
    "string, at least 1": z.string().min(1),
    "string, at most 1": z.string().max(1),
    "string, pattern": z.string().regex(/a/),
    email: z.email(),
    "date text": z.iso.date(),
    "moment text": z.iso.datetime(),
    uuid: z.uuid(),
    number: z.number(),
    int: z.int(),
    int32: z.int32(),
    "number from 0": z.number().min(0),
    "number above 0": z.number().gt(0),
    "multiple of 5": z.number().multipleOf(5),
    "coerced number": z.coerce.number(),
    boolean: z.boolean(),
    "coerced boolean": z.coerce.boolean(),
    bigint: z.bigint(),
    "coerced bigint": z.coerce.bigint(),
    "bigint from 5": z.bigint().min(5n),
    "bigint above 5": z.bigint().gt(5n),
    "bigint to 5": z.bigint().max(5n),
    int64: z.int64(),
    uint64: z.uint64(),
    date: z.date(),
    "date from 1970": z.date().min(new Date(0)),
    "date to 1970": z.date().max(new Date(0)),
    "coerced date": z.coerce.date(),
    custom: z.custom(),
    transform: z.transform((value) => value),
    file: z.file(),
    set: z.set(z.string()),
    "set of numbers": z.set(z.number()),
    "set of 2": z.set(z.string()).min(2),
    map: z.map(z.string(), z.number()),
    "map of dates": z.map(z.date(), z.number()),
    "map to dates": z.map(z.string(), z.date()),
    "set of set": z.set(z.set(z.string())),
    "literal 1": z.literal(1),
    "literal 1n": z.literal(1n),
    "literal 2n": z.literal(2n),
    "literal '1'": z.literal("1"),
    "literal undefined": z.literal(undefined),
    "literal undefined or 1": z.literal([undefined, 1]),
    "literal null": z.literal(null),
    enum: z.enum(["a", "b"]),
    "larger enum": z.enum(["a", "b", "c"]),
    optional: z.string().optional(),
    nullable: z.string().nullable(),
    nullish: z.string().nullish(),
    "default a": z.string().default("a"),
    "default b": z.string().default("b"),
    "prefault a": z.string().prefault("a"),
    "catch a": z.string().catch("a"),
    "catch b": z.string().catch("b"),
    "default b, catch a": z.string().default("b").catch("a"),
    "default date": z.date().default(new Date(0)),
    "default other date": z.date().default(new Date(1)),
    "default bigint": z.bigint().default(1n),
    "default Map": z.map(z.string(), z.number()).default(new Map([["a", 1]])),
    "default other Map": z.map(z.string(), z.number()).default(new Map([["a", 2]])),
    array: z.array(z.string()),
    "array of optional": z.array(z.string().optional()),
    "array of 2": z.array(z.string()).length(2),
    tuple: z.tuple([z.string(), z.string()]),
    "tuple, last optional": z.tuple([z.string(), z.string().optional()]),
    "tuple with rest": z.tuple([z.string(), z.string()]).rest(z.string()),
    object: z.object({ a: z.string() }),
    "object, optional": z.object({ a: z.string().optional() }),
    "object, default": z.object({ a: z.string().default("x") }),
    "object, other name": z.object({ b: z.string() }),
    "object, nested": z.object({ a: z.object({ a: z.string() }) }),
    "strict object": z.strictObject({ a: z.string() }),
    "loose object": z.looseObject({ a: z.string() }),
    "catchall object": z.object({ a: z.string() }).catchall(z.number()),
    record: z.record(z.string(), z.number()),
    "record of dates": z.record(z.string(), z.date()),
    "record of few": z.record(z.enum(["a", "b"]), z.number()),
    "partial record": z.partialRecord(z.enum(["a", "b"]), z.number()),
    union: z.union([z.string(), z.number()]),
    "union, other order": z.union([z.number().min(1), z.string()]),
    "union, that order": z.union([z.string(), z.number().min(1)]),
    "union with undefined": z.union([z.string(), z.undefined()]),
    xor: z.xor([z.string(), z.number()]),
    intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
    template: z.templateLiteral(["a", z.number()]),
    json: z.json(),
  };

  it("for every kind that zod has", () => {
    const names = new Map<string, string>();
    for (const [name, schema] of Object.entries(different)) {
      const { fingerprint } = schemaDescription(schema);
      expect(names.get(fingerprint), `${name} is like`).toBeUndefined();
      names.set(fingerprint, name);
    }
  });

  it("also inside an object and an array, where a wrong nesting could hide it", () => {
    const inside = Object.entries(different).map(
      ([, schema]) => schemaDescription(z.object({ list: z.array(schema) })).fingerprint,
    );

    expect(new Set(inside).size).toBe(inside.length);
  });
});

describe("what JSON Schema lacks is told under a tag", () => {
  it("and survives wrapping", () => {
    expect(json(z.object({ at: z.date().nullable().optional().describe("when") }))).toEqual({
      type: "object",
      properties: { at: { anyOf: [{ $zod: { type: "date" } }, { type: "null" }] } },
    });
    expect(json(z.array(z.bigint().optional()))).toEqual({
      type: "array",
      items: { $zod: { type: "bigint", optional: true } },
    });
    expect(json(z.object({ a: z.bigint().optional().nonoptional() }))).toMatchObject({
      properties: { a: { $zod: { type: "bigint" } } },
    });
    expect(json(z.map(z.string(), z.date()))).toEqual({
      $zod: { type: "map", key: { type: "string" }, value: { $zod: { type: "date" } } },
    });
  });

  it("does not depend on where in an object a shared piece is met first", () => {
    const piece = z.string().optional();

    same(z.object({ a: piece, b: z.array(piece) }), z.object({ b: z.array(piece), a: piece }));
  });

  it("a default that is computed counts as that, whatever it gives today", () => {
    const made = [
      z.string().default(() => `${Math.random()}`),
      z.string().default(() => new Date().toISOString()),
      z.string().default(() => `${Math.random()}`),
    ];

    same(...made);
    expect(json(z.number().default(() => Date.now()))).toEqual({ type: "number", $zod: { default: "computed" } });
    expect(json(z.string().catch(({ issues }) => issues[0]!.message ?? ""))).toEqual({
      type: "string",
      $zod: { catch: "computed" },
    });
    expect(json(z.array(z.number()).default(() => []))).toEqual({
      type: "array",
      items: { type: "number" },
      default: [],
    });
  });

  const refused: [string, unknown][] = [
    ["a function", z.function()],
    ["a symbol", z.symbol()],
    ["a promise", z.promise(z.string())],
    ["a symbol as a name", z.object({ [Symbol("s")]: z.string() })],
    ["a schema without end", z.lazy((): z.ZodType => z.array(z.lazy((): z.ZodType => endless())))],
  ];
  it.each(refused)("%s is refused", (_, schema) => {
    expect(() => schemaDescription(schema as z.ZodType)).toThrow(unsupported);
    expect(() => schemaDescription(z.object({ deep: z.array(schema as z.ZodType) }))).toThrow(unsupported);
  });

  it("a refusal names the place", () => {
    expect(() => schemaDescription(z.object({ a: z.array(z.symbol()) }))).toThrow(/^properties\.a\.items: /);
  });

  it.each([undefined, null, 5, "string", {}, { _def: {} }, () => z.string()])(
    "%s is no schema, and a sentence says so",
    (value) => {
      expect(() => schemaDescription(value as unknown as z.ZodType)).toThrow(/not a zod 4 schema/);
    },
  );
});

describe("recursive schemas", () => {
  const Tree: z.ZodType = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  const Left: z.ZodType = z.object({
    size: z.number(),
    get right() {
      return Right.optional();
    },
  });
  const Right: z.ZodType = z.object({
    get left() {
      return Left;
    },
  });

  it("are described once round", () => {
    expect(json(Tree)).toEqual({
      type: "object",
      required: ["children", "name"],
      properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#" } } },
    });
  });

  it("are the same by getter, by lazy, unrolled once, and from wherever a walk comes in", () => {
    const Lazy: z.ZodType = z.object({ name: z.string(), children: z.lazy(() => z.array(Lazy)) });
    const Unrolled: z.ZodType = z.object({
      name: z.string(),
      children: z.array(z.object({ children: z.array(z.lazy(() => Unrolled)), name: z.string() })),
    });

    same(Tree, Lazy, Unrolled);
    same(z.object({ l: Left, r: Right }), z.object({ r: Right, l: Left }));
    expect(json(Left)).not.toEqual(json(Right));
  });

  it("differ when anything in the circle differs", () => {
    const Other: z.ZodType = z.object({
      name: z.string(),
      get children() {
        return z.array(Other).min(1);
      },
    });

    expect(schemaDescription(Other).fingerprint).not.toBe(schemaDescription(Tree).fingerprint);
    expect(schemaDescription(z.array(Tree)).fingerprint).not.toBe(schemaDescription(Tree).fingerprint);
  });

  it("stay apart when only something further inside tells them apart", () => {
    const chain = (value: z.ZodType): z.ZodType => {
      const Link: z.ZodType = z.object({ value, next: z.lazy(() => Link) });
      return Link;
    };

    expect(json(z.object({ a: chain(z.string()), b: chain(z.number()) }))).toMatchObject({
      properties: { a: { $ref: "#/$defs/1" }, b: { $ref: "#/$defs/2" } },
      $defs: { 1: { properties: { value: { type: "string" } } }, 2: { properties: { value: { type: "number" } } } },
    });
    same(
      z.object({ a: chain(z.string()), b: chain(z.string()) }),
      z.object({ b: chain(z.string()), a: chain(z.string()) }),
    );
  });

  it("may go through maps and sets", () => {
    const Node: z.ZodType = z.object({
      get next() {
        return z.map(z.string(), Node);
      },
    });
    const Other: z.ZodType = z.object({
      get next() {
        return z.map(z.string(), z.set(Other));
      },
    });

    expect(json(Node)).toMatchObject({
      properties: { next: { $zod: { value: { $zod: { type: "recursion", up: 1 } } } } },
    });
    expect(json(Other)).not.toEqual(json(Node));
  });
});

describe("a description", () => {
  it("is made once per schema object", () => {
    const schema = z.object({ a: z.string() });
    const first = schemaDescription(schema);
    const before = counters.canonicalisations;

    expect(schemaDescription(schema)).toBe(first);
    expect(counters.canonicalisations).toBe(before);
  });

  it("is a sealed manifest of plain JSON that nobody can change", () => {
    const { json: described, text, fingerprint } = schemaDescription(z.object({ a: z.date().default(new Date(0)) }));

    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    expect(parseManifest(text)).toEqual({ kind: "schema", format: 1, parts: { json: described } });
    expect(sealManifest(parseManifest(text)).fingerprint).toBe(fingerprint);
    expect(() => ((described as { type: string }).type = "x")).toThrow(TypeError);
    expect(() => ((described as { properties: { a: unknown } }).properties.a = 1)).toThrow(TypeError);
  });

  it("of a schema nested too deeply is refused in one sentence", () => {
    for (const depth of [40, 5000]) {
      let schema: z.ZodType = z.string();
      for (let level = 0; level < depth; level++) schema = z.object({ x: schema });
      expect(() => schemaDescription(schema)).toThrow("the schema is nested too deeply");
    }
    let fine: z.ZodType = z.string();
    for (let level = 0; level < 25; level++) fine = z.object({ x: fine });
    expect(schemaDescription(fine).fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("the normal form of a JSON Schema", () => {
  it("keeps what is data as it is, also where it looks like a keyword", () => {
    const schema: JsonSchema = {
      properties: { title: { type: "string", title: "T" }, $ref: { const: { b: 1, a: { title: "kept" } } } },
      default: { description: "kept", required: ["b", "a"] },
      description: "dropped",
    };

    expect(normalJsonSchema(schema)).toEqual({
      properties: { title: { type: "string" }, $ref: { const: { b: 1, a: { title: "kept" } } } },
      default: { description: "kept", required: ["b", "a"] },
    });
  });

  it("follows references with escapes, beside other keywords, and through other references", () => {
    const schema: JsonSchema = {
      $defs: { "a/b~c": { type: "string" }, through: { $ref: "#/$defs/a~1b~0c" } },
      anyOf: [{ $ref: "#/$defs/through" }, { $ref: "#/$defs/a~1b~0c", default: "x" }],
    };

    expect(normalJsonSchema(schema)).toEqual({
      anyOf: [{ type: "string" }, { $ref: { type: "string" }, default: "x" }],
    });
  });

  it("refuses a reference to nothing or only to itself", () => {
    for (const $ref of ["#/$defs/none", "other.json", "#/properties/a", "#/$defs/constructor"]) {
      expect(() => normalJsonSchema({ anyOf: [{ $ref }] })).toThrow(unsupported);
    }
    expect(() => normalJsonSchema({ $ref: "#" })).toThrow(unsupported);
    expect(() =>
      normalJsonSchema({ $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, not: { $ref: "#/$defs/a" } }),
    ).toThrow(unsupported);
  });

  it("of a normal form is itself", () => {
    const Tree: z.ZodType = z.object({
      a: z.array(
        z.object({
          get t() {
            return z.record(z.string(), Tree);
          },
        }),
      ),
    });
    for (const schema of [
      Tree,
      z.object({ Tree }),
      z.object({ b: z.string(), a: z.union([z.null(), z.array(Tree)]) }),
    ]) {
      const normal = json(schema) as JsonSchema;
      expect(normalJsonSchema(normal)).toEqual(normal);
    }
  });
});

function endless(): z.ZodType {
  return z.map(
    z.string(),
    z.lazy(() => endless()),
  );
}
