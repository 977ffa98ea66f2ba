// Random zod schemas for tests: a plain description, the schema of it, values that it takes, and edits of one place of it.

import type { Arbitrary, GeneratorValue } from "fast-check";
import * as z from "zod";
import { fc } from "../../support/random.ts";

export type Spec =
  | { readonly k: "string" | "number" | "int" | "bigint" | "date" | "array" | "set"; readonly min?: number; readonly max?: number; readonly of?: Spec } // prettier-ignore
  | { readonly k: "boolean" | "null" | "undefined" | "any" | "nan" | "email" | "coerced" }
  | { readonly k: "values"; readonly values: readonly (string | number | boolean | null)[] }
  | { readonly k: "tuple"; readonly items: readonly Spec[]; readonly rest?: Spec; readonly lastOptional: boolean }
  | {
      readonly k: "object";
      readonly fields: Readonly<Record<string, Field>>;
      readonly mode: "plain" | "strict" | "loose" | Spec;
    }
  | { readonly k: "record"; readonly keys: readonly string[] | undefined; readonly partial: boolean; readonly of: Spec }
  | { readonly k: "map"; readonly key: Spec; readonly of: Spec }
  | { readonly k: "union" | "xor"; readonly of: readonly Spec[] }
  | { readonly k: "tagged"; readonly of: Readonly<Record<string, Spec & { readonly k: "object" }>> }
  | { readonly k: "tree"; readonly of: Spec; readonly through: "array" | "map" | "record" }
  | { readonly k: "optional" | "nullable" | "catch"; readonly of: Spec };

export interface Field {
  readonly of: Spec;
  readonly presence: "required" | "optional" | "default";
}

export function schemaOf(spec: Spec): z.ZodType {
  switch (spec.k) {
    case "string":
      return limited(z.string(), spec);
    case "number":
      return limited(z.number(), spec);
    case "int":
      return limited(z.int(), spec);
    case "array":
      return limited(z.array(schemaOf(spec.of!)), spec);
    case "set":
      return limited(z.set(schemaOf(spec.of!)), spec);
    case "bigint": {
      const low = spec.min === undefined ? z.bigint() : z.bigint().min(BigInt(spec.min));
      return spec.max === undefined ? low : low.max(BigInt(spec.max));
    }
    case "date": {
      const low = spec.min === undefined ? z.date() : z.date().min(new Date(spec.min * 1e9));
      return spec.max === undefined ? low : low.max(new Date(spec.max * 1e9));
    }
    case "boolean":
      return z.boolean();
    case "null":
      return z.null();
    case "undefined":
      return z.undefined();
    case "any":
      return z.any();
    case "nan":
      return z.nan();
    case "email":
      return z.email();
    case "coerced":
      return z.coerce.number();
    case "values":
      return z.literal(spec.values as [string]);
    case "tuple": {
      const items = spec.items.map(schemaOf);
      if (spec.lastOptional && items.length > 0) items.push(items.pop()!.optional());
      const tuple = z.tuple(items as [z.ZodType]);
      return spec.rest === undefined ? tuple : tuple.rest(schemaOf(spec.rest));
    }
    case "object": {
      const shape = Object.fromEntries(Object.entries(spec.fields).map(([name, field]) => [name, fieldOf(field)]));
      if (spec.mode === "plain") return z.object(shape);
      if (spec.mode === "strict") return z.strictObject(shape);
      return spec.mode === "loose" ? z.looseObject(shape) : z.object(shape).catchall(schemaOf(spec.mode));
    }
    case "record": {
      if (spec.keys === undefined) return z.record(z.string(), schemaOf(spec.of));
      const keys = z.enum(spec.keys as [string]);
      return spec.partial ? z.partialRecord(keys, schemaOf(spec.of)) : z.record(keys, schemaOf(spec.of));
    }
    case "map":
      return z.map(schemaOf(spec.key), schemaOf(spec.of));
    case "union":
      return z.union(spec.of.map(schemaOf) as [z.ZodType]);
    case "xor":
      return z.xor(spec.of.map(schemaOf) as [z.ZodType]);
    case "tagged":
      return z.discriminatedUnion(
        "kind",
        Object.entries(spec.of).map(([kind, one]) =>
          (schemaOf(one) as z.ZodObject).extend({ kind: z.literal(kind) }),
        ) as unknown as [z.ZodObject],
      );
    case "tree": {
      const tree: z.ZodType = z.object({
        value: schemaOf(spec.of),
        get kids(): z.ZodType {
          if (spec.through === "array") return z.array(tree);
          return spec.through === "map" ? z.map(z.string(), tree) : z.record(z.string(), tree);
        },
      });
      return tree;
    }
    case "optional":
      return schemaOf(spec.of).optional();
    case "nullable":
      return schemaOf(spec.of).nullable();
    case "catch":
      return schemaOf(spec.of).catch("caught");
  }
}

