// Declared artifacts and literals: what Artigraph's artifact tests verify.

import { z } from "zod";
import { artifact, bytes, csv, daily, graph, json, literal, local, producer } from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, did, failedStep, Place, refusal, utf8 } from "./support.ts";

const Count = artifact({ schema: z.int() });
const Days = artifact({ schema: z.int(), partitionBy: { date: daily() } });
const double = producer({
  name: "double",
  version: "1.0.0",
  inputs: { count: Count },
  output: Count,
  build: ({ count }) => 2 * count,
});
const halves = producer({
  name: "halves",
  version: "1.0.0",
  inputs: { count: Count },
  outputs: { small: Count, large: Count },
  build: ({ count }) => ({ small: Math.floor(count / 2), large: Math.ceil(count / 2) }),
});

describe("what a graph takes", () => {
  it("1 · an artifact that is wired once is one node, however many producers read it", () => {
    const { definition } = graph("g", () => {
      const count = Count.from(literal(1));
      return { count, left: double({ count }), right: double({ count }) };
    });

    const read = definition.calls.map(({ inputs }) => inputs[0]!.from);
    expect(read).toEqual([definition.node("count"), definition.node("count")]);
    expect(new Set(read).size).toBe(1);
  });

  it("2 · calling a producer with one output gives that artifact, to be named as it is", async () => {
    using place = new Place();
    const doubled = graph("doubled", () => {
      const count = Count.from(literal(21));
      return { count, answer: double({ count }) };
    });

    const snapshot = await doubled.build(place.here);

    expect(await snapshot.read(doubled.artifacts.answer)).toBe(42);
  });

  it("3 · calling a producer with several outputs gives them by name, as a namespace", async () => {
    using place = new Place();
    const split = graph("split", () => {
      const count = Count.from(literal(7));
      return { count, half: halves({ count }) };
    });

    const snapshot = await split.build(place.here);

    expect(await snapshot.read(split.artifacts.half.small)).toBe(3);
    expect(await snapshot.read(split.artifacts.half.large)).toBe(4);
  });

  it("3 · a producer that nobody called is told to be called", () => {
    // @ts-expect-error a producer is no artifact
    expect(() => graph("g", () => ({ halves }))).toThrow(
      refusal("GRAPH_INVALID", "a producer: call it with its inputs to get an artifact"),
    );
  });
});

describe.each(backendKinds)("literals, remembered in %s", (kind) => {
  const literals = [
    ["a text", z.string(), "so much depends"],
    ["a whole number", z.int(), 42],
    ["a number", z.number(), 0.1],
    ["null", z.null(), null],
    ["true", z.boolean(), true],
    ["false", z.boolean(), false],
  ] as const;

  it("4 · texts, numbers, null and booleans are literals, kept as JSON by the backend itself", async () => {
    for (const [, schema, value] of literals) {
      using place = new Place(kind);
      const Value = artifact({ schema: schema as z.ZodType<unknown> });
      const single = graph("single", () => ({ value: Value.from(literal(value)) }));

      const snapshot = await single.build(place.here);

      expect(await snapshot.read(single.artifacts.value)).toBe(value);
      const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "value"));
      expect(items.map(({ storage, value: kept }) => [storage, JSON.parse(utf8(kept)) as unknown])).toEqual([
        ["literal", value],
      ]);
    }
  });

  it("5 · lists and records are literals, also nested ones", async () => {
    for (const value of [[1, 2, 3], { a: 1, b: 2 }, [[1], [2, 3]], [{ id: 1 }], { deep: { list: [1] } }]) {
      using place = new Place(kind);
      const Value = artifact({ schema: z.json() });
      const single = graph("single", () => ({ value: Value.from(literal(value)) }));

      const snapshot = await single.build(place.here);

      expect(await snapshot.read(single.artifacts.value)).toEqual(value);
    }
  });

  it("6 · bytes, dates and sets are literals too, written in the form that their schema reads", async () => {
    using place = new Place(kind);
    const Raw = artifact({ schema: z.custom<Uint8Array>((value) => value instanceof Uint8Array), format: bytes() });
    const When = artifact({ schema: z.iso.datetime().transform((text) => new Date(text)) });
    const Names = artifact({ schema: z.array(z.string()).transform((names) => new Set(names)) });
    const rich = graph("rich", () => ({
      raw: Raw.from(literal(new Uint8Array([0, 255]))),
      when: When.from(literal("2026-01-02T03:04:05Z")),
      names: Names.from(literal(["ada", "grace"])),
    }));

    const snapshot = await rich.build(place.here);

    expect([...(await snapshot.read(rich.artifacts.raw))]).toEqual([0, 255]);
    expect(await snapshot.read(rich.artifacts.when)).toEqual(new Date("2026-01-02T03:04:05Z"));
    expect(await snapshot.read(rich.artifacts.names)).toEqual(new Set(["ada", "grace"]));
  });
});

