// Dimensions and keys: what they hold, how they are written, what is refused. After Artigraph's partition tests.

import { z } from "zod";
import {
  artifact, daily, graph, hourly, integers, literal, local, monthly, oneOf, producer, strings, weekly,
  type Dimension, type Dimensions,
} from "stratigraph"; // prettier-ignore
import { describe, expect, it } from "vitest";
import { backendKinds, did, keysOf, Place, refusal } from "./support.ts";

/** The keys that a source finds among these files. */
async function found(template: string, dimensions: Dimensions, files: readonly string[]): Promise<unknown[]> {
  using place = new Place();
  for (const file of files) place.writeJson(file, 1);
  const Found = artifact({ schema: z.int(), partitionBy: dimensions });
  const source = graph("source", () => ({ found: Found.from(local<string>(template)) }));
  const snapshot = await source.build(place.here);
  return await keysOf(snapshot.keys(source.artifacts.found));
}

/** What lies among the sources without being a partition, and why. */
async function strays(
  template: string,
  dimensions: Dimensions,
  files: readonly string[],
): Promise<(readonly [string, string])[]> {
  using place = new Place();
  for (const file of files) place.writeJson(file, 1);
  const Found = artifact({ schema: z.int(), partitionBy: dimensions });
  const source = graph("source", () => ({ found: Found.from(local<string>(template)) }));
  const plan = await source.plan(place.here);
  return plan.strays.map(({ location, problem }) => [location, problem] as const);
}

/** Whether a value is one of the dimension's, tried through a literal. */
async function takes(dimension: Dimension, value: unknown): Promise<boolean> {
  using place = new Place();
  const One = artifact({ schema: z.int(), partitionBy: { k: dimension } });
  try {
    const single = graph("single", () => ({
      one: One.from(literal.partitions([{ key: { k: value as never }, value: 1 }])),
    }));
    const snapshot = await single.build(place.here);
    return (await snapshot.read(single.artifacts.one, { k: value as never })) === 1;
  } catch (error) {
    expect(error).toEqual(refusal("PARTITION_KEY_INVALID", "'k'"));
    return false;
  }
}

