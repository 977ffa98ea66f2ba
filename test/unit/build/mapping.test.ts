// Which partitions a producer makes, and which input partitions each of them needs.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as stratigraph from "stratigraph";
import {
  artifact,
  daily,
  hourly,
  integers,
  memoryStorage,
  monthly,
  oneOf,
  producer,
  strings,
  weekly,
} from "stratigraph";
import { defineGraph, type GraphCall, type GraphNode } from "../../../src/graph/graph.ts";
import type { Dimensions } from "../../../src/identity/dimension.ts";
import { encodeKey } from "../../../src/identity/partition-key.ts";
import { mapCall } from "../../../src/build/mapping.ts";
import { partitionSet, type AnyKey, type PartitionSet } from "../../../src/build/partition-set.ts";
import { fc } from "../../support/random.ts";

// What the compiler would say of these declarations is tested elsewhere; here they are made in a loop.
const { all, latest, mapKeys, optional, window } = stratigraph as any;

type Keys = readonly AnyKey[];

/** What an output partition needs, input by input, as key texts: `{ "date=2026-01-02": { days: ["date=2026-01-01", …] } }`. */
function needs(
  dimensions: Record<string, Dimensions>,
  keys: Record<string, Keys>,
  declare: (of: any) => { inputs: {}; output: any },
) {
  const schema = z.number();
  const artifacts = Object.fromEntries(
    Object.entries(dimensions).map(([name, partitionBy]) => [name, artifact({ schema, partitionBy })]),
  );
  const { inputs, output } = declare(artifacts);
  const make = producer({ name: "make", version: "1.0.0", inputs, output, build: () => 0 }) as any;
  const graph = defineGraph("g", () => {
    const wires: Record<string, any> = {};
    for (const name of Object.keys(inputs)) {
      const template =
        Object.keys(dimensions[name]!)
          .map((dimension) => `${dimension}-{${dimension}}`)
          .join("/") || "whole";
      const place: any = memoryStorage(`${template}.json`);
      wires[name] = artifacts[name]!.from(place);
    }
    return { ...wires, made: make(wires) };
  });
  const call: GraphCall = graph.calls[0]!;
  const sets = new Map<GraphNode, PartitionSet>();
  for (const { from, name } of call.inputs) sets.set(from, partitionSet(dimensions[name]!, keys[name] ?? [{}]));
  const mapping = mapCall(call, (node) => sets.get(node)!);
  return Object.fromEntries(
    mapping.outputs.texts.map((text, position) => [
      text,
      Object.fromEntries(
        mapping.inputs.map((input) => [
          input.name,
          (input.needs === undefined ? [position] : input.needs[position]!).map((at) => input.set.texts[at]),
        ]),
      ),
    ]),
  );
}

const dates = (...days: number[]): Keys => days.map((day) => ({ date: `2026-01-${String(day).padStart(2, "0")}` }));

describe("a plain input", () => {
  it("gives each output partition its own, and only those that all inputs have", () => {
    const found = needs(
      { a: { date: daily() }, b: { date: daily() }, out: { date: daily() } },
      { a: dates(1, 2, 3), b: dates(2, 3, 4) },
      ({ a, b, out }) => ({ inputs: { a, b }, output: out }),
    );

    expect(Object.keys(found)).toEqual(["date=2026-01-02", "date=2026-01-03"]);
    expect(found["date=2026-01-02"]).toEqual({ a: ["date=2026-01-02"], b: ["date=2026-01-02"] });
  });

  it("with fewer dimensions is given to every output partition that agrees with it", () => {
    const found = needs(
      {
        sales: { date: daily(), region: strings() },
        rates: { date: daily() },
        out: { date: daily(), region: strings() },
      },
      {
        sales: [...dates(1, 2).flatMap((key) => ["eu", "us"].map((region) => ({ ...key, region })))],
        rates: dates(1, 2),
      },
      ({ sales, rates, out }) => ({ inputs: { sales, rates }, output: out }),
    );

    expect(Object.keys(found)).toHaveLength(4);
    expect(found["date=2026-01-02,region=us"]).toEqual({
      sales: ["date=2026-01-02,region=us"],
      rates: ["date=2026-01-02"],
    });
  });

  it("without dimensions goes to all", () => {
    const found = needs(
      { a: { date: daily() }, config: {}, out: { date: daily() } },
      { a: dates(1, 2) },
      ({ a, config, out }) => ({ inputs: { a, config }, output: out }),
    );

    expect(found["date=2026-01-01"]).toEqual({ a: ["date=2026-01-01"], config: [""] });
  });

  it("crosses with another over different dimensions", () => {
    const found = needs(
      { a: { date: daily() }, b: { region: strings() }, out: { date: daily(), region: strings() } },
      { a: dates(1, 2), b: [{ region: "eu" }, { region: "us" }] },
      ({ a, b, out }) => ({ inputs: { a, b }, output: out }),
    );

    expect(Object.keys(found)).toEqual([
      "date=2026-01-01,region=eu",
      "date=2026-01-01,region=us",
      "date=2026-01-02,region=eu",
      "date=2026-01-02,region=us",
    ]);
  });
});

