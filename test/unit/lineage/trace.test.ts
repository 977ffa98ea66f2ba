// Tracing: from a result down to the files it came from, from a file up to all it was used for.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { artifact, daily, graph, local, memory, producer } from "stratigraph";
import type { KeyText } from "../../../src/identity/partition-key.ts";
import { trace, type Trace } from "../../../src/lineage/trace.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { openSpending, sourceOf, writeVersion } from "./support.ts";

/** "vendor.transactions[date=2026-01-01]", in order. */
function places({ partitions }: Trace, wanted: (one: Trace["partitions"][number]) => boolean = () => true): string[] {
  return partitions
    .filter(wanted)
    .map(({ artifact: key, key: partition }) => `${key}${partition === "" ? "" : `[${partition}]`}`)
    .sort();
}

describe("a trace", () => {
  it("of a model version lists every raw file with its content fingerprint, every producer's version, and who ran it when", async () => {
    await using space = await openSpending();
    await space.build();
    const { connection } = space;
    const run = (await connection.listRuns({ kind: "step" })).items[0]!;
    await writeVersion(connection, {
      version: "1.3.0",
      source: await sourceOf(connection, "report"),
      run: run.id,
      configFingerprint: "c0ffee",
    });

    const found = await trace(connection, { model: "team/forecast@1.3.0" });

    const raw = found.partitions.filter((one) => one.raw);
    expect(places(found, (one) => one.raw)).toEqual([
      "rates",
      "vendor.transactions[date=2026-01-01]",
      "vendor.transactions[date=2026-01-02]",
      "vendor.transactions[date=2026-01-03]",
    ]);
    expect(raw.every(({ content, run: by }) => /^[0-9a-f]{32}$/.test(content) && by === undefined)).toBe(true);
    expect(raw.find(({ artifact: key }) => key === "rates")?.location).toBe("rates.json");
    expect([...new Set(found.runs.map(({ producer: by, version }) => `${by} ${version}`))].sort()).toEqual([
      "sum-all 1.0.0",
      "sum-day 1.0.0",
      "tell 2.1.0",
    ]);
    expect(found.origin.model).toMatchObject({ version: "1.3.0", config: "c0ffee", run: run.id });
    for (const one of found.runs) {
      expect(one.producerFingerprint).toMatch(/^[0-9a-f]{32}$/);
      expect(one.graphFingerprint).toMatch(/^[0-9a-f]{32}$/);
      expect(one.by).toContain("@");
      expect(Date.parse(one.startedAt)).toBeGreaterThan(0);
    }
  });

  it("of one partition holds that partition's inputs and no other's", async () => {
    await using space = await openSpending();
    await space.build();

    const found = await trace(space.connection, {
      graph: "spend",
      artifact: "days",
      key: "date=2026-01-02" as KeyText,
    });

    expect(places(found)).toEqual(["days[date=2026-01-02]", "rates", "vendor.transactions[date=2026-01-02]"]);
    expect(found.edges.map(({ name }) => name).sort()).toEqual(["rates", "transactions"]);
  });

  it("of a raw file holds everything it touched, up to the model versions, and nothing else", async () => {
    await using space = await openSpending();
    await space.build();
    const { connection } = space;
    await writeVersion(connection, { source: await sourceOf(connection, "report") });
    await writeVersion(connection, { name: "other", source: await sourceOf(connection, "days", "date=2026-01-01") });

    const found = await trace(connection, { file: "data/2026-01-02.json" });

    expect(found.directions).toEqual(["downstream"]);
    expect(places(found)).toEqual(["days[date=2026-01-02]", "report", "total", "vendor.transactions[date=2026-01-02]"]);
    expect(found.models.map(({ name, version }) => `${name}@${version}`)).toEqual(["forecast@1.0.0"]);
  });

  it("goes both ways from one start when asked", async () => {
    await using space = await openSpending();
    await space.build();

    const found = await trace(
      space.connection,
      { graph: "spend", artifact: "days", key: "date=2026-01-03" as KeyText },
      { directions: ["upstream", "downstream"] },
    );

    expect(places(found, ({ role }) => role === "upstream")).toEqual(["rates", "vendor.transactions[date=2026-01-03]"]);
    expect(places(found, ({ role }) => role === "downstream")).toEqual(["report", "total"]);
    expect(places(found, ({ role }) => role === "origin")).toEqual(["days[date=2026-01-03]"]);
  });

  it("tells the contents a file had apart, each with what was made from it", async () => {
    await using space = await openSpending();
    await space.build();
    space.folder.write("data/2026-01-02.json", "[100]");
    await space.build();

    const found = await trace(space.connection, { file: "data/2026-01-02.json" });

    const files = found.partitions.filter((one) => one.raw);
    expect(new Set(files.map(({ content }) => content)).size).toBe(2);
    expect(places(found, ({ artifact: key }) => key === "total")).toHaveLength(2);
  });

  it("says where the value that was used came from, although an equal one was made since from something else", async () => {
    await using space = await openSpending();
    await space.build();
    // Another file, the same sum: the total is not built again.
    space.folder.write("data/2026-01-01.json", "[7.25,12.5]");
    await space.build();

    const found = await trace(space.connection, { graph: "spend", artifact: "total" });

    const day = found.partitions.filter(({ artifact: key, key: at }) => key === "days" && at === "date=2026-01-01");
    expect(day.map(({ current }) => current)).toEqual([false]);
    const other = found.partitions.filter(({ artifact: key, key: at }) => key === "days" && at === "date=2026-01-02");
    expect(other.map(({ current }) => current)).toEqual([true]);
  });

  it("of a step, a build, and the beginning of either's id holds what they wrote and read", async () => {
    await using space = await openSpending();
    await space.build();
    const { items } = await space.connection.listRuns({ kind: "step" });
    const step = items.find(({ producer: by }) => by === "sum-all")!;
    const build = (await space.connection.listRuns({ kind: "build" })).items[0]!;

    const ofStep = await trace(space.connection, { run: step.id });
    const ofBuild = await trace(space.connection, { run: build.id });

    expect(places(ofStep, ({ role }) => role === "origin")).toEqual(["total"]);
    expect(places(ofStep, (one) => one.raw)).toHaveLength(4);
    expect(places(ofBuild, ({ role }) => role === "origin")).toHaveLength(5);
  });

  it("of a step that failed holds what it had read", async () => {
    await using space = await openSpending();
    space.folder.write("data/2026-01-02.json", '["no number"]');
    await failureOf(() => space.build());
    const failed = (await space.connection.listRuns({ kind: "step", state: "failed" })).items[0];

    // The ledger keeps no edges of a failed step, so there is nothing to walk: the run itself is told.
    const found = await trace(space.connection, { run: failed!.id });

    expect(found.runs.map(({ id }) => id)).toEqual([failed!.id]);
    expect(found.origin.run).toBe(failed!.id);
  });

  it("stops at the limit and says that there is more", async () => {
    await using space = await openSpending();
    await space.build();

    const found = await trace(space.connection, { graph: "spend", artifact: "report" }, { limit: 3 });

    expect(found.partitions).toHaveLength(3);
    expect(found.truncated).toBe(true);
  });

  it("walks no further than the depth", async () => {
    await using space = await openSpending();
    await space.build();

    const found = await trace(space.connection, { graph: "spend", artifact: "report" }, { depth: 1 });

    expect(places(found)).toEqual(["report", "total"]);
  });

  it("of what was never there is an error with a name", async () => {
    await using space = await openSpending();
    await space.build();
    const codeOf = async (target: Parameters<typeof trace>[1]): Promise<string | undefined> =>
      (await failureOf(() => trace(space.connection, target))).code;
    await writeVersion(space.connection, {});

    expect(await codeOf({ model: "team/nothing@1.0.0" })).toBe("MODEL_NOT_FOUND");
    expect(await codeOf({ model: "team/forecast@9.0.0" })).toBe("VERSION_NOT_FOUND");
    expect(await codeOf({ run: "01zzzzzz" })).toBe("RUN_UNKNOWN");
    expect(await codeOf({ file: "nowhere.json" })).toBe("PARTITION_UNKNOWN");
    expect(await codeOf({ graph: "spend", artifact: "nothing" })).toBe("PARTITION_NOT_BUILT");
    expect(await codeOf({ graph: "spend", artifact: "total", snapshot: "prod" })).toBe("SNAPSHOT_UNKNOWN");
  });
});

