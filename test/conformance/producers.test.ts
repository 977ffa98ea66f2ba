// Producers: what they may be declared as, how they are called, and what they may return. After Artigraph's producer tests.

import { z } from "zod";
import {
  all,
  artifact,
  bytes,
  csv,
  daily,
  graph,
  integers,
  json,
  latest,
  literal,
  local,
  mapKeys,
  memoryStorage,
} from "stratigraph";
import { ndjson, oneOf, optional, producer, strings, text, window, type Format, type Storage } from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, did, failedStep, keysOf, Place, refusal } from "./support.ts";

const Count = artifact({ schema: z.int() });
const Name = artifact({ schema: z.string() });
const Days = artifact({ schema: z.int(), partitionBy: { date: daily() } });

const increment = producer({
  name: "increment",
  version: "1.0.0",
  inputs: { x: Count },
  output: Count,
  build: ({ x }) => x + 1,
});

/** A producer's definition with one thing about it wrong, as plain JavaScript could write it. */
function declareWith(wrong: object): unknown {
  const right = { name: "p", version: "1.0.0", inputs: { x: Count }, output: Count, build: () => 1 };
  return producer({ ...right, ...wrong } as never);
}

describe("declaring", () => {
  it("57 · a producer keeps what it is given and can be called any number of times, each call making its own output", async () => {
    using place = new Place();
    const thrice = graph("thrice", () => {
      const x = Count.from(literal(1));
      const once = increment({ x });
      return { x, once, other: increment({ x }), twice: increment({ x: once }) };
    });

    const snapshot = await thrice.build(place.here);

    expect([...thrice.definition.nodes.keys()]).toEqual(["x", "once", "other", "twice"]);
    expect(await snapshot.read(thrice.artifacts.other)).toBe(2);
    expect(await snapshot.read(thrice.artifacts.twice)).toBe(3);
  });

  it("58 · a producer has a name, a version, inputs and outputs; the rest has defaults that do nothing", () => {
    const { definition } = graph("g", () => {
      const x = Count.from(literal(1));
      return { x, y: increment({ x }) };
    });

    const [described] = definition.describe().producers;
    expect(described).toMatchObject({
      name: "increment",
      version: { kind: "semver", text: "1.0.0" },
      inputs: [{ name: "x", from: "x", optional: false }],
      outputs: [{ key: "y" }],
      annotations: {},
      description: null,
    });
  });

  it("59 · name, version, annotations and edges are said in the declaration and found in the description", () => {
    const last = producer({
      name: "last of all",
      version: "0.2.0",
      inputs: { days: latest(Days) },
      output: Count,
      build: ({ days }) => days,
      annotations: { owner: "ana" },
      description: "the newest day",
    });
    const { definition } = graph("g", () => {
      const days = Days.from(local("{date}.json"));
      return { days, last: last({ days }) };
    });

    expect(definition.describe().producers).toEqual([
      {
        name: "last of all",
        version: { kind: "semver", counts: "semver 0.2.0", text: "0.2.0" },
        inputs: [{ name: "days", from: "days", edge: { kind: "latest", over: "date" }, optional: false }],
        outputs: [{ slot: "output", key: "last" }],
        annotations: { owner: "ana" },
        description: "the newest day",
      },
    ]);
  });

  it("60, 65, 82, 100 · the types of what build receives follow from the inputs, without an annotation", async () => {
    using place = new Place();
    const When = artifact({ schema: z.iso.date().transform((day) => new Date(`${day}T00:00Z`)) });
    const describeAll = producer({
      name: "describe-all",
      version: "1.0.0",
      inputs: { count: Count, name: Name, when: When, days: all(Days) },
      output: Name,
      // Each of these calls compiles only with the inferred type.
      build: ({ count, name, when, days }) =>
        [
          count.toFixed(1),
          name.toUpperCase(),
          when.getUTCFullYear(),
          days.map((day) => day.key.date.length).join(),
        ].join(" "),
    });
    const told = graph("told", () => {
      const count = Count.from(literal(1));
      const name = Name.from(literal("ada"));
      const when = When.from(literal("1815-12-10"));
      const days = Days.from(literal.partitions([{ key: { date: "2026-01-02" }, value: 1 }]));
      return { count, name, when, days, told: describeAll({ count, name, when, days }) };
    });

    const snapshot = await told.build(place.here);

    expect(await snapshot.read(told.artifacts.told)).toBe("1.0 ADA 1815 10");
  });

  it("61 · an input with more partitions than the output arrives as a list of keys and values", async () => {
    using place = new Place();
    const collect = producer({
      name: "collect",
      version: "1.0.0",
      inputs: { days: all(Days) },
      output: artifact({ schema: z.json() }),
      build: ({ days }) => [...days] as { key: { date: string }; value: number }[],
    });
    const collected = graph("collected", () => {
      const days = Days.from(
        literal.partitions([
          { key: { date: "2026-01-02" }, value: 2 },
          { key: { date: "2026-01-01" }, value: 1 },
        ]),
      );
      return { days, list: collect({ days }) };
    });

    const snapshot = await collected.build(place.here);

    expect(await snapshot.read(collected.artifacts.list)).toEqual([
      { key: { date: "2026-01-01" }, value: 1 },
      { key: { date: "2026-01-02" }, value: 2 },
    ]);
  });

  it("62 · an artifact with other values than the input declares is refused when it is wired, naming the field", () => {
    const Row = artifact({ schema: z.array(z.object({ id: z.int(), amount: z.number() })) });
    const Other = artifact({ schema: z.array(z.object({ id: z.int(), amount: z.string() })) });
    const total = producer({
      name: "total",
      version: "1.0.0",
      inputs: { rows: Row },
      output: Count,
      build: ({ rows }) => rows.length,
    });

    // @ts-expect-error a number is wanted, not a text
    expect(() => increment({ x: Name.from(literal("one")) })).toThrow(
      refusal("GRAPH_INVALID", "producer 'increment', input 'x'"),
    );
    // @ts-expect-error amount is a text there
    expect(() => total({ rows: Other.from(literal([])) })).toThrow(refusal("GRAPH_INVALID", "amount"));
  });

  it("62 · an artifact with more columns than the input declares fits", async () => {
    using place = new Place();
    const Narrow = artifact({ schema: z.array(z.object({ id: z.int() })) });
    const Wide = artifact({ schema: z.array(z.object({ id: z.int(), amount: z.number() })) });
    const total = producer({
      name: "total",
      version: "1.0.0",
      inputs: { rows: Narrow },
      output: Count,
      build: ({ rows }) => rows.length,
    });
    const fits = graph("fits", () => {
      const rows = Wide.from(literal([{ id: 1, amount: 2 }]));
      return { rows, total: total({ rows }) };
    });

    expect(await (await fits.build(place.here)).read(fits.artifacts.total)).toBe(1);
  });

  it("63 · build returns the written form, and readers get the parsed one", async () => {
    using place = new Place();
    const When = artifact({ schema: z.iso.date().transform((day) => new Date(`${day}T00:00Z`)) });
    const seen: unknown[] = [];
    const choose = producer({ name: "choose", version: "1.0.0", inputs: {}, output: When, build: () => "2026-01-02" });
    const see = producer({
      name: "see",
      version: "1.0.0",
      inputs: { when: When },
      output: Name,
      build: ({ when }) => {
        seen.push(when);
        return when.toISOString();
      },
    });
    const dated = graph("dated", () => {
      const when = choose();
      return { when, text: see({ when }) };
    });

    const snapshot = await dated.build(place.here);

    expect(seen).toEqual([new Date("2026-01-02")]);
    expect(await snapshot.read(dated.artifacts.when)).toEqual(new Date("2026-01-02"));
  });

  it("64 · an edge goes around an artifact, once", () => {
    // @ts-expect-error an edge around an edge
    expect(() => all(window(Days, 7))).toThrow(refusal("GRAPH_INVALID", "an edge goes around a declared artifact"));
    // @ts-expect-error twice optional
    expect(() => optional(optional(Days))).toThrow(refusal("GRAPH_INVALID", "cannot be made optional"));
  });

  it("74 · outputs of one producer share their dimensions, or have none", async () => {
    using place = new Place();
    const both = producer({
      name: "both",
      version: "1.0.0",
      inputs: { days: Days },
      outputs: { half: Days, twice: Days },
      build: ({ days }) => ({ half: days / 2, twice: days * 2 }),
    });
    const split = graph("split", () => {
      const days = Days.from(literal.partitions([{ key: { date: "2026-01-02" }, value: 4 }]));
      return { days, ...both({ days }) };
    });

    const snapshot = await split.build(place.here);

    expect(await snapshot.read(split.artifacts.half, { date: "2026-01-02" })).toBe(2);
    expect(await snapshot.read(split.artifacts.twice, { date: "2026-01-02" })).toBe(8);
  });

  it("75 · outputs of one producer with different dimensions are refused", () => {
    const Hours = artifact({ schema: z.int(), partitionBy: { date: integers() } });

    for (const outputs of [
      { a: Days, b: Count },
      { a: Days, b: Hours },
    ]) {
      expect(() => declareWith({ inputs: {}, output: undefined, outputs })).toThrow(
        refusal("GRAPH_INVALID", "outputs of one producer have the same dimensions"),
      );
    }
  });

  it("76 · a dimension whose values nothing says is an error that tells the three ways out", async () => {
    using place = new Place();
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Days, build: () => 1 });
    const open = graph("open", () => ({ days: make() }));

    await expect(open.plan(place.here)).rejects.toEqual(
      refusal("GRAPH_INVALID", "no input says which partitions there are of dimension 'date'"),
    );
    await expect(open.plan(place.here)).rejects.toEqual(
      refusal("GRAPH_INVALID", "use oneOf(…), or give the dimension a range: daily({ from, to })"),
    );
  });

  it("78 · a producer without a build function is refused", () => {
    expect(() => declareWith({ build: undefined })).toThrow(
      refusal("GRAPH_INVALID", "a producer needs a build function"),
    );
    expect(() => declareWith({ build: 3 })).toThrow(refusal("GRAPH_INVALID", "producer 'p'"));
  });

  it("79, 93 · build can only take the inputs that are declared, as they are declared", async () => {
    using place = new Place();
    const undeclared = producer({
      name: "undeclared",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      // @ts-expect-error there is no input y
      build: ({ y }) => y as number,
    });
    const otherwise = producer({
      name: "otherwise",
      version: "1.0.0",
      inputs: { x: Count },
      output: Name,
      // @ts-expect-error x is a number
      build: ({ x }: { x: string }) => typeof x,
    });
    const wrong = graph("wrong", () => {
      const x = Count.from(literal(1));
      return { x, y: undeclared({ x }), z: otherwise({ x }) };
    });

    await expect(wrong.build(place.here)).rejects.toEqual(failedStep("DATA_INVALID", "producer 'undeclared'"));
    const snapshot = await wrong.snapshot("latest", place.here);
    expect(await snapshot.read(wrong.artifacts.z)).toBe("number");
  });

  it("80 · mapKeys can only read the keys that the output has", async () => {
    using place = new Place();
    const byDay = producer({
      name: "by-day",
      version: "1.0.0",
      // @ts-expect-error the output has no month
      inputs: { x: mapKeys(Days, Days, ({ month }) => ({ date: month })) },
      output: Days,
      build: () => 1,
    });
    const wrong = graph("wrong", () => {
      const x = Days.from(literal.partitions([{ key: { date: "2026-01-02" }, value: 1 }]));
      return { x, y: byDay({ x }) };
    });

    await expect(wrong.plan(place.here)).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "producer 'by-day', input 'x'"),
    );
  });

  it("81 · an input that build does not look at counts all the same", async () => {
    using place = new Place();
    let calls = 0;
    const ignore = producer({
      name: "ignore",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: () => ++calls,
    });
    const ignoring = graph("ignoring", () => {
      const x = Count.from(local("x.json"));
      return { x, y: ignore({ x }) };
    });
    place.writeJson("x.json", 1);
    await ignoring.build(place.here);
    place.writeJson("x.json", 2);

    await ignoring.build(place.here);

    expect(calls).toBe(2);
  });

  it("83 · an input or output that is no declared artifact is refused, and told what it is", () => {
    expect(() => declareWith({ inputs: { x: z.int() } })).toThrow(
      refusal("GRAPH_INVALID", "this is not an artifact: declare one with artifact({ schema })"),
    );
    expect(() => declareWith({ inputs: { x: increment } })).toThrow(
      refusal("GRAPH_INVALID", "this is a producer: name the artifact it makes"),
    );
    expect(() => declareWith({ output: all(Days) })).toThrow(refusal("GRAPH_INVALID", "edges are for inputs"));
  });

  it("84, 90, 91 · an input that may be absent is said to be optional, and build receives undefined for it", async () => {
    using place = new Place();
    const greet = producer({
      name: "greet",
      version: "1.0.0",
      inputs: { name: optional(Name) },
      output: Name,
      build: ({ name }) => `Hello, ${name ?? "you"}!`,
    });
    const greetings = graph("greetings", () => {
      const name = Name.from(literal("Ada"));
      return { name, named: greet({ name }), unnamed: greet() };
    });

    const snapshot = await greetings.build(place.here);

    expect(await snapshot.read(greetings.artifacts.named)).toBe("Hello, Ada!");
    expect(await snapshot.read(greetings.artifacts.unnamed)).toBe("Hello, you!");
    // @ts-expect-error x is not optional
    expect(() => increment()).toThrow(refusal("GRAPH_INVALID", "this input is missing"));
  });

  it("85, 86, 87 · inputs have names, so none can be given by position or collected", () => {
    expect(() => declareWith({ inputs: [Count] })).toThrow(refusal("GRAPH_INVALID", "a producer names its inputs"));
    // @ts-expect-error by position
    expect(() => increment(Count.from(literal(1)))).toThrow(
      refusal("GRAPH_INVALID", "a producer is called with its inputs by name"),
    );
  });

  it("88 · a producer says what it makes: one output, or several by name, never neither or both", () => {
    expect(() => declareWith({ output: undefined })).toThrow(
      refusal("GRAPH_INVALID", "a producer has either one output or several"),
    );
    expect(() => declareWith({ outputs: { y: Count } })).toThrow(
      refusal("GRAPH_INVALID", "a producer has either one output or several"),
    );
    expect(() => declareWith({ output: undefined, outputs: {} })).toThrow(
      refusal("GRAPH_INVALID", "outputs are named"),
    );
  });

  it("89 · a producer that returns nothing where a value is due fails, and nothing is stored", async () => {
    using place = new Place("SQLite");
    // @ts-expect-error a number is due
    const nothing = producer({ name: "nothing", version: "1.0.0", inputs: {}, output: Count, build: () => {} });
    const silent = graph("silent", () => ({ y: (nothing as unknown as typeof increment)({} as never) }));

    await expect(silent.build(place.here)).rejects.toEqual(failedStep("DATA_INVALID", "producer 'nothing'"));
    expect(place.files(".strata/data")).toEqual([]);
  });

  it("92 · an input is a declared artifact, never one that is wired already", () => {
    expect(() => declareWith({ inputs: { x: Count.from(literal(1)) } })).toThrow(
      refusal("GRAPH_INVALID", "this artifact is wired already: name the declared one"),
    );
  });

  it("94 · what build returns must fit the output's schema: the compiler checks it, and each built value is checked again", async () => {
    using place = new Place();
    producer({
      name: "typed",
      version: "1.0.0",
      inputs: {},
      output: Count,
      // @ts-expect-error a text is no number
      build: () => "three",
    });
    const untyped = producer({
      name: "untyped",
      version: "1.0.0",
      inputs: {},
      output: Count,
      build: () => JSON.parse('"three"') as number,
    });
    const wrong = graph("wrong", () => ({ y: untyped() }));

    await expect(wrong.build(place.here)).rejects.toEqual(failedStep("DATA_INVALID", "number"));
  });

  it("95 · an output is described once: what it holds cannot be said in two ways that differ", () => {
    expect(() => declareWith({ schema: z.string() })).toThrow(refusal("GRAPH_INVALID", "there is no such option"));
  });

  it("96, 97 · build and mapKeys are plain functions, also asynchronous ones", async () => {
    using place = new Place();
    const wait = producer({
      name: "wait",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: async ({ x }, { signal }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return signal.aborted ? 0 : x;
      },
    });
    const waiting = graph("waiting", () => {
      const x = Count.from(literal(3));
      return { x, y: wait({ x }) };
    });

    expect(await (await waiting.build(place.here)).read(waiting.artifacts.y)).toBe(3);
    // @ts-expect-error not a function
    expect(() => mapKeys(Days, Days, "date")).toThrow(
      refusal("GRAPH_INVALID", "the third argument maps a key of the output"),
    );
  });

  it("98 · calling a producer with an unknown, a missing or a wrong input is refused, naming it", () => {
    const x = Count.from(literal(1));

    // @ts-expect-error there is no input y
    expect(() => increment({ x, y: x })).toThrow(refusal("GRAPH_INVALID", "it has no such input; expected 'x'"));
    // @ts-expect-error x is missing
    expect(() => increment({})).toThrow(
      refusal("GRAPH_INVALID", "producer 'increment', input 'x': this input is missing"),
    );
    // @ts-expect-error a value is no artifact
    expect(() => increment({ x: 5 })).toThrow(
      refusal("GRAPH_INVALID", "producer 'increment', input 'x': this cannot be wired"),
    );
    // @ts-expect-error declared, not wired
    expect(() => increment({ x: Count })).toThrow(
      refusal("GRAPH_INVALID", "a declared artifact: give it a place with .from() or produce it"),
    );
  });

  it("99 · a wired artifact cannot be somebody's output", () => {
    expect(() => declareWith({ output: increment({ x: Count.from(literal(1)) }) })).toThrow(
      refusal("GRAPH_INVALID", "this artifact is wired already: name the declared one"),
    );
  });
});

