// Statistics of one partition, compared with what is computed the slow way.

import { describe, expect, it } from "vitest";
import { Distinct } from "../../../src/data/statistics/distinct.ts";
import { Numbers } from "../../../src/data/statistics/numbers.ts";
import { statisticNamed, statisticsOf } from "../../../src/data/statistics/statistics.ts";

/** The same numbers each time. */
function* randomNumbers(count: number, seed = 1): Generator<number> {
  let state = seed;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function filled(values: Iterable<number>): Numbers {
  const numbers = new Numbers();
  for (const value of values) numbers.add(value);
  return numbers;
}

describe("numbers", () => {
  it("have the mean and deviation of the two-pass formula, also far from zero", () => {
    const values = [...randomNumbers(10_000)].map((value) => 1e7 + value);
    const mean = values.reduce((sum, value) => sum + (value - 1e7), 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - 1e7 - mean) ** 2, 0) / values.length;

    const numbers = filled(values);

    expect(numbers.mean! - 1e7).toBeCloseTo(mean, 6);
    expect(numbers.deviation).toBeCloseTo(Math.sqrt(variance), 6);
  });

  it("have exact quantiles up to 1024 values", () => {
    const numbers = filled([5, 1, 4, 2, 3]);

    expect([0, 0.2, 0.21, 0.5, 0.95, 1].map((share) => numbers.quantile(share))).toEqual([1, 1, 2, 3, 5, 5]);
    expect(numbers.exact).toBe(true);
    expect(filled(randomNumbers(1024)).exact).toBe(true);
    expect(filled(randomNumbers(1025)).exact).toBe(false);
  });

  it.each(["at random", "rising", "falling"])("have quantiles within 1 %% of the rank for many values %s", (order) => {
    const random = [...randomNumbers(200_000)];
    const values = order === "at random" ? random : random.sort((a, b) => (order === "rising" ? a - b : b - a));
    const numbers = filled(values);
    const sorted = [...values].sort((a, b) => a - b);
    for (const share of [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) {
      const answer = numbers.quantile(share)!;
      const rank = sorted.findIndex((value) => value >= answer) / sorted.length;
      expect(Math.abs(rank - share)).toBeLessThan(0.01);
    }
  });

  it("have nothing to say of no values", () => {
    const numbers = new Numbers();

    expect([numbers.mean, numbers.deviation, numbers.quantile(0.5)]).toEqual([undefined, undefined, undefined]);
  });
});

describe("distinct values", () => {
  it("are counted up to 4096, then estimated within 5 %", () => {
    const distinct = new Distinct();
    const count = (from: number, to: number): void => {
      for (let index = from; index < to; index++) for (const _ of [1, 2]) distinct.add(`user-${index}`);
    };
    count(0, 4096);
    expect([distinct.count, distinct.exact]).toEqual([4096, true]);
    for (const size of [4_097, 10_000, 100_000, 300_000]) {
      count(0, size);
      expect(distinct.exact).toBe(false);
      expect(Math.abs(distinct.count / size - 1)).toBeLessThan(0.05);
    }
  });
});

describe("the statistics of a value", () => {
  it("count rows, nulls and fields that are not there", () => {
    const statistics = statisticsOf([{ a: 1, b: "x" }, { a: null, b: "y" }, { b: "y" }]);

    expect(statistics.rows).toBe(3);
    expect(statistics.fields["a"]).toMatchObject({ nulls: 2, distinct: 1, min: 1, max: 1, mean: 1 });
    expect(statistics.fields["b"]).toEqual({ nulls: 0, distinct: 2, distinctExact: true, min: "x", max: "y" });
  });

  it("take a value that is no list as one row", () => {
    expect(statisticsOf(7).fields["value"]).toMatchObject({ min: 7, quantiles: { "50": 7 } });
    expect(statisticsOf([]).rows).toBe(0);
  });

  it("keep NaN and infinities out of mean and quantiles, and say how many there were", () => {
    const { fields } = statisticsOf([Number.NaN, Number.POSITIVE_INFINITY, 2]);

    expect(fields["value"]).toMatchObject({ nonFinite: 2, mean: 2, max: 2, nulls: 0, distinct: 3 });
  });

  it("are found by name", () => {
    const statistics = { ...statisticsOf([{ "a.b": 1 }, { "a.b": 3 }], [97.5]), custom: { own: 4 } };

    expect(
      ["rows", "a.b.mean", "a.b.p97.5", "a.b.p97", "own", "c.mean"].map((name) => statisticNamed(statistics, name)),
    ).toEqual([2, 2, undefined, undefined, 4, undefined]);
  });
});