describe("what does not fit", () => {
  it("7 · a literal that its schema does not allow is refused, naming the place in the value", async () => {
    using place = new Place();
    const Numbers = artifact({ schema: z.array(z.int()) });
    const Prices = artifact({ schema: z.record(z.string(), z.int()) });
    const mixed = graph("mixed", () => ({ numbers: Numbers.from(literal([1, "two"])) }));
    const wrong = graph("wrong", () => ({ prices: Prices.from(literal({ tea: 3, cake: "much" })) }));

    await expect(mixed.build(place.here)).rejects.toEqual(refusal("DATA_INVALID", "1"));
    await expect(wrong.build(place.here)).rejects.toEqual(refusal("DATA_INVALID", "cake"));
  });

  it("8 · an artifact without a schema is refused", () => {
    // @ts-expect-error a schema is required
    expect(() => artifact({})).toThrow(refusal("GRAPH_INVALID", "an artifact needs a schema"));
  });

  it("9 · a format refuses a value that it cannot hold, before anything is stored", async () => {
    using place = new Place("SQLite");
    const Table = artifact({ schema: z.int(), format: csv() });
    const tabulate = producer({ name: "tabulate", version: "1.0.0", inputs: {}, output: Table, build: () => 42 });
    const broken = graph("broken", () => ({ table: tabulate() }));

    await expect(broken.build(place.here)).rejects.toEqual(failedStep("DATA_INVALID", "CSV holds rows"));
    expect(place.files(".strata/data")).toEqual([]);
  });

  it("10 · a storage whose template cannot hold the artifact's partitions is refused where it is declared", () => {
    const Unplaced = artifact({
      schema: z.int(),
      partitionBy: { date: daily() },
      storage: local("out/{input_fingerprint}.json"),
    });

    // @ts-expect-error the template lacks {date}
    expect(() => Days.from(local("data/all.json"))).toThrow(refusal("TEMPLATE_INVALID", "the template lacks {date}"));
    expect(() =>
      producer({ name: "lost", version: "1.0.0", inputs: { days: Days }, output: Unplaced, build: ({ days }) => days }),
    ).toThrow(refusal("TEMPLATE_INVALID", "the template lacks {date}"));
  });
});

describe("what belongs to a declaration", () => {
  it("11 · annotations are said once and stand once, in the order they are written", () => {
    const common = { team: "risk", source: "vendor" };
    const Annotated = artifact({ schema: z.int(), annotations: { ...common, owner: "ana" } });
    const { definition } = graph("g", () => ({ one: Annotated.from(literal(1)), two: Annotated.from(literal(2)) }));

    const told = definition.describe().artifacts.map(({ annotations }) => Object.entries(annotations));
    const once = [
      ["team", "risk"],
      ["source", "vendor"],
      ["owner", "ana"],
    ];
    expect(told).toEqual([once, once]);
  });

  it("12 · {partition} in a template stands for all dimensions, each with its name", async () => {
    using place = new Place();
    const Placed = artifact({
      schema: z.int(),
      partitionBy: { date: daily() },
      format: json(),
      storage: local("out/{names}/{partition}/{input_fingerprint}{extension}"),
    });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { days: Days },
      output: Placed,
      build: ({ days }) => days,
    });
    const placed = graph("placed", () => {
      const days = Days.from(local("in/{date}.json"));
      return { days, copies: { all: copy({ days }) } };
    });
    place.writeJson("in/2026-01-02.json", 1);

    await placed.build(place.here);

    expect(place.files("out")).toEqual([
      expect.stringMatching(/^copies\/all\/date=2026-01-02\/[0-9a-f]{32}-[0-9a-z]+\.json$/),
    ]);
  });

  it("13 · a graph declared again in the same words is the same graph, of which nothing is built again", async () => {
    using place = new Place();
    let calls = 0;
    const declare = () => {
      const Number = artifact({ schema: z.number(), annotations: { owner: "ana" } });
      const increment = producer({
        name: "increment",
        version: "1.0.0",
        inputs: { x: Number },
        output: Number,
        build: ({ x }) => ++calls && x + 1,
      });
      return graph("again", () => {
        const x = Number.from(literal(1));
        return { x, y: increment({ x }) };
      });
    };
    const first = declare();
    const second = declare();

    const built = await first.build(place.here);
    const rebuilt = await second.build(place.here);

    expect(second.definition.fingerprint).toBe(first.definition.fingerprint);
    expect(rebuilt.id).toBe(built.id);
    expect(did(rebuilt)).toEqual({ built: 0, reused: 1 });
    expect(calls).toBe(1);
  });
});