describe("wiring", () => {
  it("69 · calling leaves the declared artifact and the producer as they were", () => {
    const before = { ...Count };

    const wired = increment({ x: Count.from(literal(1)) });

    expect({ ...Count }).toEqual(before);
    expect(Object.isFrozen(Count)).toBe(true);
    expect(Object.isFrozen(increment)).toBe(true);
    expect([wired.graph, wired.key]).toEqual([undefined, undefined]);
  });

  it("70 · mapKeys is checked against the output whose keys it maps", () => {
    const Regions = artifact({ schema: z.int(), partitionBy: { region: oneOf("eu", "us") } });

    expect(() =>
      declareWith({ inputs: { x: mapKeys(Days, Regions, () => ({ date: "2026-01-02" })) }, output: Days }),
    ).toThrow(refusal("GRAPH_INVALID", "mapKeys() was given the keys of another output"));
  });
});

describe.each(backendKinds)("what a step is made from, remembered in %s", (kind) => {
  it("66 · the manifest of a step names its producer and version, its inputs and outputs, its key and contents", async () => {
    using place = new Place(kind);
    const counted = graph("counted", () => {
      const x = Count.from(literal(1));
      return { x, y: increment({ x }) };
    });

    const snapshot = await counted.build(place.here);

    await place.connected(async (connection) => {
      const { items } = await connection.readSnapshotPartitions(snapshot.id, "y");
      const [source] = (await connection.readSnapshotPartitions(snapshot.id, "x")).items;
      const [step] = await connection.readManifests([items[0]!.input!]);
      const { parts } = JSON.parse(step!.text) as { parts: { producer: never; inputs: unknown; key: string } };
      expect(Object.keys(parts).sort()).toEqual(["inputs", "key", "producer"]);
      expect(parts.inputs).toEqual({ x: [["", source!.content]] });
      const [made] = await connection.readManifests([parts.producer]);
      const form = JSON.parse(made!.text) as { parts: { name: string; version: unknown } };
      expect(Object.keys(form.parts).sort()).toEqual(["inputs", "name", "outputs", "single", "version"]);
      expect(form.parts).toMatchObject({ name: "increment", version: { kind: "semver", counts: "semver 1" } });
    });
  });

  it("67 · a producer runs again for another name, another counting version or other content, and for nothing else", async () => {
    using place = new Place(kind);
    const runs: string[] = [];
    const build = async (name: string, version: string): Promise<number> => {
      const before = runs.length;
      const copy = producer({
        name,
        version,
        inputs: { x: Count },
        output: Count,
        build: ({ x }) => (runs.push(name), x),
      });
      const copied = graph("copied", () => {
        const x = Count.from(local("x.json"));
        return { x, y: copy({ x }) };
      });
      await copied.build(place.here);
      return runs.length - before;
    };
    place.writeJson("x.json", 1);

    expect(await build("copy", "1.0.0")).toBe(1);
    expect(await build("copy", "1.4.2")).toBe(0);
    expect(await build("copy", "2.0.0")).toBe(1);
    expect(await build("duplicate", "2.0.0")).toBe(1);
    place.write("x.json", " 1");
    expect(await build("duplicate", "2.0.0")).toBe(1);
  });

  it("68 · a key from mapKeys that does not fit the input is refused, naming producer, input and dimension", async () => {
    using place = new Place(kind);
    const wrong = producer({
      name: "wrong",
      version: "1.0.0",
      inputs: { days: mapKeys(Days, Count, () => JSON.parse('{ "day": "2026-01-02" }') as { date: string }) },
      output: Count,
      build: ({ days }) => days,
    });
    const mapped = graph("mapped", () => {
      const days = Days.from(literal.partitions([{ key: { date: "2026-01-02" }, value: 1 }]));
      return { days, y: wrong({ days }) };
    });

    await expect(mapped.build(place.here)).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "producer 'wrong', input 'days'"),
    );
    await expect(mapped.build(place.here)).rejects.toEqual(refusal("PARTITION_KEY_INVALID", "expected date=…"));
  });

  it("70 · mapKeys says which partitions an output reads, and only those make it run again", async () => {
    using place = new Place(kind);
    for (const [day, value] of [
      ["01", 1],
      ["02", 2],
      ["03", 4],
    ] as const)
      place.writeJson(`days/2026-01-${day}.json`, value);
    const runs: string[] = [];
    const Picked = artifact({ schema: z.int(), partitionBy: { pick: oneOf("first", "rest") } });
    const pick = producer({
      name: "pick",
      version: "1.0.0",
      inputs: {
        days: mapKeys(Days, Picked, ({ pick: which }) =>
          which === "first" ? [{ date: "2026-01-01" }] : [{ date: "2026-01-02" }, { date: "2026-01-03" }],
        ),
      },
      output: Picked,
      build: ({ days }, { key }) => {
        runs.push(key.pick);
        return days.reduce((sum, day) => sum + day.value, 0);
      },
    });
    const picked = graph("picked", () => {
      const days = Days.from(local("days/{date}.json"));
      return { days, sums: pick({ days }) };
    });
    await picked.build(place.here);
    place.writeJson("days/2026-01-03.json", 40);

    const snapshot = await picked.build(place.here);

    expect(runs.toSorted()).toEqual(["first", "rest", "rest"]);
    expect(await snapshot.read(picked.artifacts.sums, { pick: "rest" })).toBe(42);
    expect(await keysOf(snapshot.keys(picked.artifacts.sums))).toEqual([{ pick: "first" }, { pick: "rest" }]);
  });

  it("71, 72 · validate sees all outputs together, by name, and says true or what is wrong", async () => {
    using place = new Place(kind);
    const seen: unknown[] = [];
    const split = producer({
      name: "split",
      version: "1.0.0",
      inputs: { x: Count },
      outputs: { small: Count, large: Count },
      build: ({ x }) => ({ small: x - 1, large: x + 1 }),
      validate: async (outputs) => {
        seen.push(outputs);
        return outputs.small < outputs.large || "small is not smaller";
      },
    });
    const valid = graph("valid", () => {
      const x = Count.from(literal(1));
      return { x, ...split({ x }) };
    });

    await valid.build(place.here);

    expect(seen).toEqual([{ small: 0, large: 2 }]);
  });

  it("71 · validate and checks see what readers will see, not what build returned", async () => {
    using place = new Place(kind);
    const seen: unknown[] = [];
    const When = artifact({
      schema: z.iso.date().transform((day) => new Date(`${day}T00:00Z`)),
      checks: {
        real: (when) => (seen.push(when), when.getUTCFullYear() > 2000 || `${when.getUTCFullYear()} is long ago`),
      },
    });
    const choose = producer({
      name: "choose",
      version: "1.0.0",
      inputs: {},
      output: When,
      build: () => "2026-01-02",
      validate: (when) => (seen.push(when), true),
    });

    await graph("dated", () => ({ when: choose() })).build(place.here);

    expect(seen).toEqual([new Date("2026-01-02"), new Date("2026-01-02")]);
  });

  it("73 · a check that answers a bare boolean fails the step: false explains nothing, and neither does true of something else", async () => {
    using place = new Place(kind);
    // @ts-expect-error a check says true or a sentence
    const Checked = artifact({ schema: z.int(), checks: { positive: (value) => value > 0 } });
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Checked, build: () => -1 });
    const checked = graph("checked", () => ({ y: make() }));

    await expect(checked.build(place.here)).rejects.toEqual(
      failedStep("STEP_CHECK_FAILED", "expected true or a sentence, received false"),
    );
    expect(() => declareWith({ validate: "x > 0" })).toThrow(refusal("GRAPH_INVALID", "validate is a function"));
  });

  it("99 · outputs that are missing or superfluous in what build returns fail the step, and none is stored", async () => {
    using place = new Place(kind);
    const make = (returned: string) =>
      producer({
        name: "make",
        version: "1.0.0",
        inputs: {},
        outputs: { small: Count, large: Count },
        build: () => JSON.parse(returned) as { small: number; large: number },
      });
    for (const returned of ['{ "small": 1 }', '{ "small": 1, "large": 2, "huge": 3 }', "[1, 2]", "7"]) {
      const several = graph("several", () => make(returned)());

      await expect(several.build(place.here)).rejects.toEqual(
        failedStep("STEP_OUTPUT_INVALID", "the producer did not return its outputs"),
      );
      expect(
        await place.connected((c) => c.readArtifactPartitions(several.definition.node("small").identity)),
      ).toMatchObject({ items: [] });
    }
  });
});

