// Producers that run in threads: the same values, context and errors as anywhere else, and sentences for what cannot be.

import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { memory, type BuildEvent } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { failureOf, Folder } from "../../support/folder.ts";
import { outcomeOf, ThreadProject } from "../../support/thread-project.ts";

const project = new ThreadProject();
afterAll(() => project[Symbol.dispose]());
afterEach(() => vi.unstubAllEnvs());

/** What a producer with this body fails with. */
async function errorOf(body: string, options = "") {
  return (await outcomeOf(await project.one(body, options))).error!;
}

it("runs in another thread than the build, which goes on meanwhile", async () => {
  const graph = await project.one(
    `const end = Date.now() + 400; while (Date.now() < end);
     return (await import("node:worker_threads")).isMainThread;`,
  );
  let beats = 0;
  const heart = setInterval(() => beats++, 10);
  const { value } = await outcomeOf(graph);
  clearInterval(heart);

  expect(value).toBe(false);
  expect(beats).toBeGreaterThan(20);
});

it("is told everything that a producer is told, and its words arrive in order and before its end", async () => {
  vi.stubEnv("STRATA_SECRET_API_KEY", "hunter22");
  const graph = await project.load(`
const Day = artifact({ schema: z.any(), partitionBy: { n: integers() } });
const number = Day.from(literal.partitions([{ key: { n: 7 }, value: 3 }]));
const make = producer({
  name: "make", version: "1.0.0", inputs: { n: Day }, output: Day, executor: "threads", retries: { times: 1, delay: 1 },
  params: { rate: z.number().default(2) },
  build: async ({ n }, { key, params, attempt, log, progress, temp, secret, signal }) => {
    if (attempt === 1) throw new Error("once more");
    const api = await secret("api-key");
    log("first " + api.reveal());
    for (let round = 1; round <= 500; round++) progress(round, 500, "rounds");
    log("last");
    return { key, value: n * params.rate, attempt, folder: await temp(), again: await temp(), length: api.reveal().length, shown: String(api), aborted: signal.aborted };
  },
});
export default graph("told", () => ({ number, made: make({ n: number }) }));`);
  const { value, error, events } = await outcomeOf(graph, { params: { rate: 5 } }, { n: 7 });

  expect(error).toBeUndefined();
  expect(value).toMatchObject({
    key: { n: 7 },
    value: 15,
    attempt: 2,
    length: 8,
    shown: "***",
    aborted: false,
  });
  const { folder, again } = value as { folder: string; again: string };
  expect([again, existsSync(folder)]).toEqual([folder, false]);
  const told = events.flatMap((event) =>
    event.type === "step-log" ? event.text : event.type === "step-progress" ? event.done : [],
  );
  expect([told[0], told.at(-2), told.at(-1)]).toEqual(["first ***", 500, "last"]);
});

it("whatever crosses arrives as it was sent: bytes, dates, maps, sets, bigints, shared and circular parts", async () => {
  const graph = await project.load(`
const source = producer({ name: "source", version: "1.0.0", inputs: {}, output: Text, build: () => "a" });
const made = producer({
  name: "make", version: "1.0.0", inputs: { text: bytes(Text), path: file(Text) }, output: Any, executor: "threads",
  build: async ({ text, path }) => {
    const { readFileSync } = await import("node:fs");
    return { same: Buffer.from(text).equals(readFileSync(path)), kind: text.constructor.name };
  },
});
export default graph("views", () => { const text = source(); return { text, made: made({ text, path: text }) }; });`);
  expect(await outcomeOf(graph)).toMatchObject({ value: { same: true } });

  // Through a validate, which sees what came back before it is encoded.
  const back = await project.load(`
const make = producer({
  name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads",
  validate: (v) => Buffer.isBuffer(v.buffer) && v.buffer.toString() === "buf" && v.bytes.constructor === Uint8Array && v.date.getTime() === 5
    && v.map.get("a").has(1n) && Object.getPrototypeOf(v.bare) === null && v.one === v.two && v.list.self === undefined ? true : "lost: " + JSON.stringify(Object.keys(v)),
  build: () => {
    const one = { a: 1 };
    return { buffer: Buffer.from("buf"), bytes: new Uint8Array([1]), date: new Date(5), map: new Map([["a", new Set([1n])]]),
      bare: Object.assign(Object.create(null), { x: 1 }), one, two: one, list: [1, , 3] };
  },
});
export default graph("back", () => ({ made: make() }));`);
  const { error } = await outcomeOf(back);
  expect(error?.message ?? "").not.toContain("lost");
});

