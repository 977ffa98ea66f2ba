// How a producer wants its inputs and gives its outputs: row by row, as files, as bytes, or only when asked.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  all,
  artifact,
  bytes,
  csv,
  daily,
  file,
  graph,
  json,
  lazy,
  literal,
  local,
  memory,
  memoryStorage,
  ndjson,
  optional,
  producer,
  stream,
  text,
  type BuildListener,
  type BuildOptions,
  type BuildResult,
} from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "strata-views-"));
  mkdirSync(join(root, "data"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const Row = z.object({ id: z.int(), amount: z.number() });
const Raw = artifact({ schema: z.array(Row), format: ndjson() });
const Clean = artifact({
  schema: z.array(Row),
  format: ndjson(),
  storage: local("out/{input_fingerprint}.ndjson"),
});
const Total = artifact({ schema: z.number() });

function writeRaw(count: number, name = "raw.ndjson"): void {
  const lines = Array.from({ length: count }, (_, id) => `${JSON.stringify({ id, amount: id % 10 })}\n`);
  writeFileSync(join(root, "data", name), lines.join(""));
}

function outputs(): string[] {
  try {
    return readdirSync(join(root, "out"));
  } catch {
    return [];
  }
}

/** What a build did that fails. */
async function failedBuild(failing: { build(options: BuildOptions): Promise<unknown> }): Promise<BuildResult> {
  let result: BuildResult | undefined;
  const on: BuildListener = (event) => {
    if (event.type === "build-finished") ({ result } = event);
  };
  await expect(failing.build({ backend: memory(), root, on })).rejects.toMatchObject({ code: "BUILD_FAILED" });
  return result!;
}

/** Keeps rows with an amount above `least`, and sums what is left. */
function project({ least = 4, seen = [] as number[], fail = -1, version = "1" } = {}) {
  const clean = producer({
    name: "clean",
    version,
    inputs: { raw: stream(Raw) },
    output: stream(Clean),
    async *build({ raw }) {
      for await (const row of raw) {
        seen.push(row.id);
        if (row.id === fail) throw new Error("no more");
        if (row.amount > least) yield row;
      }
    },
  });
  const sum = producer({
    name: "sum",
    version: "1",
    inputs: { rows: stream(Clean) },
    output: Total,
    async build({ rows }) {
      let total = 0;
      for await (const row of rows) total += row.amount;
      return total;
    },
  });
  return graph("views", () => {
    const raw = Raw.from(local("data/raw.ndjson"));
    const rows = clean({ raw });
    return { raw, rows, total: sum({ rows }) };
  });
}

describe("rows in and rows out", () => {
  it("are read, written and read again, and the file is the one the whole array would be", async () => {
    writeRaw(1000);
    const spend = project();

    const snapshot = await spend.build({ backend: memory(), root });

    expect(snapshot.result.outcome).toBe("succeeded");
    expect(await snapshot.read(spend.artifacts.total)).toBe(3500);
    const rows = await snapshot.read(spend.artifacts.rows);
    expect(rows).toHaveLength(500);
    expect(readFileSync(join(root, "out", outputs()[0]!))).toEqual(Buffer.from(ndjson().encode(rows)));
  });

  it("are up to date afterwards, and a change in the rows that are left out goes no further", async () => {
    writeRaw(100);
    const backend = memory();
    await project().build({ backend, root });

    const same = await project().build({ backend, root });
    writeFileSync(
      join(root, "data/raw.ndjson"),
      `${readFileSync(join(root, "data/raw.ndjson"), "utf8")}{"id":100,"amount":0}\n`,
    );
    const more = await project().build({ backend, root });

    expect(same.result).toMatchObject({ built: 0, reused: 2 });
    expect(more.result).toMatchObject({ built: 1, reused: 1 });
  });

  it("leave nothing when the producer fails in the middle", async () => {
    writeRaw(50_000);
    const result = await failedBuild(project({ least: -1, fail: 40_000 }));

    expect(result.steps.find(({ key }) => key === "rows")?.error?.message).toContain("no more");
    expect(outputs()).toEqual([]);
  });

  it("leave nothing when a row does not fit, and name the row", async () => {
    const make = producer({
      name: "make",
      version: "1",
      inputs: {},
      output: stream(Clean),
      *build() {
        yield { id: 1, amount: 2 };
        yield { id: 2, amount: "three" as unknown as number };
      },
    });
    const result = await failedBuild(graph("bad", () => ({ rows: make({}) })));

    const { error } = result.steps[0]!;
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error?.message).toContain("producer 'make', output 'rows', row 2, field 'amount'");
    expect(outputs()).toEqual([]);
  });

  it("stop at the time limit, and a producer that goes on writes nothing any more", async () => {
    const make = producer({
      name: "make",
      version: "1",
      inputs: {},
      output: stream(Clean),
      timeout: 100,
      async *build() {
        for (let id = 0; ; id++) {
          await new Promise((done) => setTimeout(done, 5));
          yield { id, amount: 1 };
        }
      },
    });
    const result = await failedBuild(graph("slow", () => ({ rows: make({}) })));
    await new Promise((done) => setTimeout(done, 50));

    expect(result.steps[0]?.error?.code).toBe("STEP_TIMEOUT");
    expect(outputs()).toEqual([]);
  });

  it("are tried again from the first row", async () => {
    let attempts = 0;
    const make = producer({
      name: "make",
      version: "1",
      inputs: {},
      output: stream(Clean),
      retries: { times: 2, delay: 1 },
      *build() {
        attempts += 1;
        yield { id: 1, amount: attempts };
        if (attempts < 3) throw new Error("not yet");
      },
    });
    const retried = graph("retried", () => ({ rows: make({}) }));
    const snapshot = await retried.build({ backend: memory(), root });

    expect(await snapshot.read(retried.artifacts.rows)).toEqual([{ id: 1, amount: 3 }]);
    expect(outputs()).toHaveLength(1);
  });

  it("may be gone through twice, left early, and stand behind all() and optional()", async () => {
    const Day = artifact({ schema: z.array(Row), partitionBy: { date: daily() }, format: csv({ types: "infer" }) });
    const Means = artifact({ schema: z.array(z.number()) });
    writeFileSync(join(root, "data/2026-01-01.csv"), "id,amount\n1,2\n2,4\n");
    writeFileSync(join(root, "data/2026-01-02.csv"), "id,amount\n1,7\n");
    const spread = producer({
      name: "spread",
      version: "1",
      inputs: { days: all(stream(Day)), none: optional(stream(Raw)) },
      output: Means,
      async build({ days, none }) {
        expect(none).toBeUndefined();
        const found: number[] = [];
        for (const { value } of days) {
          let count = 0;
          for await (const row of value) count += row.amount;
          for await (const row of value) {
            found.push(count + row.id);
            break;
          }
        }
        return found;
      },
    });
    const days = graph("days", () => {
      const rows = Day.from(local("data/{date}.csv"));
      return { rows, means: spread({ days: rows }) };
    });

    const snapshot = await days.build({ backend: memory(), root });

    expect(snapshot.result.steps[0]?.error?.message).toBeUndefined();
    expect(await snapshot.read(days.artifacts.means)).toEqual([7, 8]);
  });

  it("go through every storage and format of rows", async () => {
    for (const format of [ndjson(), json(), json({ indent: 2 }), csv({ types: "infer" })]) {
      for (const storage of [literal(), memoryStorage("{input_fingerprint}"), local("out/{input_fingerprint}.x")]) {
        const Here = artifact({ schema: z.array(Row), format, storage });
        const make = producer({
          name: "make",
          version: "1",
          inputs: {},
          output: stream(Here),
          *build() {
            for (let id = 0; id < 3; id++) yield { id, amount: id / 2 };
          },
        });
        const take = producer({
          name: "take",
          version: "1",
          inputs: { rows: stream(Here) },
          output: Total,
          async build({ rows }) {
            let total = 0;
            for await (const { amount } of rows) total += amount;
            return total;
          },
        });
        const here = graph("here", () => {
          const rows = make({});
          return { rows, total: take({ rows }) };
        });
        const snapshot = await here.build({ backend: memory(), root });
        expect(await snapshot.read(here.artifacts.total)).toBe(1.5);
        expect(await snapshot.read(here.artifacts.rows)).toHaveLength(3);
      }
    }
  });
});

describe("bytes that are not the recorded ones", () => {
  it("of a streamed input are built again, also where the producer stopped before them", async () => {
    writeRaw(20_000);
    const backend = memory();
    await project({ least: -1 }).build({ backend, root });
    const path = join(root, "out", outputs()[0]!);
    const damaged = readFileSync(path);
    damaged[damaged.length - 3] = 0x38;
    chmodSync(path, 0o644);
    writeFileSync(path, damaged);
    const first = producer({
      name: "first",
      version: "1",
      inputs: { rows: stream(Clean) },
      output: Total,
      async build({ rows }) {
        for await (const row of rows) return row.id;
        return -1;
      },
    });
    const base = project({ least: -1 });
    const more = base.with((draft) => ({ ...draft.artifacts, first: first({ rows: draft.artifacts.rows }) }));

    const events: string[] = [];
    const snapshot = await more.build({ backend, root, on: (event) => events.push(event.type) });

    expect(events).toContain("healing");
    expect(snapshot.result.outcome).toBe("succeeded");
    expect(await snapshot.read(more.artifacts.first)).toBe(0);
  });

  it("of a source fail the step, also where the producer caught it", async () => {
    writeRaw(20_000);
    const take = producer({
      name: "take",
      version: "1",
      inputs: { raw: stream(Raw) },
      output: Total,
      async build({ raw }) {
        let count = 0;
        try {
          for await (const row of raw) {
            if (row.id === 0) writeRaw(20_001);
            count += 1;
          }
        } catch {
          return -1;
        }
        return count;
      },
    });
    const moving = graph("moving", () => {
      const raw = Raw.from(local("data/raw.ndjson"));
      return { raw, count: take({ raw }) };
    });
    const result = await failedBuild(moving);

    expect(result.steps[0]?.error?.code).toBe("SOURCE_CHANGED");
  });
});

describe("file(), bytes() and lazy()", () => {
  const Words = artifact({ schema: z.string(), format: text() });
  const Size = artifact({ schema: z.array(z.unknown()) });

  it("give a path, bytes, and a function that reads when it is called", async () => {
    writeFileSync(join(root, "data/words.txt"), "one two");
    const look = producer({
      name: "look",
      version: "1",
      inputs: { path: file(Words), raw: bytes(Words), ask: lazy(Words), inline: file(Total) },
      output: Size,
      build: async ({ path, raw, ask, inline }) => [
        readFileSync(path, "utf8"),
        raw.length,
        await ask(),
        readFileSync(inline, "utf8"),
        inline.endsWith(".json"),
      ],
    });
    const views = graph("look", () => {
      const words = Words.from(local("data/words.txt"));
      const five = Total.from(literal(5));
      return { words, five, look: look({ path: words, raw: words, ask: words, inline: five }) };
    });
    const snapshot = await views.build({ backend: memory(), root });

    expect(await snapshot.read(views.artifacts.look)).toEqual(["one two", 7, "one two", "5\n", true]);
  });

  it("never change what an input is: another view of it computes nothing anew", async () => {
    writeFileSync(join(root, "data/words.txt"), "one two");
    const backend = sqlite(join(root, "strata.db"));
    const count = (input: typeof Words | ReturnType<typeof lazy<string, {}>>, calls: string[]) => {
      const make = producer({
        name: "count",
        version: "1",
        inputs: { words: input as typeof Words },
        output: Total,
        build: ({ words }) => (calls.push("called"), typeof words === "string" ? words.length : 7),
      });
      return graph("counted", () => {
        const words = Words.from(local("data/words.txt"));
        return { words, total: make({ words }) };
      });
    };
    const calls: string[] = [];
    const one = await count(Words, calls).build({ backend, root });
    const two = await count(lazy(Words), calls).build({ backend, root });

    expect(calls).toEqual(["called"]);
    expect(two.id).toBe(one.id);
  });

  it("a lazy input that is damaged is nobody's business until it is asked for", async () => {
    const Half = artifact({ schema: z.number(), storage: local("out/{input_fingerprint}.json") });
    const half = producer({ name: "half", version: "1", inputs: {}, output: Half, build: () => 4 });
    const maybe = (version: string, ask: boolean) => {
      const use = producer({
        name: "use",
        version,
        inputs: { half: lazy(Half) },
        output: Total,
        build: async ({ half: read }) => (ask ? await read() : 0),
      });
      return graph("maybe", () => {
        const one = half({});
        return { half: one, total: use({ half: one }) };
      });
    };
    const backend = memory();
    await maybe("1", false).build({ backend, root });
    const path = join(root, "out", outputs()[0]!);
    chmodSync(path, 0o644);
    writeFileSync(path, "5\n");

    const unasked = await maybe("2", false).build({ backend, root });
    const asked = maybe("3", true);
    const snapshot = await asked.build({ backend, root });

    expect(unasked.result).toMatchObject({ built: 1, reused: 1 });
    expect(snapshot.result).toMatchObject({ built: 2 });
    expect(await snapshot.read(asked.artifacts.total)).toBe(4);
  });

  it("a file that is touched while a producer reads it is no input", async () => {
    const path = join(root, "data/words.txt");
    writeFileSync(path, "one two");
    const look = producer({
      name: "look",
      version: "1",
      inputs: { path: file(Words) },
      output: Total,
      build: async ({ path: given }) => {
        await new Promise((done) => setTimeout(done, 30));
        writeFileSync(given, "six ten");
        const { length } = readFileSync(given, "utf8");
        writeFileSync(given, "one two");
        return length;
      },
    });
    const touched = graph("touched", () => {
      const words = Words.from(local("data/words.txt"));
      return { words, total: look({ path: words }) };
    });
    const result = await failedBuild(touched);

    expect(result.steps[0]?.error?.code).toBe("SOURCE_CHANGED");
  });
});

describe("snapshot.stream()", () => {
  it("gives the rows of a value, and is told at the end where the bytes are not the recorded ones", async () => {
    writeRaw(1000);
    const spend = project();
    const snapshot = await spend.build({ backend: memory(), root });
    const ids: number[] = [];
    for await (const { id } of snapshot.stream(spend.artifacts.rows)) ids.push(id);
    const path = join(root, "out", outputs()[0]!);
    chmodSync(path, 0o644);
    writeFileSync(path, readFileSync(path, "utf8").replace('"id":999', '"id":998'));

    const again = async (): Promise<void> => {
      for await (const { id } of snapshot.stream(spend.artifacts.rows)) expect(id).toBeLessThan(1000);
    };

    expect(ids).toHaveLength(500);
    await expect(again()).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    await expect(snapshot.stream(spend.artifacts.total as never).next()).rejects.toMatchObject({
      code: "GRAPH_INVALID",
    });
  });
});

describe("validating rows in part", () => {
  const Sampled = (rows: "all" | "none" | { sample: number }) =>
    artifact({ schema: z.array(Row), format: ndjson(), validate: { rows } });

  async function wrongRows(rows: "all" | "none" | { sample: number }): Promise<string> {
    const make = producer({
      name: "make",
      version: "1",
      inputs: {},
      output: stream(Sampled(rows)),
      *build() {
        yield { id: 0, amount: 1 };
        for (let id = 1; id < 2000; id++) yield { id, amount: id % 100 === 50 ? ("x" as unknown as number) : 1 };
      },
    });
    const sampled = graph("sampled", () => ({ rows: make({}) }));
    try {
      await sampled.build({ backend: memory(), root });
      return "built";
    } catch (error) {
      return /row \d+/.exec(String(error))?.[0] ?? String(error);
    }
  }

  it("finds a wrong row among all, the same one each time among a sample, and none among none", async () => {
    expect(await wrongRows("all")).toBe("row 51");
    const sampled = await wrongRows({ sample: 0.5 });
    expect(sampled).toMatch(/^row \d*51$/);
    expect(await wrongRows({ sample: 0.5 })).toBe(sampled);
    expect(await wrongRows("none")).toBe("built");
  });

  it("is the same for whole values, and is in no fingerprint", async () => {
    const make = (rows: "all" | "none") => {
      const one = producer({
        name: "one",
        version: "1",
        inputs: {},
        output: Sampled(rows),
        build: () => [{ id: 1, amount: rows === "none" ? ("x" as unknown as number) : 1 }],
      });
      return graph("whole", () => ({ rows: one({}) }));
    };

    const backend = memory();
    const snapshot = await make("none").build({ backend, root });

    expect(await snapshot.read(make("none").artifacts.rows)).toEqual([{ id: 1, amount: "x" }]);
    const all = await make("all").build({ backend, root });
    expect(all.result).toMatchObject({ built: 0, reused: 1 });
    expect(all.id).toBe(snapshot.id);
    await expect(all.read(make("all").artifacts.rows)).rejects.toMatchObject({ code: "DATA_INVALID" });
  });

  it("is refused where an unparsed row would be another one, and for what is no share", () => {
    const coerced = z.array(z.object({ id: z.coerce.number() }));
    expect(() => artifact({ schema: coerced, validate: { rows: "none" } })).toThrow("every row must be parsed");
    expect(() => artifact({ schema: z.number(), validate: { rows: "none" } })).toThrow("only rows of an array");
    expect(() => artifact({ schema: z.array(Row), validate: { rows: { sample: 2 } } })).toThrow("above 0 and below 1");
  });
});
