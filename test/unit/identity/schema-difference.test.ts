// Two schemas compared: zod itself is the judge of what is compatible.

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { schemaDifference, type SchemaVerdict } from "../../../src/identity/schema-difference.ts";
import { edited, schemaOf, specs, valuesOf, type Spec } from "./schema-specs.ts";
import { fc } from "../../support/random.ts";

const Row = z.object({ id: z.int(), price: z.string(), kind: z.enum(["a", "b"]) });
const said = (before: z.ZodType, after: z.ZodType): string[] => {
  return schemaDifference(before, after).changes.map(({ path, says, verdict }) => `${verdict}: ${path} ${says}`);
};

describe("a change is told by field and sentence:", () => {
  it.each<[z.ZodType, z.ZodType, ...string[]]>([
    [z.object({ rows: z.array(Row) }), z.object({ rows: z.array(Row.extend({ price: z.number() })) }), "breaking: rows[].price was string, is number now"],
    [Row, Row.omit({ price: true }), "compatible: price is not read any more"],
    [Row, Row.extend({ note: z.string() }), "breaking: note is new, and has to be there"],
    [Row, Row.extend({ note: z.string().optional() }), "compatible: note is new, and may be left out"],
    [Row, Row.extend({ currency: z.string().default("EUR") }), 'compatible: currency is new, "EUR" where it is missing'],
    [Row, Row.extend({ at: z.date().default(new Date(0)) }), "compatible: at is new, 1970-01-01T00:00:00.000Z where it is missing"],
    [Row, Row.extend({ kind: z.enum(["a", "c"]) }), 'breaking: kind could be "b", is "a" or "c" now'],
    [Row, Row.extend({ kind: z.enum(["a", "b", "c"]) }), 'compatible: kind may be "c" now'],
    [Row, Row.extend({ kind: z.string() }), "compatible: kind may be any string now"],
    [Row.extend({ kind: z.string() }), Row, 'breaking: kind has to be "a" or "b" now'],
    [Row, Row.partial({ price: true }), "compatible: price may be left out now"],
    [Row.partial({ price: true }), Row, "breaking: price has to be there now"],
    [Row.extend({ price: z.string().default("1") }), Row.extend({ price: z.string().default("2") }), 'compatible: price has the default "2" now'],
    [Row, z.strictObject(Row.shape), "unknown:  refuses fields now that were passed over"],
    [z.strictObject({ a: z.string(), b: z.string() }), z.strictObject({ a: z.string() }), "breaking: b is not allowed any more"],
    [z.looseObject({ a: z.string() }), z.object({ a: z.string(), b: z.string().optional() }), "breaking: b was anything, is string now"],
    [z.object({ "first name": z.string() }), z.object({ "first name": z.null() }), 'breaking: ["first name"] was string, is null now'],
    [z.number(), z.int(), "breaking:  was number, is integer now"],
    [z.int(), z.number(), "compatible:  was integer, is number now"],
    [z.number().min(1), z.number().min(2), "breaking:  has to be at least 2 now"],
    [z.number().min(1), z.number().gt(1), "breaking:  has to be above 1 now"],
    [z.int().gt(1), z.int().min(2)],
    [z.number().max(1), z.number(), "compatible:  may be above 1 now"],
    [z.number().multipleOf(6), z.number().multipleOf(3), "compatible:  may be any multiple of 3 now"],
    [z.number(), z.number().multipleOf(3), "breaking:  has to be a multiple of 3 now"],
    [z.string(), z.string().max(1), "breaking:  has to have at most 1 character now"],
    [z.string(), z.email(), 'breaking:  has to be of format "email" now'],
    [z.email(), z.string(), 'compatible:  need not be of format "email" now'],
    [z.email(), z.url(), 'unknown:  has to be of format "uri" now'],
    [z.string(), z.string().regex(/a/), "unknown:  has to fit another pattern now"],
    [z.string().regex(/a/).regex(/b/), z.string().regex(/b/), "compatible:  need not fit a pattern now"],
    [z.string().nullable(), z.string(), "breaking:  could be null, is string now"],
    [z.string(), z.string().nullable(), "compatible:  may be null now"],
    [z.string().nullable(), z.number(), "breaking:  could be null, is number now", "breaking:  could be string, is number now"],
    [z.union([z.string().min(1), z.number()]), z.union([z.number(), z.string().min(1)]), "compatible:  is written in another way, and takes the same"],
    [z.boolean(), z.literal(true), "breaking:  could be false, is true now"],
    [z.coerce.number(), z.number(), "breaking:  is no longer made a number from what is not"],
    [z.number(), z.coerce.number(), "compatible:  may be what becomes a number now"],
    [z.string().catch("x"), z.string(), "breaking:  was anything, as catch stood for what did not fit"],
    [z.number(), z.custom<number>(), "unknown:  is decided by a pattern, a program or an intersection"],
    [z.array(z.string()), z.array(z.string()).min(1), "breaking:  has to have at least 1 item now"],
    [z.tuple([z.string(), z.number()]), z.tuple([z.string(), z.string()]), "breaking: [1] was number, is string now"],
    [z.record(z.string(), z.number()), z.record(z.string(), z.string()), "breaking: [*] was number, is string now"],
    [z.record(z.enum(["a"]), z.number()), z.record(z.enum(["a", "b"]), z.number()), "breaking: b has to be there now", 'compatible:  a name may be "b" now'],
    [z.map(z.string(), z.date()), z.map(z.number(), z.date()), "breaking:  a key was string, is number now"],
    [z.map(z.string(), z.date()), z.map(z.string(), z.date().min(new Date(0))), "breaking: [*] has to be at least 1970-01-01T00:00:00.000Z now"],
    [z.set(z.bigint()), z.set(z.bigint().max(5n)), "breaking: [*] has to be at most 5 now"],
    [z.set(z.string()).min(2), z.set(z.string().catch("")).min(2), "compatible: [*] may be anything now: catch stands for what does not fit", "unknown:  may have another size now, as different members can be read as one"],
    [z.set(z.coerce.number()).max(2), z.set(z.any()).max(2), "compatible: [*] may be anything now", "unknown:  may have another size now, as different members can be read as one"],
    [z.set(z.string()), z.set(z.string().catch("")).min(1), "compatible: [*] may be anything now: catch stands for what does not fit", "breaking:  has to have at least 1 member now"],
    [z.map(z.string(), z.any()).min(2), z.map(z.coerce.string(), z.any()).min(2), "compatible:  a key may be what becomes a string now", "unknown:  may have another size now, as different members can be read as one"],
    [z.undefined(), z.xor([z.string().catch(""), z.any()]), "breaking:  may be undefined no longer"],
    [z.object({ a: z.int().optional() }), z.object({ a: z.xor([z.int().optional(), z.undefined()]) }), "unknown: a may be left out, but perhaps not be undefined"],
    [z.set(z.string()), z.set(z.string()).min(2), "breaking:  has to have at least 2 members now"],
  ])("%#", (before, after, ...changes) => {
    expect(said(before, after)).toEqual(changes.length === 0 ? ["compatible:  is written in another way, and takes the same"] : changes);
  }); // prettier-ignore

  it("in the alternative of a tagged union that has the same tag", () => {
    const one = z.object({ kind: z.literal("one"), value: z.string() });
    const two = z.object({ kind: z.literal("two"), value: z.number() });
    const before = z.discriminatedUnion("kind", [two, one]);

    expect(said(before, z.discriminatedUnion("kind", [one.extend({ value: z.number() }), two]))).toEqual([
      "breaking: value was string, is number now",
    ]);
    expect(said(before, z.discriminatedUnion("kind", [one]))).toContain('breaking: kind could be "two", is "one" now');
    expect(said(before, z.discriminatedUnion("kind", [one, two, one.extend({ kind: z.literal("three") })]))).toEqual([
      "compatible:  may be another object now",
    ]);
  });

  it("once in a schema that contains itself, also through a map", () => {
    const tree = (value: z.ZodType, through: "array" | "map"): z.ZodType => {
      const whole: z.ZodType = z.object({
        value,
        get kids(): z.ZodType {
          return through === "array" ? z.array(whole) : z.map(z.string(), whole);
        },
      });
      return whole;
    };
    for (const through of ["array", "map"] as const) {
      expect(said(tree(z.string(), through), tree(z.number(), through))).toEqual([
        "breaking: value was string, is number now",
      ]);
      expect(said(tree(z.string(), through), tree(z.string().optional(), through))).toEqual([
        "compatible: value may be left out now",
      ]);
    }
  });

  it("and one that is too large is not compared for hours", () => {
    const wide = (depth: number, leaf: z.ZodType): z.ZodType =>
      depth === 0 ? leaf : z.union(Array.from({ length: 4 }, (_, n) => z.object({ [`f${n}`]: wide(depth - 1, leaf) })));

    expect(schemaDifference(wide(4, z.string()), wide(4, z.number())).verdict).not.toBe("compatible");
  });
});

