// What a build does when all goes well, and when users' code does not.

import { describe, expect, it } from "vitest";
import {
  all,
  artifact,
  graph,
  integers,
  isStratigraphError,
  StratigraphError,
  memory,
  memoryStorage,
  producer,
  type BuildEvent,
  type BuildResult,
} from "stratigraph";
import { z } from "zod";
import type { Backend } from "../../../src/backend/backend.ts";
import { buildGraph, planGraph } from "../../../src/build/build.ts";
import { explainReason } from "../../../src/build/explain.ts";
import { why } from "../../../src/build/why.ts";

const Numbers = artifact({ schema: z.array(z.number()), partitionBy: { n: integers() } });
const Sum = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Total = artifact({ schema: z.number() });

type Build = (
  given: { numbers: number[] },
  context: { key: { n: number }; signal: AbortSignal; attempt: number },
) => unknown;

/** Raw numbers by partition, one sum each, and a total over them. */
function sums(
  build: Build,
  options: { files?: Map<string, string>; retries?: number; timeout?: number; version?: string } = {},
) {
  const files = options.files ?? new Map([1, 2, 3].map((n) => [`${n}.json`, JSON.stringify([n, n])]));
  const { retries, timeout, version = "1.0.0" } = options;
  const sum = producer({
    name: "sum",
    version,
    inputs: { numbers: Numbers },
    output: Sum,
    build: build as never,
    retries: retries === undefined ? undefined : { times: retries, delay: 1 },
    timeout,
  });
  const add = producer({
    name: "add",
    version: "1.0.0",
    inputs: { parts: all(Sum) },
    output: Total,
    build: ({ parts }) => parts.reduce((a, { value }) => a + value, 0),
  });
  return graph("sums", () => {
    const raw = Numbers.from(memoryStorage("{n}.json", files));
    const parts = sum({ numbers: raw });
    return { raw, parts, total: add({ parts }) };
  });
}

/** One producer after another, the second with a source of its own. What the first makes differs by its version, unless `same`. */
function waiting(given: { first: string; second: string; rate: number; same?: boolean }) {
  const first = producer({
    name: "first",
    version: given.first,
    inputs: {},
    output: Total,
    build: () => (given.same === true ? 1 : Number.parseInt(given.first)),
  });
  const second = producer({
    name: "second",
    version: given.second,
    inputs: { first: Total, rate: Total },
    output: Total,
    build: (inputs) => inputs.first * inputs.rate,
  });
  return graph("waiting", () => {
    const rate = Total.from(memoryStorage("rate.json", new Map([["rate.json", String(given.rate)]])));
    const made = first({});
    return { rate, first: made, second: second({ first: made, rate }) };
  });
}

const plainSum: Build = ({ numbers }) => numbers.reduce((a, b) => a + b, 0);

async function failure(promise: Promise<unknown>): Promise<StratigraphError> {
  try {
    await promise;
  } catch (error) {
    if (isStratigraphError(error)) return error;
    throw error;
  }
  throw new Error("expected it to fail");
}

async function resultOf(promise: Promise<unknown>): Promise<BuildResult> {
  return (await failure(promise)).data!["result"] as BuildResult;
}

function states(result: BuildResult): Record<string, string> {
  return Object.fromEntries(
    result.steps.map(({ key, partition, state }) => [partition === "" ? key : `${key}[${partition}]`, state]),
  );
}

