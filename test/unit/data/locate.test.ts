// Where produced data goes: templates that are refused, and places that never meet.

import { describe, expect, it } from "vitest";
import { local, managed } from "../../../src/data/storage/local.ts";
import type { ProducedPlace } from "../../../src/data/storage/storage.ts";
import { parseFingerprint } from "../../../src/identity/fingerprint.ts";
import { daily, hourly, integers, monthly, oneOf, strings, weekly } from "../../../src/identity/declare-dimension.ts";
import type { Dimensions, Key } from "../../../src/identity/dimension.ts";
import { encodeKey } from "../../../src/identity/partition-key.ts";
import { fc } from "../../support/random.ts";

const input = parseFingerprint("0123456789abcdef0123456789abcdef");
const attempt = "01k0aa00aa00aa00aa00aa00aa";

function place(dimensions: Dimensions, key: Record<string, unknown>, more: Partial<ProducedPlace> = {}): ProducedPlace {
  const keyText = encodeKey(dimensions, key);
  return {
    graph: "g",
    artifactKey: "vendor.days",
    dimensions,
    key: key as Key,
    keyText,
    input,
    attempt,
    extension: ".json",
    ...more,
  };
}

const words = { word: strings() };
const located = (value: string, template = "out/{word}/{input_fingerprint}.json"): string =>
  local(template).locate(place(words, { word: value }));
/** The folder that stands for the value. */
const folder = (value: string): string => located(value).split("/")[1] as string;

