// Schemas: what Artigraph's tests of types, type systems and views verify, with zod in the place of both.

import { z } from "zod";
import { artifact, graph, literal, producer } from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, failedStep, Place, refusal } from "./support.ts";

/** The fingerprint of a schema as it counts for an artifact. */
function identity(schema: z.ZodType): string {
  const Value = artifact({ schema });
  return graph("g", () => ({ value: Value.from(literal(0)) })).definition.describe().artifacts[0]!.schema;
}

/** What comes out when a producer returns `written` and somebody reads it. */
async function through(schema: z.ZodType, written: unknown): Promise<unknown> {
  using place = new Place();
  const Value = artifact({ schema });
  const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Value, build: () => written });
  const made = graph("made", () => ({ value: make() }));
  return await (await made.build(place.here)).read(made.artifacts.value);
}

async function expectRefused(schema: z.ZodType, values: readonly unknown[]): Promise<void> {
  for (const value of values)
    await expect(through(schema, value), String(value)).rejects.toEqual(failedStep("DATA_INVALID", "'value'"));
}

describe.each(backendKinds)("values, remembered in %s", (kind) => {
  it("157, 158 · dates, times, records, numbers, lists, null, texts, booleans and what may be absent come back as they were", async () => {
    using place = new Place(kind);
    const Mixed = artifact({
      schema: z.object({
        day: z.iso.date(),
        moment: z.iso.datetime({ offset: true }),
        record: z.record(z.string(), z.int()),
        float: z.number(),
        int: z.int(),
        list: z.array(z.string()),
        nothing: z.null(),
        text: z.string(),
        yes: z.boolean(),
        perhaps: z.string().optional(),
        empty: z.int().nullable(),
      }),
    });
    const value = {
      day: "2026-01-02",
      moment: "2026-01-02T03:04:05+01:00",
      record: { a: 1, constructor: 2 },
      float: 0.1 + 0.2,
      int: -(2 ** 53 - 1),
      list: ["", "ü", "\u0000"],
      nothing: null,
      text: "𝄞",
      yes: false,
      empty: null,
    };
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Mixed, build: () => value });
    const made = graph("made", () => ({ value: make() }));

    expect(await (await made.build(place.here)).read(made.artifacts.value)).toEqual(value);
  });
});

describe("single values", () => {
  it("168 · a boolean is a boolean, not a number or a text that reads like one", async () => {
    expect(await through(z.boolean(), true)).toBe(true);
    await expectRefused(z.boolean(), [1, 0, "true", null]);
  });

  it("169 · whole numbers, their widths and other numbers are told apart", async () => {
    expect(await through(z.int(), 3)).toBe(3);
    expect(await through(z.number(), 1.5)).toBe(1.5);
    await expectRefused(z.int(), [1.5, "3", true]);
    await expectRefused(z.int32(), [2 ** 31]);
    expect(
      new Set([z.int(), z.int32(), z.uint32(), z.number(), z.float32(), z.float64()].map(identity)).size,
    ).toBeGreaterThanOrEqual(5);
    expect(identity(z.int())).not.toBe(identity(z.number()));
  });

  it("169 · a number that JSON does not have is refused where it is written, never stored as null", async () => {
    const Any = artifact({ schema: z.custom<number>(() => true) });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      using place = new Place();
      const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, build: () => value });
      await expect(graph("made", () => ({ value: make() })).build(place.here)).rejects.toEqual(
        failedStep("DATA_INVALID", String(value)),
      );
    }
  });

  it("170 · a text is a text", async () => {
    expect(await through(z.string(), "")).toBe("");
    await expectRefused(z.string(), [1, null, ["a"]]);
  });

  it("171 · days and moments are texts of their own kind, and become dates where the schema says so", async () => {
    const When = z.iso.datetime().transform((text) => new Date(text));

    expect(await through(When, "2026-01-02T03:04:05Z")).toEqual(new Date("2026-01-02T03:04:05Z"));
    await expectRefused(z.iso.date(), ["2026-02-30", "2026-01-02T03:04:05Z"]);
    await expectRefused(z.iso.datetime(), ["2026-01-02"]);
    expect(identity(z.iso.date())).not.toBe(identity(z.iso.datetime()));
  });

  it("171 · a Date that JSON could only turn into a text is refused where it is written", async () => {
    await expectRefused(z.date(), [new Date(0)]);
  });

  it("177 · null is null and nothing else", async () => {
    expect(await through(z.null(), null)).toBe(null);
    await expectRefused(z.null(), [0, "", false]);
  });
});