it.each([
  ["a function", "{ model: { predict: () => 1 } }", ".model.predict", "a function"],
  ["an instance of a class", "[1, { when: new (class Money {})() }]", "[1].when", "a Money"],
  ["a symbol", "new Map([['a', Symbol('x')]])", '.get("a")', "a symbol"],
  ["a proxy", "{ 'odd name': new Proxy({}, {}) }", '["odd name"]', "a proxy"],
  ["a hidden property", "Object.defineProperty({}, 'x', { value: 1 })", "", "an object"],
  ["an error", "{ failed: new Error('x') }", ".failed", "an Error"],
])("%s is refused where it is, not changed in silence", async (_, value, place, received) => {
  const error = await errorOf(`return ${value};`);

  expect(error.code).toBe("THREAD_REFUSED");
  expect(error.where).toBe(`producer 'make', made, output${place}`);
  expect(error.received).toBe(received);
});

it("an input that cannot cross is refused before the producer runs", async () => {
  const graph = await project.load(`
const Money = artifact({ schema: z.object({ cents: z.number() }).transform((v) => Object.assign(new (class Money {})(), v)) });
const source = Money.from(literal({ cents: 5 }));
const make = producer({ name: "make", version: "1.0.0", inputs: { price: Money }, output: Any, executor: "threads", build: () => 1 });
export default graph("money", () => ({ source, made: make({ price: source }) }));`);
  const { error } = await outcomeOf(graph);

  expect(error?.message).toBe(
    "producer 'make', made, inputs.price: this value cannot get from one thread to another as it is; expected texts, numbers, " +
      'dates, bytes, and records, arrays, maps and sets of such, received a Money. Make plain values of it, or leave out executor: "threads".',
  );
});

it("an error keeps its message, its place in the user's file, its causes and its code", async () => {
  const error = await errorOf(
    `throw Object.assign(new TypeError("no such day", { cause: new RangeError("42") }), { code: "E_DAY", data: { day: 42 } });`,
  );

  expect(error).toMatchObject({
    code: "STEP_FAILED",
    message: "producer 'make', made: the producer failed: no such day",
    cause: {
      name: "TypeError",
      message: "no such day",
      code: "E_DAY",
      data: { day: 42 },
      cause: { name: "RangeError", message: "42" },
    },
  });
  expect((error.cause as Error).stack).toMatch(/^TypeError: no such day\n.*pipeline-\d+\.ts:/);
  expect(await errorOf(`throw "only a text";`)).toMatchObject({ code: "STEP_FAILED", cause: "only a text" });
  expect(await errorOf(`throw { toString: () => { throw 1; }, a: () => 1 };`)).toMatchObject({ code: "STEP_FAILED" });
});

it("secrets are in no error, and one that nobody holds fails the step at once", async () => {
  vi.stubEnv("STRATA_SECRET_TOKEN", "s3cr3t-t0ken");
  const error = await errorOf(
    `const t = await context.secret("token"); throw new Error("denied: " + t.reveal(), { cause: new Error(t.reveal()) });`,
  );
  expect(error.message).toContain("denied: ***");
  expect(JSON.stringify([error, (error.cause as Error).stack])).not.toContain("s3cr3t");

  expect(await errorOf(`await context.secret("none");`, "retries: 3,")).toMatchObject({
    code: "SECRET_MISSING",
    where: "producer 'make', made",
  });
  expect(await errorOf(`context.progress(Number.NaN);`)).toMatchObject({ code: "STEP_CONTEXT_INVALID" });
});

it("process.exit, an error that nobody catches, and too little memory fail the step alone", async () => {
  expect(await errorOf(`process.exit(3);`)).toMatchObject({ code: "STEP_EXITED", received: "exit code 3" });
  expect(
    await errorOf(`setTimeout(() => { throw new Error("late"); }, 1); await new Promise(() => {});`),
  ).toMatchObject({
    code: "STEP_FAILED",
    message: "producer 'make', made: the producer failed: late",
  });
  expect(await errorOf(`void Promise.reject(new Error("floating")); await new Promise(() => {});`)).toMatchObject({
    message: "producer 'make', made: the producer failed: floating",
  });
});