describe("a template for produced data", () => {
  it.each([
    ["out/{date}.json", { date: daily() }, "lacks {input_fingerprint}"],
    ["out/{input_fingerprint}.json", { date: daily() }, "the template lacks {date}"],
    ["out/{date.Y}/{input_fingerprint}.json", { date: daily() }, "does not say which date it is"],
    ["/out/{input_fingerprint}.json", {}, "is absolute"],
    ["C:/out/{input_fingerprint}.json", {}, "is absolute"],
    ["../out/{input_fingerprint}.json", {}, "leaves the project's root"],
    ["out/../../{input_fingerprint}.json", {}, "went down"],
    ["~/{input_fingerprint}.json", {}, "home folder"],
    ["out/{name}/{input_fingerprint}", { name: strings() }, "write {name.value}"],
    ["out/{a}{b}/{input_fingerprint}", { a: strings(), b: strings() }, "nothing tells where {a} ends"],
    ["out/{a}{input_fingerprint}", { a: strings() }, "nothing tells where {a} ends"],
    ["out/{a}{date.Y}{b}/{date}-{input_fingerprint}", { a: strings(), b: strings(), date: daily() }, "nothing tells"],
    ["out/{a}7{b}/{input_fingerprint}", { a: integers(), b: integers() }, "can be part of {a}"],
    ["out/{a}%{b}/{input_fingerprint}", { a: strings(), b: strings() }, "can be part of {a}"],
    ["out/{partition}={input_fingerprint}", { a: strings(), b: strings() }, "can be part of {partition}"],
    ["out/{constructor}/{input_fingerprint}", {}, "{constructor} means nothing here"],
    ["out/{__proto__}/{input_fingerprint}", {}, "means nothing here"],
    ["out/{date.constructor}/{input_fingerprint}", { date: daily() }, "is not a component"],
    ["out/{dat}/{input_fingerprint}", { date: daily() }, "Did you mean {date}?"],
    ["out/{input_fingerprnt}", {}, "Did you mean {input_fingerprint}?"],
    ["out/{date.isoo}/{input_fingerprint}", { date: daily() }, "Did you mean {date.iso}?"],
    ["con/{input_fingerprint}", {}, "a device on Windows"],
    ["out/NUL.{input_fingerprint}", {}, "a device on Windows"],
    ["out./{input_fingerprint}", {}, "ends with a dot or space"],
    ["out/a:b/{input_fingerprint}", {}, "Windows refuses"],
    [".strata-tmp-1/{input_fingerprint}", {}, "temporary files"],
  ] as const)("%s is refused", (template, dimensions, sentence) => {
    const check = (): void => local(template as string).check(dimensions, "produced");

    expect(check).toThrow(expect.objectContaining({ code: "TEMPLATE_INVALID" }) as Error);
    expect(check).toThrow(sentence);
  });

  it("a literal name that leaves no room for values is refused", () => {
    const check = (): void => local(`${"x".repeat(201)}/{input_fingerprint}`).check({}, "produced");

    expect(check).toThrow("longer than 200 bytes");
  });

  it("a source never carries the input fingerprint, and may lie anywhere its author says", () => {
    const dimensions = { date: daily() };

    expect(() => local("in/{date}-{input_fingerprint}.json").check(dimensions, "source")).toThrow("Remove it");
    for (const template of ["/data/{date}.json", "../shared/{date}.json", "C:/data/{date}.json", "./in/{date}.json"]) {
      expect(() => local(template).check(dimensions, "source")).not.toThrow();
    }
    expect(() => local("in/../{date}.json").check(dimensions, "source")).toThrow("Write the path without the detour");
  });

  it("dates of fixed width may stand side by side, and a dimension may be named like one of our places", () => {
    expect(
      local("out/{date.Y}{date.m}{date.d}/{input_fingerprint}").locate(
        place({ date: daily() }, { date: "2026-01-02" }),
      ),
    ).toMatch(/^out\/20260102\//);
    const dimensions = { name: strings() };
    expect(local("out/{name}/{name.value}/{input_fingerprint}").locate(place(dimensions, { name: "x" }))).toMatch(
      /^out\/days\/x\//,
    );
  });
});

describe("a location", () => {
  it("is managed/… by artifact, partition and input, without the partition where there is none", () => {
    const dimensions = { date: daily(), region: oneOf("eu", "us") };

    expect(managed().locate(place(dimensions, { date: "2026-01-02", region: "eu" }))).toBe(
      `data/vendor/days/date=2026-01-02,region=eu.${input}-${attempt}.json`,
    );
    expect(managed().locate(place({}, {}))).toBe(`data/vendor/days/${input}-${attempt}.json`);
  });

  it("knows graph, names, name, extension and the parts of dates", () => {
    const dimensions = { date: hourly() };
    const template = "out/{graph}/{names}/{name}/{date.Y}/{date.m}/{date.d}/{date.H}/{input_fingerprint}{extension}";

    expect(local(template).locate(place(dimensions, { date: "2026-01-02T03" }))).toBe(
      `out/g/vendor/days/days/2026/01/02/03/${input}-${attempt}.json`,
    );
    expect(local("{n.hex}-{m}-{w.G}/{m.m}{w.V}/{partition}/{names}.{input_fingerprint}").locate(
      place({ n: integers(), m: monthly(), w: weekly() }, { n: -255, m: "2026-02", w: "2026-W01" }, { extension: "" }),
    )).toBe(`-ff-2026-02-2026/0201/m=2026-02,n=-255,w=2026-W01/vendor/days.${input}-${attempt}`); // prettier-ignore
  });

  it("a fixed value only limits what a source finds: the real value is written", () => {
    const dimensions = { date: daily() };

    expect(
      local("{date.Y[2026]}/{date}-{input_fingerprint}").locate(place(dimensions, { date: "2025-12-31" })),
    ).toMatch(/^2025\//);
  });

  it("what would leave its folder, hide, or mean a device stays one harmless name", () => {
    expect(folder("../../etc")).toBe("%2E.%2F..%2Fetc");
    expect(folder("..")).toBe("%2E%2E");
    expect(folder(".")).toBe("%2E");
    expect(folder(".git")).toBe("%2Egit");
    expect(folder("a.")).toBe("a%2E");
    expect(folder("C:\\x")).toBe("C%3A%5Cx");
    expect(folder("con")).toBe("%63on");
    expect(folder("NUL.json")).toBe("%4EUL.json");
    expect(folder("LPT¹")).toBe("LPT%C2%B9");
    expect(folder("com1")).toBe("%63om1");
    expect(folder("PROGRA~1")).toBe("PROGRA%7E1");
    expect(folder("a*b?{c}[d]")).toBe("a%2Ab%3F%7Bc%7D%5Bd%5D");
    expect(folder("a%2Fb")).toBe("a%252Fb");
    expect(folder(".strata-tmp-1-00000000-0-0")).toBe("%2Estrata-tmp-1-00000000-0-0");
    expect(located("n", "out/co{word}/{input_fingerprint}")).toMatch(/^out\/co%6E\//);
  });

  it("a value too long for a name becomes its beginning and a hash, before anything is computed", () => {
    const long = located("é".repeat(300));
    const [, name] = long.split("/") as [string, string];

    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^(%C3%A9)+~[0-9a-f]{32}$/);
    expect(located(`${"é".repeat(300)}x`)).not.toBe(long);
    const both = local("out/{a}-{b}-{input_fingerprint}").locate(
      place({ a: strings(), b: strings() }, { a: "a".repeat(400), b: "b".repeat(400) }),
    );
    expect(Buffer.byteLength(both)).toBeLessThanOrEqual(259);
    expect(both).toMatch(/^out\/a+~[0-9a-f]{32}-b+~[0-9a-f]{32}-/);
  });

  it("without room for a hash, or deeper than a path may be, it is refused with the artifact and what to do", () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`d${n}`, strings()]));
    const key = Object.fromEntries(Object.keys(many).map((name) => [name, name.repeat(30)]));
    const crowded = `out/${Object.keys(many)
      .map((name) => `{${name}}`)
      .join("_")}/{input_fingerprint}`;
    const deep = `${"long-folder/".repeat(200)}{input_fingerprint}`;

    expect(() => local(crowded).locate(place(many, key))).toThrow(
      expect.objectContaining({ code: "LOCATION_TOO_LONG" }) as Error,
    );
    expect(() => local(crowded).locate(place(many, key))).toThrow("Give each dimension a folder of its own");
    expect(() => local(deep).locate(place({}, {}))).toThrow("vendor.days");
  });

  it("two outputs of one step with one template never meet", () => {
    const storage = local("out/{input_fingerprint}.json");

    expect(storage.locate(place({}, {}, { artifactKey: "a.x" }))).not.toBe(
      storage.locate(place({}, {}, { artifactKey: "b.x" })),
    );
  });

  it("different keys have different locations in every template, and none leaves its folder", () => {
    const dimensions = { a: strings(), b: strings(), n: integers() };
    const templates = [
      "out/{a}/{b}/{n}-{input_fingerprint}",
      "out/{a}_{b}_{n}_{input_fingerprint}",
      "out/{partition}.{input_fingerprint}",
      "out/x{a}.{b}/{n.hex}.{input_fingerprint}",
      "out/{a}-{n}-{b}/{input_fingerprint}",
    ].map((template) => local(template));
    const nasty = fc.constantFrom(
      "a",
      "A",
      "_",
      ".",
      "-",
      "..",
      "x",
      "é",
      "É",
      "/",
      "\\",
      "%",
      "%41",
      "%2F",
      "~",
      "=",
      ",",
      " ",
      "con",
      "0",
      "F",
      "\u{1f600}",
    );
    const text = fc.array(nasty, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("").normalize("NFC"));
    const key = fc.record({ a: text, b: text, n: fc.integer({ min: -300, max: 300 }) });

    fc.assert(
      fc.property(key, key, (one, other) => {
        // Each partition has its own input fingerprint; without it only the values are compared.
        const same = JSON.stringify(one) === JSON.stringify(other);
        for (const storage of templates) {
          const [left, right] = [one, other].map((key) => storage.locate(place(dimensions, key))) as [string, string];
          expect(left === right).toBe(same);
          for (const name of left.split("/")) {
            expect(name).toMatch(/^[A-Za-z0-9._+%~=,-]+$/);
            expect(name).not.toMatch(/^\.|\.$|^(con|nul)(\.|$)/i);
            expect(name.length).toBeLessThanOrEqual(255);
          }
          expect(left.startsWith("out/")).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe("resolving", () => {
  it("fills in what a graph knows, as folders for a dotted name, and leaves the dimensions", () => {
    const storage = local("in/{graph}/{names}/{date}-{name}{extension}");
    const resolved = storage.resolve({ graph: "spend", artifactKey: "vendor.days", extension: ".json" });

    expect(resolved.template).toBe("in/spend/vendor/days/{date}-days.json");
    expect(storage.resolve({ graph: "spend" }).template).toBe("in/spend/{names}/{date}-{name}{extension}");
    expect(local("in/{date}.json").resolve({ graph: "g" }).template).toBe("in/{date}.json");
  });

  it("names that hold separators or go up stay one folder", () => {
    expect(local("in/{graph}/x").resolve({ graph: "../a/b" }).template).toBe("in/%2E.%2Fa%2Fb/x");
  });
});