describe("components", () => {
  it("110 · the parts of a date, and a number in either base, are components of a template", async () => {
    const dates = { date: daily() };

    expect(await found("in/{date.Y}/{date.m}/{date.d}.json", dates, ["in/2026/01/02.json"])).toEqual([
      { date: "2026-01-02" },
    ]);
    expect(await found("in/{date.iso}.json", dates, ["in/2026-01-02.json"])).toEqual([{ date: "2026-01-02" }]);
    expect(
      await found("in/{hour.Y}/{hour.m}{hour.d}/{hour.H}.json", { hour: hourly() }, ["in/2026/0102/03.json"]),
    ).toEqual([{ hour: "2026-01-02T03" }]);
    expect(await found("in/{week.G}/{week.V}.json", { week: weekly() }, ["in/2026/01.json"])).toEqual([
      { week: "2026-W01" },
    ]);
    expect(await found("in/{month.Y}-{month.m}.json", { month: monthly() }, ["in/2026-01.json"])).toEqual([
      { month: "2026-01" },
    ]);
    expect(await found("in/{n.hex}.json", { n: integers() }, ["in/ff.json"])).toEqual([{ n: 255 }]);
    expect(await found("in/{n.value}.json", { n: integers() }, ["in/255.json"])).toEqual([{ n: 255 }]);
  });

  it("112 · a component that the dimension lacks is refused with the nearest that it has", () => {
    const Dated = artifact({ schema: z.int(), partitionBy: { date: daily() } });

    expect(() => Dated.from(local("in/{date.isoo}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "Did you mean {date.iso}?"),
    );
    expect(() => Dated.from(local("in/{date.Y}-{date.m}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "the template does not say which date it is"),
    );
  });
});

describe("values", () => {
  it("111, 223 · seven kinds of dimension each take their own values and no other", async () => {
    const kinds: readonly (readonly [Dimension, readonly unknown[], readonly unknown[]])[] = [
      [hourly(), ["2026-01-02T03"], ["2026-01-02", "2026-01-02T24", 3]],
      [daily(), ["2026-01-02", "2024-02-29"], ["2026-02-29", "2026-1-2", "02.01.2026", new Date(0)]],
      [weekly(), ["2026-W01", "2026-W53"], ["2026-W54", "2025-W53", "2026-01-02"]],
      [monthly(), ["2026-12"], ["2026-13", "2026-00", "2026"]],
      [integers(), [0, -3, 2 ** 53 - 1], [1.5, "1", 2 ** 53, Number.NaN]],
      [strings(), ["eu", "../x", "ü/%", "a b"], ["", "a\u0000b", "e\u0301", "\u202eabc", 3]],
      [oneOf("eu", "us"), ["eu"], ["asia", "EU"]],
    ];
    for (const [dimension, right, wrong] of kinds) {
      for (const value of right) expect(await takes(dimension, value), `${dimension.kind} ${String(value)}`).toBe(true);
      for (const value of wrong)
        expect(await takes(dimension, value), `${dimension.kind} ${String(value)}`).toBe(false);
    }
  });

  it("111 · a dimension that is none of the seven kinds is refused", () => {
    // @ts-expect-error a text is no dimension
    expect(() => artifact({ schema: z.int(), partitionBy: { date: "daily" } })).toThrow(
      refusal("GRAPH_INVALID", "dimension 'date' is not a dimension"),
    );
  });

  it("112 · dimensions are frozen, and their options are checked when they are made", () => {
    expect(Object.isFrozen(oneOf("eu", "us"))).toBe(true);
    expect(() => oneOf("eu", "eu")).toThrow(refusal("GRAPH_INVALID", "twice"));
    expect(() => daily({ zone: "Europe/Berlim" })).toThrow(refusal("GRAPH_INVALID", "Did you mean Europe/Berlin?"));
    expect(() => daily({ from: "2026-02-01", to: "2026-01-01" })).toThrow(
      refusal("GRAPH_INVALID", "daily() ends before it begins"),
    );
  });

  it("113 · a name that is no date is a stray with its reason, and stops nothing", async () => {
    const files = ["in/2026-01-02.json", "in/2026-02-30.json", "in/readme.md", "in/today.json"];

    expect(await found("in/{date}.json", { date: daily() }, files)).toEqual([{ date: "2026-01-02" }]);
    const told = await strays("in/{date}.json", { date: daily() }, files);
    expect(told.map(([location]) => location)).toEqual(["in/2026-02-30.json", "in/readme.md", "in/today.json"]);
    expect(told[0]![1]).toContain("'2026-02-30' is not a real day");
  });

  it("114 · numbers in file names may have leading zeros, and two files for one number are an error that names both", async () => {
    const numbers = { n: integers() };

    expect(await found("in/{n}.json", numbers, ["in/007.json", "in/10.json", "in/-3.json", "in/9.json"])).toEqual([
      { n: -3 }, { n: 10 }, { n: 7 }, { n: 9 },
    ].toSorted((a, b) => (String(a.n) < String(b.n) ? -1 : 1))); // prettier-ignore
    expect((await strays("in/{n}.json", numbers, ["in/1x.json", "in/1.5.json"])).map(([location]) => location)).toEqual(
      ["in/1.5.json", "in/1x.json"],
    );
    await expect(found("in/{n}.json", numbers, ["in/7.json", "in/07.json"])).rejects.toEqual(
      refusal("PARTITION_AMBIGUOUS", "'in/07.json' and 'in/7.json'"),
    );
  });

  it("115 · an artifact without dimensions has one partition, whose key is empty", async () => {
    using place = new Place();
    const Whole = artifact({ schema: z.int() });
    const whole = graph("whole", () => ({ one: Whole.from(literal(1)) }));

    const snapshot = await whole.build(place.here);

    expect(await keysOf(snapshot.keys(whole.artifacts.one))).toEqual([{}]);
    // @ts-expect-error it has no partitions
    await expect(snapshot.read(whole.artifacts.one, { date: "2026-01-02" })).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "date"),
    );
  });
});

describe.each(backendKinds)("keys, remembered in %s", (kind) => {
  it("116, 163 · an artifact's partitions come from what it is partitioned by, never from its columns", async () => {
    using place = new Place(kind);
    const Row = z.object({ date: z.iso.date(), amount: z.number() });
    const Table = artifact({ schema: z.array(Row) });
    const PerRegion = artifact({ schema: z.array(Row), partitionBy: { region: oneOf("eu", "us"), date: daily() } });
    const source = graph("source", () => ({
      table: Table.from(local("table.json")),
      parts: PerRegion.from(local("{region}/{date}.json")),
    }));
    place.writeJson("table.json", [{ date: "2026-01-01", amount: 1 }]);
    for (const region of ["eu", "us"]) place.writeJson(`${region}/2026-01-02.json`, []);

    const snapshot = await source.build(place.here);

    expect(await keysOf(snapshot.keys(source.artifacts.table))).toEqual([{}]);
    expect(await keysOf(snapshot.keys(source.artifacts.parts))).toEqual([
      { date: "2026-01-02", region: "eu" },
      { date: "2026-01-02", region: "us" },
    ]);
  });

  it("116 · a value that would leave its folder stays in its place, and no two values share a file", async () => {
    using place = new Place(kind);
    const values = ["../escape", "a/b", "a%2Fb", "..", "CON", ".hidden", "ü", "a b", "A", "a"];
    const Named = artifact({ schema: z.string(), partitionBy: { name: strings() } });
    const Placed = artifact({
      schema: z.string(),
      partitionBy: { name: strings() },
      storage: local("out/{name.value}/{input_fingerprint}.json"),
    });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { x: Named },
      output: Placed,
      build: ({ x }) => x,
    });
    const copied = graph("copied", () => {
      const x = Named.from(literal.partitions(values.map((name) => ({ key: { name }, value: name }))));
      return { x, y: copy({ x }) };
    });

    const snapshot = await copied.build(place.here);

    expect(place.files("out").filter((file) => file.split("/").length === 2)).toHaveLength(values.length);
    expect(place.files("").filter((file) => !file.startsWith("out/") && !file.startsWith(".strata/"))).toEqual([]);
    for (const name of values) expect(await snapshot.read(copied.artifacts.y, { name })).toBe(name);
    expect(did(await copied.build(place.here))).toEqual({ built: 0, reused: values.length });
  });
});
