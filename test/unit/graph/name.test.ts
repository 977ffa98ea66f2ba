import { describe, expect, test } from "vitest";
import { checkName, foldName, nameProblem } from "../../../src/graph/name.ts";
import { fc } from "../../support/random.ts";

describe("a name", () => {
  test.each([
    "days",
    "sum-day",
    "Total_2",
    "2026",
    "monthly report",
    "São Paulo",
    "東京",
    "constructor",
    "toString",
    "then",
    "$",
    "%41",
  ])("may be %j", (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  test.each<[unknown, string]>([
    ["", "an empty text"],
    ["__proto__", "what would set a prototype"],
    ["a.b", "a dot, which separates namespaces"],
    ["a/b", "a slash"],
    ["..", "a way up"],
    ["a\\b", "a backslash"],
    ["a[b]", "brackets"],
    ["a+", "a plus"],
    ["a*", "a star"],
    ["owner:ana", "a colon"],
    ["{date}", "braces"],
    ["a,b", "a comma"],
    ["a=b", "an equals sign"],
    ["a\0b", "NUL"],
    ["a\nb", "a line break"],
    ["a\u202eb", "what turns the direction of text"],
    ["a\u200bb", "a space without width"],
    ["a\u00a0b", "a space that does not break"],
    ["a\ud800", "half of a surrogate pair"],
    ["e\u0301", "a decomposed letter"],
    [" a", "a space before it"],
    ["a ", "a space behind it"],
    ["a  b", "two spaces"],
    ["-force", "a dash before it"],
    ["é".repeat(65), "more than 128 bytes"],
    [7, "a number"],
    [null, "nothing at all"],
    [undefined, "nothing given"],
  ])("cannot be %j: %s", (name) => {
    expect(() => checkName(name, "artifact")).toThrow(/^artifact: this cannot be a name; expected a text of letters/);
  });

  test("is printed so that what is invisible can be seen", () => {
    expect(() => checkName("a\u202eb", "artifact")).toThrow(
      /received "a\\u\{202e\}b" with the character U\+202E in it/,
    );
    expect(() => checkName("a.b", "artifact")).toThrow(/received "a\.b" with \. in it/);
  });

  test("has a fold that is the same for names that look the same", () => {
    for (const [a, b] of [
      ["Days", "dAYS"],
      ["straße", "STRASSE"],
      ["ﬁle", "file"],
      ["Ａ", "a"],
      ["é", "É"],
    ] as const) {
      expect(foldName(a)).toBe(foldName(b));
    }
    expect(foldName("days")).not.toBe(foldName("day"));
  });

  test("that is allowed never holds what separates names elsewhere", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        fc.pre(nameProblem(name) === undefined);
        expect(name).toBe(name.normalize("NFC").trim());
        expect(/[./\\[\]+*:,={}\p{Cc}\p{Cs}]/u.test(name)).toBe(false);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(128);
      }),
    );
  });
});