it("a producer that never lets go of its thread is ended at its time limit, and the build goes on", async () => {
  const graph = await project.load(`
const spin = producer({ name: "spin", version: "1.0.0", inputs: {}, output: Any, executor: "threads", timeout: 300, build: () => { while (true); } });
const calm = producer({ name: "calm", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => 1 });
export default graph("spin", () => ({ spin: spin(), calm: calm() }));`);
  const started = performance.now();
  const { error, events } = await outcomeOf(graph, { concurrency: 1 });

  expect(error).toMatchObject({ code: "STEP_TIMEOUT", expected: "an answer within 300 ms" });
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(events.find((event) => event.type === "step-finished" && event.step.key === "calm")).toMatchObject({
    state: "built",
  });
});

it("cancelling reaches the producer's signal, and ends one that does not listen", async () => {
  using folder = new Folder();
  const mark = folder.at("stopped");
  const listens = `context.log("ready"); await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    (await import("node:fs")).writeFileSync(${JSON.stringify(mark)}, "");`;
  for (const body of [listens, `context.log("ready"); while (true);`]) {
    const controller = new AbortController();
    const started = performance.now();
    const graph = await project.one(body);
    const on = (event: BuildEvent): void => void (event.type === "step-log" && controller.abort());
    const error = await failureOf(() => graph.build({ backend: memory(), signal: controller.signal, on }));
    expect(error.code).toBe("BUILD_CANCELLED");
    expect(performance.now() - started).toBeLessThan(10_000);
  }
  expect(existsSync(mark)).toBe(true);
});

it("cancelled while its module is loaded, it is ended as well", async () => {
  const graph = await project.load(`
import { isMainThread } from "node:worker_threads";
if (!isMainThread) await new Promise((resolve) => setTimeout(resolve, 150));
const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => { for (;;); } });
export default graph("loading", () => ({ made: make() }));`);
  const controller = new AbortController();
  const started = performance.now();
  const on = (event: BuildEvent): void => {
    if (event.type === "step-started") setTimeout(() => controller.abort(), 500);
  };
  const error = await failureOf(() => graph.build({ backend: memory(), signal: controller.signal, on }));

  expect(error.code).toBe("BUILD_CANCELLED");
  expect(performance.now() - started).toBeLessThan(10_000);
});

it("where a producer runs is in no fingerprint", async () => {
  using folder = new Folder();
  mkdirSync(folder.at(".strata"));
  const backend = sqlite(folder.at(".strata/strata.db"));
  // One that follows its code, and one that has an idempotency key.
  const texts = [
    (executor: string): string => `
const make = producer({ name: "make", ${executor} inputs: {}, output: Any, build: () => 1 });
export default graph("same", () => ({ made: make() }));`,
    (executor: string): string => `
const make = sink({ name: "send", version: "1.0.0", ${executor} inputs: {}, output: Any, send: (_, { idempotencyKey }) => idempotencyKey });
export default graph("sent", () => ({ made: make() }));`,
  ];
  for (const [at, text] of texts.entries()) {
    const local = await (await project.load(text(""), `same-${at}.ts`)).build({ backend });
    const threads = await project.load(text(`executor: "threads",`), `threads/same-${at}.ts`);
    const same = await threads.build({ backend });
    const anew = await threads.build({ backend, force: true });

    expect(same.id).toBe(local.id);
    expect([same.result.built, anew.result.built]).toEqual([0, 1]);
    expect(await anew.read("made" as never)).toBe(await local.read("made" as never));
  }
});

it("producers that import each other's modules, and one made by a function of another module, are found", async () => {
  project.write(
    "makers.ts",
    `import { artifact, producer } from "stratigraph"; import { z } from "zod";
export const N = artifact({ schema: z.number() });
export const first = producer({ name: "first", version: "1.0.0", inputs: {}, output: N, executor: "threads", build: () => 1 });
export const plus = (name: string, more: number) => producer({ name, version: "1.0.0", inputs: { n: N }, output: N, executor: "threads", build: ({ n }) => n + more });`,
  );
  const graph = await project.load(`
import { first, N, plus } from "./makers.ts";
const own = producer({ name: "own", version: "1.0.0", inputs: { n: N }, output: N, executor: "threads", build: ({ n }) => n * 10 });
const [a, b] = [plus("plus-a", 2), plus("plus-b", 3)];
export default graph("chain", () => { const one = own({ n: first() }); return { one, made: b({ n: a({ n: one }) }) }; });`);

  expect(await outcomeOf(graph)).toMatchObject({ value: 15, error: undefined });
});

