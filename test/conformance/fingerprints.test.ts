// Fingerprints. After Artigraph's fingerprint tests.

import { z } from "zod";
import {
  artifact, canonicalText, diffManifests, fingerprintBytes, fingerprintManifest, fingerprintText, graph, literal, local, producer,
} from "stratigraph"; // prettier-ignore
import { describe, expect, it } from "vitest";
import { did, Place, refusal } from "./support.ts";
import { fc } from "../support/random.ts";

/** The fingerprint of parts by name, as everything that counts is fingerprinted. */
function fingerprintParts(parts: { readonly [name: string]: unknown }): string {
  return fingerprintManifest({ kind: "test", format: 1, parts });
}

describe("the text form", () => {
  it("148 · a fingerprint is 32 lower-case hex characters, the first half being the published XXH64 of the bytes", () => {
    // Published XXH64 values with seed 0.
    const published = { "": "ef46db3751d8e999", a: "d24ec4f1a98c6e5b", abc: "44bc2cf5ad770999" };

    for (const [text, hash] of Object.entries(published)) {
      expect(fingerprintText(text)).toMatch(/^[0-9a-f]{32}$/);
      expect(fingerprintText(text).slice(0, 16)).toBe(hash);
      expect(fingerprintBytes(new TextEncoder().encode(text))).toBe(fingerprintText(text));
    }
  });

  it("148 · fingerprints of many texts, also long ones, are all different and always the same", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 400 }), { minLength: 2, maxLength: 50 }), (texts) => {
        const once = texts.map((text) => fingerprintText(text));
        expect(texts.map((text) => fingerprintText(text))).toEqual(once);
        expect(new Set(once).size).toBe(texts.length);
      }),
    );
  });
});

