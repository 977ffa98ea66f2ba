// Artigraph's known defects, one by one: the same situation, with what happens here.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  all,
  artifact,
  bytes,
  daily,
  graph,
  integers,
  isStratigraphError,
  json,
  literal,
  local,
  mapKeys,
  optional,
  producer,
} from "stratigraph";
import { afterEach, describe, expect, it, vi } from "vitest";
import { spend } from "../../examples/spend/spend.ts";
import { blocksOf, root } from "../docs/markdown.ts";
import { backendKinds, did, failedStep, keysOf, Place, refusal } from "./support.ts";

const Count = artifact({ schema: z.int() });
const Days = artifact({ schema: z.int(), partitionBy: { date: daily() } });
const add = producer({
  name: "add",
  version: "1.0.0",
  inputs: { a: Count, b: Count },
  output: Count,
  build: ({ a, b }) => a + b,
});
const subtract = producer({
  name: "subtract",
  version: "1.0.0",
  inputs: { a: Count, b: Count },
  output: Count,
  build: ({ a, b }) => a - b,
});
const copy = producer({ name: "copy", version: "1.0.0", inputs: { x: Count }, output: Count, build: ({ x }) => x });
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { days: all(Days) },
  output: Count,
  build: ({ days }) => days.reduce((total, day) => total + day.value, 0),
});

