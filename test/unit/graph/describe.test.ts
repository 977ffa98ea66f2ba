import { describe, expect, test } from "vitest";
import { z } from "zod";
import { csv } from "../../../src/data/format/csv.ts";
import { json } from "../../../src/data/format/json.ts";
import { local } from "../../../src/data/storage/local.ts";
import { artifact } from "../../../src/graph/artifact.ts";
import { recordText } from "../../../src/graph/canonical-record.ts";
import { all, latest, mapKeys, optional, window } from "../../../src/graph/edge.ts";
import { defineGraph, type GraphDefinition } from "../../../src/graph/graph.ts";
import { producer } from "../../../src/graph/producer.ts";
import { parseManifest, sealManifest } from "../../../src/identity/manifest.ts";
import { daily, hourly, integers } from "../../../src/identity/declare-dimension.ts";
import { schemaDescription } from "../../../src/identity/schema.ts";
import { canonicalText } from "../../../src/util/canonical.ts";
import { counters } from "../../../src/util/counters.ts";
import { fc } from "../../support/random.ts";

interface Choices {
  readonly graph: string;
  readonly key: string;
  readonly producer: string;
  readonly version: string;
  readonly input: string;
  readonly place: string;
  readonly schema: z.ZodType<number>;
  readonly format: ReturnType<typeof json>;
  readonly size: number;
  readonly optional: boolean;
  readonly owner: string;
  readonly check: boolean;
  readonly retries: number;
  readonly date: ReturnType<typeof daily> | ReturnType<typeof hourly>;
}

const usual: Choices = {
  graph: "g",
  key: "mean",
  producer: "average",
  version: "1.0.0",
  input: "days",
  place: "data/{date}.json",
  schema: z.number(),
  format: json(),
  size: 7,
  optional: false,
  owner: "ana",
  check: false,
  retries: 0,
  date: daily(),
};

function graphWith(changes: Partial<Choices>): GraphDefinition<string, object> {
  const o = { ...usual, ...changes };
  const checks = o.check ? { positive: (): true => true } : {};
  const annotations = { owner: o.owner };
  const Day = artifact({
    schema: o.schema,
    format: o.format,
    partitionBy: { date: o.date },
    annotations,
    description: o.owner,
    checks,
  });
  const input = window(Day, o.size);
  const average = producer({
    name: o.producer,
    version: o.version,
    inputs: { [o.input]: o.optional ? optional(input) : input },
    output: Day,
    build: () => 1,
    annotations,
    description: o.owner,
    retries: o.retries,
  });
  return defineGraph(o.graph, () => {
    const raw = Day.from(local(o.place));
    return { raw, [o.key]: average({ [o.input]: raw }) };
  });
}

describe("a graph's fingerprint", () => {
  test.each<[string, Partial<Choices>]>([
    ["the graph's name", { graph: "h" }],
    ["an artifact's key", { key: "average" }],
    ["a producer's name", { producer: "mean" }],
    ["a counting part of the version", { version: "2.0.0" }],
    ["an input's name", { input: "rows" }],
    ["a schema", { schema: z.int() }],
    ["a format", { format: json({ indent: 2 }) }],
    ["another format", { format: csv() }],
    ["the edge", { size: 8 }],
    ["optional()", { optional: true }],
    ["the kind of a dimension", { date: hourly() }],
    ["the zone of a dimension", { date: daily({ zone: "Asia/Tokyo" }) }],
  ])("changes with %s", (_title, changes) => {
    expect(graphWith(changes).fingerprint).not.toBe(graphWith({}).fingerprint);
  });

  test.each<[string, Partial<Choices>]>([
    ["nothing", {}],
    ["a part of the version that does not count", { version: "1.2.3" }],
    ["where a source lies", { place: "elsewhere/{date}.json" }],
    ["annotations and descriptions", { owner: "ben" }],
    ["checks", { check: true }],
    ["retries", { retries: 3 }],
    ["an equal schema", { schema: z.number().describe("a number") }],
  ])("stays the same with %s", (_title, changes) => {
    expect(graphWith(changes).fingerprint).toBe(graphWith({}).fingerprint);
  });

  test("comes from a manifest that can be read back and compared", () => {
    const graph = graphWith({});
    const schema = schemaDescription(usual.schema).fingerprint;
    const form = {
      dimensions: { date: { kind: "daily", zone: "UTC" } },
      format: { kind: "json", options: usual.format.options },
      schema,
    };
    const made = {
      producer: "average",
      version: { kind: "semver", counts: "semver 1" },
      slot: "output",
      inputs: { days: { from: "raw", edge: { kind: "window", size: 7, over: "date" }, optional: false } },
    };
    const manifest = {
      kind: "graph",
      format: 1,
      parts: { name: "g", artifacts: { raw: form, mean: { ...form, made } } },
    };

    expect(parseManifest(graph.manifest.text)).toEqual(manifest);
    expect(graph.manifest).toEqual(sealManifest(manifest));
  });

  test("and everything in it is computed once", () => {
    const graph = graphWith({});
    const look = (): unknown[] => [
      graph.fingerprint,
      graph.describe(),
      ...[...graph.nodes.values()].map(({ identity }) => identity),
    ];
    const first = look();

    const before = { ...counters };
    const second = look();

    expect(counters).toEqual(before);
    expect(second).toEqual(first);
    expect(second[1]).toBe(first[1]);
  });

  test("does not canonicalise a shared artifact once per node", () => {
    const Value = artifact({ schema: z.number() });
    const next = producer({ name: "next", version: "1", inputs: { x: Value }, output: Value, build: ({ x }) => x });
    const chain = (length: number): number => {
      const graph = defineGraph("g", () => {
        const first = Value.from(local("x.json"));
        let last = next({ x: first });
        for (let i = 1; i < length; i++) last = next({ x: last });
        return { first, last };
      });
      const before = counters.canonicalisations;
      expect(graph.fingerprint).toHaveLength(32);
      for (const node of graph.nodes.values()) expect(node.identity).toHaveLength(32);
      return counters.canonicalisations - before;
    };
    chain(1);

    expect(chain(1_000)).toBe(chain(10));
  });
});