describe("a build", () => {
  it("builds everything once, and nothing the second time", async () => {
    const backend = memory();
    const first = await sums(plainSum).build({ backend });
    const second = await sums(plainSum).build({ backend });

    expect(first.result).toMatchObject({ outcome: "succeeded", built: 4, reused: 0, failed: 0, skipped: 0 });
    expect(second.result).toMatchObject({ built: 0, reused: 4 });
    expect(second.id).toBe(first.id);
    expect(await second.read(sums(plainSum).artifacts.total)).toBe(12);
  });

  it("builds only what a changed partition touches, and says so", async () => {
    const backend = memory();
    const files = new Map([
      ["1.json", "[1]"],
      ["2.json", "[2]"],
    ]);
    await sums(plainSum, { files }).build({ backend });

    files.set("2.json", "[5]");
    const { result } = await sums(plainSum, { files }).build({ backend });

    expect(states(result)).toEqual({ "parts[n=1]": "reused", "parts[n=2]": "built", total: "built" });
    const reasons = result.steps.map(({ reason }) => reason.code);
    expect(reasons).toEqual(["unchanged", "input-changed", "input-changed"]);
    const { changes } = result.steps[2]!.reason;
    expect(changes).toMatchObject([{ part: "input 'parts'", change: "changed", partition: "n=2" }]);
  });

  it("stops where equal content comes out, however much went in", async () => {
    const backend = memory();
    const files = new Map([
      ["1.json", "[1,2]"],
      ["2.json", "[5]"],
    ]);
    await sums(plainSum, { files }).build({ backend });

    files.set("1.json", "[2,1]");
    const { result } = await sums(plainSum, { files }).build({ backend });

    expect(states(result)).toEqual({ "parts[n=1]": "built", "parts[n=2]": "reused", total: "reused" });
  });

  it("rebuilds for a version that counts, and not for one that does not", async () => {
    const backend = memory();
    await sums(plainSum).build({ backend });

    const minor = await sums(plainSum, { version: "1.4.2" }).build({ backend });
    const major = await sums(plainSum, { version: "2.0.0" }).build({ backend });

    expect(minor.result.built).toBe(0);
    expect(major.result.built).toBe(3);
    expect(major.result.steps[0]!.reason).toMatchObject({
      code: "version-changed",
      changes: [{ before: "1", after: "2" }],
    });
  });

  it("names the field that differs where a schema changed", async () => {
    const backend = memory();
    const shaped = (shape: z.ZodType) =>
      graph("shaped", () => {
        const make = producer({
          name: "make",
          version: "1.0.0",
          inputs: {},
          output: artifact({ schema: shape }),
          build: () => ({ a: 1, b: 2 }),
        });
        return { made: make() };
      });
    await shaped(z.object({ a: z.number(), b: z.number() })).build({ backend });

    const plan = await shaped(z.object({ a: z.number(), b: z.int() })).plan({ backend });

    expect(plan.steps[0]!.reason).toMatchObject({
      code: "schema-changed",
      changes: [{ part: "output 'output' schema (field 'b')", change: "changed" }],
    });
  });

  it("gives every producer values of its own, whatever another did to them", async () => {
    const backend = memory();
    const spoil: Build = ({ numbers }) => {
      const sum = numbers.reduce((a, b) => a + b, 0);
      numbers.push(1000);
      return sum;
    };
    const twice = producer({
      name: "twice",
      version: "1.0.0",
      inputs: { numbers: Numbers },
      output: Sum,
      build: spoil as never,
    });
    const both = graph("both", () => {
      const raw = Numbers.from(memoryStorage("{n}.json", new Map([["1.json", "[1]"]])));
      return { raw, a: twice({ numbers: raw }), b: twice.call(undefined, { numbers: raw }) };
    });

    const snapshot = await both.build({ backend });

    expect(await snapshot.read(both.artifacts.b, { n: 1 })).toBe(1);
  });

  it("does equal work once, where two names ask for it", async () => {
    let calls = 0;
    const count = producer({
      name: "count",
      version: "1.0.0",
      inputs: { numbers: Numbers },
      output: Sum,
      build: () => ++calls,
    });
    const twins = graph("twins", () => {
      const raw = Numbers.from(
        memoryStorage(
          "{n}.json",
          new Map([
            ["1.json", "[1]"],
            ["2.json", "[2]"],
          ]),
        ),
      );
      return { raw, a: count({ numbers: raw }), b: count({ numbers: raw }) };
    });

    const { result } = await twins.build({ backend: memory() });

    expect(calls).toBe(2);
    expect([result.built, result.reused]).toEqual([2, 2]);
  });

  it("gives a grown range a snapshot of its own, and builds only what is new", async () => {
    const backend = memory();
    const upTo = (to: number) =>
      graph("range", () => {
        const Square = artifact({ schema: z.number(), partitionBy: { n: integers({ from: 1, to }) } });
        const square = producer({
          name: "square",
          version: "1.0.0",
          inputs: {},
          output: Square,
          build: (_, { key }) => key.n ** 2,
        });
        return { squares: square() };
      });

    const small = await upTo(2).build({ backend });
    const large = await upTo(3).build({ backend });

    expect(large.id).not.toBe(small.id);
    expect(states(large.result)).toEqual({
      "squares[n=1]": "reused",
      "squares[n=2]": "reused",
      "squares[n=3]": "built",
    });
  });

  it("shares its work with another build in the same process", async () => {
    const backend = memory();
    let calls = 0;
    const slow: Build = async (given, context) => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return plainSum(given, context);
    };

    const both = await Promise.all([sums(slow).build({ backend }), sums(slow).build({ backend })]);

    expect(calls).toBe(3);
    expect(both.map(({ result }) => result.outcome)).toEqual(["succeeded", "succeeded"]);
    expect(both[0].result.built + both[1].result.built).toBe(4);
  });

  it("runs what is forced, and only that", async () => {
    const backend = memory();
    let calls = 0;
    const counting: Build = (given, context) => (calls++, plainSum(given, context));
    await sums(counting).build({ backend });

    const { result } = await sums(counting).build({ backend, force: ["parts[2]"] });

    expect(calls).toBe(4);
    expect(states(result)).toEqual({
      "parts[n=1]": "reused",
      "parts[n=2]": "built",
      "parts[n=3]": "reused",
      total: "reused",
    });
    expect(result.steps[1]!.reason.code).toBe("forced");
  });

  it("builds what is selected and what that needs", async () => {
    const backend = memory();

    const one = await sums(plainSum).build({ backend, select: ["parts[n=2]"] });
    const rest = await sums(plainSum).build({ backend });

    expect(states(one.result)).toEqual({ "parts[n=2]": "built" });
    expect(rest.id).toBe(one.id);
    expect([rest.result.built, rest.result.reused]).toEqual([3, 1]);
  });

  it("refuses names that nothing has, with the nearest one", async () => {
    const unknown = await failure(sums(plainSum).build({ backend: memory(), select: ["totl"] }));
    const noPartition = await failure(sums(plainSum).build({ backend: memory(), select: ["parts[9]"] }));

    expect(unknown).toMatchObject({ code: "SELECTOR_UNKNOWN" });
    expect(unknown.message).toContain("total");
    expect(noPartition).toMatchObject({ code: "PARTITION_NOT_BUILT", received: "n=9" });
  });

  it("names the source that has no data", async () => {
    const error = await failure(sums(plainSum, { files: new Map() }).build({ backend: memory() }));

    expect(error).toMatchObject({ code: "SOURCE_MISSING", where: "source 'raw'" });
  });

  it("builds one part whatever lacks data in another", async () => {
    const Count = artifact({ schema: z.number(), partitionBy: { n: integers() } });
    const one = (name: string) =>
      producer({ name, version: "1.0.0", inputs: { x: Count }, output: Count, build: ({ x }) => x });
    const parts = graph("parts", () => {
      const there = Count.from(memoryStorage("{n}.json", new Map([["1.json", "1"]])));
      const absent = Count.from(memoryStorage("{n}.json", new Map()));
      const below = one("made")({ x: absent });
      return { there, absent, good: one("good")({ x: there }), below, last: one("last")({ x: below }) };
    });

    const built = await parts.build({ backend: memory(), select: ["good"] });

    expect(states(built.result)).toEqual({ "good[n=1]": "built" });
    for (const select of [["below"], ["last"], ["good", "last"], []]) {
      const error = await failure(parts.build({ backend: memory(), select }));
      expect(error).toMatchObject({ code: "SOURCE_MISSING", where: "source 'absent'" });
    }
  });

  it("tells everything that happens, in order", async () => {
    const events: BuildEvent[] = [];
    await sums(plainSum).build({ backend: memory(), concurrency: 1, on: (event) => events.push(event) });

    const told = events.map((event) => ("step" in event ? `${event.type} ${event.step.key}` : event.type));
    expect(told.slice(0, 3)).toEqual(["scan-started", "source-found", "planned"]);
    expect(told.slice(3, 9).sort()).toEqual([
      ...Array.from({ length: 3 }, () => "step-finished parts"),
      ...Array.from({ length: 3 }, () => "step-started parts"),
    ]);
    expect(told.slice(9)).toEqual(["step-started total", "step-finished total", "build-finished"]);
  });

  it("says of a step that waits what is known of it already: its own change and those of inputs that are there", async () => {
    const backend = memory();
    await waiting({ first: "1.0.0", second: "1.0.0", rate: 2 }).build({ backend });
    const reasonOf = async (versions: Parameters<typeof waiting>[0]) =>
      (await planGraph(waiting(versions).definition, { backend })).steps.find(({ key }) => key === "second")!;

    const own = await reasonOf({ first: "2.0.0", second: "3.0.0", rate: 2 });
    expect(own).toMatchObject({
      state: "stale",
      reason: { code: "version-changed", changes: [{ before: "1", after: "3" }], on: ["first"] },
    });
    expect(explainReason(own.reason)).toBe("version changed from 1 to 3; waits for first");

    const other = await reasonOf({ first: "2.0.0", second: "1.0.0", rate: 9 });
    expect(other).toMatchObject({ state: "pending", reason: { code: "pending" } });
    expect(explainReason(other.reason)).toBe("input 'rate' changed; waits for first");

    const plain = await reasonOf({ first: "2.0.0", second: "1.0.0", rate: 2 });
    expect(plain).toMatchObject({ state: "pending", reason: { code: "pending", on: ["first"] } });
    expect(explainReason(plain.reason)).toBe("waits for first");

    const [told] = await why(waiting({ first: "2.0.0", second: "3.0.0", rate: 2 }).definition, "second", { backend });
    expect(told!.now).toEqual(own);
    expect(told!.causes).toMatchObject([{ key: "first", state: "stale" }]);

    const { result } = await waiting({ first: "2.0.0", second: "3.0.0", rate: 9 }).build({ backend });
    const { reason } = result.steps.find(({ key }) => key === "second")!;
    expect(explainReason(reason)).toBe("version changed from 1 to 3; input 'first' changed; input 'rate' changed");
  });

  it("calls a step that waits pending while going back to an earlier version may find an earlier result", async () => {
    const backend = memory();
    await waiting({ first: "1.0.0", second: "1.0.0", rate: 2 }).build({ backend });
    await waiting({ first: "1.0.0", second: "2.0.0", rate: 2 }).build({ backend });
    const back = waiting({ first: "3.0.0", second: "1.0.0", rate: 2, same: true });

    const plan = await planGraph(back.definition, { backend });
    const { result } = await back.build({ backend });

    const { state, reason } = plan.steps.find(({ key }) => key === "second")!;
    expect([state, explainReason(reason)]).toEqual(["pending", "version changed from 2 to 1; waits for first"]);
    expect(states(result)).toEqual({ first: "built", second: "reused" });
  });

  it("says of a forced step that waits that it is forced", async () => {
    const backend = memory();
    await waiting({ first: "1.0.0", second: "1.0.0", rate: 2 }).build({ backend });

    const { definition } = waiting({ first: "2.0.0", second: "1.0.0", rate: 2 });
    const plan = await planGraph(definition, { backend, force: ["second"] });

    const { state, reason } = plan.steps.find(({ key }) => key === "second")!;
    expect([state, explainReason(reason)]).toEqual(["stale", "forced; waits for first"]);
  });

  it("plans without doing, and then does what it planned", async () => {
    const backend = memory();
    let calls = 0;
    const plan = await sums((given, context) => (calls++, plainSum(given, context))).plan({ backend });

    expect(plan.counts).toEqual({ "up-to-date": 0, stale: 0, missing: 3, pending: 1 });
    expect(plan.changes).toBe(true);
    expect(plan.steps.at(-1)).toMatchObject({
      key: "total",
      state: "pending",
      reason: { on: ["parts[n=1]", "parts[n=2]", "parts[n=3]"] },
    });
    expect(calls).toBe(0);

    const snapshot = await plan.build();
    expect(snapshot.id).toBe(plan.snapshot);
    expect(calls).toBe(3);
    expect((await sums(plainSum).plan({ backend })).changes).toBe(false);
  });
});

