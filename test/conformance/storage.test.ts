// Templates and discovery. After Artigraph's tests of storages and of their internals.

import { z } from "zod";
import {
  artifact, daily, fingerprintBytes, graph, integers, json, literal, local, memoryStorage, oneOf, producer, strings, weekly,
  type Dimensions, type KeyText, type Storage,
} from "stratigraph"; // prettier-ignore
import { describe, expect, it } from "vitest";
import { did, keysOf, Place, refusal, utf8 } from "./support.ts";

const Count = artifact({ schema: z.int() });
const Dated = artifact({ schema: z.int(), partitionBy: { date: daily() } });

/** Where a storage puts one produced partition. */
function locate(
  storage: Storage,
  place: { key?: object; dimensions?: Dimensions; artifactKey?: string; extension?: string } = {},
): string {
  return storage.locate({
    graph: "g",
    artifactKey: place.artifactKey ?? "a.b",
    dimensions: place.dimensions ?? {},
    key: (place.key ?? {}) as never,
    keyText: "" as KeyText,
    input: "0".repeat(32),
    attempt: "attempt",
    extension: place.extension ?? ".json",
  });
}

/** Copies a source of these files, and says which keys there are. */
async function discovered(
  template: string,
  dimensions: Dimensions,
  files: Record<string, unknown>,
): Promise<unknown[]> {
  using place = new Place();
  for (const [file, value] of Object.entries(files)) place.writeJson(file, value);
  const Found = artifact({ schema: z.json(), partitionBy: dimensions });
  const source = graph("source", () => ({ found: Found.from(local<string>(template)) }));
  return await keysOf((await source.build(place.here)).keys(source.artifacts.found));
}

