// Fan-outs whose producers run in threads: partition by partition they come over, all of them or none.

import { afterAll, afterEach, expect, it, vi } from "vitest";
import { memory, type BuildEvent, type BuildOptions, type Graph } from "stratigraph";
import { ThreadProject } from "../../support/thread-project.ts";

const project = new ThreadProject();
afterAll(() => project[Symbol.dispose]());
afterEach(() => vi.unstubAllEnvs());

/** A graph of one producer, "made", that fans out over `n`; its `build` has this head and this body. */
const fanned = (body: string, { options = "", head = "async *build(_, context)" } = {}): Promise<Graph> =>
  project.load(`
const Part = artifact({ schema: z.array(z.number()), partitionBy: { n: integers() }, checks: { few: (v) => v.length < 9 || "too many" } });
const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: fanOut(Part, "n"), executor: "threads", ${options}
  ${head} { ${body} } });
export default graph("fanned", () => ({ made: make() }));`);

/** What became of a build: the values by `n`, the error of the step, and what was logged. */
async function built(graph: Graph, options: BuildOptions = {}) {
  const events: BuildEvent[] = [];
  const backend = options.backend ?? memory();
  const on = (event: BuildEvent): void => {
    events.push(event);
    options.on?.(event);
  };
  await graph.build({ ...options, backend, on }).catch(() => undefined);
  const snapshot = await graph.snapshot("latest", { backend });
  const values: Record<number, unknown> = {};
  const made = "made" as never;
  for await (const key of snapshot.keys(made)) {
    values[(key as { readonly n: number }).n] = await (snapshot.read as (of: never, key: object) => Promise<unknown>)(
      made,
      key,
    );
  }
  return {
    values,
    error: events.flatMap((event) => (event.type === "step-finished" ? (event.error ?? []) : []))[0],
    logged: events.flatMap((event) => (event.type === "step-log" ? event.text : [])),
  };
}

it("partitions come over one by one, from a thread of their own", async () => {
  const graph = await fanned(`
    context.log(String((await import("node:worker_threads")).isMainThread));
    for (const n of [3, 1, 2]) { context.log("gives " + n); yield { key: { n }, value: [n, n] }; }`);

  const { values, logged, error } = await built(graph);

  expect(error).toBeUndefined();
  expect(values).toEqual({ 1: [1, 1], 2: [2, 2], 3: [3, 3] });
  expect(logged).toEqual(["false", "gives 3", "gives 1", "gives 2"]);
});

it("a list of them, and none at all, come over as well", async () => {
  const list = await fanned("return [{ key: { n: 7 }, value: [7] }];", { head: "build()" });
  expect((await built(list)).values).toEqual({ 7: [7] });

  const none = await built(await fanned("return new Set();", { head: "build()" }));
  expect([none.values, none.error]).toEqual([{}, undefined]);
});

it.each([
  ["given twice", "yield { key: { n: 1 }, value: [2] };", "STEP_OUTPUT_INVALID", "this partition was given twice"],
  ["of another schema", 'yield { key: { n: 2 }, value: ["x"] };', "DATA_INVALID", "number"],
  [
    "of another key",
    "yield { key: { m: 2 }, value: [1] };",
    "STEP_OUTPUT_INVALID",
    "dimension 'm' is not the producer's",
  ],
  ["that checks refuse", "yield { key: { n: 2 }, value: new Array(9).fill(1) };", "STEP_CHECK_FAILED", "too many"],
  ["that cannot cross", "yield { key: { n: 2 }, value: [() => 1] };", "THREAD_REFUSED", "partition.value[0]"],
  ["never given, as the thread ends", "process.exit(3);", "STEP_EXITED", "process.exit"],
  ["never given, as the producer fails", 'throw new Error("no more");', "STEP_FAILED", "the producer failed: no more"],
  ["never given, as an error is caught by nobody", 'setTimeout(() => { throw new Error("late"); }, 1); await new Promise(() => {});', "STEP_FAILED", "late"], // prettier-ignore
])("a partition %s leaves nothing of the others", async (_, body, code, sentence) => {
  const graph = await fanned(`yield { key: { n: 1 }, value: [1] }; ${body}`);

  const { values, error } = await built(graph);

  expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) });
  expect(values).toEqual({});
});

it("what is no list of partitions is refused as anywhere else", async () => {
  const { error } = await built(await fanned("return 7;", { head: "build()" }));

  expect(error?.message).toBe(
    "producer 'make', made: the producer did not return partitions; expected { key: { n }, value } for each, received 7",
  );
});

it("one that holds a secret is refused", async () => {
  vi.stubEnv("STRATA_SECRET_PIN", "48213377");
  const { error, values } = await built(
    await fanned(
      `const pin = await context.secret("pin"); yield { key: { n: Number(pin.reveal()) }, value: [Number(pin.reveal())], pin: pin.reveal() };`,
    ),
  );

  expect(error).toMatchObject({ code: "STEP_OUTPUT_INVALID", message: expect.stringContaining("secret") });
  expect(error?.message).not.toContain("48213377");
  expect(values).toEqual({});
});

it("a producer of which one was refused closes what it has open, and its thread goes on to the next attempt", async () => {
  const graph = await fanned(
    `try {
      yield { key: { n: 1 }, value: [context.attempt] };
      if (context.attempt === 1) throw new Error("once more");
      yield { key: { n: 2 }, value: "wrong" };
    } finally { context.log("closed " + context.attempt); }`,
    { options: "retries: { times: 1, delay: 1 }," },
  );

  const { error, logged } = await built(graph);

  expect(error?.code).toBe("DATA_INVALID");
  expect(logged).toEqual(["closed 1", "closed 2"]);
});

it("an attempt that is too slow leaves nothing to the next one", async () => {
  const graph = await fanned(
    `yield { key: { n: context.attempt }, value: [context.attempt] };
     if (context.attempt === 1) await new Promise(() => {});`,
    { options: "timeout: 400, retries: { times: 1, delay: 1 }," },
  );

  const { values, error } = await built(graph);

  expect(error).toBeUndefined();
  expect(values).toEqual({ 2: [2] });
});

it("cancelled half way it leaves nothing, and the same build again makes all", async () => {
  const backend = memory();
  const graph = await fanned(
    `for (let n = 1; n <= 3; n++) { yield { key: { n }, value: [n] }; context.log("gave"); await new Promise((resolve) => setTimeout(resolve, 20)); }`,
  );
  const controller = new AbortController();

  const cancelled = await built(graph, {
    backend,
    signal: controller.signal,
    on: ({ type }) => type === "step-log" && controller.abort(),
  });

  expect(cancelled.values).toEqual({});
  expect((await built(graph, { backend })).values).toEqual({ 1: [1], 2: [2], 3: [3] });
});
