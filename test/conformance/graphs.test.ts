// Graphs, snapshots, builds and tags: what Artigraph's graph tests verify.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  artifact,
  daily,
  graph,
  literal,
  local,
  producer,
  type Backend,
  type BuildEvent,
  type BuildResult,
  type StratigraphError,
  type WiredArtifact,
} from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, did, failedStep, keysOf, Place, refusal, utf8 } from "./support.ts";

const Count = artifact({ schema: z.int() });
const Days = artifact({ schema: z.int(), partitionBy: { date: daily() } });

/** A graph of one file, one producer that counts how often it runs, and its result. */
function doubling(version = "1.0.0") {
  const runs: number[] = [];
  const double = producer({
    name: "double",
    version,
    inputs: { x: Count },
    output: Count,
    build: ({ x }) => {
      runs.push(x);
      return 2 * x;
    },
  });
  const doubled = graph("doubling", () => {
    const x = Count.from(local("x.json"));
    return { x, y: double({ x }) };
  });
  return { doubled, runs };
}

const subtract = producer({
  name: "subtract",
  version: "1.0.0",
  inputs: { from: Count, amount: Count },
  output: Count,
  build: ({ from, amount }) => from - amount,
});
const increment = producer({
  name: "increment",
  version: "1.0.0",
  inputs: { x: Count },
  output: Count,
  build: ({ x }) => x + 1,
});
const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: { x: Count },
  outputs: { small: Count, large: Count },
  build: ({ x }) => ({ small: x - 1, large: x + 1 }),
});