describe("names in a trace", () => {
  it("are those of the run's own snapshot where one producer is called twice", async () => {
    const Words = artifact({ schema: z.string() });
    const Upper = artifact({ schema: z.string() });
    const upper = producer({
      name: "upper",
      version: "1.0.0",
      inputs: { word: Words },
      output: Upper,
      build: ({ word }) => word.toUpperCase(),
    });
    const twice = graph("twice", () => {
      const first = Words.from(local("first.json"));
      const second = Words.from(local("second.json"));
      return { first, second, a: upper({ word: first }), b: upper({ word: second }) };
    });
    using folder = new Folder();
    folder.write("first.json", '"one"');
    folder.write("second.json", '"two"');
    const backend = memory();
    await twice.build({ backend, root: folder.path });
    await using connection = await backend.connect();

    const ofA = await trace(connection, { file: "first.json" });
    const ofB = await trace(connection, { file: "second.json" });

    expect(places(ofA)).toEqual(["a", "first"]);
    expect(places(ofB)).toEqual(["b", "second"]);
  });

  it("are the link's where two calls read and write artifacts that are alike", async () => {
    const Words = artifact({ schema: z.string() });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { word: Words },
      output: Words,
      build: ({ word }) => `${word}.`,
    });
    const chain = graph("chain", () => {
      const word = Words.from(local("word.json"));
      const one = copy({ word });
      const two = copy({ word: one });
      const three = copy({ word: two });
      return { word, one, two, three };
    });
    using folder = new Folder();
    folder.write("word.json", '"w"');
    const backend = memory();
    await chain.build({ backend, root: folder.path });
    await using connection = await backend.connect();

    const found = await trace(connection, { graph: "chain", artifact: "three" });

    expect(found.partitions.map(({ artifact: key }) => key)).toEqual(["three", "two", "one", "word"]);
  });

  it("are left out, and not guessed, where the graph is not remembered any more", async () => {
    await using space = await openSpending();
    const first = await space.build();
    space.folder.write("rates.json", '{"factor":3}');
    const second = await space.build();
    expect(second).not.toBe(first);
    const gone = await space.connection.readSnapshot(first as never);
    await space.connection.removeSnapshots([gone!.id]);

    const found = await trace(space.connection, { file: "rates.json" });

    const [old, fresh] = [found.partitions.filter((one) => one.raw)[0]!, found.partitions.filter((one) => one.raw)[1]!];
    expect(old.artifact).toBeUndefined();
    expect(fresh.artifact).toBe("rates");
  });
});