describe("what is called compatible", () => {
  const judged = { compatible: 0, breaking: 0, unknown: 0, values: 0 };

  function judge(before: Spec, after: Spec, gen: fc.GeneratorValue): void {
    const [old, now] = [schemaOf(before), schemaOf(after)];
    const { verdict, changes } = schemaDifference(old, now);
    judged[verdict]++;
    if (verdict !== "compatible") return;
    for (const value of gen(fc.array, valuesOf(before), { minLength: 1, maxLength: 8 })) {
      if (!old.safeParse(value).success) continue;
      judged.values++;
      const { success, error } = now.safeParse(value);
      expect(success, `${JSON.stringify(changes)} ${String(error)}`).toBe(true);
    }
  }

  it("takes each value that the old schema took, after any edit", () => {
    const runs = { numRuns: Number(process.env["STRATA_RUNS"] ?? 2_000), endOnFailure: true };
    fc.assert(
      fc.property(specs, fc.gen(), (spec, gen) => judge(spec, edited(spec, gen), gen)),
      runs,
    );

    expect(judged.compatible).toBeGreaterThan(runs.numRuns / 5);
    expect(judged.breaking).toBeGreaterThan(runs.numRuns / 5);
    expect(judged.values).toBeGreaterThan(runs.numRuns / 2);
  });

  it("takes each value that the old schema took, of any two schemas", () => {
    const runs = { numRuns: Number(process.env["STRATA_RUNS"] ?? 1_000), endOnFailure: true };
    fc.assert(fc.property(specs, specs, fc.gen(), judge), runs);
  });

  it("is a schema itself, and anything", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        expect(schemaDifference(schemaOf(spec), schemaOf(spec))).toEqual({ verdict: "compatible", changes: [] });
        expect(schemaDifference(schemaOf(spec), z.any()).verdict).toBe("compatible");
      }),
    );
  });
});