describe("names", () => {
  it("14 · nested objects are namespaces, and a managed file lies under its dotted key", async () => {
    using place = new Place("SQLite");
    const nested = graph("nested", () => {
      const x = Count.from(literal(1));
      return { x, a: { b: { c: increment({ x }) } } };
    });

    const snapshot = await nested.build(place.here);

    expect([...nested.definition.nodes.keys()]).toEqual(["x", "a.b.c"]);
    expect(nested.artifacts.a.b.c.key).toBe("a.b.c");
    expect(place.files(".strata/data")).toEqual([expect.stringMatching(/^a\/b\/c\/[0-9a-f]{32}-[0-9a-z]+\.json$/)]);
    expect(await snapshot.read(nested.artifacts.a.b.c)).toBe(2);
  });

  it("16 · artifacts wired before their graph are named and placed like those wired in it", async () => {
    using place = new Place("SQLite");
    const x = Count.from(literal(1));
    const y = increment({ x });
    const outside = graph("same", () => ({ x, y }));
    const inside = graph("same", () => {
      const x = Count.from(literal(1));
      return { x, y: increment({ x }) };
    });

    await outside.build(place.here);

    expect(outside.definition.describe()).toEqual(inside.definition.describe());
    expect(did(await inside.build(place.here))).toEqual({ built: 0, reused: 1 });
  });

  it("17 · the artifacts of a graph are frozen, each knowing its graph and its key", () => {
    const { artifacts } = doubling().doubled;

    expect(Object.isFrozen(artifacts)).toBe(true);
    expect([artifacts.x.graph, artifacts.x.key, artifacts.y.key]).toEqual(["doubling", "x", "y"]);
  });

  it("18 · a source's template may not carry {input_fingerprint}, since nothing of ours makes it", () => {
    expect(() => Count.from(local("in/{input_fingerprint}.json"))).toThrow(
      refusal("TEMPLATE_INVALID", "a source template carries {input_fingerprint}"),
    );
  });

  it("19 · a graph's description is plain JSON without backend, paths of this machine or code", () => {
    using place = new Place();
    const { doubled } = doubling();

    const text = JSON.stringify(doubled.definition.describe());

    expect(JSON.parse(text)).toEqual(doubled.definition.describe());
    expect(text).not.toContain(place.folder);
    expect(text).not.toContain("2 * x");
  });

  it("15, 20 · a graph derived without changes is equal in names, fingerprint and results", async () => {
    using place = new Place();
    place.writeJson("x.json", 1);
    const { doubled, runs } = doubling();
    const derived = doubled.with(() => {});

    const before = await doubled.build(place.here);
    const after = await derived.build(place.here);

    expect(derived.definition.fingerprint).toBe(doubled.definition.fingerprint);
    expect(derived.definition.describe()).toEqual(doubled.definition.describe());
    expect(after.id).toBe(before.id);
    expect(await after.read(doubled.artifacts.y)).toBe(2);
    expect(runs).toEqual([1]);
  });

  it("41 · a graph says for every producer what it reads and what it makes", () => {
    const { definition } = graph("web", () => {
      const x = Count.from(literal(4));
      const { small, large } = split({ x });
      return { x, small, large, rest: subtract({ from: large, amount: small }) };
    });

    const told = definition.describe().producers.map(({ name, inputs, outputs }) => ({
      name,
      reads: inputs.map((input) => `${input.name} from ${input.from}`),
      makes: outputs.map(({ key }) => key),
    }));
    expect(told).toEqual([
      { name: "split", reads: ["x from x"], makes: ["small", "large"] },
      { name: "subtract", reads: ["from from large", "amount from small"], makes: ["rest"] },
    ]);
  });

  it("42, 47 · a graph is finished when it exists: nothing can be assigned to it later", () => {
    const { doubled } = doubling();

    expect(() => {
      // @ts-expect-error read only
      doubled.artifacts.y = Count.from(literal(1));
    }).toThrow(TypeError);
    expect(() => {
      // @ts-expect-error no such name
      doubled.artifacts.z = Count.from(literal(1));
    }).toThrow(TypeError);
    expect([...doubled.definition.nodes.keys()]).toEqual(["x", "y"]);
  });

  it("43 · a name that the graph does not have is refused with the nearest one that it has", () => {
    const { doubled } = doubling();

    const spelt = graph("spelt", () => ({ vendor: { transactions: Count.from(literal(1)) } }));

    // @ts-expect-error no such artifact
    expect(doubled.artifacts.why).toBeUndefined();
    expect(() => spelt.definition.node("vendor.transaction")).toThrow(
      refusal("GRAPH_INVALID", "Did you mean 'vendor.transactions'?"),
    );
  });

  it("44 · a graph may be defined while another is: there is no current graph to mix up", async () => {
    using place = new Place();
    const outer = graph("outer", () => {
      const inner = graph("inner", () => ({ one: Count.from(literal(1)) }));
      return { two: increment({ x: inner.artifacts.one }), one: inner.artifacts.one };
    });

    const snapshot = await outer.build(place.here);

    expect([...outer.definition.nodes.keys()]).toEqual(["two", "one"]);
    expect(await snapshot.read(outer.artifacts.two)).toBe(2);
  });

  it("45 · the producers of a graph are listed once for each call, what is read before its reader", () => {
    const { definition } = graph("chain", () => {
      const x = Count.from(literal(1));
      const once = increment({ x });
      return { twice: increment({ x: once }), once, x };
    });

    expect(definition.calls.map(({ producer, outputs }) => [producer.name, outputs[0]!.node.key])).toEqual([
      ["increment", "once"],
      ["increment", "twice"],
    ]);
  });

  it("46 · a producer's outputs keep the order in which they were declared, named or not", () => {
    const { definition } = graph("g", () => {
      const x = Count.from(literal(1));
      return { x, big: split({ x }).large };
    });

    expect(definition.calls[0]!.outputs.map(({ slot, node }) => [slot, node.key])).toEqual([
      ["small", "split.small"],
      ["large", "big"],
    ]);
  });

  it("54 · an artifact of one graph can be read by another, whether found or made", async () => {
    using place = new Place();
    place.writeJson("x.json", 5);
    const { doubled, runs } = doubling();
    const wider = graph("wider", () => {
      const { x, y } = doubled.artifacts;
      return { x, y, z: subtract({ from: y, amount: x }) };
    });

    await doubled.build(place.here);
    const snapshot = await wider.build(place.here);

    expect(await snapshot.read(wider.artifacts.z)).toBe(5);
    expect(runs).toEqual([5]);
    expect(wider.definition.node("y").identity).toBe(doubled.definition.node("y").identity);
    // @ts-expect-error a snapshot reads its own graph's artifacts
    await expect(snapshot.read(doubled.artifacts.y)).rejects.toEqual(
      refusal("GRAPH_INVALID", "this artifact belongs to another graph"),
    );
  });

  it("55 · {graph}, {names} and {name} in a template become the graph's name, the key as folders, and its last part", async () => {
    using place = new Place();
    const Placed = artifact({
      schema: z.int(),
      storage: local("out/{graph}/{names}/{name}-{input_fingerprint}{extension}"),
    });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { x: Count },
      output: Placed,
      build: ({ x }) => x,
    });
    const placed = graph("placed", () => {
      const x = Count.from(literal(1));
      return { x, a: { b: copy({ x }) } };
    });

    await placed.build(place.here);

    expect(place.files("out")).toEqual([expect.stringMatching(/^placed\/a\/b\/b-[0-9a-f]{32}-[0-9a-z]+\.json$/)]);
  });

  it("55 · the same places in a source's template say where its files are", async () => {
    using place = new Place();
    place.writeJson("vendor/in/days/2026-01-02.json", 7);
    const found = graph("vendor", () => ({ in: { days: Days.from(local("{graph}/{names}/{date}{extension}")) } }));

    const snapshot = await found.build(place.here);

    expect(await snapshot.read(found.artifacts.in.days, { date: "2026-01-02" })).toBe(7);
  });

  it("56 · a template for what is made must carry {input_fingerprint}, or new results would overwrite old ones", () => {
    const Overwritten = artifact({ schema: z.int(), storage: local("out/latest.json") });

    expect(() => producer({ name: "copy", version: "1.0.0", inputs: {}, output: Overwritten, build: () => 1 })).toThrow(
      refusal("TEMPLATE_INVALID", "a template for produced data lacks {input_fingerprint}"),
    );
  });
});