it("a producer that loading its module does not declare, or declares twice, is refused", async () => {
  const late = await project.load(`
import { isMainThread } from "node:worker_threads";
const declared = () => producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => 1 });
export default isMainThread ? graph("late", () => ({ made: declared()() })) : undefined;`);
  expect((await outcomeOf(late)).error?.message).toMatch(
    /^producer 'make', made: loading .*pipeline-\d+\.ts does not declare this producer\. Declare it at the top level of a module/,
  );

  const twice = await project.load(`
const make = (n) => producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => n });
const [one] = [make(1), make(2)];
export default graph("twice", () => ({ made: one() }));`);
  expect((await outcomeOf(twice)).error).toMatchObject({
    code: "THREAD_REFUSED",
    what: expect.stringContaining("declares 2 producers of this name"),
  });
});

it("code that was edited since is not run", async () => {
  const text = (n: number): string =>
    `const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => ${n} });
export const slow = producer({ name: "slow", version: "1.0.0", inputs: {}, output: Any, build: () => 1 });
export default graph("edited", () => ({ slow: slow(), made: make() }));`;
  const graph = await project.load(text(1), "edited.ts");
  expect(await outcomeOf(graph)).toMatchObject({ value: 1 });
  await project.load(text(2), "edited.ts");

  expect((await outcomeOf(graph)).error).toMatchObject({
    code: "THREAD_REFUSED",
    what: expect.stringMatching(/edited\.ts, or code that it uses, was edited after it was loaded$/),
  });
});

it("a module that builds while it is loaded is told to be two, also where it hides that", async () => {
  const graph = await project.load(`
const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => 1 });
const g = graph("script", () => ({ made: make() }));
import { isMainThread } from "node:worker_threads";
if (!isMainThread) g.build().catch(() => process.exit(1));
if (!isMainThread) await new Promise(() => {});
export default g;`);
  const { error } = await outcomeOf(graph);

  expect(error?.code).toBe("THREAD_REFUSED");
  expect(error?.message).toContain(
    "graph 'script': a thread that runs a producer cannot build. Keep what threads load in a module of its own",
  );
});

it("a module that is gone is one sentence", async () => {
  const graph = await project.load(
    `const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", build: () => 1 });
export default graph("gone", () => ({ made: make() }));`,
    "gone/pipeline.ts",
  );
  const path = project.at("gone");
  (await import("node:fs")).rmSync(path, { recursive: true });
  const { error } = await outcomeOf(graph);

  expect(error).toMatchObject({
    code: "MODULE_NOT_LOADED",
    what: expect.stringContaining(join(basename(path), "pipeline.ts")),
  });
});

it("is refused at its declaration where it cannot be", async () => {
  const declared = (options: string) =>
    failureOf(() =>
      project.load(`export default producer({ name: "make", version: "1.0.0", build: () => 1, ${options} });`),
    );
  const rows = "artifact({ schema: z.array(z.object({})) })";

  expect((await declared(`inputs: { rows: stream(${rows}) }, output: Any, executor: "threads"`)).message).toBe(
    "producer 'make', input 'rows': stream() cannot be given to a thread. Take file(), bytes() or the whole value, or leave out executor: \"threads\".",
  );
  expect((await declared(`inputs: { rows: lazy(Any) }, output: Any, executor: "threads"`)).message).toContain(
    "lazy() cannot",
  );
  expect((await declared(`inputs: {}, output: stream(${rows}), executor: "threads"`)).message).toBe(
    "producer 'make', output 'output': a thread cannot write an output row by row. Return all rows at once, or leave out executor: \"threads\".",
  );
  expect((await declared(`inputs: {}, output: Any, executor: "thread"`)).message).toContain("Did you mean 'threads'?");
  const program = failureOf(() =>
    project.load(
      `import { command } from "stratigraph"; export default command({ name: "c", inputs: {}, output: Any, run: ["true"], executor: "threads" });`,
    ),
  );
  expect((await program).message).toContain("command 'c': a command is a process of its own");
});