describe.each(backendKinds)("stale results, remembered in %s", (kind) => {
  it("D1 · inputs of equal content do not cancel: 1+1, 2+2 and 3+3 are 2, 4 and 6", async () => {
    using place = new Place(kind);
    for (const value of [1, 2, 3]) {
      const added = graph("added", () => {
        const [a, b] = [Count.from(literal(value)), Count.from(literal(value))];
        return { a, b, sum: add({ a, b }) };
      });
      expect(await (await added.build(place.here)).read(added.artifacts.sum)).toBe(2 * value);
    }
  });

  it("D1 · one artifact given twice counts twice", async () => {
    using place = new Place(kind);
    for (const value of [1, 2]) {
      const added = graph("added", () => {
        const x = Count.from(literal(value));
        return { x, sum: add({ a: x, b: x }) };
      });
      expect(await (await added.build(place.here)).read(added.artifacts.sum)).toBe(2 * value);
    }
  });

  it("D1 · two partitions of equal content are neither none nor one", async () => {
    using place = new Place(kind);
    const summed = graph("summed", () => {
      const days = Days.from(local("days/{date}.json"));
      return { days, total: sum({ days }) };
    });
    const totals: number[] = [];
    for (const day of ["01", "02", "03", "04"]) {
      place.writeJson(`days/2026-01-${day}.json`, 5);
      totals.push(await (await summed.build(place.here)).read(summed.artifacts.total));
    }

    expect(totals).toEqual([5, 10, 15, 20]);
  });

  it("D1 · swapped inputs do not collide: 10-5 is 5, and then 5-10 is -5", async () => {
    using place = new Place(kind);
    const results: number[] = [];
    for (const [a, b] of [
      [10, 5],
      [5, 10],
    ] as const) {
      const subtracted = graph("subtracted", () => {
        const wired = { a: Count.from(literal(a)), b: Count.from(literal(b)) };
        return { ...wired, rest: subtract(wired) };
      });
      results.push(await (await subtracted.build(place.here)).read(subtracted.artifacts.rest));
    }

    expect(results).toEqual([5, -5]);
  });

  it("D1 · contents that change places between partitions are built anew", async () => {
    using place = new Place(kind);
    const first = producer({
      name: "first",
      version: "1.0.0",
      inputs: { days: all(Days) },
      output: Count,
      build: ({ days }) => days[0]!.value,
    });
    const firsts = graph("firsts", () => {
      const days = Days.from(local("days/{date}.json"));
      return { days, first: first({ days }) };
    });
    const write = (one: number, two: number) => {
      place.writeJson("days/2026-01-01.json", one);
      place.writeJson("days/2026-01-02.json", two);
    };
    write(1, 2);
    await firsts.build(place.here);
    write(2, 1);

    expect(await (await firsts.build(place.here)).read(firsts.artifacts.first)).toBe(2);
  });

  it("D2 · another schema of an output or an input is built anew, and the reason says so", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 7);
    const declared = (schema: z.ZodType<number>, source: z.ZodType<number> = z.int()) => {
      const [Source, Result] = [artifact({ schema: source }), artifact({ schema })];
      const double = producer({
        name: "double",
        version: "1.0.0",
        inputs: { x: Source },
        output: Result,
        build: ({ x }) => 2 * x,
      });
      return graph("typed", () => {
        const x = Source.from(local("x.json"));
        return { x, y: double({ x }) };
      });
    };
    await declared(z.int()).build(place.here);

    const output = declared(z.number());
    const plan = await output.plan(place.here);
    expect(plan.steps.map(({ state, reason }) => [state, reason.code])).toEqual([["stale", "schema-changed"]]);
    expect(did(await output.build(place.here))).toEqual({ built: 1, reused: 0 });
    expect(did(await declared(z.number(), z.int().max(100)).build(place.here))).toEqual({ built: 1, reused: 0 });
  });

  it("D2 · another format of an output is built anew", async () => {
    using place = new Place(kind);
    const declared = (indent: number) => {
      const make = producer({
        name: "make",
        version: "1.0.0",
        inputs: {},
        output: artifact({ schema: z.json(), format: json({ indent }) }),
        build: () => [1],
      });
      return graph("formatted", () => ({ y: make() }));
    };
    await declared(0).build(place.here);

    expect(did(await declared(2).build(place.here))).toEqual({ built: 1, reused: 0 });
  });

  it("D10 · a source that changes while a build runs is refused, and nothing is remembered for it", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    let meddle = true;
    const wait = producer({
      name: "wait",
      version: "1.0.0",
      inputs: {},
      output: Count,
      build: () => {
        if (meddle) place.writeJson("x.json", 10);
        return 0;
      },
    });
    const racing = graph("racing", () => {
      const x = Count.from(local("x.json"));
      return { x, y: add({ a: x, b: wait() }) };
    });

    await expect(racing.build(place.here)).rejects.toEqual(failedStep("SOURCE_CHANGED", "x.json"));

    meddle = false;
    expect(await (await racing.build(place.here)).read(racing.artifacts.y)).toBe(10);
    place.writeJson("x.json", 1);
    expect(await (await racing.build(place.here)).read(racing.artifacts.y)).toBe(1);
  });

  it("D10 · an earlier snapshot never shows a source as it is now", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const copied = graph("copied", () => {
      const x = Count.from(local("x.json"));
      return { x, y: copy({ x }) };
    });
    const before = await copied.build(place.here);
    place.writeJson("x.json", 2);
    const after = await copied.build(place.here);

    await expect(before.read(copied.artifacts.x)).rejects.toEqual(refusal("SOURCE_CHANGED", "x.json"));
    expect(await before.read(copied.artifacts.y)).toBe(1);
    expect(await after.read(copied.artifacts.x)).toBe(2);
  });

  it("D10 · a stored file that is gone or changed in size is noticed by the next build and made anew", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.string(), storage: local("out/{input_fingerprint}.json") });
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Placed, build: () => "seven" });
    const made = graph("made", () => ({ y: make() }));
    const spoil: readonly ((file: string) => void)[] = [
      (file) => place.remove(file),
      (file) => place.damage(file, '"six"'),
    ];
    await made.build(place.here);

    for (const [index, damage] of spoil.entries()) {
      for (const file of place.files("out")) damage(`out/${file}`);
      const plan = await made.plan(place.here);
      expect(plan.steps[0]!.reason.code).toBe(["output-missing", "output-damaged"][index]);
      const snapshot = await made.build(place.here);
      expect(did(snapshot)).toEqual({ built: 1, reused: 0 });
      expect(await snapshot.read(made.artifacts.y)).toBe("seven");
    }
  });

  it("D10 · a stored file of the same size with other bytes is never served, and is found by a build that verifies", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.string(), storage: local("out/{input_fingerprint}.json") });
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Placed, build: () => "seven" });
    const made = graph("made", () => ({ y: make() }));
    const snapshot = await made.build(place.here);
    const file = `out/${place.files("out")[0]!}`;
    place.damage(file, place.read(file).replace("seven", "eight"));

    await expect(snapshot.read(made.artifacts.y)).rejects.toEqual(refusal("DATA_DAMAGED", file));
    expect((await made.plan({ ...place.here, verify: true })).steps[0]!.reason.code).toBe("output-damaged");
    const healed = await made.build({ ...place.here, verify: true });
    expect(await healed.read(made.artifacts.y)).toBe("seven");
  });

  it("D10 · a damaged result that a later step wants to read is made anew within the same build", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.string(), storage: local("out/{input_fingerprint}.json") });
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Placed, build: () => "seven" });
    const shout = producer({
      name: "shout",
      version: "1.0.0",
      inputs: { y: Placed },
      output: artifact({ schema: z.string() }),
      build: ({ y }) => y.toUpperCase(),
    });
    const made = graph("made", () => ({ y: make() }));
    const shouted = graph("made", () => {
      const y = make();
      return { y, loud: shout({ y }) };
    });
    await made.build(place.here);
    const file = `out/${place.files("out")[0]!}`;
    place.damage(file, place.read(file).replace("seven", "eight"));

    const snapshot = await shouted.build(place.here);

    expect(await snapshot.read(shouted.artifacts.loud)).toBe("SEVEN");
    expect(await snapshot.read(shouted.artifacts.y)).toBe("seven");
  });

  it("D14 · partitions arrive in the order of their keys, numbers as numbers, whatever order they were written in", async () => {
    using place = new Place(kind);
    const Parts = artifact({ schema: z.int(), partitionBy: { n: integers() } });
    const list = producer({
      name: "list",
      version: "1.0.0",
      inputs: { parts: all(Parts) },
      output: artifact({ schema: z.array(z.int()) }),
      build: ({ parts }) => parts.map(({ key }) => key.n),
    });
    const listed = graph("listed", () => {
      const parts = Parts.from(local("parts/{n}.json"));
      return { parts, list: list({ parts }) };
    });
    for (const n of [10, 9, -1, 100, 2]) place.writeJson(`parts/${n}.json`, n);

    const snapshot = await listed.build(place.here);

    expect(await snapshot.read(listed.artifacts.list)).toEqual([-1, 2, 9, 10, 100]);
  });
});