describe("templates", () => {
  it("118 · a storage is a kind and one template, as plain frozen data", () => {
    const storage = local("in/{date}.json");

    expect(Object.isFrozen(storage)).toBe(true);
    expect([storage.kind, storage.template]).toEqual(["local", "in/{date}.json"]);
  });

  it("119 · a template of which nothing is left is refused", () => {
    expect(() => locate(memoryStorage("{extension}"), { extension: "" })).toThrow(
      refusal("TEMPLATE_INVALID", "nothing is left of the template once its empty places are removed"),
    );
    expect(() => local("")).toThrow(refusal("TEMPLATE_INVALID", "the template is empty"));
  });

  it("120 · {extension} is the format's, and goes where the format has none", () => {
    const storage = local("out/{input_fingerprint}{extension}");

    expect(locate(storage)).toMatch(/^out\/0{32}-attempt-[0-9a-f]{12}\.json$/);
    expect(locate(storage, { extension: "" })).toMatch(/^out\/0{32}-attempt-[0-9a-f]{12}$/);
    expect(json().extension).toBe(".json");
  });

  it("121 · {graph} is the graph's name, kept to one folder", () => {
    const storage = local("out/{graph}/{input_fingerprint}");
    const place = {
      artifactKey: "a",
      dimensions: {},
      key: {} as never,
      keyText: "" as KeyText,
      input: "0",
      attempt: "1",
      extension: "",
    };

    expect(storage.locate({ ...place, graph: "spend" })).toMatch(/^out\/spend\//);
    expect(storage.locate({ ...place, graph: "a/../b" }).split("/")).toHaveLength(3);
  });

  it("122 · {input_fingerprint} is the fingerprint and the attempt, so that nothing is ever written twice", () => {
    const storage = local("out/{names}/{input_fingerprint}.json");

    expect(locate(storage)).toBe(`out/a/b/${"0".repeat(32)}-attempt.json`);
  });

  it("123 · {names} is the key as folders, {name} its last part", () => {
    expect(locate(local("out/{names}/{input_fingerprint}"), { artifactKey: "x.y.z" })).toMatch(/^out\/x\/y\/z\//);
    expect(locate(local("out/{name}-{input_fingerprint}"), { artifactKey: "x.y.z" })).toMatch(/^out\/z-/);
  });

  it("124 · {partition} lists every dimension with its value, in order of name, and goes where there are none", () => {
    const storage = local("out/{partition}/{names}/{input_fingerprint}");
    const dimensions = { region: strings(), date: daily(), n: integers() };

    expect(locate(storage, { dimensions, key: { region: "eu", date: "2026-01-02", n: 7 } })).toMatch(
      /^out\/date=2026-01-02,n=7,region=eu\/a\/b\//,
    );
    expect(locate(storage)).toMatch(/^out\/a\/b\//);
  });

  it("125 · a template is checked against the artifact's dimensions when they meet, and not before", () => {
    const storage = local("in/{region}.json");
    const PerRegion = artifact({ schema: z.int(), partitionBy: { region: oneOf("eu", "us") } });

    expect(PerRegion.from(storage)).toMatchObject({ is: "an artifact" });
    // @ts-expect-error the template lacks {date}
    expect(() => Dated.from(storage)).toThrow(refusal("TEMPLATE_INVALID", "{date}"));
  });

  it("126 · between two values of varying length stands a character that is escaped in them, whichever it is", async () => {
    const dimensions = { a: strings(), b: strings() };

    expect(locate(local("out/{a}__{b}-x/{input_fingerprint}"), { dimensions, key: { a: "x_y", b: "z" } })).toMatch(
      /^out\/x%5Fy__z-x\//,
    );
    expect(() => artifact({ schema: z.int(), partitionBy: dimensions }).from(local("in/{a}{b}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "nothing tells where {a} ends and {b} begins"),
    );
    expect(await discovered("in/{a}_{b}.json", dimensions, { "in/x%5Fy_z.json": 1 })).toEqual([{ a: "x_y", b: "z" }]);
  });

  it("133, 164 · a place that names no dimension is refused with the nearest one", () => {
    // @ts-expect-error the template lacks {date}
    expect(() => Dated.from(local("in/{dat}.json"))).toThrow(refusal("TEMPLATE_INVALID", "Did you mean {date}?"));
  });

  it("139, 143 · a format specification in a template is refused, since components are padded already", async () => {
    expect(() => local("in/{date.m:02}.json")).toThrow(refusal("TEMPLATE_INVALID", "write {date.m} for {date.m:02}"));
    expect(
      await discovered(
        "in/{date.Y}-{date.m}-{date.d}.json",
        { date: daily() },
        { "in/2026-01-02.json": 1, "in/2026-1-3.json": 2 },
      ),
    ).toEqual([{ date: "2026-01-02" }]);
    expect(() => local("in/{}.json")).toThrow(refusal("TEMPLATE_INVALID", "{} is not a place to fill"));
  });

  it("140 · a place is a dimension, one component of it, or one fixed value, and nothing deeper", () => {
    expect(() => local("in/{date.Y.m}.json")).toThrow(refusal("TEMPLATE_INVALID", "{date.Y.m} is not a place to fill"));
    expect(() => Dated.from(local("in/{date.x}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "{date.x} is not a component of a daily dimension"),
    );
    expect(() => local("in/{date")).toThrow(refusal("TEMPLATE_INVALID", "is never closed"));
    expect(() => local("in/date}")).toThrow(refusal("TEMPLATE_INVALID", "closes nothing"));
  });

  it("141, 142 · what a later stage fills in is left as it is by an earlier one, and braces are written twice", () => {
    const storage = local("out/{{{names}}}/{input_fingerprint}");

    expect(storage.template).toBe("out/{{{names}}}/{input_fingerprint}");
    expect(locate(storage)).toMatch(/^out\/\{a\/b\}\//);
  });

  it("144 · a fixed value limits what a source finds, and is not needed to say which partition it is", () => {
    expect(() => Dated.from(local("in/{date.Y[2026]}/{date.m}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "the template does not say which date it is"),
    );
  });
});

describe("discovery", () => {
  it("117 · a stored partition carries key, content, size and location", async () => {
    using place = new Place();
    place.writeJson("in/2026-01-02.json", 7);
    const source = graph("source", () => ({ days: Dated.from(local("in/{date}.json")) }));

    const snapshot = await source.build(place.here);

    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "days"));
    expect(items).toEqual([
      expect.objectContaining({
        key: "date=2026-01-02",
        content: fingerprintBytes(new TextEncoder().encode("7")),
        size: 1,
        storage: "local",
        location: "in/2026-01-02.json",
      }),
    ]);
  });

  it("127 · a source finds every file that fits its template, with typed keys in order", async () => {
    const files = Object.fromEntries(
      ["eu/2026-01-02.json", "us/2026-01-01.json", "eu/2026-01-01.json"].map((file) => [`in/${file}`, 1]),
    );

    expect(await discovered("in/{region}/{date}.json", { region: oneOf("eu", "us"), date: daily() }, files)).toEqual([
      { date: "2026-01-01", region: "eu" },
      { date: "2026-01-01", region: "us" },
      { date: "2026-01-02", region: "eu" },
    ]);
  });

  it("128 · a produced location has the parts of its key as they are written in it, and the input fingerprint", () => {
    const storage = local("out/{date.Y}/{date.m}/{date.d}/{names}-{input_fingerprint}.json");

    expect(locate(storage, { dimensions: { date: daily() }, key: { date: "2026-01-02" }, artifactKey: "a" })).toBe(
      `out/2026/01/02/a-${"0".repeat(32)}-attempt.json`,
    );
  });

  it("129 · a template and a key that do not belong together are refused, whichever of them lacks what", async () => {
    using place = new Place();
    const Produced = (template: string) => () =>
      producer({
        name: "p",
        version: "1.0.0",
        inputs: { days: Dated },
        output: artifact({ schema: z.int(), partitionBy: { date: daily() }, storage: local<string>(template) }),
        build: ({ days }) => days,
      });
    place.writeJson("in/2026-01-02.json", 1);
    const source = graph("source", () => ({ days: Dated.from(local("in/{date}.json")) }));
    const snapshot = await source.build(place.here);

    expect(Produced("out/{date}.json")).toThrow(refusal("TEMPLATE_INVALID", "lacks {input_fingerprint}"));
    expect(Produced("out/{input_fingerprint}.json")).toThrow(refusal("TEMPLATE_INVALID", "lacks {date}"));
    expect(() => Count.from(local("in/{date}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "the artifact is not partitioned"),
    );
    // @ts-expect-error a key is needed
    await expect(snapshot.read(source.artifacts.days)).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "the partition key lacks dimension 'date'"),
    );
    // @ts-expect-error its name is date
    await expect(snapshot.read(source.artifacts.days, { day: "x" })).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "day"),
    );
  });

  it("130 · a date may be spread over several folders, padded as dates are", async () => {
    expect(
      await discovered(
        "in/{date.Y}/{date.m}/{date.d}/x.json",
        { date: daily() },
        { "in/2026/01/02/x.json": 1, "in/2025/12/31/x.json": 2, "in/2026/1/3/x.json": 3 },
      ),
    ).toEqual([{ date: "2025-12-31" }, { date: "2026-01-02" }]);
  });

  it("131 · a fixed value passes over everything else, which is then no stray", async () => {
    using place = new Place();
    for (const date of ["2025/12/31", "2026/01/02", "2026/11/03"]) place.writeJson(`in/${date}.json`, 1);
    const source = graph("source", () => ({ days: Dated.from(local("in/{date.Y[2026]}/{date.m}/{date.d}.json")) }));

    const plan = await source.plan(place.here);
    const snapshot = await source.build(place.here);

    expect(await keysOf(snapshot.keys(source.artifacts.days))).toEqual([
      { date: "2026-01-02" },
      { date: "2026-11-03" },
    ]);
    expect(plan.strays).toEqual([]);
  });

  it("132 · what was produced is found by its input fingerprint in the backend, without looking at the disk", async () => {
    using place = new Place();
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { x: Count },
      output: artifact({ schema: z.int(), storage: local("out/{input_fingerprint}.json") }),
      build: ({ x }) => x,
    });
    const copied = graph("copied", () => {
      const x = Count.from(literal(1));
      return { x, y: copy({ x }) };
    });
    const snapshot = await copied.build(place.here);
    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "y"));
    const [{ artifact: identity, key, input }] = items as [(typeof items)[number]];

    const answers = await place.connected((c) =>
      c.findPartitions([
        { artifact: identity, key, input: input! },
        { artifact: identity, key, input: fingerprintBytes(new Uint8Array([1])) },
      ]),
    );

    expect(answers.map((answer) => answer?.location)).toEqual([items[0]!.location, undefined]);
    expect(place.files("out")).toHaveLength(1);
  });

  it("134 · the content of a file is the fingerprint of its bytes, and its SHA-256 where one is asked for", async () => {
    using place = new Place();
    place.write("x.json", "42");
    const source = graph("source", () => ({ x: Count.from(local("x.json")) }));

    const snapshot = await source.build({ ...place.here, integrity: "sha256" });

    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "x"));
    expect(items[0]!.content).toBe(fingerprintBytes(new TextEncoder().encode("42")));
    // SHA-256 of the two characters "42", by sha256sum.
    expect(items[0]!.digest).toBe("73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049");
  });

  it("136, 137 · a literal source is found with its value; without one, nothing is found", async () => {
    using place = new Place();
    const given = graph("given", () => ({ x: Count.from(literal(42)) }));
    const snapshot = await given.build(place.here);

    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "x"));
    expect(items.map(({ key, value }) => [key, utf8(value).trim()])).toEqual([["", "42"]]);
    expect(() => Count.from(literal())).toThrow(refusal("TEMPLATE_INVALID", "literal"));
  });

  it("138 · a literal with a value cannot be where a result goes", () => {
    expect(() =>
      producer({
        name: "p",
        version: "1.0.0",
        inputs: {},
        output: artifact({ schema: z.int(), storage: literal(42) }),
        build: () => 1,
      }),
    ).toThrow(refusal("TEMPLATE_INVALID", "literal"));
  });

  it("138 · a literal source may be partitioned, each partition with its key and value", async () => {
    using place = new Place();
    const listed = graph("listed", () => ({
      days: Dated.from(literal.partitions([{ key: { date: "2026-01-02" }, value: 1 }])),
    }));

    const snapshot = await listed.build(place.here);

    expect(await snapshot.read(listed.artifacts.days, { date: "2026-01-02" })).toBe(1);
    expect(() => Count.from(literal.partitions([{ key: { date: "2026-01-02" }, value: 1 }]))).toThrow(
      refusal("PARTITION_KEY_INVALID", "date"),
    );
  });

  it("145, 146, 147 · a name is read back to exactly the key that writes it; one that is not is a stray with its reason", async () => {
    using place = new Place();
    const files = [
      "in/2026-W01-eu.json",
      "in/2026-W54-eu.json",
      "in/2026-W01-asia.json",
      "in/2026-W01.json",
      "in/2026-W01-eu.txt",
    ];
    for (const file of files) place.writeJson(file, 1);
    const Weeks = artifact({ schema: z.int(), partitionBy: { week: weekly(), region: oneOf("eu", "us") } });
    const source = graph("source", () => ({ weeks: Weeks.from(local("in/{week}-{region}.json")) }));

    const plan = await source.plan(place.here);
    const snapshot = await source.build(place.here);

    expect(await keysOf(snapshot.keys(source.artifacts.weeks))).toEqual([{ week: "2026-W01", region: "eu" }]);
    expect(plan.strays.map(({ location }) => location)).toEqual(files.slice(1).toSorted());
    for (const { problem } of plan.strays) expect(problem).not.toBe("");
    expect(did(snapshot)).toEqual({ built: 0, reused: 0 });
  });
});
