// Fan-out: one step makes many partitions, whose keys say what else there is to build.

import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { all, artifact, csv, daily, fanOut, graph, json, local, memory, ndjson, oneOf, producer, strings, type Format } from "../../../src/index.ts"; // prettier-ignore
import type { BuildEvent, BuildResult } from "../../../src/build/events.ts";
import { Folder } from "../../support/folder.ts";

const Order = z.object({ country: z.string(), amount: z.number() });
type Order = z.infer<typeof Order>;
const dates = { date: daily({ from: "2026-01-01", to: "2026-01-02" }) };

/** `orders` is what each day has; `made` says which producers ran, for which keys. */
function world(backend = memory()) {
  const made: string[] = [];
  const orders: Record<string, Order[]> = {
    "2026-01-01": [
      { country: "fr", amount: 1 },
      { country: "de", amount: 2 },
    ],
    "2026-01-02": [{ country: "fr", amount: 4 }],
  };
  const state = { failing: undefined as string | undefined, version: "1", orders: 1 };
  const define = () => {
    const Orders = artifact({ schema: z.array(Order), partitionBy: dates });
    const ByCountry = artifact({ schema: z.array(Order), partitionBy: { ...dates, country: strings() } });
    const Sum = artifact({ schema: z.number(), partitionBy: { ...dates, country: strings() } });
    const Total = artifact({ schema: z.record(z.string(), z.number()) });
    const order = producer({
      name: "orders",
      version: String(state.orders),
      inputs: {},
      output: Orders,
      build: (_, { key }) => orders[key.date] ?? [],
    });
    const split = producer({
      name: "split",
      version: state.version,
      inputs: { orders: Orders },
      output: fanOut(ByCountry, "country"),
      *build({ orders }, { key }) {
        made.push(`split ${key.date}`);
        for (const country of new Set(orders.map((one) => one.country))) {
          if (country === state.failing) throw new Error(`no ${country} today`);
          yield { key: { country }, value: orders.filter((one) => one.country === country) };
        }
      },
    });
    const sum = producer({
      name: "sum",
      version: "1",
      inputs: { orders: ByCountry },
      output: Sum,
      build: ({ orders }, { key }) => {
        made.push(`sum ${key.date} ${key.country}`);
        return orders.reduce((sum, { amount }) => sum + amount, 0);
      },
    });
    const total = producer({
      name: "total",
      version: "1",
      inputs: { sums: all(Sum) },
      output: Total,
      build: ({ sums }) => {
        made.push("total");
        return Object.fromEntries(sums.map(({ key, value }) => [`${key.date} ${key.country}`, value]));
      },
    });
    return graph("shop", () => {
      const parts = split({ orders: order() });
      const sums = sum({ orders: parts });
      return { parts, sums, total: total({ sums }) };
    });
  };
  const build = async (options: Parameters<ReturnType<typeof define>["build"]>[0] = {}) => {
    const shop = define();
    made.length = 0;
    const result = await shop.build({ backend, ...options }).then(
      (snapshot) => snapshot.result,
      (error: { data: { result: BuildResult } }) => error.data.result,
    );
    return { shop, result, made: [...made].sort() };
  };
  return { backend, orders, state, define, build };
}

const placesOf = (result: BuildResult, key: string): string[] =>
  result.steps.filter((step) => step.key === key).map(({ partition, state }) => `${partition} ${state}`);

