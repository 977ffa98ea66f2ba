import { describe, expect, test } from "vitest";
import { z } from "zod";
import { local } from "../../../src/data/storage/local.ts";
import { artifact } from "../../../src/graph/artifact.ts";
import { all } from "../../../src/graph/edge.ts";
import { defineGraph } from "../../../src/graph/graph.ts";
import { producer } from "../../../src/graph/producer.ts";
import { matchesGlob, parseSelector, selectNodes } from "../../../src/graph/selector.ts";
import { daily, integers } from "../../../src/identity/declare-dimension.ts";
import { fc } from "../../support/random.ts";

const Day = artifact({
  schema: z.number(),
  partitionBy: { date: daily() },
  annotations: { owner: "ana", teams: ["risk", "web"], level: 2 },
});
const Grid = artifact({ schema: z.number(), partitionBy: { date: daily(), n: integers() } });
const Total = artifact({ schema: z.number() });
const clean = producer({ name: "clean", version: "1", inputs: { raw: Day }, output: Day, build: ({ raw }) => raw });
const sum = producer({
  name: "sum",
  version: "1",
  inputs: { a: all(Day), b: all(Day) },
  output: Total,
  build: () => 1,
  annotations: { owner: "ben" },
});
const graph = defineGraph("spend", () => {
  const raw = Day.from(local("raw/{date}.json"));
  const extra = Day.from(local("extra/{date}.json"));
  const days = clean({ raw });
  return {
    vendor: { raw, extra },
    days,
    other: clean({ raw: extra }),
    total: sum({ a: days, b: days }),
    grid: Grid.from(local("{date}/{n}.json")),
  };
});
const select = (...selectors: string[]): string[] => [...selectNodes(graph, selectors).keys];
const partitions = (...selectors: string[]): object => Object.fromEntries(selectNodes(graph, selectors).partitions);

describe("selecting", () => {
  test.each<[string, string[]]>([
    ["total", ["total"]],
    ["vendor", ["vendor.raw", "vendor.extra"]],
    ["vendor.*", ["vendor.raw", "vendor.extra"]],
    ["*r*", ["vendor.raw", "vendor.extra", "other", "grid"]],
    ["*", ["vendor.raw", "vendor.extra", "days", "other", "total", "grid"]],
    ["+total", ["vendor.raw", "days", "total"]],
    ["vendor.raw+", ["vendor.raw", "days", "total"]],
    ["+days+", ["vendor.raw", "days", "total"]],
    ["+vendor.raw", ["vendor.raw"]],
    ["vendor.*+", ["vendor.raw", "vendor.extra", "days", "other", "total"]],
    ["owner:ana", ["vendor.raw", "vendor.extra", "days", "other"]],
    ["owner:ben", ["total"]],
    ["+owner:ben", ["vendor.raw", "days", "total"]],
    ["teams:web", ["vendor.raw", "vendor.extra", "days", "other"]],
    ["level:2", ["vendor.raw", "vendor.extra", "days", "other"]],
  ])("%s", (selector, keys) => {
    expect(select(selector)).toEqual(keys);
  });

  test("nothing in particular means everything", () => {
    expect(select()).toEqual([...graph.nodes.keys()]);
  });

  test("several at once means all of them, in the graph's order", () => {
    expect(select("total", "vendor.raw")).toEqual(["vendor.raw", "total"]);
  });

  test("some partitions of an artifact", () => {
    expect(partitions("days[2026-01-02]", "days[date=2026-01-03]", "days[2026-01-02]")).toEqual({
      days: ["date=2026-01-02", "date=2026-01-03"],
    });
    expect(partitions("grid[n=10,date=2026-01-02]")).toEqual({ grid: ["date=2026-01-02,n=10"] });
    expect(select("days[2026-01-02]", "total")).toEqual(["days", "total"]);
  });

  test("an artifact as a whole takes precedence over some of its partitions", () => {
    expect(partitions("days[2026-01-02]", "+total")).toEqual({});
  });
});

describe("a selector is refused", () => {
  test.each([
    ["totl", "nothing in graph 'spend' matches \"totl\". Did you mean 'total'?"],
    ["+vendor.rwa", "Did you mean 'vendor.raw'?"],
    ["owner:anna", "Did you mean 'owner:ana'?"],
    ["zzz*", "nothing in graph 'spend' matches \"zzz*\""],
    ["toString", 'matches "toString"'],
    ["vendo[2026-01-02]", 'matches "vendo[2026-01-02]"'],
  ])("that matches nothing: %s", (selector, sentence) => {
    expect(() => select(selector)).toThrow(
      expect.objectContaining({
        code: "SELECTOR_UNKNOWN",
        message: expect.stringContaining(sentence) as string,
      }) as Error,
    );
  });

  test.each([
    "",
    "+",
    "++",
    "days[",
    "days]",
    "days[2026]x",
    "*[2026-01-02]",
    "+days[2026-01-02]",
    "days[2026-01-02]+",
    "owner:",
    ":ana",
    "owner:ana[1]",
    "a\nb",
    "a+b",
  ])("that is written wrongly: %j", (selector) => {
    expect(() => parseSelector(selector)).toThrow(expect.objectContaining({ code: "SELECTOR_INVALID" }) as Error);
  });

  test.each([
    ["days[2026-02-30]", "PARTITION_KEY_INVALID"],
    ["days[n=1]", "PARTITION_KEY_INVALID"],
    ["grid[2026-01-02]", "PARTITION_KEY_INVALID"],
    ["total[2026-01-02]", "PARTITION_KEY_INVALID"],
  ])("that names no partition: %s", (selector, code) => {
    expect(() => select(selector)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(`selector "${selector}"`) as string }) as Error,
    );
  });
});

describe("a star", () => {
  test("stands for any text, as a regular expression would say it", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".") });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*") });
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        const regex = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);

        expect(matchesGlob(pattern, text)).toBe(regex.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes no longer the more stars there are", () => {
    const start = performance.now();

    expect(matchesGlob(`${"*a".repeat(2_000)}b`, "a".repeat(20_000))).toBe(false);

    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
