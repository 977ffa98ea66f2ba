// Two schemas compared: zod itself is the judge of what is compatible.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { schemaDifference } from "../../../src/identity/schema-difference.ts";
import { edited, schemaOf, specs, valuesOf, type Spec } from "./schema-specs.ts";

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
    const runs = { numRuns: Number(process.env["RUNS"] ?? 2_000) };
    fc.assert(
      fc.property(specs, fc.gen(), (spec, gen) => judge(spec, edited(spec, gen), gen)),
      runs,
    );

    expect(judged.compatible).toBeGreaterThan(runs.numRuns / 5);
    expect(judged.breaking).toBeGreaterThan(runs.numRuns / 5);
    expect(judged.values).toBeGreaterThan(runs.numRuns / 2);
    console.log(judged);
  });

  it("takes each value that the old schema took, of any two schemas", () => {
    const runs = { numRuns: Number(process.env["RUNS"] ?? 1_000) };
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
