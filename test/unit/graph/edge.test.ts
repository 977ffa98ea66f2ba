import { describe, expect, test } from "vitest";
import { z } from "zod";
import { artifact, type DeclaredArtifact } from "../../../src/graph/artifact.ts";
import { all, inputSpec, latest, mapKeys, optional, window } from "../../../src/graph/edge.ts";
import { producer } from "../../../src/graph/producer.ts";
import { daily, hourly, integers, oneOf, strings } from "../../../src/identity/declare-dimension.ts";
import type { Dimensions } from "../../../src/identity/dimension.ts";

const of = (partitionBy: Dimensions): never => artifact({ schema: z.number(), partitionBy }) as never;
const Day = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const DayWho = artifact({ schema: z.number(), partitionBy: { date: daily(), who: strings() } });
const Grid = artifact({ schema: z.number(), partitionBy: { date: daily(), n: integers() } });

describe("an edge", () => {
  test("finds the one ordered dimension by itself", () => {
    expect(inputSpec(window(Day, 7))).toEqual({
      artifact: Day,
      edge: { kind: "window", size: 7, over: "date" },
      optional: false,
      view: "value",
    });
    expect(inputSpec(latest(of({ who: strings(), n: integers() })))?.edge).toEqual({ kind: "latest", over: "n" });
  });

  test("goes over the dimension it is told", () => {
    expect(inputSpec(window(Grid, 2, "n"))?.edge).toEqual({ kind: "window", size: 2, over: "n" });
    expect(inputSpec(latest(Grid, "date"))?.edge).toEqual({ kind: "latest", over: "date" });
    expect(inputSpec(all(Grid, "n"))?.edge).toEqual({ kind: "all", over: "n" });
    expect(inputSpec(all(Grid))?.edge).toEqual({ kind: "all" });
  });

  test("may be optional", () => {
    const whole = { artifact: Day, optional: true, view: "value" };
    expect(inputSpec(optional(all(Day)))).toEqual({ ...whole, edge: { kind: "all" } });
    expect(inputSpec(optional(Day))).toEqual({ ...whole, edge: { kind: "same" } });
  });

  test.each([0, -1, 1.5, NaN, "7", undefined])("cannot be a window of size %s", (size) => {
    expect(() => window(Day, size as never)).toThrow(
      "window(): a window has a size; expected a whole number of at least 1",
    );
  });

  test("cannot go over what the artifact does not have", () => {
    expect(() => all(Day, "toString" as never)).toThrow(
      "all(): there is no such dimension; expected 'date' (daily), received \"toString\"",
    );
    expect(() => mapKeys(Day, Day, "date" as never)).toThrow("mapKeys(): the third argument maps a key of the output");
  });

  test("is not wired, named or drawn by mistake for an artifact", () => {
    expect(inputSpec({ is: "an edge" })).toBeUndefined();
    expect(inputSpec(null)).toBeUndefined();
    expect(inputSpec(z.number())).toBeUndefined();
  });
});

describe("an input fits an output", () => {
  const fits = (input: unknown, partitionBy: Dimensions): string => {
    const options: object = { name: "p", version: "1", inputs: { x: input }, output: of(partitionBy), build: () => 1 };
    try {
      producer(options as never);
      return "fits";
    } catch (error) {
      return (error as Error).message.replace("producer 'p', input 'x': ", "");
    }
  };
  const day = { date: daily() };
  const missing = (name: string): string => `dimension '${name}' is missing here: use all(), window() or latest()`;

  test.each<[string, unknown, Dimensions, string]>([
    ["with the same dimensions", Day, day, "fits"],
    ["with fewer", Day, { ...day, n: integers() }, "fits"],
    ["with none", of({}), day, "fits"],
    ["with more", Grid, day, missing("n")],
    ["with more, all of them collected", all(Grid), {}, "fits"],
    ["with none, collected by a helper that does not know", all(of({})), day, "fits"],
    ["with more, one of them collected", all(Grid, "n"), day, "fits"],
    ["with more, the wrong one collected", all(Grid, "date"), day, missing("n")],
    ["with a window over its ordered dimension", window(DayWho, 2), { who: strings() }, "fits"],
    ["with a window, but for the unordered one", window(DayWho, 2), day, missing("who")],
    ["with the newest, but for the other ordered one", latest(Grid, "date"), day, missing("n")],
    ["of another kind", of({ date: hourly() }), day, "dimension 'date' is hourly there and daily here: use mapKeys()"],
    [
      "of another kind, collected where shared",
      all(of({ date: hourly() })),
      day,
      "dimension 'date' is hourly there and daily here: use mapKeys()",
    ],
    ["of another kind, collected by name", all(of({ date: hourly() }), "date" as never), day, "fits"],
    [
      "of another zone",
      of({ date: daily({ zone: "Asia/Tokyo" }) }),
      day,
      "dimension 'date' is daily in Asia/Tokyo there and daily here: use mapKeys()",
    ],
    ["with other bounds", of({ date: daily({ from: "2026-01-01" }) }), day, "fits"],
    ["with more values than the output", of({ r: oneOf("eu", "us") }), { r: oneOf("eu") }, "fits"],
    [
      "with fewer values than the output",
      of({ r: oneOf("eu") }),
      { r: oneOf("eu", "us") },
      "dimension 'r' has values here that it has not there: use mapKeys()",
    ],
    ["mapped from this output", mapKeys(Grid, Day, (key) => ({ ...key, n: 1 })), day, "fits"],
    [
      "mapped from an output with fewer dimensions",
      mapKeys(Grid, Day, (key) => ({ ...key, n: 1 })),
      { ...day, n: integers() },
      "fits",
    ],
    [
      "mapped from another output",
      mapKeys(Grid, Day, (key) => ({ ...key, n: 1 })),
      {},
      "mapKeys() was given the keys of another output",
    ],
  ])("%s", (_title, input, partitionBy, answer) => {
    expect(fits(input, partitionBy)).toBe(answer);
  });
});

test("declared artifacts are recognised by what they are, not by their class", () => {
  const copy = { ...(Day as unknown as DeclaredArtifact) };

  expect(inputSpec(copy)?.artifact).toBe(copy);
});
