import { describe, expect, test } from "vitest";
import { z } from "zod";
import { local } from "../../../src/data/storage/local.ts";
import { artifact } from "../../../src/graph/artifact.ts";
import { all, optional } from "../../../src/graph/edge.ts";
import { defineGraph, type GraphDefinition } from "../../../src/graph/graph.ts";
import { producer } from "../../../src/graph/producer.ts";
import { daily } from "../../../src/identity/declare-dimension.ts";

const Day = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Total = artifact({ schema: z.number() });
const clean = producer({ name: "clean", version: "1.0.0", inputs: { raw: Day }, output: Day, build: ({ raw }) => raw });
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { days: all(Day) },
  output: Total,
  build: ({ days }) => days.length,
});
const smooth = producer({
  name: "smooth",
  version: "1.0.0",
  inputs: { days: Day },
  output: Day,
  build: ({ days }) => days,
});
const double = producer({
  name: "double",
  version: "1.0.0",
  inputs: { total: Total },
  output: Total,
  build: ({ total }) => 2 * total,
});

const spend = defineGraph("spend", () => {
  const raw = Day.from(local("data/{date}.json"));
  const days = clean({ raw });
  return { vendor: { raw }, days, total: sum({ days }) };
});

/** "total = sum(days)" for every produced artifact. */
function shape(graph: GraphDefinition<string, object>): string[] {
  return graph.calls.map(
    ({ producer: { name }, inputs, outputs }) =>
      `${outputs.map(({ node }) => node.key).join()} = ${name}(${inputs.map(({ from }) => from.key).join()})`,
  );
}