describe("a step that fails", () => {
  it("skips what depends on it, lets the rest finish, and is tried again next time", async () => {
    const backend = memory();
    const broken: Build = (given, context) => {
      if (context.key.n === 2) throw new Error("two is broken");
      return plainSum(given, context);
    };
    const error = await failure(sums(broken).build({ backend }));
    const result = error.data!["result"] as BuildResult;

    expect(error.code).toBe("BUILD_FAILED");
    expect(error.message).toContain("two is broken");
    expect(states(result)).toEqual({
      "parts[n=1]": "built",
      "parts[n=2]": "failed",
      "parts[n=3]": "built",
      total: "skipped",
    });
    expect(result.steps.at(-1)!.reason).toEqual({ code: "upstream-failed", on: ["parts[n=2]"] });

    const fixed = await sums(plainSum).build({ backend });
    expect([fixed.result.built, fixed.result.reused]).toEqual([2, 2]);
  });

  it("stops the rest where that is asked for", async () => {
    const broken: Build = () => {
      throw new Error("no");
    };
    const result = await resultOf(sums(broken).build({ backend: memory(), keepGoing: false, concurrency: 1 }));

    expect([result.failed, result.skipped, result.built]).toEqual([1, 3, 0]);
  });

  it.each([
    ["undefined", undefined, "undefined"],
    ["a string", "just text", "just text"],
    ["a frozen error", Object.freeze(new Error("cold")), "cold"],
    ["an error that contains itself", Object.assign(new Error("loop"), { self: null }), "loop"],
    [
      "an object that cannot be shown",
      {
        get message(): string {
          throw new Error("hidden");
        },
      },
      "cannot be shown",
    ],
  ])("may throw %s", async (_, thrown, shown) => {
    if (typeof thrown === "object" && thrown !== null && "self" in thrown) thrown.self = thrown;
    const throwing: Build = () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- that users do is the point
      throw thrown;
    };
    const result = await resultOf(sums(throwing).build({ backend: memory() }));

    expect(result.failed).toBe(3);
    expect(result.steps[0]!.error).toMatchObject({ code: "STEP_FAILED" });
    expect(result.steps[0]!.error!.message).toContain(shown);
  });

  it("may have called process.exit: the process stays", async () => {
    const exiting: Build = () => process.exit(3);
    const result = await resultOf(sums(exiting).build({ backend: memory() }));

    expect(result.steps[0]!.error).toMatchObject({ code: "STEP_EXITED", received: "exit code 3" });
  });

  it("may take too long", async () => {
    let aborted = false;
    const slow: Build = (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => (aborted = true)));
    const result = await resultOf(sums(slow, { timeout: 20 }).build({ backend: memory() }));

    expect(result.steps[0]!.error).toMatchObject({ code: "STEP_TIMEOUT", expected: "an answer within 20 ms" });
    expect(aborted).toBe(true);
  });

  it("is tried again as often as it says", async () => {
    const attempts: number[] = [];
    const flaky: Build = (given, context) => {
      attempts.push(context.attempt);
      if (context.attempt < 3) throw new Error("not yet");
      return plainSum(given, context);
    };
    const files = new Map([["1.json", "[1]"]]);
    const { result } = await sums(flaky, { files, retries: 2 }).build({ backend: memory() });
    const short = await resultOf(sums(flaky, { files, retries: 1 }).build({ backend: memory() }));

    expect(attempts).toEqual([1, 2, 3, 1, 2]);
    expect(result.built).toBe(2);
    expect(short.failed).toBe(1);
  });

  it("is told which output does not fit, and where", async () => {
    const result = await resultOf(sums(() => "seven").build({ backend: memory() }));

    expect(result.steps[0]!.error).toMatchObject({ code: "DATA_INVALID" });
    expect(result.steps[0]!.error!.message).toContain("parts[n=1]");
  });
});

