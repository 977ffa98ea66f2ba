// Checks, thresholds and the quarantine: what is used, what is refused, and what happens when the demands change.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { all, artifact, clean, daily, graph, memory, ndjson, oneOf, producer, stream } from "../../../src/index.ts";
import type { ArtifactOptions } from "../../../src/index.ts";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { collectGarbageIn } from "../../../src/operations/gc.ts";

const Row = z.object({ user: z.string(), amount: z.number() });
const Rows = z.array(Row);
const dates = { date: daily({ from: "2026-01-01", to: "2026-01-05" }) };
type Demands = Pick<ArtifactOptions<typeof Rows, typeof dates>, "checks" | "thresholds" | "statistics">;

/** `made` counts the calls; `sizes` says how many rows a day has. */
function world(backend = memory()) {
  const made: string[] = [];
  const sizes: Record<string, number> = {};
  let amount = 1;
  const define = (demands: Demands, consumer: "plain" | "clean" = "plain") => {
    const Days = artifact({ schema: Rows, partitionBy: dates, ...demands });
    const Total = artifact({ schema: z.number() });
    const days = producer({
      name: "days",
      version: "1",
      inputs: {},
      output: Days,
      retries: undefined,
      build: async (_, { key }) => {
        made.push(key.date);
        // The later, the sooner: nothing may depend on the order in which they end.
        await new Promise((resolve) => setTimeout(resolve, 6 - Number(key.date.slice(-1))));
        return Array.from({ length: sizes[key.date] ?? 10 }, (_, index) => ({ user: `u${index}`, amount }));
      },
    });
    const sum = (lists: readonly { value: z.infer<typeof Rows> }[]): number =>
      lists.flatMap(({ value }) => value).length;
    const total =
      consumer === "clean"
        ? producer({
            name: "total",
            version: "1",
            inputs: { days: all(clean(Days)) },
            output: Total,
            build: ({ days }) => sum(days),
          })
        : producer({
            name: "total",
            version: "1",
            inputs: { days: all(Days) },
            output: Total,
            build: ({ days }) => sum(days),
          });
    return graph("spend", () => {
      const out = days();
      return { days: out, total: total({ days: out }) };
    });
  };
  const build = async (demands: Demands, consumer: "plain" | "clean" = "plain") => {
    const defined = define(demands, consumer);
    made.length = 0;
    const result = await defined.build({ backend }).then(
      ({ result }) => result,
      (error: { data: { result: never } }) => error.data.result,
    );
    return {
      graph: defined,
      result: result,
      made: [...made].sort(),
    };
  };
  return { backend, sizes, build, define, setAmount: (value: number) => (amount = value) };
}

const enough = { thresholds: { enough: { of: "rows", min: 5 } } } satisfies Demands;

