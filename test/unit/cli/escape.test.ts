// What users and their data are called must never command a terminal.

import { describe, expect, it } from "vitest";
import { escapeBeginning, escapeJson, escapeLines, escapeText } from "../../../src/cli/terminal/escape.ts";
import { fc } from "../../support/random.ts";

/** Everything a terminal acts on or that turns text around. */
const ACTING =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const anyText = fc.string({ unit: "binary", maxLength: 60 });

describe("escaped text", () => {
  it("shows what would act as an escape", () => {
    expect(escapeText("\u001b]52;c;cm0gLXJm\u0007")).toBe("\\x1b]52;c;cm0gLXJm\\x07");
    expect(escapeText("a\rb\nc\td\be")).toBe("a\\rb\\nc\\td\\x08e");
    expect(escapeText("\u009b31m \u007f")).toBe("\\x9b31m \\x7f");
    expect(escapeText("price\u202e001")).toBe("price\\u202e001");
    expect(escapeText("one\u2028two\u2029")).toBe("one\\u2028two\\u2029");
    expect(escapeText("half \ud800 and \udc00")).toBe("half \\ud800 and \\udc00");
    expect(escapeText("tag \u{e0041}")).toBe("tag \\u{e0041}");
  });

  it("leaves what is only read as it is", () => {
    for (const text of ["plain", "Größe 12 €", "日本語", "👩‍👩‍👧", "naïve", "a\u0301"]) expect(escapeText(text)).toBe(text);
  });

  it("holds nothing that acts, whatever it was made from", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeText(text)).not.toMatch(ACTING);
        for (const line of escapeLines(text)) expect(line).not.toMatch(ACTING);
      }),
    );
  });

  it("keeps line ends where lines are asked for", () => {
    expect(escapeLines("one\r\ntwo\u001b[2J\n\tthree")).toEqual(["one", "two\\x1b[2J", "  three"]);
  });
});

describe("the beginning of a text", () => {
  it("is all of it where that is no more than a screen", () => {
    const text = `${"x".repeat(1_900)}\n${"y".repeat(50)}`;

    expect(escapeBeginning(text, "elsewhere")).toEqual(escapeLines(text));
  });

  it("says how much is left, and where", () => {
    expect(escapeBeginning("x".repeat(65_536), "--json has it")).toEqual([
      "x".repeat(2_000),
      "… and 63,536 more characters: --json has it",
    ]);
    expect(escapeBeginning("line\n".repeat(100), "--json has it").slice(-2)).toEqual([
      "line",
      "… and 351 more characters: --json has it",
    ]);
    expect(escapeBeginning(`${"x".repeat(1_999)}🚀`, "--json has it").join("")).not.toContain("\\ud83d");
  });
});

describe("escaped JSON", () => {
  it("is the same value, and holds nothing that acts but line ends", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, (value, text) => {
        const json = JSON.stringify({ value, [text]: text }, null, 2);

        const escaped = escapeJson(json);

        expect(JSON.parse(escaped)).toEqual(JSON.parse(json));
        expect(escaped.replaceAll("\n", "")).not.toMatch(ACTING);
      }),
    );
  });
});