describe("what they are made of", () => {
  it("149 · nothing cancels: the same part twice is neither no part nor one part", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (x, y) => {
        const all = [[], [x], [x, x], [x, x, x], [x, y, y]].map((list) => fingerprintParts({ list }));
        fc.pre(canonicalText(x) !== canonicalText(y));
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it("149 · nothing commutes: another order of a list, or the same values under other names, is something else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (x, y) => {
        fc.pre(canonicalText(x) !== canonicalText(y));
        expect(fingerprintParts({ list: [x, y] })).not.toBe(fingerprintParts({ list: [y, x] }));
        expect(fingerprintParts({ a: x, b: y })).not.toBe(fingerprintParts({ a: y, b: x }));
        expect(fingerprintParts({ a: x })).not.toBe(fingerprintParts({ b: x }));
      }),
    );
  });

  it("149 · the order in which names are written does not count", () => {
    expect(fingerprintParts({ a: 1, b: { c: 2, d: 3 } })).toBe(fingerprintParts({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it("213 · a fingerprint is that of one canonical text, which is there to be read and compared", async () => {
    using place = new Place();
    const Count = artifact({ schema: z.int() });
    const add = producer({
      name: "add",
      version: "1.0.0",
      inputs: { a: Count, b: Count },
      output: Count,
      build: ({ a, b }) => a + b,
    });
    const added = graph("added", () => {
      const [a, b] = [Count.from(literal(1)), Count.from(literal(2))];
      return { a, b, sum: add({ a, b }) };
    });
    const manifest = { kind: "test", format: 1, parts: { name: "x", list: [1, null, "ü"] } };

    const snapshot = await added.build(place.here);

    expect(fingerprintManifest(manifest)).toBe(fingerprintText(canonicalText(manifest)));
    await place.connected(async (connection) => {
      const { items } = await connection.readSnapshotPartitions(snapshot.id, "sum");
      const [kept] = await connection.readManifests([items[0]!.input!]);
      expect(fingerprintText(kept!.text)).toBe(items[0]!.input);
      expect(kept!.text).toBe(canonicalText(JSON.parse(kept!.text)));
    });
  });

  it("214 · every field counts, however deep, and a difference is told by its path", () => {
    const before = { kind: "test", format: 1, parts: { schema: { items: { a: 1 } }, name: "x" } };
    const after = { kind: "test", format: 1, parts: { schema: { items: { a: 1, b: 2 } }, name: "x" } };

    expect(fingerprintManifest(after)).not.toBe(fingerprintManifest(before));
    expect(diffManifests(before, after)).toEqual([
      { path: ["schema", "items", "b"], change: "added", before: undefined, after: 2 },
    ]);
  });

  it("216 · values that look alike are told apart, and what has no unambiguous text is refused with its place", () => {
    const alike = [
      1,
      "1",
      true,
      "true",
      null,
      "null",
      [1],
      { 0: 1 },
      1n,
      -0,
      0,
      [],
      {},
      new Set(),
      new Map(),
      undefined,
    ];

    expect(new Set(alike.map((value) => fingerprintParts({ value }))).size).toBe(alike.length);
    expect(() => fingerprintParts({ options: { callback: () => 1 } })).toThrow(
      refusal("VALUE_NOT_ENCODABLE", "callback"),
    );
  });
});

describe("what a change reaches", () => {
  const Count = artifact({ schema: z.int() });
  const base = {
    content: 1,
    graph: "chain",
    key: "b",
    version: "1.0.0",
    producer: "half",
    said: "ana",
    storage: undefined as string | undefined,
    build: (a: number) => Math.floor(a / 2),
  };

  /** What identifies the parts of a chain a → b → c that is built anew: graph, snapshot, and what b and c are made from. */
  async function identities(change: Partial<typeof base>): Promise<readonly string[]> {
    using place = new Place();
    const { content, graph: name, key, version, producer: producerName, said, storage, build } = { ...base, ...change };
    const Middle = artifact({
      schema: z.int(),
      annotations: { said },
      storage: storage === undefined ? undefined : local<string>(storage),
    });
    const toMiddle = producer({
      name: producerName,
      version,
      inputs: { a: Count },
      output: Middle,
      build: ({ a }) => build(a),
      annotations: { said },
    });
    const toEnd = producer({
      name: "end",
      version: "1.0.0",
      inputs: { b: Middle },
      output: Count,
      build: ({ b }) => b + 1,
    });
    place.writeJson("a.json", content);
    const chain = graph(name, () => {
      const a = Count.from(local("a.json"));
      const b = toMiddle({ a });
      return { a, [key]: b, c: toEnd({ b }) };
    });
    const snapshot = await chain.build(place.here);
    const inputs = await place.connected((connection) =>
      Promise.all(
        [key, "c"].map(async (one) => (await connection.readSnapshotPartitions(snapshot.id, one)).items[0]!.input!),
      ),
    );
    return [chain.definition.fingerprint, snapshot.id, ...inputs];
  }

  it("30, 66, 67 · each change reaches what it can change, and nothing else", async () => {
    const same = { graph: "same", snapshot: "same", b: "same", c: "same" };
    const table: readonly (readonly [string, Partial<typeof base>, typeof same])[] = [
      ["nothing", {}, same],
      ["a patch from 1.0.0 on", { version: "1.0.1" }, same],
      ["annotations of artifact and producer", { said: "bo" }, same],
      ["where a result is stored", { storage: "out/{input_fingerprint}.json" }, same],
      ["code without a version", { build: (a) => Math.trunc(a / 2) }, same],
      [
        "the source's content, with another result",
        { content: 4 },
        { ...same, snapshot: "other", b: "other", c: "other" },
      ],
      ["the source's content, with the same result", { content: 0 }, { ...same, snapshot: "other", b: "other" }],
      [
        "the version of b's producer",
        { version: "2.0.0" },
        { graph: "other", snapshot: "other", b: "other", c: "same" },
      ],
      ["the name of b's producer", { producer: "halve" }, { graph: "other", snapshot: "other", b: "other", c: "same" }],
      ["the graph's name", { graph: "kette" }, { ...same, graph: "other", snapshot: "other" }],
      ["the name of b in the graph", { key: "middle" }, { ...same, graph: "other", snapshot: "other" }],
    ];
    const before = await identities({});

    for (const [name, change, expected] of table) {
      const after = await identities(change);
      const told = Object.fromEntries(
        Object.keys(same).map((part, index) => [part, after[index] === before[index] ? "same" : "other"]),
      );
      expect(told, name).toEqual(expected);
    }
  });

  it("26, 66 · moving a source, renaming its graph and renaming an artifact find the earlier results", async () => {
    using place = new Place();
    let calls = 0;
    const twice = producer({
      name: "twice",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: ({ x }) => ++calls && 2 * x,
    });
    const build = (name: string, file: string, key: string) => {
      const moved = graph(name, () => {
        const x = Count.from(local(file));
        return { [`${key}-in`]: x, [key]: twice({ x }) };
      });
      return moved.build(place.here);
    };
    for (const file of ["x.json", "moved/y.json"]) place.writeJson(file, 21);

    await build("one", "x.json", "y");
    const moved = await build("two", "moved/y.json", "answer");

    expect(did(moved)).toEqual({ built: 0, reused: 1 });
    expect(calls).toBe(1);
  });

  it("26, 37 · a result that comes out the same stops the work there: nothing below it runs", async () => {
    using place = new Place();
    const runs: string[] = [];
    const sign = producer({
      name: "sign",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: ({ x }) => (runs.push("sign"), Math.sign(x)),
    });
    const shift = producer({
      name: "shift",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: ({ x }) => (runs.push("shift"), x + 1),
    });
    const cut = graph("cut", () => {
      const x = Count.from(local("x.json"));
      const middle = sign({ x });
      return { x, middle, end: shift({ x: middle }) };
    });
    place.writeJson("x.json", 5);
    await cut.build(place.here);
    place.writeJson("x.json", 7);

    const plan = await cut.plan(place.here);
    const snapshot = await cut.build(place.here);

    expect(plan.steps.map(({ key, state }) => [key, state])).toEqual([
      ["middle", "stale"],
      ["end", "pending"],
    ]);
    expect(runs).toEqual(["sign", "shift", "sign"]);
    expect(did(snapshot)).toEqual({ built: 1, reused: 1 });
  });
});

describe("what does not count", () => {
  it("66, 159 · annotations and descriptions of artifacts, producers and schemas build nothing again", async () => {
    using place = new Place();
    const declared = (said: string) => {
      const Number = artifact({ schema: z.int().describe(said), annotations: { owner: said }, description: said });
      const make = producer({
        name: "make",
        version: "1.0.0",
        inputs: {},
        output: Number,
        build: () => 1,
        annotations: { by: said },
        description: said,
      });
      return graph("made", () => ({ y: make() }));
    };

    const first = await declared("ana").build(place.here);
    const second = await declared("bo").build(place.here);

    expect(second.id).toBe(first.id);
    expect(did(second)).toEqual({ built: 0, reused: 1 });
  });
});