describe.each(backendKinds)("places, remembered in %s", (kind) => {
  it("D3 · what is partitioned by day is built on the default storage, and found by the parts of its date", async () => {
    using place = new Place(kind);
    for (const day of ["01", "02"]) place.writeJson(`in/2026/01/${day}.json`, 1);
    const pass = producer({
      name: "pass",
      version: "1.0.0",
      inputs: { days: Days },
      output: Days,
      build: ({ days }) => days,
    });
    const passed = graph("passed", () => {
      const days = Days.from(local("in/{date.Y}/{date.m}/{date.d}.json"));
      return { days, later: pass({ days }) };
    });

    const snapshot = await passed.build(place.here);

    expect(await keysOf(snapshot.keys(passed.artifacts.later))).toEqual([
      { date: "2026-01-01" },
      { date: "2026-01-02" },
    ]);
    expect(did(await passed.build(place.here))).toEqual({ built: 0, reused: 2 });
  });

  it("D11 · a file on the default storage has one dot before its extension", async () => {
    using place = new Place(kind);
    const made = graph("made", () => {
      const x = Count.from(literal(1));
      return { x, a: { y: copy({ x }) } };
    });

    const snapshot = await made.build(place.here);

    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "a.y"));
    const { location } = items[0]!;
    expect(location).not.toContain("..");
    if (kind === "SQLite")
      expect(place.files(join(".strata", location, ".."))).toEqual([expect.stringMatching(/[^.]\.json$/)]);
  });

  it("D7 · an output that nobody named is built, named after its producer, and read", async () => {
    using place = new Place(kind);
    const split = producer({
      name: "split",
      version: "1.0.0",
      inputs: { x: Count },
      outputs: { small: Count, large: Count },
      build: ({ x }) => ({ small: x - 1, large: x + 1 }),
    });
    const partly = graph("partly", () => {
      const x = Count.from(literal(4));
      return { x, large: split({ x }).large };
    });

    const snapshot = await partly.build(place.here);

    expect([...partly.definition.nodes.keys()]).toEqual(["x", "large", "split.small"]);
    expect(await snapshot.read(partly.artifacts.large)).toBe(5);
    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "split.small"));
    expect(items).toHaveLength(1);
  });

  it("D7 · when one of several outputs is lost, all of them are made anew and read", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.int(), storage: local("out/{names}/{input_fingerprint}.json") });
    const split = producer({
      name: "split",
      version: "1.0.0",
      inputs: { x: Count },
      outputs: { small: Placed, large: Placed },
      build: ({ x }) => ({ small: x - 1, large: x + 1 }),
    });
    const both = graph("both", () => {
      const x = Count.from(literal(4));
      return { x, ...split({ x }) };
    });
    await both.build(place.here);
    place.remove(`out/large/${place.files("out/large")[0]!}`);

    const snapshot = await both.build(place.here);

    expect(did(snapshot)).toEqual({ built: 2, reused: 0 });
    expect(await snapshot.read(both.artifacts.small)).toBe(3);
    expect(await snapshot.read(both.artifacts.large)).toBe(5);
  });

  it("D7 · outputs are told by name, so a result can never end up under another one's", async () => {
    using place = new Place(kind);
    const split = producer({
      name: "split",
      version: "1.0.0",
      inputs: { x: Count },
      outputs: { small: Count, large: Count },
      build: ({ x }) => ({ large: x + 1, small: x - 1 }),
    });
    const both = graph("both", () => {
      const x = Count.from(literal(4));
      const { large, small } = split({ x });
      return { large, small, x };
    });

    const snapshot = await both.build(place.here);

    expect(await snapshot.read(both.artifacts.small)).toBe(3);
    expect(await snapshot.read(both.artifacts.large)).toBe(5);
  });

  it("D7 · one output under two names is refused", () => {
    expect(() =>
      graph("twice", () => {
        const x = Count.from(literal(1));
        const y = copy({ x });
        return { x, y, again: y };
      }),
    ).toThrow(refusal("GRAPH_INVALID", "one artifact has two names"));
  });

  it("D8 · equal artifacts under two names stay two", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const equal = graph("equal", () => {
      const [one, two] = [Count.from(local("x.json")), Count.from(local("x.json"))];
      return { one, two, first: copy({ x: one }), second: copy({ x: two }) };
    });

    const snapshot = await equal.build(place.here);

    expect([...equal.definition.nodes.keys()]).toEqual(["one", "two", "first", "second"]);
    for (const key of ["one", "two", "first", "second"] as const)
      expect(await snapshot.read(equal.artifacts[key])).toBe(1);
  });

  it("D9 · a graph derived from another reads what it was told to, and leaves the first as it was", async () => {
    using place = new Place(kind);
    const original = graph("original", () => {
      const x = Count.from(literal(1));
      const y = copy({ x });
      return { x, y, z: copy({ x: y }) };
    });

    const derived = original.with((draft) => {
      draft.artifacts.x = Count.from(literal(2));
    });

    expect(derived.definition.calls.map(({ inputs }) => inputs[0]!.from.key)).toEqual(["x", "y"]);
    expect(await (await derived.build(place.here)).read(derived.artifacts.z)).toBe(2);
    expect(await (await original.build(place.here)).read(original.artifacts.z)).toBe(1);
  });

  it("D15 · an empty list, an empty record and lists of them are literals like any other", async () => {
    using place = new Place(kind);
    const Value = artifact({ schema: z.json() });
    for (const value of [[], {}, [[]], [{}], { a: [] }, ""]) {
      const empty = graph("empty", () => ({ x: Value.from(literal(value)) }));
      expect(await (await empty.build(place.here)).read(empty.artifacts.x)).toEqual(value);
    }
  });

  it("D15 · a list whose first value decides nothing is judged whole", async () => {
    using place = new Place(kind);
    const Numbers = artifact({ schema: z.array(z.int()) });
    for (const value of [
      [1, true],
      [true, 1],
    ]) {
      const mixed = graph("mixed", () => ({ x: Numbers.from(literal(value)) }));
      await expect(mixed.build(place.here)).rejects.toEqual(refusal("DATA_INVALID", "true"));
    }
  });

  it("D12 · booleans, bytes and values that may be absent go in and out of producers", async () => {
    using place = new Place(kind);
    const Flag = artifact({ schema: z.boolean() });
    const Raw = artifact({ schema: z.custom<Uint8Array>((value) => value instanceof Uint8Array), format: bytes() });
    const Perhaps = artifact({ schema: z.string().nullable() });
    const mix = producer({
      name: "mix",
      version: "1.0.0",
      inputs: { flag: Flag, raw: Raw, perhaps: Perhaps, missing: optional(Count) },
      outputs: { flag: Flag, raw: Flag, perhaps: Perhaps },
      build: ({ flag, raw, perhaps, missing }) => ({
        flag: !flag,
        raw: raw.length === 2,
        perhaps: perhaps ?? (missing === undefined ? null : ""),
      }),
    });
    const mixed = graph("mixed", () => {
      const inputs = {
        flag: Flag.from(literal(false)),
        raw: Raw.from(literal(new Uint8Array([1, 2]))),
        perhaps: Perhaps.from(literal(null)),
      };
      return { inputs, outputs: mix(inputs) };
    });

    const snapshot = await mixed.build(place.here);

    expect(await snapshot.read(mixed.artifacts.outputs.flag)).toBe(true);
    expect(await snapshot.read(mixed.artifacts.outputs.raw)).toBe(true);
    expect(await snapshot.read(mixed.artifacts.outputs.perhaps)).toBe(null);
  });
});

