import { describe, expect, test } from "vitest";
import { z } from "zod";
import { csv } from "../../../src/data/format/csv.ts";
import { local } from "../../../src/data/storage/local.ts";
import { artifact, declaredArtifact } from "../../../src/graph/artifact.ts";
import { wireOf } from "../../../src/graph/wired.ts";
import { daily, oneOf } from "../../../src/identity/declare-dimension.ts";

const anything = (thing: unknown): never => thing as never;

describe("an artifact", () => {
  test("is json, unpartitioned, and kept by the backend unless told", () => {
    const declared = declaredArtifact(artifact({ schema: z.number() }))!;

    expect(declared.format.kind).toBe("json");
    expect(declared.dimensions).toEqual({});
    expect(declared.storage).toBeUndefined();
    expect(declared.annotations).toEqual({});
    expect(declared.checks).toEqual({});
  });

  test("keeps what it is told", () => {
    const schema = z.array(z.object({ id: z.string() }));
    const format = csv();
    const storage = local("out/{region}/{date}/{input_fingerprint}.csv");
    const check = (): true => true;
    const partitionBy = { date: daily(), region: oneOf("eu", "us") };
    const declared = declaredArtifact(
      artifact({
        schema,
        format,
        storage,
        partitionBy,
        annotations: { owner: "ana" },
        description: "Rows.",
        checks: { check },
      }),
    )!;

    expect(declared).toMatchObject({
      schema,
      format,
      storage,
      annotations: { owner: "ana" },
      description: "Rows.",
      checks: { check },
    });
    expect(declared.dimensions).toEqual(partitionBy);
  });

  test("is frozen, and keeps its annotations to itself", () => {
    const annotations = { teams: ["risk"] };
    const declared = declaredArtifact(artifact({ schema: z.number(), annotations }))!;
    annotations.teams.push("web");

    expect(declared.annotations).toEqual({ teams: ["risk"] });
    expect(Object.isFrozen(declared)).toBe(true);
    expect(Object.isFrozen(declared.annotations["teams"])).toBe(true);
  });

  test("prints as what it is, without its functions", () => {
    const declared = artifact({ schema: z.number() });

    expect(Object.keys(declared)).toEqual([
      "is",
      "schema",
      "dimensions",
      "format",
      "storage",
      "validate",
      "annotations",
      "description",
      "checks",
    ]);
  });

  test.each([
    ["no options", undefined, "options are given as one object"],
    [
      "a schema of another library",
      { schema: { parse: () => 1 } },
      "an artifact needs a schema; expected a zod schema such as z.number()",
    ],
    ["a format that was not called", { schema: z.number(), format: csv }, "this is not a format"],
    [
      "a storage that is a path",
      { schema: z.number(), storage: "out.json" },
      'this is not a storage; expected one such as local("out/{input_fingerprint}.json"), received "out.json"',
    ],
    ["dimensions by list", { schema: z.number(), partitionBy: [daily()] }, "dimension"],
    [
      "dimensions that differ in case",
      { schema: z.number(), partitionBy: { date: daily(), Date: daily() } },
      "dimension 'Date' looks like dimension 'date'",
    ],
    [
      "an annotation that cannot be stored",
      { schema: z.number(), annotations: { owner: { ana: [1n] } } },
      "an annotation cannot be stored",
    ],
    ["annotations by list", { schema: z.number(), annotations: ["ana"] }, "annotations are names with values"],
    ["an annotation without a name", { schema: z.number(), annotations: { "": 1 } }, "this cannot be a name"],
    [
      "a check that is a schema",
      { schema: z.number(), checks: { positive: z.number() } },
      "check 'positive': a check is a function; expected (value) => true, or a sentence, received a zod schema",
    ],
    ["checks by list", { schema: z.number(), checks: [] }, "checks are named functions"],
    [
      "a description that is none",
      { schema: z.number(), description: 1 },
      "a description is a text; expected a text, received 1",
    ],
    [
      "a misspelt option",
      { schema: z.number(), formt: csv() },
      "there is no such option; expected 'schema', 'partitionBy', 'format', 'storage', 'validate', 'annotations', 'description', 'checks', 'statistics', 'thresholds', 'upcasts', received \"formt\". Did you mean 'format'?",
    ],
  ])("is refused with %s", (_title, options, sentence) => {
    expect(() => artifact(anything(options))).toThrow(sentence);
  });
});

describe("a source", () => {
  test("is the artifact with its place", () => {
    const declared = artifact({ schema: z.number(), partitionBy: { date: daily() } });
    const storage = local("data/{date}.json");

    expect(wireOf(declared.from(storage))).toEqual({ kind: "source", artifact: declared, storage });
  });

  test("prints nothing of what hangs on it", () => {
    const source = artifact({ schema: z.number() }).from(local("x.json"));

    expect({ ...source }).toEqual({ is: "an artifact" });
    expect(JSON.stringify(source)).toBe('{"is":"an artifact"}');
  });

  test("is refused where the template cannot hold its partitions", () => {
    const declared = artifact({ schema: z.number(), partitionBy: { date: daily() } });

    expect(() => declared.from(anything(local("data/all.json")))).toThrow("the template lacks {date}");
    expect(() => declared.from(anything(local("{date}/{input_fingerprint}.json")))).toThrow(
      "a source template carries {input_fingerprint}",
    );
    expect(() => declared.from(anything("data/{date}.json"))).toThrow(".from(): a source needs a storage");
  });

  test("takes all dimensions at once by {partition}", () => {
    const declared = artifact({ schema: z.number(), partitionBy: { date: daily(), region: oneOf("eu", "us") } });

    expect(() => declared.from(local("data/{partition}.json"))).not.toThrow();
  });
});