describe("several outputs", () => {
  const Train = artifact({ schema: z.array(z.number()) });
  const Test = artifact({ schema: z.array(z.number()) });
  const split = (build: () => unknown, validate?: (outputs: { train: number[]; test: number[] }) => true | string) =>
    graph("split", () => {
      const make = producer({
        name: "split",
        version: "1.0.0",
        inputs: {},
        outputs: { train: Train, test: Test },
        build: build as never,
        validate: validate as never,
      });
      return make();
    });

  it("are all built or none", async () => {
    const backend = memory();
    const missing = await resultOf(split(() => ({ train: [1] })).build({ backend }));
    const extra = await resultOf(split(() => ({ train: [1], test: [2], more: [3] })).build({ backend }));
    const wrong = await resultOf(split(() => ({ train: [1], test: "x" })).build({ backend }));
    const good = await split(() => ({ train: [1], test: [2] })).build({ backend });

    expect(missing.steps[0]!.error).toMatchObject({ code: "STEP_OUTPUT_INVALID", received: "'train'" });
    expect(extra.steps[0]!.error).toMatchObject({ received: "'train', 'test', 'more'" });
    expect(wrong.failed).toBe(2);
    expect(good.result).toMatchObject({ built: 2, reused: 0 });
  });

  it("are not kept when validate says no", async () => {
    const backend = memory();
    const refuse = split(
      () => ({ train: [1], test: [2] }),
      ({ test }) => test.length > 1 || "too few to test with",
    );
    const result = await resultOf(refuse.build({ backend }));
    const snapshot = await refuse.snapshot("latest", { backend });

    expect(result.steps[0]!.error!.message).toContain("too few to test with");
    expect(await failure(snapshot.read(refuse.artifacts.train))).toMatchObject({ code: "PARTITION_NOT_BUILT" });
  });
});