describe("two graphs that hang together by files", () => {
  it("are walked through: what one wrote and the other found is the same file", async () => {
    const Numbers = artifact({ schema: z.array(z.number()), partitionBy: { date: daily() } });
    const Doubled = artifact({
      schema: z.array(z.number()),
      partitionBy: { date: daily() },
      storage: local("out/{date}-{input_fingerprint}.json"),
    });
    const double = producer({
      name: "double",
      version: "1.0.0",
      inputs: { numbers: Numbers },
      output: Doubled,
      build: ({ numbers }) => numbers.map((one) => one * 2),
    });
    const first = graph("first", () => {
      const numbers = Numbers.from(local("in/{date}.json"));
      return { numbers, doubled: double({ numbers }) };
    });
    using folder = new Folder();
    folder.write("in/2026-01-01.json", "[1,2]");
    const backend = memory();
    await first.build({ backend, root: folder.path });
    const file = folder.files("out")[0]!;

    const Found = artifact({ schema: z.array(z.number()) });
    const Sum = artifact({ schema: z.number() });
    const add = producer({
      name: "add",
      version: "1.0.0",
      inputs: { found: Found },
      output: Sum,
      build: ({ found }) => found.reduce((sum, one) => sum + one, 0),
    });
    const second = graph("second", () => {
      const found = Found.from(local(`${file}`));
      return { found, sum: add({ found }) };
    });
    await second.build({ backend, root: folder.path });
    await using connection = await backend.connect();

    const up = await trace(connection, { graph: "second", artifact: "sum" });
    const down = await trace(connection, { file: "in/2026-01-01.json" });

    expect(up.partitions.map(({ graph: of, artifact: key }) => `${of}.${key}`)).toEqual([
      "second.sum",
      "second.found",
      "first.doubled",
      "first.numbers",
    ]);
    expect(down.partitions.map(({ graph: of, artifact: key }) => `${of}.${key}`)).toEqual([
      "first.numbers",
      "first.doubled",
      "second.found",
      "second.sum",
    ]);
  });
});
