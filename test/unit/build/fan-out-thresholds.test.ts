// Thresholds that look back from the partitions of a fan-out: along a dimension that the producer finds, and along one of its steps.

import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { z } from "zod";
import { artifact, daily, fanOut, graph, integers, memory, producer, strings } from "../../../src/index.ts";
import type { BuildResult } from "../../../src/build/events.ts";
import type { BuildOptions } from "../../../src/build/build.ts";

type Thresholds = Readonly<
  Record<string, { of: "rows"; min?: number; last?: number; over?: "date"; severity?: "warn" }>
>;
const steady: Thresholds = { steady: { of: "rows", min: 0.8, last: 2, over: "date" } };

const resultOf = (built: Promise<{ readonly result: BuildResult }>): Promise<BuildResult> =>
  built.then(
    ({ result }) => result,
    (error: { data: { result: BuildResult } }) => error.data.result,
  );

const rows = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** One step finds all days of all regions; `given` in the order in which it gives them. */
function found(given: readonly (readonly [date: string, region: string, rows: number])[], thresholds = steady) {
  const Part = artifact({
    schema: z.array(z.number()),
    partitionBy: { date: daily(), region: strings() },
    thresholds,
  });
  const split = producer({
    name: "split",
    version: "1",
    inputs: {},
    output: fanOut(Part, "date", "region"),
    *build() {
      for (const [date, region, count] of given) yield { key: { date, region }, value: rows(count) };
    },
  });
  return graph("found", () => ({ parts: split() }));
}

it("earlier partitions of the same step count, in whatever order they are given, and those of other keys do not", async () => {
  const days = [
    ["2026-01-03", "n", 9],
    ["2026-01-01", "s", 1000],
    ["2026-01-02", "n", 8],
    ["2026-01-04", "s", 900],
    ["2026-01-01", "n", 10],
  ] as const;
  for (const given of [days, [...days].reverse()]) {
    const { outcome, built } = await resultOf(found(given).build({ backend: memory() }));
    expect([outcome, built]).toEqual(["succeeded", 6]);
  }
});

it("one that is too small refuses all, is named, and is no measure for those after it", async () => {
  const backend = memory();
  const given = [
    ["2026-01-04", "n", 7],
    ["2026-01-03", "n", 1],
    ["2026-01-01", "n", 8],
    ["2026-01-02", "n", 8],
    ["2026-01-05", "n", 5],
  ] as const;

  const { steps, outcome } = await resultOf(found(given).build({ backend }));

  expect(outcome).toBe("failed");
  // 7 is enough of 8, the 3rd is not looked at; 5 is too little of 7.
  expect(steps[0]!.error?.message).toBe(
    "parts.keys: parts[date=2026-01-03,region=n]: threshold 'steady': rows is 1, less than 6.4 (the mean of the last 2 is 8, times 0.8); " +
      "parts[date=2026-01-05,region=n]: threshold 'steady': rows is 5, less than 5.6 (the mean of the last 1 is 7, times 0.8). " +
      "It is kept to be looked at: strata quarantine 'parts[date=2026-01-03,region=n]'",
  );
  const kept = await found(given).quarantined(["parts[date=2026-01-03,region=n]"], { backend });
  expect(await kept[0]!.read()).toEqual([0]);
});

it("integers that are found are in the order of numbers", async () => {
  const Part = artifact({
    schema: z.array(z.number()),
    partitionBy: { n: integers() },
    thresholds: { more: { of: "rows", min: 1, last: 1 } },
  });
  const split = producer({
    name: "split",
    version: "1",
    inputs: {},
    output: fanOut(Part, "n"),
    build: () => [11, 9, 10, 8].map((n) => ({ key: { n }, value: rows(n) })),
  });

  expect((await resultOf(graph("numbers", () => ({ parts: split() })).build({ backend: memory() }))).built).toBe(5);
});

