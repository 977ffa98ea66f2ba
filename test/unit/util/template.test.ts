// Templates as text: what can be written, what is refused, and filling in by stages.

import { describe, expect, it } from "vitest";
import { fillTemplate, formatPart, parseTemplate, templateSegments } from "../../../src/util/template.ts";
import { fc } from "../../support/random.ts";

const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  fillTemplate(parseTemplate(text), ({ name }) => values[name]).text;

describe("reading a template", () => {
  it("a place names something, perhaps one component of it, perhaps with the one value that fits", () => {
    const { parts } = parseTemplate("data/{date.Y[2026]}/{region}-{date.m}.json");

    expect(parts).toEqual([
      "data/",
      { name: "date", component: "Y", fixed: "2026" },
      "/",
      { name: "region", component: undefined, fixed: undefined },
      "-",
      { name: "date", component: "m", fixed: undefined },
      ".json",
    ]);
  });

  it("doubled braces are braces", () => {
    const template = parseTemplate("a{{b}}/{{{x}}}");

    expect(template.parts).toEqual(["a{b}/{", { name: "x", component: undefined, fixed: undefined }, "}"]);
    expect(template.parts.map(formatPart).join("")).toBe("a{{b}}/{{{x}}}");
  });

  it.each([
    ["", "the template is empty"],
    ["data/", "names a folder"],
    ["data/{date}/", "names a folder"],
    ["data//x.json", "an empty folder name"],
    ["data\\{date}.json", "Separate folders with /"],
    ["data/{date.json", "never closed"],
    ["data/date}.json", "closes nothing"],
    ["data/{}.json", "{} is not a place to fill"],
    ["data/{date.Y.m}.json", "is not a place to fill"],
    ["data/{date[a/b]}.json", "is not a place to fill"],
    ["data/{date.m:02}.json", "write {date.m} for {date.m:02}"],
    ["data/\u0000.json", "control character"],
    ["data/a\nb.json", "control character"],
  ])("%j is refused in a sentence that says what to do", (text, sentence) => {
    expect(() => parseTemplate(text)).toThrow(expect.objectContaining({ code: "TEMPLATE_INVALID" }) as Error);
    expect(() => parseTemplate(text)).toThrow(sentence);
  });

  it("every text is either read and written back the same, or refused with the template's own code", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "{{",
      "}}",
      "a",
      ".",
      "/",
      "[",
      "]",
      "b",
      ":",
      "..",
      "é",
      "\\",
      "{a}",
      "{a.b[c]}",
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

    fc.assert(
      fc.property(text, (text) => {
        try {
          expect(parseTemplate(text).parts.map(formatPart).join("")).toBe(text);
        } catch (error) {
          expect(error).toMatchObject({ code: "TEMPLATE_INVALID" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("filling in", () => {
  it("a stage replaces what it knows and leaves the rest to the next", () => {
    const first = fillTemplate(parseTemplate("out/{graph}/{names}/{date.Y}"), ({ name }) => ({ graph: "g" })[name]);
    const second = fillTemplate(first, ({ name }) => ({ names: "a/b" })[name]);

    expect(first.text).toBe("out/g/{names}/{date.Y}");
    expect(second.text).toBe("out/g/a/b/{date.Y}");
    expect(templateSegments(second)).toEqual([
      ["out"],
      ["g"],
      ["a"],
      ["b"],
      [{ name: "date", component: "Y", fixed: undefined }],
    ]);
  });

  it("an empty value takes one separator after it along, and separators at the end go as well", () => {
    expect(filled("a/{x}/b", { x: "" })).toBe("a/b");
    expect(filled("{x}/b", { x: "" })).toBe("b");
    expect(filled("a/b/{x}", { x: "" })).toBe("a/b");
    expect(filled("a/{x}/{y}", { x: "", y: "" })).toBe("a");
    expect(filled("a/{x}{y}/b", { x: "", y: "" })).toBe("a/b");
    expect(filled("a/p{x}.json", { x: "" })).toBe("a/p.json");
    expect(filled("a/{x}/{y}", { x: "", y: "c" })).toBe("a/c");
    expect(filled("a/{x}/b", {})).toBe("a/{x}/b");
  });

  it("a template of which nothing is left is refused", () => {
    expect(() => filled("{x}/{y}", { x: "", y: "" })).toThrow("nothing is left of the template");
  });

  it("braces in a value are braces, not places", () => {
    const once = fillTemplate(parseTemplate("{x}/{y}"), ({ name }) => (name === "x" ? "{y}" : undefined));

    expect(once.text).toBe("{{y}}/{y}");
    expect(fillTemplate(once, () => "z").parts).toEqual(["{y}/z"]);
  });
});
