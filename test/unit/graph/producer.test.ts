import { describe, expect, test } from "vitest";
import { z } from "zod";
import { local } from "../../../src/data/storage/local.ts";
import { artifact } from "../../../src/graph/artifact.ts";
import { all, latest, mapKeys, optional, window } from "../../../src/graph/edge.ts";
import { producer, producerDefinition } from "../../../src/graph/producer.ts";
import { retryDelay } from "../../../src/graph/retry.ts";
import { wireOf, type OutputWire } from "../../../src/graph/wired.ts";
import { daily, integers, monthly } from "../../../src/identity/declare-dimension.ts";
import { semver } from "../../../src/identity/version.ts";

const Day = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Month = artifact({ schema: z.number(), partitionBy: { month: monthly() } });
const Grid = artifact({ schema: z.number(), partitionBy: { date: daily(), n: integers() } });
const Total = artifact({ schema: z.number() });
const Other = artifact({ schema: z.string() });
const day = Day.from(local("days/{date}.json"));

const definition = { name: "p", version: "1.0.0", inputs: { days: all(Day) }, output: Total, build: () => 1 };
const declare = (changes: object): unknown => producer({ ...definition, ...changes } as never);

describe("a producer", () => {
  test("is what it was told, checked and frozen", () => {
    const build = (): number => 1;
    const p = producer({
      ...definition,
      version: semver("1.2.3"),
      build,
      timeout: 500,
      annotations: { owner: "ana" },
      description: "Sums.",
    });
    const found = producerDefinition(p)!;

    expect(found).toMatchObject({
      name: "p",
      single: true,
      timeout: 500,
      annotations: { owner: "ana" },
      description: "Sums.",
      dimensions: {},
    });
    expect(found.version).toMatchObject({ kind: "semver", text: "1.2.3" });
    expect(found.build).toBe(build);
    expect([...found.outputs]).toEqual([["output", Total]]);
    expect(Object.isFrozen(found)).toBe(true);
    expect(Object.isFrozen(p)).toBe(true);
    expect(p).toHaveProperty("name", "p");
  });

  test("says of each input which partitions it wants", () => {
    const keys = ({ month }: { readonly month: string }): { date: string; n: number } => ({
      date: `${month}-01`,
      n: 1,
    });
    const p = producer({
      name: "p",
      version: "1",
      inputs: {
        month: Month,
        mapped: mapKeys(Grid, Month, keys),
        last: optional(latest(Day)),
        run: window(Grid, 3, "n"),
        every: all(Grid, "date"),
      },
      output: artifact({ schema: z.number(), partitionBy: { month: monthly(), date: daily(), n: integers() } }),
      build: () => 1,
    });

    expect([...producerDefinition(p)!.inputs].map(([name, { edge, optional }]) => [name, edge, optional])).toEqual([
      ["month", { kind: "same" }, false],
      ["mapped", { kind: "map", output: Month, keys }, false],
      ["last", { kind: "latest", over: "date" }, true],
      ["run", { kind: "window", size: 3, over: "n" }, false],
      ["every", { kind: "all", over: "date" }, false],
    ]);
  });

  test.each([
    ["no name", { name: undefined }, "producer: this cannot be a name"],
    ["a name with a dot", { name: "sum.day" }, 'received "sum.day" with . in it'],
    ["a version that is a number", { version: 1 }, "producer 'p'"],
    ["no build", { build: undefined }, "producer 'p': a producer needs a build function"],
    [
      "no inputs",
      { inputs: undefined },
      "producer 'p': a producer names its inputs; expected inputs: { days: DailySpend }, or {} for none, received nothing",
    ],
    ["inputs by list", { inputs: [Day] }, "a producer names its inputs"],
    [
      "an input that is nothing",
      { inputs: { days: undefined } },
      "producer 'p', input 'days': this is not an artifact",
    ],
    ["inputs that look alike", { inputs: { a: Total, A: Total } }, "producer 'p': input 'A' looks like input 'a'"],
    ["an input called __proto__", { inputs: { ["__proto__"]: Total } }, "producer 'p', input: this cannot be a name"],
    ["no outputs", { output: undefined, outputs: {} }, "producer 'p': outputs are named"],
    [
      "outputs that look alike",
      { output: undefined, outputs: { a: Total, A: Total } },
      "output 'A' looks like output 'a'",
    ],
    [
      "a negative timeout",
      { timeout: -1 },
      "a timeout is a time; expected milliseconds, above 0 and below 2^31, received -1",
    ],
    [
      "retries without end",
      { retries: Infinity },
      "producer 'p', retries: 'times' counts further attempts; expected a whole number from 0 to 100, received Infinity",
    ],
    ["half a retry", { retries: 0.5 }, "'times' counts further attempts"],
    ["a misspelt retry option", { retries: { times: 1, delai: 1 } }, "Did you mean 'delay'?"],
    ["a validate that is a sentence", { validate: "good" }, "validate is a function"],
    [
      "a template for its output that lacks {input_fingerprint}",
      { output: artifact({ schema: z.number(), storage: local("out.json") }) },
      "producer 'p', output",
    ],
  ])("is refused with %s", (_title, changes, sentence) => {
    expect(() => declare(changes)).toThrow(sentence);
  });

  test("waits longer after each failure, up to the longest pause", () => {
    const { retries } = producerDefinition(declare({ retries: 5 }))!;

    expect(retries).toEqual({ times: 5, delay: 1_000, factor: 2, maxDelay: 60_000 });
    expect([1, 2, 3, 10].map((failures) => retryDelay(retries!, failures))).toEqual([1_000, 2_000, 4_000, 60_000]);
  });
});