describe("a build that is cancelled", () => {
  it("starts nothing more, says what is left, and goes on next time", async () => {
    const backend = memory();
    const controller = new AbortController();
    const stopping: Build = (given, context) => {
      if (context.key.n === 2) controller.abort();
      return plainSum(given, context);
    };
    const error = await failure(sums(stopping).build({ backend, concurrency: 1, signal: controller.signal }));
    const again = await sums(plainSum).build({ backend });

    expect(error.code).toBe("BUILD_CANCELLED");
    expect(again.result.outcome).toBe("succeeded");
    expect(again.result.reused).toBe((error.data!["result"] as BuildResult).built);
  });
});

describe("a tag", () => {
  it("does not move unless told to, and never names what failed", async () => {
    const backend = memory();
    const files = new Map([["1.json", "[1]"]]);
    const first = await sums(plainSum, { files }).build({ backend, tag: "prod" });
    files.set("1.json", "[2]");
    const second = await sums(plainSum, { files }).build({ backend });

    expect(await failure(second.tag("prod"))).toMatchObject({ code: "TAG_EXISTS" });
    await second.tag("prod", { move: true });
    expect((await sums(plainSum).snapshot("prod", { backend })).id).toBe(second.id);
    expect(await failure(first.tag("prod", { expected: first.id }))).toMatchObject({ code: "TAG_CONFLICT" });
    expect(await failure(sums(plainSum).snapshot("prd", { backend }))).toMatchObject({
      code: "SNAPSHOT_UNKNOWN",
      hint: "Did you mean 'prod'?",
    });

    files.set("1.json", "[3]");
    await failure(sums(() => "bad", { files, version: "9.0.0" }).build({ backend }));
    const failed = await sums(plainSum).snapshot("latest", { backend });
    expect(await failure(failed.tag("bad"))).toMatchObject({ code: "SNAPSHOT_INCOMPLETE" });
  });
});