describe("deriving a graph", () => {
  test("leaves the first as it was", () => {
    const before = { shape: shape(spend), fingerprint: spend.fingerprint, artifacts: spend.artifacts };

    spend.with((draft) => {
      draft.artifacts.vendor.raw = Day.from(local("other/{date}.json"));
      draft.producer(sum).version = "2.0.0";
    });

    expect({ shape: shape(spend), fingerprint: spend.fingerprint, artifacts: spend.artifacts }).toEqual(before);
  });

  test("without a change gives the same graph", () => {
    const same = spend.with(() => {});

    expect(same.fingerprint).toBe(spend.fingerprint);
    expect(same.changes).toEqual([]);
    expect([...same.nodes.values()].map(({ wire }) => wire)).toEqual([...spend.nodes.values()].map(({ wire }) => wire));
  });

  test("gives a source another place, which whatever reads it reads", () => {
    const derived = spend.with((draft) => {
      draft.artifacts.vendor.raw = Day.from(local("fixtures/{date}.json"));
    });

    expect(derived.node("vendor.raw")).toMatchObject({ storage: { template: "fixtures/{date}.json" } });
    expect(derived.calls[0]?.inputs[0]?.from).toBe(derived.node("vendor.raw"));
    expect(shape(derived)).toEqual(["days = clean(vendor.raw)", "total = sum(days)"]);
    expect(derived.changes).toEqual([{ kind: "artifact", key: "vendor.raw", change: "replaced" }]);
    // Where data lies is no part of what a graph is.
    expect(derived.fingerprint).toBe(spend.fingerprint);
  });

  test("puts a step between an artifact and its readers", () => {
    const derived = spend.with((draft) => {
      draft.artifacts.days = smooth({ days: draft.artifacts.days });
    });

    expect(shape(derived)).toEqual(["clean = clean(vendor.raw)", "days = smooth(clean)", "total = sum(days)"]);
  });

  test("shares with the first what did not change", () => {
    const derived = spend.with((draft) => {
      draft.artifacts.total = double({ total: draft.artifacts.total });
    });

    expect(derived.node("days").wire).toBe(spend.node("days").wire);
    expect(shape(derived)).toEqual(["days = clean(vendor.raw)", "sum = sum(days)", "total = double(sum)"]);
  });

  test("adds and removes names by returning them", () => {
    const derived = spend.with(({ artifacts: { total, vendor, ...rest } }) => ({
      ...rest,
      vendor,
      twice: double({ total }),
    }));

    expect([...derived.nodes.keys()]).toEqual(["days", "vendor.raw", "twice", "sum"]);
    expect(Object.keys(derived.artifacts)).toEqual(["days", "vendor", "twice"]);
    expect(derived.changes).toEqual([
      { kind: "artifact", key: "twice", change: "added" },
      { kind: "artifact", key: "total", change: "removed" },
    ]);
  });

  test("renames the graph", () => {
    const derived = spend.with(() => {}, { name: "rehearsal" });

    expect(derived.name).toBe("rehearsal");
    expect(derived.artifacts.days.graph).toBe("rehearsal");
    expect(derived.fingerprint).not.toBe(spend.fingerprint);
  });

  test("changes a producer's settings wherever it is called", () => {
    const twice = defineGraph("twice", () => {
      const raw = Day.from(local("{date}.json"));
      return { raw, once: clean({ raw }), again: clean({ raw }) };
    });
    const derived = twice.with((draft) => {
      const settings = draft.producer(clean);
      settings.version = "2.0.0";
      settings.retries = 2;
      settings.timeout = 1_000;
      settings.annotations = { owner: "ana" };
      settings.description = "Cleaner.";
    });

    expect(derived.calls.map(({ producer }) => producer.version.text)).toEqual(["2.0.0", "2.0.0"]);
    expect(derived.calls[0]?.producer).toMatchObject({
      retries: { times: 2 },
      timeout: 1_000,
      annotations: { owner: "ana" },
      description: "Cleaner.",
    });
    expect(derived.calls[0]?.producer).toBe(derived.calls[1]?.producer);
    expect(derived.changes.map((change) => change.kind === "producer" && change.part)).toEqual([
      "version",
      "retries",
      "timeout",
      "annotations",
      "description",
    ]);
    expect(twice.calls[0]?.producer.version.text).toBe("1.0.0");
  });

  test("names a producer by its name, too, and reads its settings without changing them", () => {
    const derived = spend.with((draft) => {
      expect(draft.producer("sum").version).toBe("1.0.0");
    });

    expect(derived.changes).toEqual([]);
    expect(derived.calls[1]?.producer).toBe(spend.calls[1]?.producer);
  });

  test("calls another producer of the same type", () => {
    const count = producer({
      name: "count",
      version: "3.0.0",
      inputs: { days: all(Day) },
      output: Total,
      build: () => 0,
    });
    const derived = spend.with((draft) => {
      draft.replace(sum, count);
      draft.producer(sum).retries = 1;
    });

    expect(shape(derived)).toEqual(["days = clean(vendor.raw)", "total = count(days)"]);
    expect(derived.calls[1]?.producer).toMatchObject({
      name: "count",
      version: { text: "3.0.0" },
      retries: { times: 1 },
    });
  });

  test("goes on from a graph that was derived", () => {
    const first = spend.with((draft) => {
      draft.artifacts.days = smooth({ days: draft.artifacts.days });
    });
    const second = first.with((draft) => {
      draft.artifacts.vendor.raw = Day.from(local("fixtures/{date}.json"));
      draft.producer(smooth).version = "2.0.0";
    });

    expect(shape(second)).toEqual(["clean = clean(vendor.raw)", "days = smooth(clean)", "total = sum(days)"]);
    expect(second.node("vendor.raw")).toMatchObject({ storage: { template: "fixtures/{date}.json" } });
    expect(second.changes).toHaveLength(3);
    expect(second.family).toBe(spend.family);
  });

  test("keeps artifacts of the first readable in the derived one, unless they are others there", () => {
    const derived = spend.with(({ artifacts: { total, ...rest } }) => ({
      ...rest,
      total: artifact({ schema: z.string() }).from(local("t.txt")),
      sum: total,
    }));

    expect(derived.node(spend.artifacts.days)).toBe(derived.node("days"));
    expect(() => derived.node(spend.artifacts.total)).toThrow(
      "graph 'spend': 'total' is another artifact in this graph",
    );
  });

  test("wires artifacts of the derived graph elsewhere with all that was changed", () => {
    const derived = spend.with((draft) => {
      draft.artifacts.vendor.raw = Day.from(local("fixtures/{date}.json"));
    });
    const other = defineGraph("other", () => ({
      raw: derived.artifacts.vendor.raw,
      total: double({ total: derived.artifacts.total }),
    }));

    expect(other.node("raw")).toMatchObject({ storage: { template: "fixtures/{date}.json" } });
    expect(shape(other)).toEqual(["clean = clean(raw)", "sum = sum(clean)", "total = double(sum)"]);
  });

  test("takes one pass, however often the changed source is read", () => {
    const raws = Array.from({ length: 20_000 }, (_, i) => [`n${i}`, i] as const);
    const fan = defineGraph("fan", () => {
      const raw = Day.from(local("{date}.json"));
      return { raw, made: Object.fromEntries(raws.map(([name]) => [name, clean({ raw })])) };
    });
    const derived = fan.with((draft) => {
      draft.artifacts.raw = Day.from(local("x/{date}.json"));
    });

    expect(derived.calls).toHaveLength(20_000);
    expect(new Set(derived.calls.map(({ inputs }) => inputs[0]?.from))).toEqual(new Set([derived.node("raw")]));
  });
});