describe("containers", () => {
  it("172 · a set is written as a list and read as a set, whatever the order", async () => {
    const Names = z.array(z.string()).transform((names) => new Set(names));

    expect(await through(Names, ["b", "a"])).toEqual(new Set(["a", "b"]));
  });

  it("173 · a list holds values of its kind, and a table is a list of records", async () => {
    const Rows = z.array(z.object({ id: z.int() }));

    expect(await through(Rows, [{ id: 1 }, { id: 2 }])).toEqual([{ id: 1 }, { id: 2 }]);
    await expect(through(Rows, [{ id: 1 }, { id: "2" }])).rejects.toEqual(failedStep("DATA_INVALID", "[1].id"));
  });

  it("176 · a record has texts for names and values of one kind", async () => {
    expect(await through(z.record(z.string(), z.int()), { a: 1 })).toEqual({ a: 1 });
    await expectRefused(z.record(z.string(), z.int()), [{ a: "1" }, [1]]);
  });

  it("180, 182 · an object has named fields, in any order, of any depth", async () => {
    const Deep = z.object({ id: z.int(), nested: z.object({ list: z.array(z.object({ name: z.string() })) }) });

    expect(await through(Deep, { nested: { list: [{ name: "Ada" }] }, id: 1 })).toEqual({
      id: 1,
      nested: { list: [{ name: "Ada" }] },
    });
    expect(identity(z.object({ a: z.int(), b: z.string() }))).toBe(identity(z.object({ b: z.string(), a: z.int() })));
    expect(identity(z.object({ a: z.int() }))).not.toBe(identity(z.object({ a: z.int().optional() })));
    await expect(through(Deep, { id: 1, nested: { list: [{}] } })).rejects.toEqual(
      failedStep("DATA_INVALID", "nested.list[0].name"),
    );
  });

  it("181 · a tuple has a type for each place, which need not be the same", async () => {
    const Pair = z.tuple([z.string(), z.int()]);

    expect(await through(Pair, ["a", 1])).toEqual(["a", 1]);
    await expectRefused(Pair, [["a"], [1, "a"], ["a", 1, 2]]);
    expect(identity(Pair)).not.toBe(identity(z.array(z.union([z.string(), z.int()]))));
  });

  it("184 · a schema that contains itself is described, compared and read like any other", async () => {
    interface Tree {
      name: string;
      children: Tree[];
    }
    const tree = (): z.ZodType<Tree> => {
      const node: z.ZodType<Tree> = z.object({ name: z.string(), children: z.array(z.lazy(() => node)) });
      return node;
    };
    const value = { name: "root", children: [{ name: "leaf", children: [] }] };

    expect(identity(tree())).toBe(identity(tree()));
    expect(await through(tree(), value)).toEqual(value);
  });
});

describe("choices", () => {
  it("160, 174 · a choice among texts is the same in whatever order and way it is written", () => {
    const ways = [z.enum(["a", "b"]), z.enum(["b", "a"]), z.literal(["a", "b"]), z.literal(["b", "a"])];

    expect(new Set(ways.map(identity)).size).toBe(1);
    expect(identity(z.enum(["a"]))).not.toBe(identity(z.enum(["a", "b"])));
  });

  it("161 · a value outside of a choice is refused, and told with what there is to choose from", async () => {
    await expectRefused(z.enum(["small", "large"]), ["medium", "", 1]);
    await expect(through(z.enum(["small", "large"]), "medium")).rejects.toEqual(failedStep("DATA_INVALID", "large"));
  });

  it("174 · a choice may allow null, which is then another choice", async () => {
    const Size = z.enum(["small", "large"]);

    expect(await through(Size.nullable(), null)).toBe(null);
    expect(identity(Size.nullable())).not.toBe(identity(Size));
  });

  it("175 · a union of any kinds is a schema too, and its value comes back as the kind it was", async () => {
    const Shape = z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number() }),
    ]);

    expect(await through(z.union([z.string(), z.int()]), 3)).toBe(3);
    expect(await through(Shape, { kind: "square", side: 2 })).toEqual({ kind: "square", side: 2 });
    await expectRefused(Shape, [{ kind: "square", radius: 2 }]);
  });

  it("178 · what may be null, what may be left out and what must be there are three schemas", async () => {
    const kinds = [z.object({ a: z.int() }), z.object({ a: z.int().nullable() }), z.object({ a: z.int().optional() })];

    expect(new Set(kinds.map(identity)).size).toBe(3);
    expect(await through(kinds[1]!, { a: null })).toEqual({ a: null });
    expect(await through(kinds[2]!, {})).toEqual({});
    await expectRefused(kinds[0]!, [{ a: null }, {}]);
  });
});

describe("identity", () => {
  it("159 · descriptions, titles and other words about a schema do not count", () => {
    expect(identity(z.int().describe("a count"))).toBe(identity(z.int()));
    expect(identity(z.object({ a: z.int().meta({ title: "A" }) }))).toBe(identity(z.object({ a: z.int() })));
  });

  it("183 · a part of a schema counts by what it is, not by what the variable is called that holds it", () => {
    const Small = z.enum(["a", "b"]);
    const Klein = z.enum(["a", "b"]);

    expect(identity(z.object({ size: Small }))).toBe(identity(z.object({ size: Klein })));
  });

  it("159 · what no format could store is refused as a schema, naming the artifact", () => {
    const Function = artifact({ schema: z.object({ callback: z.function() as unknown as z.ZodType }) });
    const { definition } = graph("g", () => ({ callbacks: Function.from(literal(1)) }));

    expect(() => definition.fingerprint).toThrow(refusal("SCHEMA_UNSUPPORTED", "artifact 'callbacks'"));
  });
});