describe("formats and storages", () => {
  const formats: readonly (readonly [string, Format, z.ZodType, unknown])[] = [
    ["json", json(), z.json(), { a: [1, null, "ü"] }],
    ["ndjson", ndjson(), z.array(z.object({ id: z.int() })), [{ id: 1 }, { id: 2 }]],
    ["csv", csv(), z.array(z.record(z.string(), z.string())), [{ name: "Ada", said: 'a "b", c' }]],
    ["text", text(), z.string(), "zeile\nüber zeile\n"],
    ["bytes", bytes(), z.custom<Uint8Array>((value) => value instanceof Uint8Array), new Uint8Array([0, 255, 10])],
  ];
  const storages: readonly (readonly [string, () => Storage | undefined])[] = [
    ["managed", () => undefined],
    ["literal", () => literal()],
    ["memory", () => memoryStorage("out/{names}/{partition}-{input_fingerprint}{extension}")],
    ["local", () => local("out/{names}/{partition}-{input_fingerprint}{extension}")],
  ];

  it("101 · every format goes with every storage, so no reader or writer can be missing", async () => {
    for (const [formatName, format, schema, value] of formats) {
      for (const [storageName, storage] of storages) {
        using place = new Place("SQLite");
        const Value = artifact({ schema, format, storage: storage(), partitionBy: { part: strings() } });
        const Source = artifact({ schema, format, partitionBy: { part: strings() } });
        const copy = producer({
          name: "copy",
          version: "1.0.0",
          inputs: { x: Source },
          output: Value,
          build: ({ x }) => x,
        });
        const copied = graph("copied", () => {
          const x = Source.from(literal.partitions([{ key: { part: "one" }, value }]));
          return { x, y: copy({ x }) };
        });

        const snapshot = await copied.build(place.here);

        expect(await snapshot.read(copied.artifacts.y, { part: "one" }), `${formatName} in ${storageName}`).toEqual(
          value,
        );
        expect(did(await copied.build(place.here)), `${formatName} in ${storageName}`).toEqual({ built: 0, reused: 1 });
      }
    }
  });
});