describe("all()", () => {
  it("collects every partition, integers in their order", () => {
    const found = needs({ a: { n: integers() }, out: {} }, { a: [{ n: 10 }, { n: 9 }, { n: -1 }] }, ({ a, out }) => ({
      inputs: { a: all(a) },
      output: out,
    }));

    expect(found).toEqual({ "": { a: ["n=-1", "n=9", "n=10"] } });
  });

  it("keeps to the dimensions it shares with the output", () => {
    const found = needs(
      { a: { date: daily(), region: strings() }, out: { region: strings() } },
      { a: dates(1, 2).flatMap((key) => ["eu", "us"].map((region) => ({ ...key, region }))) },
      ({ a, out }) => ({ inputs: { a: all(a) }, output: out }),
    );

    expect(found["region=eu"]).toEqual({ a: ["date=2026-01-01,region=eu", "date=2026-01-02,region=eu"] });
  });

  it("collects a dimension by name, also where the output has it", () => {
    const found = needs(
      { own: { date: daily() }, a: { date: daily() }, out: { date: daily() } },
      { own: dates(2), a: dates(1, 2, 3) },
      ({ own, a, out }) => ({ inputs: { own, a: all(a, "date") }, output: out }),
    );

    expect(found["date=2026-01-02"]!["a"]).toEqual(["date=2026-01-01", "date=2026-01-02", "date=2026-01-03"]);
  });
});

describe("window()", () => {
  it("looks back over the calendar, not over what happens to exist", () => {
    const found = needs({ a: { date: daily() }, out: { date: daily() } }, { a: dates(1, 2, 5, 6) }, ({ a, out }) => ({
      inputs: { a: window(a, 3) },
      output: out,
    }));

    expect(Object.keys(found)).toEqual(dates(1, 2, 5, 6).map(({ date }) => `date=${String(date)}`));
    expect(found["date=2026-01-05"]!["a"]).toEqual(["date=2026-01-05"]);
    expect(found["date=2026-01-06"]!["a"]).toEqual(["date=2026-01-05", "date=2026-01-06"]);
  });

  it("crosses the ends of months, weeks and years", () => {
    const found = needs(
      { a: { week: weekly() }, out: { week: weekly() } },
      { a: [{ week: "2026-W52" }, { week: "2026-W53" }, { week: "2027-W01" }] },
      ({ a, out }) => ({ inputs: { a: window(a, 2) }, output: out }),
    );

    expect(found["week=2027-W01"]!["a"]).toEqual(["week=2026-W53", "week=2027-W01"]);
  });

  it("gives an unpartitioned output the last ones there are", () => {
    const found = needs({ a: { date: daily() }, out: {} }, { a: dates(1, 7, 9, 10) }, ({ a, out }) => ({
      inputs: { a: window(a, 4) },
      output: out,
    }));

    expect(found[""]!["a"]).toEqual(["date=2026-01-07", "date=2026-01-09", "date=2026-01-10"]);
  });

  it("stays within the other dimensions", () => {
    const found = needs(
      { a: { date: daily(), region: strings() }, out: { date: daily(), region: strings() } },
      { a: dates(1, 2).flatMap((key) => ["eu", "us"].map((region) => ({ ...key, region }))) },
      ({ a, out }) => ({ inputs: { a: window(a, 2) }, output: out }),
    );

    expect(found["date=2026-01-02,region=us"]!["a"]).toEqual([
      "date=2026-01-01,region=us",
      "date=2026-01-02,region=us",
    ]);
  });
});

describe("latest()", () => {
  it("is the newest that is not after the output's own", () => {
    const found = needs(
      { own: { date: daily() }, a: { date: daily() }, out: { date: daily() } },
      { own: dates(3, 9), a: dates(1, 5) },
      ({ own, a, out }) => ({ inputs: { own, a: latest(a) }, output: out }),
    );

    expect([found["date=2026-01-03"]!["a"], found["date=2026-01-09"]!["a"]]).toEqual([
      ["date=2026-01-01"],
      ["date=2026-01-05"],
    ]);
  });

  it("says so where there is none, unless it is optional", () => {
    const declare =
      (wrap: (input: any) => any) =>
      ({ own, a, out }: any) => ({ inputs: { own, a: wrap(latest(a)) }, output: out });
    const dimensions = { own: { date: daily() }, a: { date: daily() }, out: { date: daily() } };
    const keys = { own: dates(1), a: dates(5) };

    expect(() =>
      needs(
        dimensions,
        keys,
        declare((input) => input),
      ),
    ).toThrow(/latest\(\) finds no partition of 'a'/);
    expect(needs(dimensions, keys, declare(optional))["date=2026-01-01"]!["a"]).toEqual([]);
  });
});