function fieldOf({ of, presence }: Field): z.ZodType {
  const schema = schemaOf(of);
  return presence === "required" ? schema : presence === "optional" ? schema.optional() : schema.default("given");
}

function limited<S extends z.ZodType & { min(at: number): S; max(at: number): S }>(
  schema: S,
  { min, max }: { readonly min?: number; readonly max?: number },
): S {
  const low = min === undefined ? schema : schema.min(min);
  return max === undefined ? low : low.max(max);
}

const tiny = fc.integer({ min: 0, max: 3 });
const names = ["a", "b", "kind", "x y"];
const scalar = fc.constantFrom<string | number | boolean | null>("a", "b", "c", 1, 2, 0.5, true, null);

export const specs: Arbitrary<Spec> = fc.letrec<{ spec: Spec; fields: Record<string, Field> }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record({ k: fc.constantFrom("string", "number", "int", "bigint", "date"), min: tiny, max: tiny.map((n) => n + 3) }, { requiredKeys: ["k"] }), // prettier-ignore
    fc.record({ k: fc.constantFrom("boolean", "null", "undefined", "any", "nan", "email", "coerced") }),
    fc.record({ k: fc.constant("values"), values: fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 }) }),
    fc.record({ k: fc.constantFrom("array", "set"), of: tie("spec"), min: tiny, max: tiny.map((n) => n + 3) }, { requiredKeys: ["k", "of"] }), // prettier-ignore
    fc.record({ k: fc.constant("tuple"), items: fc.array(tie("spec"), { maxLength: 3 }), rest: tie("spec"), lastOptional: fc.boolean() }, { requiredKeys: ["k", "items", "lastOptional"] }), // prettier-ignore
    fc.record({ k: fc.constant("object"), fields: tie("fields"), mode: fc.oneof(fc.constantFrom("plain", "plain", "strict", "loose"), tie("spec")) }), // prettier-ignore
    fc.record({ k: fc.constant("record"), keys: fc.option(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }), { nil: undefined }), partial: fc.boolean(), of: tie("spec") }), // prettier-ignore
    fc.record({ k: fc.constant("map"), key: tie("spec"), of: tie("spec") }),
    fc.record({ k: fc.constantFrom("union", "union", "xor"), of: fc.array(tie("spec"), { minLength: 2, maxLength: 3 }) }), // prettier-ignore
    fc.record({ k: fc.constant("tagged"), of: fc.dictionary(fc.constantFrom("one", "two", "three"), fc.record({ k: fc.constant("object"), fields: tie("fields"), mode: fc.constant("plain") }), { minKeys: 1 }) }), // prettier-ignore
    fc.record({ k: fc.constant("tree"), of: tie("spec"), through: fc.constantFrom("array", "map", "record") }),
    fc.record({ k: fc.constantFrom("optional", "nullable", "catch"), of: tie("spec") }),
  ),
  fields: fc.dictionary(
    fc.constantFrom(...names),
    fc.record({ of: tie("spec"), presence: fc.constantFrom("required", "required", "optional", "default") }),
    { maxKeys: 3 },
  ),
})).spec;