describe("sources", () => {
  it("29 · a source that is read but has no name is refused when the graph is defined", () => {
    expect(() => graph("nameless", () => ({ y: increment({ x: Count.from(literal(1)) }) }))).toThrow(
      refusal("GRAPH_INVALID", "producer 'increment', input 'x': a source has no name"),
    );
  });
});

describe.each(backendKinds)("builds, remembered in %s", (kind) => {
  it("21 · one partition can be asked for alone, and what it needs is built with it", async () => {
    using place = new Place(kind);
    for (const day of ["01", "02"]) place.writeJson(`days/2026-01-${day}.json`, 1);
    const shift = producer({
      name: "shift",
      version: "1.0.0",
      inputs: { x: Days },
      output: Days,
      build: ({ x }) => x + 1,
    });
    const twice = graph("twice", () => {
      const x = Days.from(local("days/{date}.json"));
      const once = shift({ x });
      return { x, once, twice: shift({ x: once }) };
    });

    const snapshot = await twice.build({ ...place.here, select: ["twice[2026-01-02]"] });

    expect(snapshot.result.steps.map(({ key, partition }) => [key, partition])).toEqual([
      ["once", "date=2026-01-02"],
      ["twice", "date=2026-01-02"],
    ]);
    expect(await snapshot.read(twice.artifacts.twice, { date: "2026-01-02" })).toBe(3);
    await expect(snapshot.read(twice.artifacts.twice, { date: "2026-01-01" })).rejects.toEqual(
      refusal("PARTITION_NOT_BUILT", "twice[date=2026-01-01]"),
    );
  });

  it("21 · what does not need a missing source is built and read all the same", async () => {
    using place = new Place(kind);
    place.writeJson("here.json", 1);
    const partly = graph("partly", () => {
      const here = Count.from(local("here.json"));
      const gone = Count.from(local("gone.json"));
      return { here, gone, fine: increment({ x: here }), stuck: increment({ x: gone }) };
    });

    const snapshot = await partly.build({ ...place.here, select: ["fine"] });

    expect(await snapshot.read(partly.artifacts.fine)).toBe(2);
    expect(await snapshot.read(partly.artifacts.here)).toBe(1);
  });

  it("22 · reading what is missing or was not built says which artifact it is", async () => {
    using place = new Place(kind);
    place.writeJson("here.json", 1);
    const partly = graph("partly", () => {
      const here = Count.from(local("here.json"));
      return {
        here,
        gone: Count.from(local("gone.json")),
        fine: increment({ x: here }),
        later: increment({ x: here }),
      };
    });

    const snapshot = await partly.build({ ...place.here, select: ["fine"] });

    await expect(snapshot.read(partly.artifacts.gone)).rejects.toEqual(refusal("PARTITION_NOT_BUILT", "gone"));
    await expect(snapshot.read(partly.artifacts.later)).rejects.toEqual(refusal("PARTITION_NOT_BUILT", "later"));
  });

  it("23 · the first build runs every producer once, also one that reads nothing", async () => {
    using place = new Place(kind);
    let calls = 0;
    const constant = producer({
      name: "constant",
      version: "1.0.0",
      inputs: {},
      output: Count,
      build: () => ++calls && 5,
    });
    const simple = graph("simple", () => ({ five: constant() }));

    const snapshot = await simple.build(place.here);

    expect(await snapshot.read(simple.artifacts.five)).toBe(5);
    expect(calls).toBe(1);
    expect(did(snapshot)).toEqual({ built: 1, reused: 0 });
  });

  it("24 · the second build runs nothing, and one partition is known and linked", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled, runs } = doubling();
    await doubled.build(place.here);

    const snapshot = await doubled.build(place.here);

    expect(did(snapshot)).toEqual({ built: 0, reused: 1 });
    expect(runs).toEqual([1]);
    const { identity } = doubled.definition.node("y");
    expect((await place.connected((c) => c.readArtifactPartitions(identity))).items).toHaveLength(1);
    expect((await place.connected((c) => c.countSnapshotPartitions(snapshot.id))).get("y")).toBe(1);
  });

  it("25 · a changed input is built anew: one partition is linked, two are known", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled, runs } = doubling();
    const before = await doubled.build(place.here);
    place.writeJson("x.json", 10);

    const after = await doubled.build(place.here);

    expect(await after.read(doubled.artifacts.y)).toBe(20);
    expect(await before.read(doubled.artifacts.y)).toBe(2);
    expect(runs).toEqual([1, 10]);
    const { identity } = doubled.definition.node("y");
    expect((await place.connected((c) => c.readArtifactPartitions(identity))).items).toHaveLength(2);
    expect((await place.connected((c) => c.countSnapshotPartitions(after.id))).get("y")).toBe(1);
  });

  it("26 · a change beside it makes a new snapshot, into which the earlier result is linked", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    place.writeJson("beside.json", 1);
    const { doubled, runs } = doubling();
    const both = graph("both", () => ({ ...doubled.artifacts, beside: Count.from(local("beside.json")) }));
    const before = await both.build(place.here);
    place.writeJson("beside.json", 2);

    const after = await both.build(place.here);

    expect(after.id).not.toBe(before.id);
    expect(runs).toEqual([1]);
    expect(await after.read(both.artifacts.y)).toBe(2);
  });

  it("28 · a build keeps the graph's description, the snapshot, and its sources with their links", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled } = doubling();

    const snapshot = await doubled.build(place.here);

    await place.connected(async (connection) => {
      const { fingerprint } = doubled.definition;
      const stored = await connection.readGraph("doubling", fingerprint);
      expect(stored?.description).toEqual(doubled.definition.describe());
      expect(await connection.readSnapshot(snapshot.id)).toMatchObject({
        graph: "doubling",
        graphFingerprint: fingerprint,
        state: "complete",
      });
      const { items } = await connection.readSnapshotPartitions(snapshot.id, "x");
      expect(items.map(({ location, size }) => [location, size])).toEqual([["x.json", 1]]);
    });
  });

  it("29 · a source that is missing stops the build of what needs it, naming its key and where it was looked for", async () => {
    using place = new Place(kind);
    const { doubled } = doubling();

    const error = await doubled.build(place.here).catch((thrown: unknown) => thrown);

    expect(error).toEqual(refusal("SOURCE_MISSING", "source 'x'"));
    expect(error).toEqual(refusal("SOURCE_MISSING", "x.json"));
  });

  it("35 · producers of one and of several outputs give the right values", async () => {
    using place = new Place(kind);
    const web = graph("web", () => {
      const x = Count.from(literal(4));
      const { small, large } = split({ x });
      return { x, small, large, product: subtract({ from: large, amount: small }) };
    });

    const snapshot = await web.build(place.here);

    expect(await snapshot.read(web.artifacts.small)).toBe(3);
    expect(await snapshot.read(web.artifacts.large)).toBe(5);
    expect(await snapshot.read(web.artifacts.product)).toBe(2);
    expect(did(await web.build(place.here))).toEqual({ built: 0, reused: 3 });
  });

  it("36, 37 · building again does nothing until a source changes, and then only what reads it", async () => {
    using place = new Place(kind);
    place.writeJson("days/2026-01-01.json", 1);
    place.writeJson("days/2026-01-02.json", 2);
    const runs: string[] = [];
    const shift = producer({
      name: "shift",
      version: "1.0.0",
      inputs: { days: Days },
      output: Days,
      build: ({ days }, { key }) => {
        runs.push(key.date);
        return days + 100;
      },
    });
    const shifted = graph("shifted", () => {
      const days = Days.from(local("days/{date}.json"));
      return { days, later: shift({ days }) };
    });
    await shifted.build({ ...place.here, concurrency: 1 });
    expect(did(await shifted.build(place.here))).toEqual({ built: 0, reused: 2 });
    place.writeJson("days/2026-01-02.json", 20);

    const snapshot = await shifted.build(place.here);

    expect(runs).toEqual(["2026-01-01", "2026-01-02", "2026-01-02"]);
    expect(await snapshot.read(shifted.artifacts.later, { date: "2026-01-02" })).toBe(120);
  });

  it("38 · going back to earlier data runs nothing and reads the earlier result", async () => {
    using place = new Place(kind);
    const { doubled, runs } = doubling();
    place.writeJson("x.json", 1);
    const first = await doubled.build(place.here);
    place.writeJson("x.json", 10);
    await doubled.build(place.here);
    place.writeJson("x.json", 1);

    const back = await doubled.build(place.here);

    expect(back.id).toBe(first.id);
    expect(runs).toEqual([1, 10]);
    expect(await back.read(doubled.artifacts.y)).toBe(2);
    expect((await doubled.snapshot("latest", place.here)).id).toBe(first.id);
  });

  it("39 · a backend that was lost is built again beside the files that are there, without writing over any", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.int(), storage: local("out/{input_fingerprint}{extension}") });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { x: Count },
      output: Placed,
      build: ({ x }) => x,
    });
    const placed = graph("placed", () => {
      const x = Count.from(literal(1));
      return { x, y: copy({ x }) };
    });
    await placed.build(place.here);
    const [old] = place.files("out");
    const { mtimeMs } = statSync(join(place.folder, "out", old!));

    const snapshot = await placed.build({ ...place.here, backend: place.emptyBackend(kind, ".second") });

    expect(did(snapshot)).toEqual({ built: 1, reused: 0 });
    expect(place.files("out")).toHaveLength(2);
    expect(place.files("out")).toContain(old);
    expect(statSync(join(place.folder, "out", old!)).mtimeMs).toBe(mtimeMs);
  });

  it("40 · a result that validate refuses fails with its sentence and is not there", async () => {
    using place = new Place(kind);
    const guarded = producer({
      name: "guarded",
      version: "1.0.0",
      inputs: { x: Count },
      output: Count,
      build: ({ x }) => x - 100,
      validate: (y) => y >= 0 || `${y} is negative`,
    });
    const strict = graph("strict", () => {
      const x = Count.from(literal(1));
      return { x, y: guarded({ x }) };
    });

    await expect(strict.build(place.here)).rejects.toEqual(failedStep("STEP_CHECK_FAILED", "-99 is negative"));

    const snapshot = await strict.snapshot("latest", place.here);
    await expect(snapshot.read(strict.artifacts.y)).rejects.toEqual(refusal("PARTITION_NOT_BUILT", "y"));
  });

  it("48 · a stored partition says its content, what it was made from, its key and where it is", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled } = doubling();

    const snapshot = await doubled.build(place.here);

    const [x, y] = await place.connected(async (c) => [
      (await c.readSnapshotPartitions(snapshot.id, "x")).items[0]!,
      (await c.readSnapshotPartitions(snapshot.id, "y")).items[0]!,
    ]);
    expect(x).toMatchObject({ key: "", input: undefined, storage: "local", location: "x.json", run: undefined });
    expect(y).toMatchObject({ key: "", input: expect.stringMatching(/^[0-9a-f]{32}$/), run: expect.any(String) });
    expect(y).toMatchObject(
      kind === "memory" ? { storage: "literal" } : { storage: "managed", location: expect.stringMatching(/\.json$/) },
    );
    expect(x.content).not.toBe(y.content);
  });

  it("49 · a build never writes to a source", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const file = join(place.folder, "x.json");
    const before = [readFileSync(file, "utf8"), statSync(file, { bigint: true }).ctimeNs];

    await doubling().doubled.build({ ...place.here, force: true });

    expect([readFileSync(file, "utf8"), statSync(file, { bigint: true }).ctimeNs]).toEqual(before);
  });

  it("50 · a result that was made elsewhere can be written under its input fingerprint, and is then used", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 3);
    const { doubled, runs } = doubling();
    const elsewhere = place.emptyBackend("memory");
    const built = await doubled.build({ ...place.here, backend: elsewhere });
    const { items } = await place.connected((c) => c.readSnapshotPartitions(built.id, "y"), elsewhere);
    await place.connected((c) =>
      c.writeArtifactPartitions(items.map((partition) => ({ ...partition, run: undefined }))),
    );

    const snapshot = await doubled.build(place.here);

    expect(runs).toEqual([3]);
    expect(snapshot.result.steps.map(({ reason }) => reason.code)).toEqual(["built-before"]);
    expect(await snapshot.read(doubled.artifacts.y)).toBe(6);
  });

  it("51, 52 · reading gives the parsed value of one partition, its key checked", async () => {
    using place = new Place(kind);
    place.writeJson("days/2026-01-02.json", 2);
    const source = graph("source", () => ({ days: Days.from(local("days/{date}.json")) }));

    const snapshot = await source.build(place.here);

    expect(await snapshot.read(source.artifacts.days, { date: "2026-01-02" })).toBe(2);
    expect(await keysOf(snapshot.keys(source.artifacts.days))).toEqual([{ date: "2026-01-02" }]);
    // @ts-expect-error the dimension is called date
    await expect(snapshot.read(source.artifacts.days, { day: "2026-01-02" })).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "day"),
    );
    await expect(snapshot.read(source.artifacts.days, { date: "2026-02-30" })).rejects.toEqual(
      refusal("PARTITION_KEY_INVALID", "2026-02-30"),
    );
  });

  it("53 · a build opens one connection and closes it, and so does each call on a snapshot", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    let opened = 0;
    let closed = 0;
    const counting: Backend = {
      kind: place.backend.kind,
      home: place.backend.home,
      async connect(options) {
        opened++;
        const connection = await place.backend.connect(options);
        const close = connection.close.bind(connection);
        connection.close = () => {
          closed++;
          return close();
        };
        return connection;
      },
    };
    const { doubled } = doubling();

    const snapshot = await doubled.build({ ...place.here, backend: counting });
    expect([opened, closed]).toEqual([1, 1]);
    await snapshot.read(doubled.artifacts.y);
    await snapshot.tag("prod");
    expect([opened, closed]).toEqual([3, 3]);
  });
});