describe("mapKeys()", () => {
  it("finds the months of days, and gives each month its days", () => {
    const found = needs(
      { days: { date: daily() }, out: { month: monthly() } },
      { days: [{ date: "2026-01-30" }, { date: "2026-01-31" }, { date: "2026-02-01" }] },
      ({ days, out }) => ({
        inputs: {
          days: mapKeys(days, out, ({ month }: any) =>
            Array.from({ length: 31 }, (_, i) => ({ date: `${month}-${String(i + 1).padStart(2, "0")}` })).filter(
              ({ date }) => !Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date),
            ),
          ),
        },
        output: out,
      }),
    );

    expect(found).toEqual({
      "month=2026-01": { days: ["date=2026-01-30", "date=2026-01-31"] },
      "month=2026-02": { days: ["date=2026-02-01"] },
    });
  });

  it("may name one partition, which must be there", () => {
    const yesterday = ({ own, a, out }: Record<string, any>) => ({
      inputs: { own, a: mapKeys(a, out, () => ({ date: "2026-01-01" })) },
      output: out,
    });
    const dimensions = { own: { date: daily() }, a: { date: daily() }, out: { date: daily() } };

    expect(needs(dimensions, { own: dates(2), a: dates(1) }, yesterday)["date=2026-01-02"]!["a"]).toEqual([
      "date=2026-01-01",
    ]);
    expect(() => needs(dimensions, { own: dates(2), a: dates(5) }, yesterday)).toThrow(
      /'a' has no partition \[date=2026-01-01\]/,
    );
  });

  it("refuses a key that cannot be one, with the place", () => {
    expect(() =>
      needs(
        { own: { date: daily() }, a: { date: daily() }, out: { date: daily() } },
        { own: dates(2), a: dates(1) },
        ({ own, a, out }) => ({
          inputs: { own, a: mapKeys(a, out, () => ({ date: "2026-02-31" })) },
          output: out,
        }),
      ),
    ).toThrow(/input 'a'.*mapKeys\(\) for \[date=2026-01-02\]/);
  });
});

describe("a dimension that no input has", () => {
  it("comes from oneOf() or a range", () => {
    const found = needs(
      { a: { date: daily() }, out: { date: daily(), region: oneOf("eu", "us"), n: integers({ from: 1, to: 2 }) } },
      { a: dates(1) },
      ({ a, out }) => ({ inputs: { a }, output: out }),
    );

    expect(Object.keys(found)).toEqual(
      ["eu", "us"].flatMap((region) => [1, 2].map((n) => `date=2026-01-01,n=${n},region=${region}`)).sort(),
    );
  });

  it("is an error where nothing says what it may be", () => {
    expect(() =>
      needs({ a: { date: daily() }, out: { date: daily(), hour: hourly() } }, { a: dates(1) }, ({ a, out }) => ({
        inputs: { a },
        output: out,
      })),
    ).toThrow(/no input says which partitions there are of dimension 'hour'/);
  });
});

describe("any number of dimensions", () => {
  const names = ["a", "b", "c", "d"];
  const input = fc.subarray(names).chain((dimensions) =>
    fc.record({
      dimensions: fc.constant(dimensions),
      collected: fc.boolean(),
      keys: fc.uniqueArray(fc.tuple(...dimensions.map(() => fc.integer({ min: 0, max: 2 }))), {
        selector: (values) => values.join(),
        minLength: 1,
        maxLength: 12,
      }),
    }),
  );

  it("give each output partition what agrees with it, as a few plain loops say", () => {
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 4 }), (inputs) => {
        const given = inputs.map(({ dimensions, collected, keys }) => ({
          dimensions,
          collected,
          keys: keys.map((values) => Object.fromEntries(dimensions.map((name, at) => [name, values[at]!]))),
        }));
        // The output has the dimensions of those that are not collected.
        const own = names.filter((name) => given.some((one) => !one.collected && one.dimensions.includes(name)));
        const over = (wanted: readonly string[]) => Object.fromEntries(wanted.map((name) => [name, integers()]));
        const agree = (one: AnyKey, other: AnyKey) =>
          names.every((name) => !(name in one && name in other) || one[name] === other[name]);

        const found = needs(
          { ...Object.fromEntries(given.map(({ dimensions }, i) => [`i${i}`, over(dimensions)])), out: over(own) },
          Object.fromEntries(given.map(({ keys }, i) => [`i${i}`, keys])),
          (of) => ({
            inputs: Object.fromEntries(
              given.map(({ collected }, i) => [`i${i}`, collected ? all(of[`i${i}`]) : of[`i${i}`]]),
            ),
            output: of.out,
          }),
        );

        // Every combination of keys that agree; a collected input leaves out those for which it has nothing.
        let rows: AnyKey[] = [{}];
        for (const { keys } of given.filter(({ collected }) => !collected))
          rows = rows.flatMap((row) => keys.filter((key) => agree(row, key)).map((key) => ({ ...row, ...key })));
        rows = rows.filter((row) => given.every(({ keys }) => keys.some((key) => agree(row, key))));
        const expected = rows.map((row) => [
          encodeKey(over(own), row),
          Object.fromEntries(
            given.map(({ dimensions, keys }, i) => [
              `i${i}`,
              partitionSet(
                over(dimensions),
                keys.filter((key) => agree(row, key)),
              ).texts,
            ]),
          ),
        ]);
        expect(found).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 500 },
    );
  });
});
