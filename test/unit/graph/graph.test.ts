import { describe, expect, test } from "vitest";
import { z } from "zod";
import { local } from "../../../src/data/storage/local.ts";
import { isStratigraphError, type StratigraphError } from "../../../src/errors.ts";
import { artifact } from "../../../src/graph/artifact.ts";
import { all, optional } from "../../../src/graph/edge.ts";
import { defineGraph } from "../../../src/graph/graph.ts";
import { producer } from "../../../src/graph/producer.ts";
import { wireOf, type OutputWire } from "../../../src/graph/wired.ts";
import { daily } from "../../../src/identity/declare-dimension.ts";

const Day = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Total = artifact({ schema: z.object({ total: z.number() }) });
const Train = artifact({ schema: z.array(z.number()) });
const clean = producer({ name: "clean", version: "1.0.0", inputs: { raw: Day }, output: Day, build: ({ raw }) => raw });
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { days: all(Day) },
  output: Total,
  build: () => ({ total: 1 }),
});
const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: { total: Total },
  outputs: { train: Train, test: Train },
  build: () => ({ train: [], test: [] }),
});

const keysOf = (graph: { readonly nodes: ReadonlyMap<string, unknown> }): string[] => [...graph.nodes.keys()];
const errorOf = (work: () => unknown): StratigraphError => {
  try {
    work();
  } catch (error) {
    if (isStratigraphError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("a graph", () => {
  const spend = defineGraph("spend", () => {
    const raw = Day.from(local("data/{date}.json"));
    const days = clean({ raw });
    return { vendor: { raw }, days, total: sum({ days }) };
  });

  test("names its artifacts as they were returned", () => {
    expect(keysOf(spend)).toEqual(["vendor.raw", "days", "total"]);
    expect({ ...spend.artifacts.vendor.raw }).toEqual({ is: "an artifact", graph: "spend", key: "vendor.raw" });
    expect(Object.isFrozen(spend.artifacts.vendor)).toBe(true);
  });

  test("knows who makes each artifact, and from what", () => {
    const [first, second] = spend.calls;
    const days = spend.node("days");

    expect(spend.node("vendor.raw")).toMatchObject({ kind: "source", artifact: Day });
    expect(days).toMatchObject({ kind: "produced", slot: "output", call: first });
    expect(first).toMatchObject({
      index: 0,
      inputs: [{ name: "raw", from: spend.node("vendor.raw") }],
      outputs: [{ slot: "output", node: days }],
    });
    expect(second?.inputs).toEqual([
      { name: "days", spec: { artifact: Day, edge: { kind: "all" }, optional: false, view: "value" }, from: days },
    ]);
  });

  test("finds nodes by its own artifacts, and by those of a graph loaded a second time", () => {
    const again = defineGraph("spend", () => {
      const raw = Day.from(local("elsewhere/{date}.json"));
      const days = clean({ raw });
      return { vendor: { raw }, days, total: sum({ days }) };
    });

    expect(spend.node(spend.artifacts.days)).toBe(spend.nodes.get("days"));
    expect(spend.node(again.artifacts.days)).toBe(spend.nodes.get("days"));
  });

  test("tells other graphs apart, also one of the same name", () => {
    const other = defineGraph("other", () => ({ days: Day.from(local("{date}.json")) }));
    const namesake = defineGraph("spend", () => ({ days: Day.from(local("{date}.json")) }));

    expect(() => spend.node(other.artifacts.days)).toThrow(
      "graph 'spend': this artifact belongs to another graph; expected one of those in 'spend.artifacts', received 'days' of graph 'other'",
    );
    expect(() => spend.node(namesake.artifacts.days)).toThrow("received 'days' of another graph by that name");
    expect(() => spend.node(Day as never)).toThrow("this is not one of its artifacts");
    expect(() => spend.node("dais")).toThrow(
      "graph 'spend': there is no such artifact; expected the key of one of its artifacts, received \"dais\". Did you mean 'days'?",
    );
  });

  test("has artifacts, also after it was derived", () => {
    const sentence =
      "graph 'g': the graph has no artifacts: its function returns them by name; expected an object such as";

    expect(() => defineGraph("g", () => ({}))).toThrow(sentence);
    expect(() => defineGraph("g", () => ({ vendor: {} }))).toThrow(sentence);
    expect(() => spend.with(() => ({}), { name: "g" })).toThrow(sentence);
  });

  test("may have a producer that reads nothing", () => {
    const make = producer({ name: "make", version: "1", inputs: {}, output: Total, build: () => ({ total: 0 }) });

    expect(defineGraph("g", () => ({ made: make() })).calls[0]?.inputs).toEqual([]);
  });

  test("keeps equal artifacts under two names apart", () => {
    const graph = defineGraph("g", () => {
      const raw = Day.from(local("{date}.json"));
      return { raw, one: clean({ raw }), two: clean({ raw }), same: Day.from(local("{date}.json")) };
    });

    expect(keysOf(graph)).toEqual(["raw", "one", "two", "same"]);
    expect(graph.calls).toHaveLength(2);
    expect(graph.node("one").identity).toBe(graph.node("two").identity);
  });

  test("leaves out what an optional input does without", () => {
    const maybe = producer({
      name: "maybe",
      version: "1",
      inputs: { a: optional(Total), b: optional(Total) },
      output: Total,
      build: () => ({ total: 0 }),
    });
    const graph = defineGraph("g", () => {
      const b = Total.from(local("b.json"));
      return { b, made: maybe({ b }) };
    });

    expect(graph.calls[0]?.inputs.map(({ name }) => name)).toEqual(["b"]);
  });

  test("fills its names into the places of its sources", () => {
    const graph = defineGraph("g", () => ({
      a: { raw: Day.from(local("{graph}/{names}/{date}.json")) },
      b: { raw: Day.from(local("{graph}/{names}/{date}.json")) },
    }));
    const [a, b] = [...graph.nodes.values()];

    expect(a).toMatchObject({ storage: { template: "g/a/raw/{date}.json" } });
    expect(b).toMatchObject({ storage: { template: "g/b/raw/{date}.json" } });
    expect(a?.identity).not.toBe(b?.identity);
  });
});

describe("what is reachable but not named", () => {
  test("gets the name of its producer, and of its output where there are several", () => {
    const graph = defineGraph("g", () => {
      const raw = Day.from(local("{date}.json"));
      return { raw, test: split({ total: sum({ days: clean({ raw }) }) }).test };
    });

    expect(keysOf(graph)).toEqual(["raw", "test", "clean", "sum", "split.train"]);
    expect(Object.keys(graph.artifacts)).toEqual(["raw", "test"]);
  });

  test("is numbered where that name is taken, also by a namespace or in other letters", () => {
    const graph = defineGraph("g", () => {
      const raw = Day.from(local("{date}.json"));
      const twice = clean({ raw: clean({ raw: clean({ raw }) }) });
      return {
        raw,
        CLEAN: { it: twice },
        sum: Day.from(local("x/{date}.json")),
        total: split({ total: sum({ days: twice }) }).train,
      };
    });

    expect(keysOf(graph)).toEqual(["raw", "CLEAN.it", "sum", "total", "clean-2", "clean-3", "sum-2", "split.test"]);
  });

  test("is in the graph with all outputs of its producer, so that none is lost or crossed", () => {
    const graph = defineGraph("g", () => {
      const total = Total.from(local("total.json"));
      return { total, second: split({ total }).test };
    });

    expect(graph.calls[0]?.outputs.map(({ slot, node }) => [slot, node.key])).toEqual([
      ["train", "split.train"],
      ["test", "second"],
    ]);
  });

  test("cannot be a source", () => {
    expect(() => defineGraph("g", () => ({ days: clean({ raw: Day.from(local("{date}.json")) }) }))).toThrow(
      "graph 'g', producer 'clean', input 'raw': a source has no name. Return it from the graph's function with the others: { raw, … }.",
    );
  });
});

describe("a graph is refused", () => {
  const raw = (): ReturnType<typeof Day.from> => Day.from(local("{date}.json"));

  test("with one artifact under two names", () => {
    const define = (): object => {
      const one = raw();
      return { a: one, b: { c: one } };
    };

    expect(() => defineGraph("g", define as never)).toThrow("graph 'g', 'a' and 'b.c': one artifact has two names");
  });

  test("with two producers of one name", () => {
    const other = producer({ name: "clean", version: "1.0.0", inputs: { raw: Day }, output: Day, build: () => 2 });

    expect(() =>
      defineGraph("g", () => {
        const source = raw();
        return { source, a: clean({ raw: source }), b: other({ raw: source }) };
      }),
    ).toThrow("graph 'g', producer 'clean': two producers have the same name");
  });

  test("but not with one producer declared again for other artifacts", () => {
    const make = (schema: z.ZodNumber, build: () => number) =>
      producer({ name: "make", version: "1", inputs: {}, output: artifact({ schema }), build });
    const build = (): number => 1;

    expect(() => defineGraph("g", () => ({ a: make(z.number(), build)(), b: make(z.int(), build)() }))).not.toThrow();
  });

  test.each<[string, () => unknown, string]>([
    [
      "a name that differs only in case",
      () => ({ days: raw(), Days: raw() }),
      "graph 'g', outermost names: name 'Days' looks like name 'days'",
    ],
    [
      "a name that differs only in width",
      () => ({ v: { days: raw(), ｄays: raw() } }),
      "graph 'g', names in 'v': name 'ｄays' looks like name 'days'",
    ],
    ["a name in decomposed form", () => ({ "e\u0301": raw() }), "which is not in Unicode's composed form (NFC)"],
    ["an empty name", () => ({ vendor: { "": raw() } }), "graph 'g', names in 'vendor', name: this cannot be a name"],
    ["a name with a dot", () => ({ "vendor.days": raw() }), "graph 'g', outermost names, name: this cannot be a name"],
    ["a name with NUL", () => ({ "a\0": raw() }), 'received "a\\u{0}" with the character U+0000 in it'],
    ["the name __proto__", () => ({ ["__proto__"]: raw() }), 'received "__proto__"'],
    ["a prototype by accident", () => ({ __proto__: raw() }), "a graph's function returns the artifacts by name"],
    [
      "a namespace that is a list",
      () => ({ all: [raw()] }),
      "graph 'g', 'all': a graph names artifacts; expected an artifact, or an object of them, received an array",
    ],
    ["nothing", () => undefined, "expected an object such as { days, total }, received nothing"],
    ["a bare artifact", () => raw(), "received an artifact"],
    ["a class instance", () => ({ it: new Date(0) }), "received a Date"],
  ])("with %s", (_title, define, sentence) => {
    expect(() => defineGraph("g", define as never)).toThrow(sentence);
  });

  test("with a name of its own that cannot be one, or without a function", () => {
    expect(() => defineGraph("a/b", () => ({}))).toThrow("graph: this cannot be a name");
    expect(() => defineGraph("g", {} as never)).toThrow(
      "graph 'g': a graph is defined by a function; expected () => ({ days, total }), received an object",
    );
  });

  test("with a namespace that contains itself", () => {
    const loop: Record<string, unknown> = {};
    loop["again"] = loop;

    expect(() => defineGraph("g", () => loop as never)).toThrow(
      "namespaces are nested too deep; expected at most 32 levels",
    );
  });

  test("with an error of its function, as it is", () => {
    const error = new RangeError("mine");

    expect(() =>
      defineGraph("g", () => {
        throw error;
      }),
    ).toThrow(error);
  });

  test("with two outputs of one step at one place", () => {
    const at = (template: string) => artifact({ schema: z.number(), storage: local(template) });
    const define = (one: string, two: string) => () => {
      const both = producer({
        name: "both",
        version: "1",
        inputs: {},
        outputs: { one: at(one), two: at(two) },
        build: () => ({ one: 1, two: 2 }),
      });
      return { parts: both() };
    };

    expect(() => defineGraph("g", define("out/{input_fingerprint}.json", "out/{input_fingerprint}.json"))).toThrow(
      "graph 'g', producer 'both', output 'two': it would be written over output 'one'",
    );
    expect(() =>
      defineGraph("g", define("out/{names}/{input_fingerprint}.json", "out/{names}/{input_fingerprint}.json")),
    ).not.toThrow();
    expect(() => defineGraph("g", define("a/{input_fingerprint}.json", "b/{input_fingerprint}.json"))).not.toThrow();
  });
});

describe("names that objects inherit", () => {
  test("are names like any other", () => {
    const graph = defineGraph("g", () => {
      const constructor = Day.from(local("{date}.json"));
      return {
        constructor,
        hasOwnProperty: { toString: clean({ raw: constructor }) },
        toJSON: Day.from(local("x/{date}.json")),
        $: Day.from(local("y/{date}.json")),
      };
    });

    expect(keysOf(graph)).toEqual(["constructor", "hasOwnProperty.toString", "toJSON", "$"]);
    expect(graph.node("hasOwnProperty.toString").key).toBe("hasOwnProperty.toString");
    expect(Object.keys(graph.artifacts)).toEqual(["constructor", "hasOwnProperty", "toJSON", "$"]);
    expect(Object.getPrototypeOf(graph.artifacts)).toBeNull();
    expect(() => graph.describe()).not.toThrow();
    expect(graph.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("a circle", () => {
  // Wires are frozen, so only somebody who reaches behind them can tie one.
  const tie =
    (length: number): (() => object) =>
    () => {
      const first = clean({ raw: Day.from(local("{date}.json")) });
      let last = first;
      for (let i = 1; i < length; i++) last = clean({ raw: last });
      ((wireOf(first) as OutputWire).call.inputs as Map<string, unknown>).set("raw", wireOf(last));
      return { first };
    };

  test("of one is reported", () => {
    expect(() => defineGraph("g", tie(1) as never)).toThrow(
      "graph 'g': artifacts depend on each other in a circle; received 'first' → 'first'",
    );
  });

  test("of two is reported as a path", () => {
    const error = errorOf(() => defineGraph("g", tie(2) as never));

    expect(error.code).toBe("GRAPH_CYCLE");
    expect(error.received).toMatch(/^('first' → 'clean' → 'first'|'clean' → 'first' → 'clean')$/);
  });

  test("of 100,000 shows at most 20 names and its length", () => {
    const error = errorOf(() => defineGraph("g", tie(100_000) as never));

    expect(error.data).toEqual({ length: 100_000 });
    expect(error.received?.split(" → ")).toHaveLength(21);
    expect(error.received).toContain("… (99981 more)");
  });
});

describe("a large graph", () => {
  const seconds = (work: () => unknown): number => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  };

  test.each([
    [
      "a chain of 100,000",
      () => {
        const raw = Day.from(local("{date}.json"));
        let last = clean({ raw });
        for (let i = 1; i < 100_000; i++) last = clean({ raw: last });
        return { raw, last };
      },
      100_001,
    ],
    [
      "a fan of 100,000",
      () => {
        const raw = Day.from(local("{date}.json"));
        const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`n${i}`, clean({ raw })]));
        return { raw, ...many };
      },
      100_001,
    ],
    [
      "a ladder of 60 diamonds, whose paths nobody could count",
      () => {
        const both = producer({ name: "both", version: "1", inputs: { a: Day, b: Day }, output: Day, build: () => 1 });
        const raw = Day.from(local("{date}.json"));
        let rung = clean({ raw });
        for (let i = 0; i < 60; i++) rung = both({ a: clean({ raw: rung }), b: clean({ raw: rung }) });
        return { raw, rung };
      },
      182,
    ],
  ])("%s is defined, described and fingerprinted without recursion", (_title, define, size) => {
    const time = seconds(() => {
      const graph = defineGraph("g", define as never);
      expect(graph.nodes.size).toBe(size);
      expect(graph.fingerprint).toHaveLength(32);
      expect(graph.describe().artifacts).toHaveLength(size);
    });

    // A hundred times what it takes where it is linear, and far less than where it is not.
    expect(time).toBeLessThan(60);
  });
});