describe("declarations", () => {
  it("D5 · annotations that are said once stand once, in the description and for selectors", async () => {
    using place = new Place();
    const Annotated = artifact({ schema: z.int(), annotations: { owner: ["ana"] } });
    const annotated = graph("annotated", () => ({ x: Annotated.from(literal(1)), y: Annotated.from(literal(2)) }));

    expect(annotated.definition.describe().artifacts.map(({ annotations }) => annotations)).toEqual([
      { owner: ["ana"] },
      { owner: ["ana"] },
    ]);
    await expect(annotated.plan({ ...place.here, select: ["owner:ana"] })).resolves.toMatchObject({ steps: [] });
    await expect(annotated.plan({ ...place.here, select: ["owner:bo"] })).rejects.toEqual(
      refusal("SELECTOR_UNKNOWN", "owner:bo"),
    );
  });

  it("D6 · an artifact's identity knows its producer by name alone: not what is above it, nor what people say of it", () => {
    const declared = (said: string, depth: number) => {
      const annotated = producer({
        name: "copy",
        version: "1.0.0",
        inputs: { x: Count },
        output: Count,
        build: ({ x }) => x,
        annotations: { said },
        description: said,
      });
      return graph("g", () => {
        const x = Count.from(literal(1));
        let y = annotated({ x });
        for (let i = 0; i < depth; i++) y = annotated({ x: y });
        return { x, y };
      }).definition;
    };

    const identities = [declared("a", 0), declared("a", 3), declared("b", 0)].map(
      (definition) => definition.node("y").identity,
    );
    expect(new Set(identities).size).toBe(1);
    expect(declared("b", 0).fingerprint).toBe(declared("a", 0).fingerprint);
  });

  it("D13 · what mapKeys is given and what it must return are the keys of the two artifacts, as the compiler says them", async () => {
    using place = new Place();
    const Weeks = artifact({ schema: z.int(), partitionBy: { n: integers({ from: 1, to: 2 }) } });
    const weekly = producer({
      name: "weekly",
      version: "1.0.0",
      inputs: { day: mapKeys(Days, Weeks, (key) => ({ date: `2026-01-0${key.n.toFixed()}` })) },
      output: Weeks,
      build: ({ day }) => day,
    });
    const mapped = graph("mapped", () => {
      const days = Days.from(
        literal.partitions([
          { key: { date: "2026-01-01" }, value: 10 },
          { key: { date: "2026-01-02" }, value: 20 },
        ]),
      );
      return { days, weeks: weekly({ day: days }) };
    });

    const snapshot = await mapped.build(place.here);

    expect(await snapshot.read(mapped.artifacts.weeks, { n: 1 })).toBe(10);
    expect(await snapshot.read(mapped.artifacts.weeks, { n: 2 })).toBe(20);
  });

  it("D16 · the first program of the README is the spend example, which builds as it stands there", async () => {
    using place = new Place();
    const data = join(root, "examples/spend/data");
    for (const file of readdirSync(data)) place.write(`data/${file}`, readFileSync(join(data, file)));

    const snapshot = await spend.build(place.here);

    const [first] = blocksOf("README.md").filter(({ language }) => language === "ts");
    expect(readFileSync(join(root, "examples/spend/spend.ts"), "utf8")).toContain(first!.text.trimEnd());
    expect(await snapshot.read(spend.artifacts.total)).toEqual({ total: 171, days: 3 });
    expect(await snapshot.read(spend.artifacts.days, { date: "2026-01-02" })).toBe(100);
  });

  it("D17 · the sentences of errors are filled in: no placeholder, no undefined, no bare object", async () => {
    using place = new Place();
    place.write("broken.json", "{");
    const Broken = artifact({ schema: z.json() });
    const wrong = (definition: object) => () =>
      producer({ name: "p", version: "1.0.0", inputs: {}, output: Count, build: () => 1, ...definition } as never);
    const attempts: readonly (() => unknown)[] = [
      () => artifact({} as never),
      () => artifact({ schema: z.int(), partitionBy: { date: {} as never } }),
      () => Days.from(local<string>("x.json")),
      () => Count.from(local("{date}.json")),
      () => local("{"),
      wrong({ inputs: { days: Days } }),
      wrong({ inputs: { x: {} } }),
      wrong({ output: undefined }),
      wrong({ version: {} }),
      wrong({ build: {} }),
      wrong({ retries: -1 }),
      wrong({ timeout: "long" }),
      wrong({ name: "a/b" }),
      () => copy({} as never),
      () => copy({ x: {} } as never),
      () => graph("g", () => ({ x: {} as never, y: null as never })),
      () => graph("", () => ({})),
      () => graph("g", () => ({ x: Count.from(local("gone.json")), y: copy({ x: Count.from(local("gone.json")) }) })),
      () => graph("gone", () => ({ x: Count.from(local("gone.json")) })).build({ ...place.here, select: ["y"] }),
      () => {
        const x = Count.from(local("gone.json"));
        return graph("gone", () => ({ x, y: copy({ x }) })).build(place.here);
      },
      () => {
        const x = Broken.from(local("broken.json"));
        const look = producer({ name: "look", version: "1.0.0", inputs: { x: Broken }, output: Count, build: () => 1 });
        return graph("broken", () => ({ x, y: look({ x }) })).build(place.here);
      },
      () => graph("none", () => ({ x: Count.from(literal(1)) })).snapshot("prod", place.here),
      () => graph("none", () => ({ x: Count.from(literal("one")) })).build(place.here),
    ];

    for (const [index, attempt] of attempts.entries()) {
      const error = await Promise.resolve()
        .then(attempt)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      if (!isStratigraphError(error))
        throw new Error(`attempt ${index} was not refused by one of our errors`, { cause: error });
      expect(error.message, `attempt ${index}`).not.toMatch(/undefined|\[object|\$\{|%[sdo]\b|NaN/);
      expect(error.message.length, `attempt ${index}`).toBeGreaterThan(20);
    }
  });
});

describe("without the optional driver", () => {
  afterEach(() => {
    vi.doUnmock("better-sqlite3");
    vi.resetModules();
  });

  it("D4 · everything but SQLite works, and SQLite says what to install", async () => {
    using place = new Place();
    vi.resetModules();
    vi.doMock("better-sqlite3", () => {
      throw Object.assign(new Error("Cannot find package 'better-sqlite3'"), { code: "ERR_MODULE_NOT_FOUND" });
    });
    const fresh = await import("stratigraph");
    const { sqlite } = await import("stratigraph/sqlite");
    const Number = fresh.artifact({ schema: z.int() });
    const made = fresh.graph("made", () => ({ x: Number.from(fresh.literal(1)) }));
    writeFileSync(join(place.folder, "x.json"), "1");

    const snapshot = await made.build({ backend: fresh.memory(), root: place.folder });

    expect(await snapshot.read(made.artifacts.x)).toBe(1);
    await expect(made.build({ backend: sqlite(join(place.folder, "strata.db")), root: place.folder })).rejects.toEqual(
      refusal("BACKEND_MISSING_DRIVER", "better-sqlite3"),
    );
  });
});