describe("a threshold", () => {
  it("that is met changes nothing, and its statistics are stored", async () => {
    const { build, backend } = world();

    const { graph: built, result } = await build(enough);

    expect(result).toMatchObject({ outcome: "succeeded", built: 6 });
    const statistics = await built.statistics(built.artifacts.days, { backend });
    expect(statistics[0]).toMatchObject({
      partition: "date=2026-01-01",
      statistics: { rows: 10, fields: { user: { distinct: 10 }, amount: { mean: 1 } } },
      findings: [],
    });
  });

  it("that blocks puts the value into quarantine, where it can be read, and nothing uses it", async () => {
    const { build, sizes, backend } = world();
    sizes["2026-01-03"] = 2;

    const { graph: built, result } = await build(enough);

    const failed = result.steps.find(({ state }) => state === "failed")!;
    expect([failed.partition, failed.error?.code]).toEqual(["date=2026-01-03", "STEP_CHECK_FAILED"]);
    expect(failed.error?.message).toContain("threshold 'enough': rows is 2, less than 5");
    expect(result.steps.at(-1)).toMatchObject({ key: "total", state: "skipped" });
    const [kept, ...rest] = await built.quarantined("days", { backend });
    expect(rest).toEqual([]);
    expect(kept).toMatchObject({ key: "days", partition: "date=2026-01-03", accepted: false });
    expect(await kept!.read()).toHaveLength(2);
  });

  it("that blocked once is met by the next build that makes a better value, which never uses the refused one", async () => {
    const { build, sizes } = world();
    sizes["2026-01-03"] = 2;
    await build(enough);

    const again = await build(enough);
    expect([again.made, again.result.failed]).toEqual([["2026-01-03"], 1]);
    delete sizes["2026-01-03"];
    const better = await build(enough);

    expect(better.made).toEqual(["2026-01-03"]);
    expect(better.result).toMatchObject({ outcome: "succeeded", built: 2, reused: 4 });
  });

  it("that is relaxed lets the same value in, once it is made again", async () => {
    const { build, sizes, backend } = world();
    sizes["2026-01-03"] = 2;
    await build(enough);

    const { result, made, graph: built } = await build({ thresholds: { enough: { of: "rows", min: 1 } } });

    expect([result.outcome, made]).toEqual(["succeeded", ["2026-01-03"]]);
    expect((await built.quarantined("days", { backend }))[0]).toMatchObject({ accepted: true });
  });

  it("that is new judges what is stored: it rebuilds nothing, and uses nothing that it blocks", async () => {
    const { build, sizes } = world();
    sizes["2026-01-03"] = 2;
    expect((await build({})).result.outcome).toBe("succeeded");
    expect((await build({})).made).toEqual([]);

    const { result, made } = await build(enough);

    expect(made).toEqual([]);
    expect(result).toMatchObject({ outcome: "failed", failed: 1, skipped: 1, reused: 4 });
    expect(result.steps[2]).toMatchObject({ state: "failed", reason: { code: "blocked" } });
    expect(result.steps[2]?.error?.message).toContain("rows is 2, less than 5");
    const plan = await world().define(enough).plan({ backend: memory() });
    expect(plan.counts.missing).toBe(5);
  });

  it("that is taken away again lets the stored value be used, without a rebuild", async () => {
    const { build, sizes } = world();
    sizes["2026-01-03"] = 2;
    await build({});
    await build(enough);

    const { result, made } = await build({});

    expect([result.outcome, made]).toEqual(["succeeded", []]);
  });

  it("that warns lets the value be used, and cached values still warn", async () => {
    const { build, sizes, backend } = world();
    sizes["2026-01-03"] = 2;
    const demands = { thresholds: { enough: { of: "rows", min: 5, severity: "warn" } } } satisfies Demands;

    for (const expected of [["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"], []]) {
      const { result, made } = await build(demands);
      expect([result.outcome, made]).toEqual(["succeeded", expected]);
      const warned = result.steps.filter(({ warnings }) => warnings !== undefined);
      expect(warned.map(({ partition, warnings }) => [partition, warnings![0]!.name])).toEqual([
        ["date=2026-01-03", "enough"],
      ]);
    }
    const connection = await backend.connect();
    expect((await connection.listRuns({ state: "warning" })).items.map(({ kind }) => kind)).toEqual(["step", "build"]);
    await connection.close();
  });

  it("relative to earlier partitions compares in order, whichever ends first, and without those that were refused", async () => {
    const { build, sizes } = world();
    Object.assign(sizes, { "2026-01-02": 1, "2026-01-04": 8, "2026-01-05": 7 });
    const demands = { thresholds: { steady: { of: "rows", min: 0.8, last: 2 } } } satisfies Demands;

    const { result } = await build(demands);

    // 10; 1 < 8; 10 ≥ 8 (of the 1st); 8 ≥ 8 (of the 3rd); 7 < 0.8 × (10 + 8) / 2 = 7.2
    expect(result.steps.slice(0, 5).map(({ state }) => state)).toEqual(["built", "failed", "built", "built", "failed"]);
    expect(result.steps[4]?.error?.message).toContain(
      "rows is 7, less than 7.2 (the mean of the last 2 is 9, times 0.8)",
    );
  });

  it("relative to earlier partitions does not read those of another schema, which are older than it", async () => {
    const { build, backend } = world();
    await build({});
    const Text = z.array(z.object({ user: z.string(), amount: z.string() }));
    const thresholds = { steady: { of: "rows", min: 0.01, last: 2 } } as const;
    const Days = artifact({ schema: Text, partitionBy: dates, thresholds });
    const days = producer({ name: "days", version: "1", inputs: {}, output: Days, build: () => [{ user: "u", amount: "1" }] }); // prettier-ignore
    const later = graph("spend", () => ({ days: days() }));

    const { result } = await later.build({ backend, select: ["days[2026-01-05]"] });

    expect(result).toMatchObject({ outcome: "succeeded", built: 1 });
  });

  it("of a quantile or a statistic of one's own that was not stored is judged all the same", async () => {
    const { build } = world();
    await build({ statistics: true });

    const quantile = await build({ thresholds: { top: { of: "amount.p97.5", max: 0.5 } } });
    expect([quantile.made, quantile.result.failed]).toEqual([[], 5]);
  });

  it("does not stop what is pinned", async () => {
    const { build, sizes, backend } = world();
    sizes["2026-01-03"] = 2;
    const { graph: built } = await build({});
    await built.pin("days[2026-01-03]", { backend, why: "a holiday" });

    const { result } = await build(enough);

    expect(result.outcome).toBe("succeeded");
    expect(result.steps[2]).toMatchObject({
      reason: { code: "pinned" },
      warnings: [{ name: "enough", severity: "warn" }],
    });
  });
});

