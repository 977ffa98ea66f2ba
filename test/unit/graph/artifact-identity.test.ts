import { describe, expect, test } from "vitest";
import { z } from "zod";
import { json } from "../../../src/data/format/json.ts";
import { local } from "../../../src/data/storage/local.ts";
import { artifact, declaredArtifact, type DeclaredArtifact } from "../../../src/graph/artifact.ts";
import { producedIdentity, sameForm, sourceIdentity } from "../../../src/graph/artifact-identity.ts";
import { sealManifest } from "../../../src/identity/manifest.ts";
import { daily } from "../../../src/identity/declare-dimension.ts";
import { schemaDescription } from "../../../src/identity/schema.ts";

const schema = z.number();
const declared = (options: object = {}): DeclaredArtifact => declaredArtifact(artifact({ schema, ...options }))!;
const form = { schema: schemaDescription(schema).fingerprint, format: { kind: "json", options: json().options } };

describe("a produced artifact", () => {
  const identity = producedIdentity(declared(), "sum", "output").fingerprint;

  test("is its schema, format, dimensions, producer and slot", () => {
    const parts = {
      ...form,
      dimensions: { date: { kind: "daily", zone: "UTC" } },
      producer: 'a "quoted" one',
      slot: "東京",
    };

    expect(producedIdentity(declared({ partitionBy: { date: daily() } }), 'a "quoted" one', "東京")).toEqual(
      sealManifest({ kind: "produced", format: 1, parts }),
    );
  });

  test.each([
    ["schema", producedIdentity(declared({ schema: z.string() }), "sum", "output")],
    ["format", producedIdentity(declared({ format: json({ indent: 2 }) }), "sum", "output")],
    ["dimensions", producedIdentity(declared({ partitionBy: { date: daily() } }), "sum", "output")],
    ["producer", producedIdentity(declared(), "total", "output")],
    ["slot", producedIdentity(declared(), "sum", "total")],
  ])("is another one with another %s", (_part, other) => {
    expect(other.fingerprint).not.toBe(identity);
  });

  test.each([
    ["storage", declared({ storage: local("out/{input_fingerprint}.json") })],
    ["annotations", declared({ annotations: { owner: "ana" } })],
    ["a description", declared({ description: "Numbers." })],
    ["checks", declared({ checks: { fine: () => true } })],
  ])("stays the same with other %s", (_part, other) => {
    expect(producedIdentity(other, "sum", "output").fingerprint).toBe(identity);
  });
});

describe("a source", () => {
  test("is its schema, format, dimensions and place", () => {
    const parts = { ...form, dimensions: {}, storage: { kind: "local", template: "a/x.json" } };

    expect(sourceIdentity(declared(), local("a/x.json"))).toEqual(sealManifest({ kind: "source", format: 1, parts }));
  });

  test("at another place is another one", () => {
    expect(sourceIdentity(declared(), local("a.json")).fingerprint).not.toBe(
      sourceIdentity(declared(), local("b.json")).fingerprint,
    );
  });
});

test("two artifacts have the same form where readers of the one may read the other", () => {
  expect(sameForm(declared(), declared({ storage: local("x/{input_fingerprint}.json"), annotations: { a: 1 } }))).toBe(
    true,
  );
  expect(sameForm(declared(), declared({ schema: z.string() }))).toBe(false);
  expect(sameForm(declared(), declared({ partitionBy: { date: daily() } }))).toBe(false);
});