describe("a description", () => {
  const Day = artifact({
    schema: z.number(),
    partitionBy: { date: daily() },
    annotations: { owner: "ana" },
    description: "Per day.",
  });
  const Grid = artifact({
    schema: z.number(),
    partitionBy: { date: daily(), n: integers() },
    storage: local("grid/{date}/{n}/{input_fingerprint}.json"),
  });
  const fill = producer({
    name: "fill",
    version: "1.2.0",
    inputs: {
      day: Day,
      every: all(Day, "date"),
      last: optional(latest(Day)),
      mapped: mapKeys(Day, Grid, ({ date }) => ({ date })),
    },
    output: Grid,
    build: () => 1,
    description: "Fills.",
  });
  const graph = defineGraph("g", () => {
    const day = Day.from(local("{date}.json"));
    return { day, grid: { it: fill({ day, every: day, mapped: day }) } };
  });

  test("is JSON and says everything but code", () => {
    const description = graph.describe();

    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    expect(description).toMatchObject({
      format: 1,
      name: "g",
      fingerprint: graph.fingerprint,
      artifacts: [
        {
          key: "day",
          kind: "source",
          storage: { kind: "local", template: "{date}.json" },
          annotations: { owner: "ana" },
          description: "Per day.",
          producer: null,
        },
        {
          key: "grid.it",
          kind: "produced",
          storage: { template: "grid/{date}/{n}/{input_fingerprint}.json" },
          dimensions: { date: { kind: "daily" }, n: { kind: "integers" } },
          producer: 0,
        },
      ],
      producers: [
        {
          name: "fill",
          version: { kind: "semver", text: "1.2.0" },
          inputs: [
            { name: "day", from: "day", edge: { kind: "same" }, optional: false },
            { name: "every", from: "day", edge: { kind: "all", over: "date" }, optional: false },
            { name: "mapped", from: "day", edge: { kind: "map" }, optional: false },
          ],
          outputs: [{ slot: "output", key: "grid.it" }],
          description: "Fills.",
        },
      ],
    });
  });

  test("holds each schema once", () => {
    const { schemas, artifacts } = graph.describe();

    expect(Object.keys(schemas)).toEqual([artifacts[0]?.schema]);
    expect(schemas[artifacts[0]!.schema]).toEqual(schemaDescription(z.number()).json);
  });

  test("names the artifact whose schema cannot be stored", () => {
    const odd = defineGraph("g", () => ({
      a: { odd: artifact({ schema: z.function() as never }).from(local("x.json")) },
    }));

    expect(() => odd.describe()).toThrow("graph 'g', artifact 'a.odd'");
    expect(() => odd.fingerprint).toThrow("graph 'g', artifact 'a.odd'");
  });
});

test("text put together from members is what the general encoder writes", () => {
  const name = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("$", "toJSON", "constructor", "10", "9", "\uffee", "😀"),
  );
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.oneof(fc.integer(), fc.string({ unit: "grapheme" })), { noNullPrototype: true }),
      (record) => {
        fc.pre(!Object.hasOwn(record, "__proto__"));

        expect(recordText(Object.entries(record).map(([key, value]) => [key, canonicalText(value)]))).toBe(
          canonicalText(record),
        );
      },
    ),
  );
});