describe("the quarantine", () => {
  const DAY = 24 * 3_600_000;

  it("keeps a refused value for thirty days, and the collection after that removes it", async () => {
    let now = Date.UTC(2026, 0, 31);
    const clock = { now: () => now, monotonic: () => now };
    const { build, sizes, backend } = world(memory({ clock }));
    sizes["2026-01-03"] = 2;
    const { graph: built } = await build(enough);
    await using workspace = await openWorkspace({ backend, clock });
    const kept = async () => (await built.quarantined([], { backend })).map(({ partition }) => partition);

    now += 30 * DAY;
    expect((await collectGarbageIn(workspace, { remove: true })).partitions).toEqual([]);
    expect(await kept()).toEqual(["date=2026-01-03"]);

    now += DAY;
    const listed = await collectGarbageIn(workspace);
    expect(await kept()).toEqual(["date=2026-01-03"]);
    const removed = await collectGarbageIn(workspace, { remove: true });

    for (const { partitions } of [listed, removed]) {
      expect(partitions.map(({ partition }) => partition.key)).toEqual(["date=2026-01-03"]);
    }
    expect(await kept()).toEqual([]);
  });
});

describe("a check", () => {
  it("blocks unless told, and one that warns is remembered with the partition", async () => {
    const { build, sizes, backend } = world();
    sizes["2026-01-03"] = 2;
    const check = (rows: z.infer<typeof Rows>) => rows.length > 5 || `only ${rows.length} rows`;

    const warned = await build({ checks: { full: { check, severity: "warn" } } });
    const cached = await build({ checks: { full: { check, severity: "warn" } } });

    for (const { result } of [warned, cached]) {
      expect(result.steps[2]?.warnings).toMatchObject([{ name: "full", text: "check 'full' failed: only 2 rows" }]);
    }
    expect(cached.made).toEqual([]);
    const blocking = await world(backend).build({});
    expect(blocking.made).toEqual([]);
    const other = world();
    other.sizes["2026-01-03"] = 2;
    const blocked = await other.build({ checks: { full: check } });
    expect(blocked.result.steps[2]?.error?.message).toContain("check 'full' failed: only 2 rows");
    expect(await blocked.graph.quarantined([], { backend: other.backend })).toHaveLength(1);
  });
});

describe("an input that must be clean", () => {
  it("keeps a step from using partitions with warnings, also from its cache, and is no part of its identity", async () => {
    const { build, sizes } = world();
    sizes["2026-01-03"] = 2;
    const demands = { thresholds: { enough: { of: "rows", min: 5, severity: "warn" } } } satisfies Demands;
    expect((await build(demands)).result.outcome).toBe("succeeded");

    const { result, made } = await build(demands, "clean");

    expect(made).toEqual([]);
    expect(result.steps.at(-1)).toMatchObject({ key: "total", state: "failed" });
    expect(result.steps.at(-1)?.error?.message).toContain("input 'days' has a warning: threshold 'enough'");
    expect((await build({}, "clean")).result).toMatchObject({ outcome: "succeeded", built: 0 });
  });
});