describe.each(backendKinds)("failures, remembered in %s", (kind) => {
  it("40 · what was built before and beside a failure is kept, and the same build goes on from there", async () => {
    using place = new Place(kind);
    for (const day of ["01", "02", "03"]) place.writeJson(`days/2026-01-${day}.json`, 1);
    const runs: string[] = [];
    let broken = true;
    const fragile = producer({
      name: "fragile",
      version: "1.0.0",
      inputs: { x: Days },
      output: Days,
      build: ({ x }, { key }) => {
        runs.push(key.date);
        if (broken && key.date === "2026-01-02") throw new Error("not today");
        return x;
      },
    });
    const risky = graph("risky", () => {
      const x = Days.from(local("days/{date}.json"));
      return { x, y: fragile({ x }) };
    });

    await expect(risky.build(place.here)).rejects.toEqual(failedStep("STEP_FAILED", "not today"));
    broken = false;
    const snapshot = await risky.build(place.here);

    expect(did(snapshot)).toEqual({ built: 1, reused: 2 });
    expect(runs.toSorted()).toEqual(["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03"]);
  });

  it("40 · what depends on a failure is skipped, and says on what", async () => {
    using place = new Place(kind);
    const fail = producer({
      name: "fail",
      version: "1.0.0",
      inputs: {},
      output: Count,
      build: () => {
        throw new Error("no");
      },
    });
    const named = graph("named", () => {
      const x = fail();
      const one = Count.from(literal(1));
      return { one, x, y: increment({ x }), fine: increment({ x: one }) };
    });

    const error = await named.build(place.here).catch((thrown: unknown) => thrown);

    const { result } = (error as StratigraphError).data as { result: BuildResult };
    expect(result.steps.map(({ key, state }) => [key, state]).toSorted()).toEqual([
      ["fine", "built"],
      ["x", "failed"],
      ["y", "skipped"],
    ]);
    expect(result.steps.find(({ key }) => key === "y")!.reason).toEqual({ code: "upstream-failed", on: ["x"] });
  });
});