/** Values that a schema of this may take: most of them do. Objects have no fields but those that are named or looked at. */
export function valuesOf(spec: Spec, depth = 0): Arbitrary<unknown> {
  switch (spec.k) {
    case "string":
      return fc.string({ minLength: spec.min ?? 0, maxLength: spec.max ?? 6 });
    case "number":
      return fc.oneof(
        fc.constantFrom(spec.min ?? -1e9, spec.max ?? 1e9),
        fc.double({ min: spec.min ?? -1e9, max: spec.max ?? 1e9, noNaN: true }),
      );
    case "int":
      return fc.integer({ min: spec.min ?? -1000, max: spec.max ?? 1000 });
    case "bigint":
      return fc.bigInt({ min: BigInt(spec.min ?? -9), max: BigInt(spec.max ?? 9) });
    case "date":
      return fc.integer({ min: spec.min ?? -5, max: spec.max ?? 9 }).map((n) => new Date(n * 1e9));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "undefined":
      return fc.constant(undefined);
    case "any":
      return fc.oneof(scalar, fc.constantFrom(undefined, new Date(0), 1n, Number.NaN, [], {}), fc.jsonValue());
    case "nan":
      return fc.constant(Number.NaN);
    case "email":
      return fc.constantFrom("a@example.org", "b.c@example.com");
    case "coerced":
      return fc.constantFrom<unknown>(1, "2", true, null, new Date(0), "", []);
    case "values":
      return fc.constantFrom(...spec.values);
    case "array":
      return fc.array(valuesOf(spec.of!, depth), { minLength: spec.min ?? 0, maxLength: spec.max ?? 4 });
    case "set":
      // More than may be left: members that are read as one value count once.
      return fc.array(valuesOf(spec.of!, depth), { maxLength: (spec.max ?? 4) + 1 }).map((list) => new Set(list));
    case "tuple": {
      const items = spec.items.map((item) => valuesOf(item, depth));
      const rest = spec.rest === undefined ? fc.constant([]) : fc.array(valuesOf(spec.rest, depth), { maxLength: 2 });
      const whole = fc.tuple(fc.tuple(...items), rest).map(([first, more]) => [...first, ...more]);
      return spec.lastOptional ? fc.oneof(whole, fc.tuple(...items.slice(0, -1))) : whole;
    }
    case "object": {
      const named = fc.record(
        Object.fromEntries(
          Object.entries(spec.fields).map(([name, { of, presence }]) => [
            name,
            presence === "required" ? valuesOf(of, depth) : fc.option(valuesOf(of, depth), { nil: undefined }),
          ]),
        ),
        {
          requiredKeys: Object.entries(spec.fields).flatMap(([name, { presence }]) =>
            presence === "required" ? [name] : [],
          ),
        },
      );
      if (spec.mode === "plain" || spec.mode === "strict") return named;
      const others = spec.mode === "loose" ? valuesOf({ k: "any" }) : valuesOf(spec.mode, depth);
      const more = fc.dictionary(fc.constantFrom("a", "b", "other"), others, { maxKeys: 2 });
      return fc.tuple(more, named).map(([one, other]): unknown => ({ ...one, ...other }));
    }
    case "record": {
      const keys = spec.keys ?? names;
      const of = valuesOf(spec.of, depth);
      return fc.record(Object.fromEntries(keys.map((name) => [name, of])), {
        requiredKeys: spec.keys === undefined || spec.partial ? [] : [...keys],
      });
    }
    case "map":
      return fc
        .array(fc.tuple(valuesOf(spec.key, depth), valuesOf(spec.of, depth)), { maxLength: 3 })
        .map((entries) => new Map(entries));
    case "union":
    case "xor":
      return fc.oneof(...spec.of.map((one) => valuesOf(one, depth)));
    case "tagged":
      return fc.oneof(
        ...Object.entries(spec.of).map(([kind, one]) =>
          valuesOf(one, depth).map((value): unknown => ({ ...(value as object), kind })),
        ),
      );
    case "tree": {
      const none: Arbitrary<unknown> = fc.constant([]);
      const kids = depth > 1 ? none : fc.array(valuesOf(spec, depth + 1), { maxLength: 2 });
      const shaped = kids.map((list): unknown => {
        const entries = (list as unknown[]).map((one, index) => [String(index), one] as const);
        if (spec.through === "array") return list;
        return spec.through === "map" ? new Map(entries) : Object.fromEntries(entries);
      });
      return fc.record({ value: valuesOf(spec.of, depth + 1), kids: shaped });
    }
    case "optional":
      return fc.option(valuesOf(spec.of, depth), { nil: undefined });
    case "nullable":
      return fc.option(valuesOf(spec.of, depth), { nil: null });
    case "catch":
      return fc.oneof(valuesOf(spec.of, depth), valuesOf({ k: "any" }));
  }
}