describe("calling a producer", () => {
  const sum = producer(definition);

  test("wires its output, each time anew", () => {
    const first = wireOf(sum({ days: day })) as OutputWire;
    const second = wireOf(sum({ days: day })) as OutputWire;

    expect(first.slot).toBe("output");
    expect([...first.call.inputs]).toEqual([["days", wireOf(day)]]);
    expect(first).not.toBe(second);
    expect(first.call).not.toBe(second.call);
  });

  test("of several outputs wires them by name, from one call", () => {
    const split = producer({
      name: "split",
      version: "1",
      inputs: {},
      outputs: { train: Total, constructor: Other },
      build: () => ({ train: 1, constructor: "" }),
    });
    const parts = split();

    expect(Object.keys(parts)).toEqual(["train", "constructor"]);
    expect((wireOf(parts.train) as OutputWire).call).toBe((wireOf(parts.constructor) as OutputWire).call);
  });

  test("may leave an optional input out", () => {
    const maybe = producer({
      name: "maybe",
      version: "1",
      inputs: { a: Total, b: optional(Total) },
      output: Total,
      build: ({ a, b }) => a + (b ?? 0),
    });
    const a = Total.from(local("a.json"));

    expect([...(wireOf(maybe({ a })) as OutputWire).call.inputs.keys()]).toEqual(["a"]);
    expect([...(wireOf(maybe({ a, b: a })) as OutputWire).call.inputs.keys()]).toEqual(["a", "b"]);
  });

  test.each([
    ["nothing", undefined, "producer 'p', input 'days': this input is missing; expected an artifact, received nothing"],
    [
      "an artifact without a name",
      day,
      "producer 'p': a producer is called with its inputs by name; expected { days }, received an artifact",
    ],
    ["a list", [day], "a producer is called with its inputs by name"],
    [
      "a raw value",
      { days: 12 },
      "producer 'p', input 'days': this cannot be wired; expected an artifact, received 12",
    ],
    [
      "a misspelt input",
      { dayz: day },
      "producer 'p': it has no such input; expected 'days', received \"dayz\". Did you mean 'days'?",
    ],
    ["an inherited name", { days: day, toString: day }, "it has no such input"],
  ])("with %s is refused", (_title, inputs, sentence) => {
    expect(() => sum(inputs as never)).toThrow(sentence);
  });
});