describe("a fan-out", () => {
  it("makes many partitions in one step, and what reads them is built in the same build", async () => {
    const { build, backend } = world();

    const { shop, result, made } = await build();

    expect(made).toEqual([
      "split 2026-01-01",
      "split 2026-01-02",
      "sum 2026-01-01 de",
      "sum 2026-01-01 fr",
      "sum 2026-01-02 fr",
      "total",
    ]);
    expect(result).toMatchObject({ outcome: "succeeded", reused: 0, failed: 0 });
    expect(placesOf(result, "parts")).toEqual([
      "country=de,date=2026-01-01 built",
      "country=fr,date=2026-01-01 built",
      "country=fr,date=2026-01-02 built",
    ]);
    const snapshot = await shop.snapshot("latest", { backend });
    expect(await snapshot.read(shop.artifacts.total)).toEqual({
      "2026-01-01 de": 2,
      "2026-01-01 fr": 1,
      "2026-01-02 fr": 4,
    });
    expect(await snapshot.read(shop.artifacts.parts, { date: "2026-01-01", country: "de" })).toEqual([
      { country: "de", amount: 2 },
    ]);
  });

  it("is not run again, and neither is anything below it", async () => {
    const { build } = world();
    const { result: first } = await build();

    const { result, made } = await build();

    expect(made).toEqual([]);
    expect(result).toMatchObject({ snapshot: first.snapshot, built: 0, reused: first.built });
  });

  it("plans what is known before anything has run, and names what is not", async () => {
    const { define, build, backend } = world();

    const before = await define().plan({ backend });
    await build();
    const after = await define().plan({ backend });

    expect(before.open).toEqual([
      { key: "parts", producer: "split" },
      { key: "sums", producer: "split" },
      { key: "total", producer: "split" },
    ]);
    expect(before.changes).toBe(true);
    expect(after.open).toBeUndefined();
    expect(after.counts).toEqual({ "up-to-date": 11, stale: 0, missing: 0, pending: 0 });
  });

  it("rebuilds below it only the partitions that changed, came or went", async () => {
    const { build, orders, state, backend } = world();
    await build();
    orders["2026-01-02"] = [
      { country: "it", amount: 8 },
      { country: "fr", amount: 4 },
    ];
    orders["2026-01-01"] = [{ country: "fr", amount: 1 }];
    state.orders = 2;

    const { shop, made } = await build();

    expect(made).toEqual(["split 2026-01-01", "split 2026-01-02", "sum 2026-01-02 it", "total"]);
    const snapshot = await shop.snapshot("latest", { backend });
    expect(await snapshot.read(shop.artifacts.total)).toEqual({
      "2026-01-01 fr": 1,
      "2026-01-02 fr": 4,
      "2026-01-02 it": 8,
    });
  });

  it("that fails half way leaves nothing of that step, and says what is open below it", async () => {
    const { build, state, backend } = world();
    state.failing = "de";

    const { shop, result, made } = await build();

    expect(made).toEqual(["split 2026-01-01", "split 2026-01-02"]);
    expect(result).toMatchObject({
      outcome: "failed",
      failed: 1,
      open: [{ key: "parts" }, { key: "sums" }, { key: "total" }],
    });
    const snapshot = await shop.snapshot("latest", { backend });
    const keys = [];
    for await (const key of snapshot.keys(shop.artifacts.parts)) keys.push(key);
    expect(keys).toEqual([{ date: "2026-01-02", country: "fr" }]);
    state.failing = undefined;
    expect((await build()).made).toEqual([
      "split 2026-01-01",
      "sum 2026-01-01 de",
      "sum 2026-01-01 fr",
      "sum 2026-01-02 fr",
      "total",
    ]);
  });

  it("may make nothing, and everything that reads it then reads nothing", async () => {
    const { build, orders, backend } = world();
    orders["2026-01-01"] = [];
    orders["2026-01-02"] = [];

    const { shop, made, result } = await build();

    expect(result.outcome).toBe("succeeded");
    expect(made).toEqual(["split 2026-01-01", "split 2026-01-02", "total"]);
    const snapshot = await shop.snapshot("latest", { backend });
    expect(await snapshot.read(shop.artifacts.total)).toEqual({});
  });

  it("is built as a whole for one partition of what reads it, and nothing else is", async () => {
    const { build } = world();

    const { made } = await build({ select: ["sums[date=2026-01-02,country=fr]"] });

    expect(made).toEqual(["split 2026-01-01", "split 2026-01-02", "sum 2026-01-02 fr"]);
  });

  it("is forced once, with what is below it", async () => {
    const { build } = world();
    await build();

    const { made } = await build({ force: true });

    expect(made).toEqual([
      "split 2026-01-01",
      "split 2026-01-02",
      "sum 2026-01-01 de",
      "sum 2026-01-01 fr",
      "sum 2026-01-02 fr",
      "total",
    ]);
  });

  it("of which an older result is pinned gives that one, though it gives something else each time", async () => {
    const backend = memory();
    const Parts = artifact({ schema: z.number(), partitionBy: { name: strings() } });
    const Sum = artifact({ schema: z.number() });
    let drawn = 0;
    const draw = producer({
      name: "draw",
      version: "1",
      inputs: {},
      output: fanOut(Parts, "name"),
      build: () => ["a", "b"].map((name) => ({ key: { name }, value: name === "b" ? 0 : ++drawn })),
    });
    const define = (version: string) => {
      const sum = producer({
        name: "sum",
        version,
        inputs: { parts: all(Parts) },
        output: Sum,
        build: ({ parts }) => parts.reduce((total, { value }) => total + value, 0),
      });
      return graph("lottery", () => {
        const parts = draw();
        return { parts, sum: sum({ parts }) };
      });
    };
    const first = await define("1").build({ backend });
    const lottery = define("2");
    await lottery.build({ backend, force: true });
    await lottery.pin("parts.keys", { backend, snapshot: first.id, why: "the draw that was announced" });

    const snapshot = await lottery.build({ backend });

    expect(drawn).toBe(2);
    expect(await snapshot.read(lottery.artifacts.parts, { name: "a" })).toBe(1);
    expect(await snapshot.read(lottery.artifacts.sum)).toBe(1);
  });

  it("may follow another one", async () => {
    const backend = memory();
    const All = artifact({ schema: z.array(z.string()) });
    const Words = artifact({ schema: z.string(), partitionBy: { word: strings() } });
    const Letters = artifact({ schema: z.string(), partitionBy: { word: strings(), letter: strings() } });
    const text = producer({ name: "text", version: "1", inputs: {}, output: All, build: () => ["ab", "c"] });
    const words = producer({
      name: "words",
      version: "1",
      inputs: { text: All },
      output: fanOut(Words, "word"),
      async *build({ text }) {
        for (const word of text) yield { key: { word }, value: word };
      },
    });
    const letters = producer({
      name: "letters",
      version: "1",
      inputs: { word: Words },
      output: fanOut(Letters, "letter"),
      build: ({ word }) => [...word].map((letter) => ({ key: { letter }, value: letter })),
    });
    const spelling = graph("spelling", () => ({ letters: letters({ word: words({ text: text() }) }) }));

    const { result } = await spelling.build({ backend });

    expect(result.outcome).toBe("succeeded");
    expect(placesOf(result, "letters")).toEqual([
      "letter=a,word=ab built",
      "letter=b,word=ab built",
      "letter=c,word=c built",
    ]);
    expect((await spelling.build({ backend })).result.built).toBe(0);
  });
});