describe("deriving is refused", () => {
  test("where it would tie a circle, which is shown", () => {
    const spread = producer({
      name: "spread",
      version: "1",
      inputs: { total: Total },
      output: Day,
      build: ({ total }) => total,
    });

    expect(() =>
      spend.with((draft) => {
        draft.artifacts.days = spread({ total: draft.artifacts.total });
      }),
    ).toThrow(
      /^graph 'spend': artifacts depend on each other in a circle; received ('days' → 'total' → 'days'|'total' → 'days' → 'total')$/,
    );
  });

  test("where a source loses its name while it is read", () => {
    expect(() => spend.with(({ artifacts: { days, total } }) => ({ days, total }))).toThrow(
      "graph 'spend', producer 'clean', input 'raw': a source has no name",
    );
  });

  test.each<
    [
      string,
      (draft: {
        artifacts: unknown;
        producer: (p: unknown) => Record<string, unknown>;
        replace: (a: unknown, b: unknown) => void;
      }) => unknown,
      string,
    ]
  >([
    [
      "another value",
      (draft) =>
        Object.assign(draft.artifacts as object, {
          days: artifact({ schema: z.string(), partitionBy: { date: daily() } }).from(local("{date}")),
        }),
      "producer 'sum', input 'days': the wired artifact has other values",
    ],
    [
      "other dimensions",
      (draft) => Object.assign(draft.artifacts as object, { days: Total.from(local("x")) }),
      "producer 'sum', input 'days': the wired artifact has other dimensions",
    ],
    [
      "a declared artifact",
      (draft) => void Object.assign(draft.artifacts as object, { days: Day }),
      "graph 'spend', 'days': a graph names artifacts",
    ],
    [
      "a producer it does not call",
      (draft) => draft.producer(smooth),
      'producer(): the graph calls no such producer; expected the name of one it calls, received "smooth"',
    ],
    ["a misspelt producer", (draft) => draft.producer("sun"), "Did you mean 'sum'?"],
    ["what is no producer", (draft) => draft.producer(Day), "producer(): this is not a producer"],
    ["a version that is none", (draft) => void (draft.producer("sum")["version"] = 3), "graph 'spend', producer 'sum'"],
    [
      "no version",
      (draft) => void (draft.producer("sum")["version"] = undefined),
      "producer 'sum': a producer needs a version",
    ],
    [
      "a producer with other inputs",
      (draft) => draft.replace(sum, double),
      "replace(), producer 'double': it has other inputs or outputs; expected ({ days }) => its output, received ({ total }) => its output",
    ],
    ["what is no producer in place of one", (draft) => draft.replace(sum, Day), "replace(): this is not a producer"],
    [
      "a promise of names",
      async (draft) => ({ ...(draft.artifacts as object) }),
      "The function that defines a graph cannot be async.",
    ],
  ])("with %s", (_title, recipe, sentence) => {
    expect(() => spend.with(recipe as never)).toThrow(sentence);
  });

  test("with a misspelt option, or a name that cannot be one", () => {
    expect(() => spend.with(() => {}, { nmae: "x" } as never)).toThrow(
      "graph 'spend', with(): there is no such option",
    );
    expect(() => spend.with(() => {}, { name: "a/b" })).toThrow("graph: this cannot be a name");
  });

  test("and the error of its function comes out as it is", () => {
    const error = new RangeError("mine");

    expect(() =>
      spend.with(() => {
        throw error;
      }),
    ).toThrow(error);
  });
});

test("an optional input stays out in a derived graph", () => {
  const maybe = producer({
    name: "maybe",
    version: "1",
    inputs: { a: Total, b: optional(Total) },
    output: Total,
    build: ({ a }) => a,
  });
  const graph = defineGraph("g", () => {
    const a = Total.from(local("a.json"));
    return { a, made: maybe({ a }) };
  });
  const derived = graph.with((draft) => {
    draft.artifacts.a = Total.from(local("b.json"));
  });

  expect(derived.calls[0]?.inputs.map(({ name }) => name)).toEqual(["a"]);
});

test("a producer cannot stand in for all that share a name unless it fits each of them", () => {
  const build = (): never => 1 as never;
  const make = (schema: z.ZodType<unknown>) =>
    producer({ name: "make", version: "1", inputs: {}, output: artifact({ schema }), build });
  const [number, text] = [make(z.number()), make(z.string())];
  const graph = defineGraph("g", () => ({ number: number(), text: text() }));
  const other = producer({ name: "other", version: "1", inputs: {}, output: Total, build: () => 1 });

  expect(() => graph.with((draft) => draft.replace(number, other as never))).toThrow(
    "graph 'g', replace(), producer 'other', output 'output': the wired artifact has other values; expected string, received number",
  );
  expect(() => graph.with((draft) => void (draft.producer("make").version = "2"))).not.toThrow();
});