describe("a demand that cannot be", () => {
  const declare = (options: object) => () => artifact({ schema: Rows, partitionBy: dates, ...options });
  it.each([
    [{ thresholds: { a: { of: "rows.median", min: 1 } } }, "there is no such statistic"],
    [{ thresholds: { a: { of: "amont.mean", min: 1 } } }, "the schema has no field 'amont'"],
    [{ thresholds: { a: { of: "user.min", min: 1 } } }, "'user' is a text, and limits are numbers"],
    [{ thresholds: { a: { of: "user.p50", min: 1 } } }, "'user' is a text, and limits are numbers"],
    [
      {
        schema: z.array(z.object({ kind: z.enum(["a", "b"]).optional() })),
        thresholds: { a: { of: "kind.mean", max: 1 } },
      },
      "'kind' is a text, and limits are numbers",
    ],
    [
      { schema: z.string(), thresholds: { a: { of: "value.max", max: 1 } } },
      "'value' is a text, and limits are numbers",
    ],
    [{ thresholds: { a: { of: "amount.p-5", min: 1 } } }, "a quantile is a percent"],
    [{ thresholds: { a: { of: "amount.p101", min: 1 } } }, "a quantile is a percent"],
    [{ thresholds: { a: { of: "rows", min: Number.NaN } } }, "a limit is a number"],
    [{ thresholds: { a: { of: "rows" } } }, "a threshold has a limit"],
    [{ thresholds: { a: { of: "rows", min: 2, max: 1 } } }, "no value is within these limits"],
    [{ thresholds: { a: { of: "rows", min: 1, last: 0 } } }, "so many partitions before this one"],
    [{ thresholds: { a: { of: "rows", min: 1, over: "date" } } }, "'over' says along which dimension"],
    [{ thresholds: { a: { of: "rows", min: 1, severity: "fatal" } } }, "there is no such severity"],
    [
      { partitionBy: { site: oneOf("a") }, thresholds: { a: { of: "rows", min: 1, last: 2 } } },
      "last needs an ordered dimension",
    ],
    [{ statistics: { rows: () => 1 } }, "this statistic is always there"],
    [{ checks: { a: { severity: "warn" } } }, "a check is a function"],
  ])("is refused where it is declared: %j", (options, sentence) => {
    expect(declare(options)).toThrow(sentence);
  });

  it("is none where a text may be something else, and what is counted is counted of texts", () => {
    const Mixed = z.array(z.object({ user: z.union([z.string(), z.number()]), size: z.string().transform(Number) }));
    const of = (name: string) => ({ schema: Mixed, thresholds: { a: { of: name, max: 1 } } });

    for (const name of ["user.max", "user.nulls", "size.max"]) expect(declare(of(name))).not.toThrow();
    expect(declare({ thresholds: { a: { of: "user.distinct", max: 9 } } })).not.toThrow();
  });

  it.each<[string, object, object]>([
    ["checks", { checks: { any: () => true } }, {}],
    ["statistics of its own", { statistics: { revenue: () => 1 } }, {}],
    ["validate", {}, { validate: () => true }],
  ])("on an output that is streamed is refused: %s", (_, demands, options) => {
    const Streamed = artifact({ schema: Rows, format: ndjson(), ...demands });
    const declare = () =>
      producer({ name: "rows", version: "1", inputs: {}, output: stream(Streamed), build: () => [], ...options });

    expect(declare).toThrow("an output that is streamed is never whole: checks, validate and statistics of its own");
  });

  it("of rows and fields is judged of an output that is streamed as well", async () => {
    const backend = memory();
    const Streamed = artifact({ schema: Rows, format: ndjson(), thresholds: { some: { of: "amount.max", min: 5 } } });
    const rows = producer({ name: "rows", version: "1", inputs: {}, output: stream(Streamed), build: () => [{ user: "u", amount: 4 }] }); // prettier-ignore
    const streaming = graph("streaming", () => ({ rows: rows() }));

    const failure = await streaming.build({ backend }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "BUILD_FAILED" });
    const [kept] = await streaming.quarantined([], { backend });
    expect(kept?.findings).toMatchObject([{ text: "threshold 'some': amount.max is 4, less than 5" }]);
    expect(await kept!.read()).toEqual([{ user: "u", amount: 4 }]);
  });

  it("that changes the value it is given changes no number but its own", async () => {
    const { build, backend } = world();

    const { graph: built } = await build({
      checks: { cut: (rows) => (rows.splice(1).length > 0 ? true : "nothing to cut") },
      statistics: { more: (rows: z.infer<typeof Rows>) => rows.push({ user: "nobody", amount: 1_000 }) },
    });

    const [first] = await built.statistics(built.artifacts.days, { backend });
    expect(first?.statistics).toMatchObject({ rows: 10, fields: { amount: { max: 1 } } });
  });

  it("that gives NaN blocks with a sentence", async () => {
    const { result } = await world().build({ statistics: { share: () => 0 / 0 } });

    expect(result.steps[0]?.error?.message).toContain("statistic 'share' is not a finite number but NaN");
  });
});