describe("what a fan-out gives", () => {
  const Part = artifact({
    schema: z.number(),
    partitionBy: { area: oneOf("a", "b") },
    checks: { positive: (value) => value > 0 || "it is not positive" },
  });
  const failure = async (given: unknown): Promise<string> => {
    const make = producer({
      name: "make",
      version: "1",
      inputs: {},
      output: fanOut(Part, "area"),
      build: () => given as never,
    });
    const built = graph("g", () => ({ parts: make() })).build({ backend: memory() });
    return built.then(
      () => "nothing",
      (error: { data: { result: BuildResult } }) => String(error.data.result.steps[0]!.error?.message),
    );
  };

  it.each([
    [
      [
        { key: { area: "a" }, value: 1 },
        { key: { area: "a" }, value: 2 },
      ],
      /output 'parts\[area=a\]': this partition was given twice/,
    ],
    [[{ key: { area: "c" }, value: 1 }], /area/],
    [[{ key: { area: "a" }, value: "x" }], /parts\[area=a\].*number/],
    [[{ key: { area: "a", date: "2026-01-01" }, value: 1 }], /dimension 'date' is not the producer's to say/],
    [[{ area: "a", value: 1 }], /this is not a partition.*\{ key: \{ area \}, value \}/],
    [7, /did not return partitions/],
    [[{ key: { area: "a" }, value: -1 }], /check 'positive' failed: it is not positive/],
  ])("%j is refused in one sentence", async (given, sentence) => {
    expect(await failure(given)).toMatch(sentence);
  });
});

describe("validating a fan-out", () => {
  const build = (
    format: Format,
    rows: "all" | "none" | { sample: number },
    validate?: (value: readonly { readonly n: number }[]) => true | string,
  ) => {
    const Part = artifact({
      schema: z.array(z.object({ n: z.number() })),
      partitionBy: { area: strings() },
      format,
      validate: { rows },
    });
    const make = producer({
      name: "make",
      version: "1",
      inputs: {},
      output: fanOut(Part, "area"),
      // The first row is right, and always looked at.
      build: () =>
        ["a", "b"].map((area) => ({ key: { area }, value: [{ n: 1 }, { n: (area === "b" ? "x" : 2) as number }] })),
      ...(validate === undefined ? {} : { validate }),
    });
    return graph("g", () => ({ parts: make() }))
      .build({ backend: memory() })
      .then(
        () => "built",
        (error: { data: { result: BuildResult } }) => String(error.data.result.steps[0]!.error?.message),
      );
  };

  it.each([
    ["ndjson", ndjson()],
    ["json", json()],
    ["csv", csv({ types: "infer" })],
  ] as const)("parses the rows of each partition that its artifact says, as %s", async (_, format) => {
    expect(await build(format, "all")).toMatch(/output 'parts\[area=b\]'.*number/);
    expect(await build(format, "none")).toBe("built");
    expect(await build(format, { sample: 0.000001 })).toBe("built");
  });

  it("calls validate of the producer with each partition, and nothing is left where it refuses one", async () => {
    const seen: unknown[] = [];
    const refusing = (value: readonly { readonly n: number }[]): true | string => {
      seen.push(value);
      return value.every(({ n }) => typeof n === "number") || "a row has no number";
    };

    expect(await build(json(), "none", refusing)).toBe(
      "parts.keys: parts[area=b]: validate failed: a row has no number. " +
        "It is kept to be looked at: strata quarantine 'parts[area=b]'",
    );
    expect(seen).toEqual([
      [{ n: 1 }, { n: 2 }],
      [{ n: 1 }, { n: "x" }],
    ]);
  });
});

describe("partitions that come and leave", () => {
  it("are told of a fan-out when it runs again", async () => {
    const { build, orders, state } = world();
    expect((await build()).result.keys).toBeUndefined();
    orders["2026-01-01"] = [{ country: "it", amount: 1 }];
    state.orders = 2;

    const told: BuildEvent[] = [];
    const { result } = await build({ on: (event) => told.push(event) });

    const change = {
      key: "parts",
      came: { count: 1, examples: ["country=it,date=2026-01-01"] },
      left: { count: 2, examples: ["country=de,date=2026-01-01", "country=fr,date=2026-01-01"] },
    };
    expect(result.keys).toEqual([change]);
    expect(told.filter(({ type }) => type === "keys-changed")).toEqual([{ type: "keys-changed", ...change }]);
  });

  it("are told of a source, kept with the run of the build, and earlier snapshots still have them", async () => {
    using folder = new Folder();
    const Day = artifact({ schema: z.number(), partitionBy: { date: daily() } });
    const Sum = artifact({ schema: z.number() });
    const sum = producer({
      name: "sum",
      version: "1",
      inputs: { days: all(Day) },
      output: Sum,
      build: ({ days }) => days.reduce((sum, { value }) => sum + value, 0),
    });
    const shop = graph("shop", () => {
      const days = Day.from(local("{date}.json"));
      return { days, sum: sum({ days }) };
    });
    const backend = memory();
    const told: BuildEvent[] = [];
    const build = () => shop.build({ backend, root: folder.path, on: (event) => told.push(event) });
    for (const day of [1, 2, 3]) folder.write(`2026-01-0${day}.json`, String(day));
    const first = await build();
    rmSync(folder.at("2026-01-02.json"));
    folder.write("2026-01-04.json", "4");

    const second = await build();

    const change = {
      key: "days",
      came: { count: 1, examples: ["date=2026-01-04"] },
      left: { count: 1, examples: ["date=2026-01-02"] },
    };
    expect(second.result.keys).toEqual([change]);
    expect(told.filter(({ type }) => type === "keys-changed")).toEqual([{ type: "keys-changed", ...change }]);
    expect(await second.read(shop.artifacts.sum)).toBe(8);
    expect(await first.read(shop.artifacts.sum)).toBe(6);
    const connection = await backend.connect();
    const { items } = await connection.listRuns({ graph: "shop", kind: "build" });
    expect(items.map(({ reason }) => reason)).toEqual([{ keys: [change] }, undefined]);
  });
});