describe("a tag that is moved while it is looked up", () => {
  it("is what it names by then, where what it named is gone", async () => {
    const backend = memory();
    const files = new Map([["1.json", "[1]"]]);
    const first = await sums(plainSum, { files }).build({ backend, tag: "prod" });
    files.set("1.json", "[2]");
    const second = await sums(plainSum, { files }).build({ backend });
    await using connection = await backend.connect();
    const between: Backend = {
      ...backend,
      connect: async () =>
        new Proxy(await backend.connect(), {
          get(target, name) {
            const method: unknown = Reflect.get(target, name, target);
            if (name !== "readSnapshot") return method;
            return async (id: typeof first.id) => {
              if (id === first.id) {
                await connection.writeSnapshotTag({ graph: "sums", tag: "prod", snapshot: second.id, by: "ana", expected: "any" }); // prettier-ignore
                await connection.removeSnapshots([first.id]);
              }
              return target.readSnapshot(id);
            };
          },
        }),
    };

    expect((await sums(plainSum).snapshot("prod", { backend: between })).id).toBe(second.id);
  });
});

describe("a build that has succeeded", () => {
  it("names its snapshot although another build has opened that again meanwhile", async () => {
    const backend = memory();
    const built = await sums(plainSum, { files: new Map([["1.json", "[1]"]]) }).build({ backend });
    await using connection = await backend.connect();
    await connection.setSnapshotState(built.id, "open");

    await built.tag("mine");

    expect((await connection.readSnapshotTag("sums", "mine"))?.snapshot).toBe(built.id);
    const lookedUp = await sums(plainSum).snapshot(built.id, { backend });
    expect(await failure(lookedUp.tag("theirs"))).toMatchObject({ code: "SNAPSHOT_INCOMPLETE" });
  });
});