describe("what certainly breaks is called breaking, at the field where it does", () => {
  /** A leaf, what it becomes, and where below it that is told. */
  const broken: readonly (readonly [Spec, Spec, below: string])[] = [
    [{ k: "string" }, { k: "number" }, ""],
    [{ k: "number" }, { k: "int" }, ""],
    [{ k: "int", min: 1 }, { k: "int", min: 2 }, ""],
    [{ k: "string", max: 3 }, { k: "string", max: 2 }, ""],
    [{ k: "date" }, { k: "string" }, ""],
    [{ k: "values", values: ["a", "b", null] }, { k: "values", values: ["a", null] }, ""],
    [{ k: "nullable", of: { k: "int" } }, { k: "int" }, ""],
    [{ k: "union", of: [{ k: "int" }, { k: "boolean" }] }, { k: "union", of: [{ k: "int" }, { k: "string" }] }, ""],
    [{ k: "array", of: { k: "boolean" } }, { k: "array", of: { k: "boolean" }, min: 1 }, ""],
    [{ k: "array", of: { k: "int" } }, { k: "array", of: { k: "string" } }, "[]"],
    [object({}), object({ fresh: { of: { k: "string" }, presence: "required" } }), ".fresh"],
    [object({ gone: { of: { k: "int" }, presence: "optional" } }), object({ gone: { of: { k: "int" }, presence: "required" } }), ".gone"],
    [object({ gone: { of: { k: "int" }, presence: "required" } }, "strict"), object({}, "strict"), ".gone"],
    [{ k: "map", key: { k: "string" }, of: { k: "int" } }, { k: "map", key: { k: "string" }, of: { k: "email" } }, "[*]"],
  ]; // prettier-ignore

  function object(fields: (Spec & { readonly k: "object" })["fields"], mode: "plain" | "strict" = "plain"): Spec {
    return { k: "object", fields, mode };
  }

  type Around = readonly [wrap: (inner: Spec) => Spec, path: string];
  const around: readonly Around[] = [
    [(of) => object({ a: { of, presence: "required" }, b: { of: { k: "date" }, presence: "optional" } }), ".a"],
    [(of) => object({ "x y": { of, presence: "optional" } }, "strict"), '["x y"]'],
    [(of) => ({ k: "array", of }), "[]"],
    [(of) => ({ k: "tuple", items: [{ k: "string" }, of], lastOptional: false }), "[1]"],
    [(of) => ({ k: "record", keys: undefined, partial: false, of }), "[*]"],
    [(of) => ({ k: "map", key: { k: "string" }, of }), "[*]"],
    [(of) => ({ k: "optional", of }), ""],
    [(of) => ({ k: "tree", of, through: "array" }), ".value"],
  ];

  it("at whatever depth", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...broken),
        fc.array(fc.constantFrom(...around), { maxLength: 4 }),
        ([before, after, below], wrappers) => {
          const wrapped = (leaf: Spec): z.ZodType => schemaOf(wrappers.reduce((inner, [wrap]) => wrap(inner), leaf));
          const path = [...wrappers].reverse().map(([, part]) => part).join("") + below; // prettier-ignore

          const { verdict, changes } = schemaDifference(wrapped(before), wrapped(after));

          const grave = changes.filter((change) => change.verdict !== "compatible");
          expect(verdict).toBe<SchemaVerdict>("breaking");
          expect([...new Set(grave.map((change) => change.path))]).toEqual([path.replace(/^\./, "")]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