describe.each(backendKinds)("snapshots and tags, remembered in %s", (kind) => {
  it("27 · a snapshot's id tells apart every name, version and source, and not the order in which they are written", async () => {
    using place = new Place(kind);
    place.writeJson("a.json", 1);
    place.writeJson("b.json", 2);
    type Wired = Record<string, WiredArtifact<number>>;
    const idOf = async (version: string, names: (wired: Wired) => Wired): Promise<string> => {
      const add = producer({
        name: "add",
        version,
        inputs: { a: Count, b: Count },
        output: Count,
        build: ({ a, b }) => a + b,
      });
      const added = graph("added", () => {
        const [a, b] = [Count.from(local("a.json")), Count.from(local("b.json"))];
        return names({ a, b, y: add({ a, b }) });
      });
      return (await added.plan(place.here)).snapshot;
    };

    const id = await idOf("1.0.0", (wired) => wired);
    const reordered = await idOf("1.0.0", ({ a, b, y }) => ({ y: y!, b: b!, a: a! }));
    const patched = await idOf("1.2.3", (wired) => wired);
    const raised = await idOf("2.0.0", (wired) => wired);
    const renamed = await idOf("1.0.0", ({ a, b, y }) => ({ a: a!, b: b!, sum: y! }));
    place.writeJson("b.json", 3);
    const refilled = await idOf("1.0.0", (wired) => wired);

    expect([reordered, patched]).toEqual([id, id]);
    expect(new Set([id, raised, renamed, refilled]).size).toBe(4);
  });

  it("30 · swapping what a producer's inputs read makes another snapshot and another result", async () => {
    using place = new Place(kind);
    const wired = (swap: boolean) =>
      graph("swap", () => {
        const [ten, five] = [Count.from(literal(10)), Count.from(literal(5))];
        return {
          ten,
          five,
          rest: swap ? subtract({ from: five, amount: ten }) : subtract({ from: ten, amount: five }),
        };
      });
    const [plain, swapped] = [wired(false), wired(true)];

    const before = await plain.build(place.here);
    const after = await swapped.build(place.here);

    expect(after.id).not.toBe(before.id);
    expect(await before.read(plain.artifacts.rest)).toBe(5);
    expect(await after.read(swapped.artifacts.rest)).toBe(-5);
  });

  it("31 · a tagged snapshot is found by its tag", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled } = doubling();
    const tagged = await doubled.build(place.here);
    await tagged.tag("prod");
    place.writeJson("x.json", 2);
    await doubled.build(place.here);

    const found = await doubled.snapshot("prod", place.here);

    expect(found.id).toBe(tagged.id);
    expect(await found.read(doubled.artifacts.y)).toBe(2);
  });

  it("32 · a tag does not move unless it is told to, and naming the same snapshot again is no move", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled } = doubling();
    const first = await doubled.build(place.here);
    await first.tag("prod");
    await first.tag("prod");
    place.writeJson("x.json", 2);
    const second = await doubled.build(place.here);

    await expect(second.tag("prod")).rejects.toEqual(refusal("TAG_EXISTS", "prod"));
    expect((await doubled.snapshot("prod", place.here)).id).toBe(first.id);
    await second.tag("prod", { move: true });
    expect((await doubled.snapshot("prod", place.here)).id).toBe(second.id);
  });

  it("33 · an unknown tag is refused with the nearest one", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled } = doubling();
    await (await doubled.build(place.here)).tag("prod");

    await expect(doubled.snapshot("prd", place.here)).rejects.toEqual(
      refusal("SNAPSHOT_UNKNOWN", "Did you mean 'prod'?"),
    );
  });

  it("34 · a tag is found through the graph, and through an open connection", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const { doubled } = doubling();
    const snapshot = await doubled.build(place.here);
    await snapshot.tag("prod", { by: "ana", why: "released" });

    const found = await doubled.snapshot("prod", place.here);
    const record = await place.connected((connection) => connection.readSnapshotTag("doubling", "prod"));

    expect(found.id).toBe(snapshot.id);
    expect(record).toMatchObject({ graph: "doubling", tag: "prod", snapshot: snapshot.id, by: "ana", why: "released" });
  });

  it("48 · the stored bytes are what the producer returned, in the artifact's format", async () => {
    using place = new Place(kind);
    const Named = artifact({ schema: z.object({ name: z.string() }) });
    const name = producer({
      name: "name",
      version: "1.0.0",
      inputs: {},
      output: Named,
      build: () => ({ name: "Ada" }),
    });
    const named = graph("named", () => ({ who: name() }));

    const snapshot = await named.build(place.here);

    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "who"));
    const text = kind === "memory" ? utf8(items[0]!.value) : place.read(join(".strata", items[0]!.location));
    expect(JSON.parse(text)).toEqual(await snapshot.read(named.artifacts.who));
  });
});

describe("what a build tells", () => {
  it("23, 36 · every step of a build is told once it ends, with the state it ended in", async () => {
    using place = new Place();
    place.writeJson("x.json", 1);
    const { doubled } = doubling();
    const ended: string[] = [];
    const on = (event: BuildEvent): void => {
      if (event.type === "step-finished") ended.push(`${event.step.key} ${event.state}`);
    };

    await doubled.build({ ...place.here, on });

    expect(ended).toEqual(["y built"]);
  });
});

describe("cycles", () => {
  it("41 · artifacts that depend on each other in a circle are refused with the path of the circle", () => {
    const ring = graph("ring", () => {
      const x = Count.from(literal(1));
      const a = increment({ x });
      return { x, a, b: increment({ x: a }) };
    });

    expect(() =>
      ring.with((draft) => {
        draft.artifacts.x = draft.artifacts.b;
      }),
    ).toThrow(refusal("GRAPH_CYCLE", "'a'"));
  });
});