describe("where nothing may be written", () => {
  it("planning still says what a build would do, and why", async () => {
    const backend = memory();
    const files = new Map([["1.json", "[1]"]]);
    const { definition } = sums(plainSum, { files });
    await buildGraph(definition, { backend });
    files.set("1.json", "[2]");
    const refusing: Backend = {
      kind: "refusing",
      home: undefined,
      connect: (options) =>
        options?.readOnly === true
          ? backend.connect(options)
          : Promise.reject(new StratigraphError("BACKEND_READ_ONLY", "the database cannot be written")),
    };

    const plan = await planGraph(definition, { backend: refusing });
    const [reason] = await why(definition, "parts", { backend: refusing });

    expect(plan.counts).toMatchObject({ stale: 1, pending: 1 });
    expect(reason?.now.reason.code).toBe("input-changed");
    expect(await failure(buildGraph(definition, { backend: refusing }))).toMatchObject({ code: "BACKEND_READ_ONLY" });
  });
});

describe("the newest snapshot", () => {
  it("is what 'latest' means, and no tag can take that name", async () => {
    const backend = memory();
    const files = new Map([["1.json", "[1]"]]);
    const first = await sums(plainSum, { files }).build({ backend });

    expect(await failure(first.tag("latest"))).toMatchObject({ code: "TEXT_INVALID" });
    expect(await failure(sums(plainSum, { files }).build({ backend, tag: "latest" }))).toMatchObject({
      code: "TEXT_INVALID",
    });

    // However such a tag came there.
    await using connection = await backend.connect();
    await connection.writeSnapshotTag({ graph: "sums", tag: "latest", snapshot: first.id, by: "ana" });
    files.set("1.json", "[2]");
    const second = await sums(plainSum, { files }).build({ backend });
    expect((await sums(plainSum).snapshot("latest", { backend })).id).toBe(second.id);
  });
});

describe("a source that changes while a build runs", () => {
  it("is refused: no result is stored under what it was before", async () => {
    const backend = memory();
    const files = new Map([
      ["1.json", "[1]"],
      ["2.json", "[2]"],
    ]);
    const changing: Build = (given, context) => {
      files.set("2.json", "[100]");
      return plainSum(given, context);
    };
    const result = await resultOf(sums(changing, { files }).build({ backend, concurrency: 1 }));
    const again = sums(plainSum, { files });
    const snapshot = await again.build({ backend });

    expect(result.steps[1]!.error).toMatchObject({ code: "SOURCE_CHANGED" });
    expect(await snapshot.read(again.artifacts.total)).toBe(101);
    files.set("2.json", "[2]");
    const back = await sums(plainSum, { files }).build({ backend });
    expect(await back.read(again.artifacts.total)).toBe(3);
  });
});