/** A step for each day finds its regions; `sizes` by day and region, `delay` by day in milliseconds. */
function daysOf(sizes: Record<string, Record<string, number>>, delay: Record<string, number> = {}) {
  const backend = memory();
  const made: string[] = [];
  const dates = { date: daily({ from: "2026-01-01", to: "2026-01-04" }) };
  const Raw = artifact({ schema: z.record(z.string(), z.number()), partitionBy: dates });
  const build = (thresholds: Thresholds, options: BuildOptions & { readonly version?: string } = {}) => {
    const { version = "1", ...rest } = options;
    const Part = artifact({
      schema: z.array(z.number()),
      partitionBy: { ...dates, region: strings() },
      thresholds,
    });
    const raw = producer({
      name: "raw",
      version: JSON.stringify(sizes).replaceAll(/[^a-z0-9]+/g, "-"),
      inputs: {},
      output: Raw,
      build: (_, { key }) => sizes[key.date] ?? {},
    });
    const split = producer({
      name: "split",
      version,
      inputs: { raw: Raw },
      output: fanOut(Part, "region"),
      async *build({ raw: given }, { key }) {
        made.push(key.date);
        await setTimeout(delay[key.date] ?? 0);
        for (const [region, count] of Object.entries(given)) yield { key: { region }, value: rows(count) };
      },
    });
    const days = graph("days", () => ({ parts: split({ raw: raw() }) }));
    made.length = 0;
    return { days, result: resultOf(days.build({ backend, ...rest })), made };
  };
  return { backend, build };
}

const errorsIn = ({ steps }: BuildResult): (readonly [string, string])[] =>
  steps.flatMap(({ partition, error }) => (error === undefined ? [] : [[partition, error.what] as const]));

it("partitions of earlier steps count by their keys, whichever step ends first, over days that have none", async () => {
  const sizes = {
    "2026-01-01": { n: 10, s: 100 },
    "2026-01-02": { s: 90 },
    "2026-01-03": { n: 9, s: 95 },
    "2026-01-04": { n: 7, s: 90, w: 1 },
  };
  const { build } = daysOf(sizes, { "2026-01-01": 150, "2026-01-02": 100, "2026-01-03": 50 });

  const { result } = build(steady, { concurrency: 8 });

  expect(errorsIn(await result)).toEqual([
    [
      "date=2026-01-04",
      "parts[date=2026-01-04,region=n]: threshold 'steady': rows is 7, less than 7.6 (the mean of the last 2 is 9.5, times 0.8)",
    ],
  ]);
});

it("a step that was refused is no measure for those after it", async () => {
  const { build } = daysOf({ "2026-01-01": { n: 10 }, "2026-01-02": { n: 1 }, "2026-01-03": { n: 8 } });

  expect(errorsIn(await build(steady, { concurrency: 4 }).result).map(([partition]) => partition)).toEqual([
    "date=2026-01-02",
  ]);
});

it("what is stored is judged by thresholds that are new, with nothing run, and a warning is told of its partition", async () => {
  const { build } = daysOf({
    "2026-01-01": { n: 10, s: 5 },
    "2026-01-02": { n: 1, s: 5 },
    "2026-01-03": { n: 1, s: 5 },
  });
  await build({}).result;

  const blocking = build(steady);
  expect(errorsIn(await blocking.result)).toEqual([
    ["date=2026-01-02", expect.stringContaining("parts[date=2026-01-02,region=n]: threshold 'steady': rows is 1")],
    ["date=2026-01-03", expect.stringContaining("parts[date=2026-01-03,region=n]: threshold 'steady': rows is 1")],
  ]);
  expect(blocking.made).toEqual([]);

  const warned = await build({ steady: { ...steady["steady"]!, severity: "warn" } }).result;
  expect(warned.outcome).toBe("succeeded");
  expect(
    warned.steps.flatMap(({ key, partition, warnings }) => (warnings === undefined ? [] : [[key, partition]])),
  ).toEqual([
    ["parts", "date=2026-01-02,region=n"],
    ["parts", "date=2026-01-03,region=n"],
  ]);
});

it("a build of one step compares with what was linked last of the steps before it", async () => {
  const sizes: Record<string, Record<string, number>> = { "2026-01-01": { n: 10 }, "2026-01-02": { n: 10 } };
  const { build } = daysOf(sizes);
  await build(steady).result;
  sizes["2026-01-02"] = { n: 3 };

  const { result, made } = build(steady, { select: ["parts[date=2026-01-02,region=n]"] });

  expect(errorsIn(await result)).toEqual([
    ["date=2026-01-02", expect.stringContaining("the mean of the last 1 is 10")],
  ]);
  expect(made).toEqual(["2026-01-02"]);
});

it("a step that is pinned is a measure for those after it, whatever it was refused for", async () => {
  const { build, backend } = daysOf({ "2026-01-01": { n: 10 }, "2026-01-02": { n: 4 }, "2026-01-03": { n: 4 } });
  const { days, result } = build({});
  await result;
  await days.pin("parts.keys[2026-01-02]", { backend, why: "a holiday" });

  const last: Thresholds = { steady: { of: "rows", min: 0.8, last: 1, over: "date" } };

  expect((await build(last).result).outcome).toBe("succeeded");
});
