import { describe, expect, test } from "vitest";
import { z } from "zod";
import { valueConflict } from "../../../src/graph/value-conflict.ts";

const Row = z.object({ id: z.int(), tags: z.array(z.string()) });

describe("values that can never be", () => {
  test.each<[string, z.ZodType, z.ZodType, object]>([
    ["of another kind", z.string(), z.number(), { path: "", expected: "number", received: "string" }],
    [
      "of another kind in a list",
      z.array(z.string()),
      z.array(z.number()),
      { path: "[]", expected: "number", received: "string" },
    ],
    ["without a field", z.object({ id: z.int() }), Row, { path: ".tags", expected: "array", received: "nothing" }],
    [
      "with a field of another kind",
      z.object({ id: z.string(), tags: z.array(z.string()) }),
      Row,
      { path: ".id", expected: "number", received: "string" },
    ],
    [
      "deep inside",
      z.array(z.object({ row: Row })),
      z.array(z.object({ row: z.object({ tags: z.array(z.int()) }) })),
      { path: "[].row.tags[]", expected: "number", received: "string" },
    ],
    [
      "parsed to another kind",
      z.number().transform(String).pipe(z.string()),
      z.number(),
      { path: "", expected: "number", received: "string" },
    ],
  ])("are found: %s", (_title, there, here, conflict) => {
    expect(valueConflict(there, here)).toEqual(conflict);
  });

  test.each<[string, z.ZodType, z.ZodType]>([
    ["the same", Row, Row],
    ["equal", z.number(), z.number()],
    ["whole numbers for numbers", z.int(), z.number()],
    ["more fields than asked for", Row.extend({ note: z.string() }), Row],
    ["an optional field", Row, z.object({ id: z.int(), note: z.string().optional() })],
    ["fields nobody listed", z.looseObject({ id: z.int() }), Row],
    ["a choice", z.union([z.string(), z.number()]), z.number()],
    ["a text that becomes a number", z.string().transform(Number), z.number()],
    ["a date, which JSON does not have", z.string().transform((text) => new Date(text)), z.date()],
    ["anything", z.unknown(), Row],
    ["a record", z.record(z.string(), z.number()), z.object({ id: z.int() })],
    ["what has no JSON Schema at all", z.function(), z.number()],
  ])("are not seen where there may be some: %s", (_title, there, here) => {
    expect(valueConflict(there, here)).toBeUndefined();
  });

  test("are looked for in schemas that contain themselves", () => {
    const Tree = z.object({
      value: z.number(),
      get children() {
        return z.array(Tree);
      },
    });
    const Other = z.object({
      value: z.number(),
      get children() {
        return z.array(Other);
      },
    });

    expect(valueConflict(Tree, Other)).toBeUndefined();
  });
});
