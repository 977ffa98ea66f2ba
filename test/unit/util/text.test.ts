import { describe, expect, it } from "vitest";
import { showValue } from "../../../src/util/show.ts";
import { suggest, suggestKey } from "../../../src/util/suggest.ts";
import { compareText } from "../../../src/util/text-order.ts";
import { fc } from "../../support/random.ts";

describe("the order of texts", () => {
  it("is that of their UTF-8 bytes", () => {
    const texts = fc.string({
      unit: fc.constantFrom("a", "b", "é", "\ud7ff", "\ue000", "\uff5e", "\u{10000}", "\u{1f600}", "\u{10ffff}"),
      maxLength: 4,
    });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a suggestion", () => {
  it("is the candidate that is fewest slips away", () => {
    const names = ["transactions", "transaction-days", "days", "total"];

    expect(suggest("transaction", names)).toBe("transactions");
    expect(suggest("trasnactions", names)).toBe("transactions");
    expect(suggest("totla", names)).toBe("total");
    expect(suggest("dais", names)).toBe("days");
    expect(suggest("day", names)).toBe("days");
  });

  it("prefers the same word in another case, and the first of equals", () => {
    expect(suggest("TOTAL", ["totals", "total"])).toBe("total");
    expect(suggest("bat", ["cat", "hat"])).toBe("cat");
  });

  it("is not made up: a word too far from all, or too short to tell, has none", () => {
    expect(suggest("weather", ["days", "total"])).toBeUndefined();
    expect(suggest("x", ["y", "xy"])).toBeUndefined();
    expect(suggest("", ["a"])).toBeUndefined();
    expect(suggest("days", [])).toBeUndefined();
  });

  it("for a name with dots is also found by its last part, or by what it is within", () => {
    const keys = ["total", "vendor.transactions", "vendor.rates"];

    expect(suggestKey("totl", keys)).toBe("total");
    expect(suggestKey("transaction", keys)).toBe("vendor.transactions");
    expect(suggestKey("shop.rates", keys)).toBe("vendor.rates");
    expect(suggestKey("vendor", keys)).toBe("vendor.transactions");
    expect(suggestKey("weather", keys)).toBeUndefined();
  });

  it("is found among 100,000 names at once", () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `artifact-${index}`);
    const start = performance.now();

    expect(suggest("artefact-99999", names)).toBe("artifact-99999");
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("a value in a sentence", () => {
  it("is one printable line", () => {
    expect(showValue('say "hi"\n\u202e\u001b[31m')).toBe('"say \\"hi\\"\\u{a}\\u{202e}\\u{1b}[31m"');
    expect(showValue("\ud800")).toBe('"\\u{d800}"');
    expect(showValue("👩‍👩‍👧 東京 é")).toBe('"👩‍👩‍👧 東京 é"');
    expect(showValue("x".repeat(300))).toBe(`"${"x".repeat(80)}…"`);
  });

  it("is never cut through the middle of a character", () => {
    for (let lead = 76; lead < 84; lead++) expect(showValue("x".repeat(lead) + "😀".repeat(9))).not.toMatch(/u\{d/);
  });

  it("is named by what it is when it is no text", () => {
    const shown = [
      -0,
      NaN,
      5n,
      undefined,
      null,
      [],
      {},
      Object.create(null),
      new Map(),
      new Error("x"),
      () => 1,
      Symbol("s"),
    ].map(showValue);

    expect(shown).toEqual([
      ...["-0", "NaN", "the bigint 5", "undefined", "null", "an array", "an object", "an object", "a Map", "an Error"],
      ...["a function", "a symbol"],
    ]);
  });

  it("does not run an object's own code", () => {
    class Loud {
      toString(): string {
        throw new Error("called");
      }
    }
    expect(showValue(new Loud())).toBe("a Loud");
  });
});