/** The same with one place changed, at whatever depth. */
export function edited(spec: Spec, gen: GeneratorValue): Spec {
  const one = gen(fc.integer, { min: 0, max: 2 });
  const inner = (of: Spec): Spec => edited(of, gen);
  if (one > 0) {
    switch (spec.k) {
      case "array":
      case "set":
      case "tree":
      case "optional":
      case "nullable":
      case "catch":
      case "record":
        return { ...spec, of: inner(spec.of!) };
      case "map":
        return one === 1 ? { ...spec, of: inner(spec.of) } : { ...spec, key: inner(spec.key) };
      case "union":
      case "xor": {
        const at = gen(fc.nat, spec.of.length - 1);
        return { ...spec, of: spec.of.map((of, index) => (index === at ? inner(of) : of)) };
      }
      case "tuple": {
        if (spec.items.length === 0) break;
        const at = gen(fc.nat, spec.items.length - 1);
        return { ...spec, items: spec.items.map((of, index) => (index === at ? inner(of) : of)) };
      }
      case "object": {
        const keys = Object.keys(spec.fields);
        if (keys.length === 0) break;
        const name = keys[gen(fc.nat, keys.length - 1)]!;
        return { ...spec, fields: { ...spec.fields, [name]: editedField(spec.fields[name]!, gen) } };
      }
      case "tagged": {
        const keys = Object.keys(spec.of);
        const name = keys[gen(fc.nat, keys.length - 1)]!;
        const next = edited(spec.of[name]!, gen);
        if (next.k === "object" && next.mode === "plain") return { ...spec, of: { ...spec.of, [name]: next } };
        break;
      }
      default:
    }
  }
  return here(spec, gen);
}

function editedField(field: Field, gen: GeneratorValue): Field {
  if (gen(fc.boolean)) return { ...field, of: edited(field.of, gen) };
  return { ...field, presence: gen(() => fc.constantFrom("required", "optional", "default")) };
}

function here(spec: Spec, gen: GeneratorValue): Spec {
  const some = gen(() => fc.integer({ min: 0, max: 5 }));
  const limit = gen(() => fc.option(tiny, { nil: undefined }));
  switch (some) {
    case 0:
      return { k: "nullable", of: spec };
    case 1:
      return { k: "union", of: [gen(() => specs), spec] };
    case 2:
      return { k: "optional", of: spec };
    default:
  }
  switch (spec.k) {
    case "string":
    case "number":
    case "int":
    case "bigint":
    case "date":
    case "array":
    case "set": {
      const { min: _, max: __, ...rest } = spec;
      return limit === undefined ? rest : some === 3 ? { ...rest, min: limit } : { ...rest, max: limit + 2 };
    }
    case "values":
      return { k: "values", values: [...new Set([...spec.values.slice(some - 4), gen(() => scalar)])] };
    case "object": {
      if (some === 3) return { ...spec, mode: gen(() => fc.constantFrom("plain", "strict", "loose")) };
      const name = gen(() => fc.constantFrom(...names));
      const { [name]: gone, ...fields } = spec.fields;
      const added: Field = { of: gen(() => specs), presence: gen(() => fc.constantFrom("required", "optional", "default")) }; // prettier-ignore
      return { ...spec, fields: gone === undefined ? { ...fields, [name]: added } : fields };
    }
    case "record":
      return { ...spec, keys: gen(() => fc.constantFrom(undefined, ["a"], ["a", "b"])), partial: gen(fc.boolean) };
    case "tuple":
      return some === 3 ? { ...spec, lastOptional: !spec.lastOptional } : { ...spec, items: spec.items.slice(1) };
    case "union":
    case "xor":
      return { k: some === 3 ? "union" : "xor", of: [...spec.of].reverse() };
    case "tagged":
      return { k: "union", of: Object.values(spec.of) };
    case "optional":
    case "nullable":
    case "catch":
      return spec.of;
    default:
      return gen(() => specs);
  }
}
