// Manifests that are written directly are what the general encoder would write.

import { describe, expect, it } from "vitest";
import { all, artifact, graph, integers, json, memoryStorage, optional, producer, text } from "stratigraph";
import { z } from "zod";
import { scanSources, snapshotManifest } from "../../../src/build/sources.ts";
import { producerManifest, stepManifest } from "../../../src/build/step-identity.ts";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { fingerprintText } from "../../../src/identity/fingerprint.ts";
import { sealManifest } from "../../../src/identity/manifest.ts";
import { encodeKey } from "../../../src/identity/partition-key.ts";

const content = fingerprintText("content");

describe("a step's manifest", () => {
  it("is the canonical text of its parts", () => {
    const key = encodeKey({ n: integers() }, { n: 1 });
    const inputs = [
      { name: "days", keys: [key, encodeKey({ n: integers() }, { n: 2 })], contents: [content, content] },
      { name: "ünder", keys: [], contents: [] },
    ];
    const producerFingerprint = fingerprintText("producer");

    expect(stepManifest(producerFingerprint, key, inputs)).toEqual(
      sealManifest({
        kind: "step",
        format: 1,
        parts: {
          producer: producerFingerprint,
          key,
          inputs: Object.fromEntries(
            inputs.map(({ name, keys, contents }) => [name, keys.map((text, index) => [text, contents[index]])]),
          ),
        },
      }),
    );
  });
});

describe("a snapshot's manifest", () => {
  it("is the canonical text of its parts, whatever the sources are called", async () => {
    const Part = artifact({ schema: z.number(), partitionBy: { n: integers() } });
    const Total = artifact({ schema: z.number() });
    const sum = producer({
      name: "sum",
      version: "1.0.0",
      inputs: { a: all(Part), b: all(Part), c: all(Part) },
      output: Total,
      build: () => 1,
    });
    const files = (...names: number[]): Map<string, string> => new Map(names.map((n) => [`${n}.json`, String(n)]));
    const { definition } = graph("sums", () => {
      const zebra = Part.from(memoryStorage("{n}.json", files(10, 9)));
      const Ant = Part.from(memoryStorage("{n}.json", files()));
      const toJSON = Part.from(memoryStorage("{n}.json", files(1)));
      return { zebra, toJSON, nested: { Ant }, total: sum({ a: zebra, b: Ant, c: toJSON }) };
    });
    await using workspace = await openWorkspace({});
    const { sources } = await scanSources(workspace, definition, () => undefined);

    const list = (found: readonly (readonly [string, string])[]): string =>
      sealManifest({ kind: "partitions", format: 1, parts: { list: found } }).fingerprint;
    expect(snapshotManifest(definition, sources)).toEqual(
      sealManifest({
        kind: "snapshot",
        format: 1,
        parts: {
          graph: definition.fingerprint,
          sources: Object.fromEntries(
            sources.map(({ node, found }) => [
              node.key,
              list(found.map((partition) => [partition.keyText, partition.content.fingerprint])),
            ]),
          ),
        },
      }),
    );
  });
});

describe("a producer's manifest", () => {
  const Text = artifact({ schema: z.string(), format: text() });
  const Json = artifact({ schema: z.string(), format: json() });
  const join = producer({
    name: "join",
    version: "1.0.0",
    inputs: { left: Text, right: optional(Text) },
    output: Text,
    build: ({ left, right }) => left + (right ?? ""),
  });

  it("is one for calls that are wired alike, and another for those that are not", () => {
    const { definition } = graph("joins", () => {
      const a = Text.from(memoryStorage("a.txt", new Map()));
      const b = Text.from(memoryStorage("b.txt", new Map()));
      const c = Json.from(memoryStorage("c.json", new Map()));
      const mixed = join({ left: a, right: c });
      return { a, b, c, first: join({ left: a, right: b }), second: join({ left: b, right: a }), mixed };
    });
    const [first, second, mixed] = ["first", "second", "mixed"].map((key) => {
      const node = definition.node(key);
      return producerManifest((node as { call: Parameters<typeof producerManifest>[0] }).call);
    });

    expect(second).toBe(first);
    expect(mixed!.fingerprint).not.toBe(first!.fingerprint);
  });
});
