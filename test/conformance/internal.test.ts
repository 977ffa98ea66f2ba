// Declarations as values: what Artigraph's tests of its models and mappings verify, as far as it can be met from outside.

import { z } from "zod";
import { artifact, daily, graph, isStratigraphError, literal, producer } from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, Place, refusal } from "./support.ts";

const Count = artifact({ schema: z.int() });
const copy = producer({ name: "copy", version: "1.0.0", inputs: { x: Count }, output: Count, build: ({ x }) => x });

describe("declarations", () => {
  it("202, 203, 216 · declarations are frozen to the bottom, and keep nothing that could still change", () => {
    const annotations = { owner: "ana", teams: ["risk"] };
    const partitionBy = { date: daily() };
    const Kept = artifact({ schema: z.int(), partitionBy, annotations });
    annotations.owner = "bo";
    annotations.teams.push("web");
    Object.assign(partitionBy, { extra: daily() });

    const [described] = graph("g", () => ({ kept: Kept.from(literal.partitions([])) })).definition.describe().artifacts;

    expect(described).toMatchObject({ annotations: { owner: "ana", teams: ["risk"] } });
    expect(Object.keys(described!.dimensions as object)).toEqual(["date"]);
    expect(() => Object.assign(Kept, { annotations: {} })).toThrow(TypeError);
  });

  it("202 · an annotation that could not be stored is refused when it is declared", () => {
    expect(() => artifact({ schema: z.int(), annotations: { when: new Date() as never } })).toThrow(
      refusal("GRAPH_INVALID", "an annotation cannot be stored"),
    );
  });

  it("212 · a declaration says what it is when it is printed, and refuses options of a wrong kind", () => {
    expect(Object.keys(Count)[0]).toBe("is");
    expect(() => artifact({ schema: z.int(), description: 3 as never })).toThrow(
      refusal("GRAPH_INVALID", "a description is a text"),
    );
    expect(() => artifact({ schema: z.int(), format: "json" as never })).toThrow(
      refusal("GRAPH_INVALID", "this is not a format"),
    );
    expect(() => artifact({ schema: z.int(), storage: "out" as never })).toThrow(
      refusal("GRAPH_INVALID", "this is not a storage"),
    );
  });

  it("215 · an option that does not exist is refused with the nearest that does", () => {
    // @ts-expect-error partitionedBy is not an option
    expect(() => artifact({ schema: z.int(), partitionedBy: { date: daily() } })).toThrow(
      refusal("GRAPH_INVALID", "Did you mean 'partitionBy'?"),
    );
    expect(() => producer({ name: "p", version: "1", input: {}, output: Count, build: () => 1 } as never)).toThrow(
      refusal("GRAPH_INVALID", "there is no such option"),
    );
  });
});

describe("namespaces", () => {
  it("204, 210 · an artifact is found by its dotted key and by its place in the tree alike", () => {
    const { definition, artifacts } = graph("tree", () => {
      const x = Count.from(literal(1));
      return { x, a: { b: { c: copy({ x }) }, d: copy({ x }) } };
    });

    expect([...definition.nodes.keys()]).toEqual(["x", "a.b.c", "a.d"]);
    expect(definition.nodes.size).toBe(3);
    expect(definition.node("a.b.c")).toBe(definition.node(artifacts.a.b.c));
    expect(definition.node("a.d")).toBe(definition.node(artifacts.a.d));
  });

  it("205 · an artifact has one name, and a name holds an artifact or a namespace", () => {
    const x = Count.from(literal(1));

    expect(() => graph("g", () => ({ x, again: x }))).toThrow(refusal("GRAPH_INVALID", "one artifact has two names"));
    // @ts-expect-error a number is no artifact
    expect(() => graph("g", () => ({ x, five: 5 }))).toThrow(refusal("GRAPH_INVALID", "a graph names artifacts"));
  });

  it("208 · looking for a name never makes one, nor finds what every object has", () => {
    const { artifacts, definition } = graph("g", () => ({ x: Count.from(literal(1)) }));

    expect("y" in artifacts).toBe(false);
    expect("constructor" in artifacts).toBe(false);
    expect(definition.nodes.has("toString")).toBe(false);
    expect([...definition.nodes.keys()]).toEqual(["x"]);
  });

  it("209 · a name that would mean something else where it is written is refused", () => {
    const names = ["a.b", "a/b", "*", "+x", "days[1]", "owner:ana", "", "__proto__", "\u200bx", "e\u0301", "-x", " x"];

    for (const name of names) {
      expect(
        () => graph("g", () => ({ ["a"]: Object.fromEntries([[name, Count.from(literal(1))]]) })),
        JSON.stringify(name),
      ).toThrow(refusal("GRAPH_INVALID", "this cannot be a name"));
    }
  });

  it("165, 209 · names that differ only in case are refused, since one file name may stand for both", () => {
    expect(() => graph("g", () => ({ days: Count.from(literal(1)), Days: Count.from(literal(2)) }))).toThrow(
      refusal("GRAPH_INVALID", "'Days' looks like name 'days'"),
    );
    expect(() => artifact({ schema: z.int(), partitionBy: { date: daily(), Date: daily() } })).toThrow(
      refusal("GRAPH_INVALID", "looks like dimension 'date'"),
    );
  });

  it("221 · two producers of one name in one graph are refused, since the name stands for the code", () => {
    const other = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: ({ x }) => x + 1,
    });

    expect(() =>
      graph("g", () => {
        const x = Count.from(literal(1));
        return { x, one: copy({ x }), two: other({ x }) };
      }),
    ).toThrow(refusal("GRAPH_INVALID", "two producers have the same name"));
  });
});

describe.each(backendKinds)("errors, remembered in %s", (kind) => {
  it("201 · an error says where it happened and keeps what caused it, down to what was thrown", async () => {
    using place = new Place(kind);
    const thrown = new RangeError("too far");
    const fail = producer({
      name: "fail",
      version: "1.0.0",
      inputs: {},
      output: Count,
      build: () => {
        throw thrown;
      },
    });

    const error = await graph("failing", () => ({ y: fail() }))
      .build(place.here)
      .catch((caught: unknown) => caught);

    if (!isStratigraphError(error) || !isStratigraphError(error.cause))
      throw new Error("not one of our errors", { cause: error });
    expect(error.code).toBe("BUILD_FAILED");
    expect(error.cause).toMatchObject({ code: "STEP_FAILED", cause: thrown });
    expect(error.cause.message).toContain("producer 'fail'");
    expect(error.cause.message).toContain("too far");
  });
});
