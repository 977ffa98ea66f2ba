// Producers in threads, through the built program and a user's TypeScript.

import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { installed, installWithout } from "../../support/install-without.ts";
import { openSpace, type Space } from "../../support/space.ts";

/** A pipeline with three producers in a module of their own; `build` is the body of the last. */
function pipeline(build: string): Readonly<Record<string, string>> {
  return {
    "producers.ts": `import { artifact, integers, producer } from "stratigraph";
import { z } from "zod";
import { isMainThread } from "node:worker_threads";
export const N = artifact({ schema: z.number(), partitionBy: { n: integers() } });
export enum Kind { Big = 1000 }
export const grow = producer({
  name: "grow", inputs: { n: N }, output: N, executor: "threads",
  build: ({ n }): number => {
    const end = Date.now() + 300;
    while (Date.now() < end);
    if (isMainThread) throw new Error("in the thread of the build");
    return n + Kind.Big;
  },
});
export const last = producer({
  name: "last", inputs: { n: N }, output: N, executor: "threads",
  build: async ({ n }, context): Promise<number> => {
    ${build}
  },
});
`,
    "graph.ts": `import { graph, local } from "stratigraph";
import { grow, last, N } from "./producers.ts";
export default graph("growing", () => {
  const n = N.from(local("data/{n}.json"));
  const grown = grow({ n });
  return { n, grown, last: last({ n: grown }) };
});
`,
    "data/1.json": "1",
    "data/2.json": "2",
  };
}

async function openPipeline(build = "return n * 2;"): Promise<Space> {
  const space = await openSpace();
  space.write(pipeline(build));
  return space;
}

it("strata build runs them beside each other, and the next build has nothing to do", async () => {
  await using space = await openPipeline();

  const { code, stdout, stderr } = await space.strata("build", "graph.ts");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("4 built");
  expect((await space.strata("read", "last[2]")).stdout.trim()).toBe("2004");
  expect((await space.strata("build")).stdout).toContain("nothing to do");
});

it("a failure is told with its place in the user's TypeScript, and nothing else is lost", async () => {
  await using space = await openPipeline(`if (n === 1002) throw new Error("no such day");\n    return n;`);

  const { code, stdout } = await space.strata("build", "graph.ts");
  expect(code).toBe(1);
  expect(stdout).toContain("last[n=2]  failed  the producer failed: no such day");
  expect(stdout).toContain("at        producers.ts:18:27 in build");
  expect(stdout).toContain("3 built, 0 reused, 1 failed");
});

it("what it prints is no part of a JSON document, and what it needs too much of is one sentence", async () => {
  await using space = await openPipeline(
    `console.log("printed");\n const all: unknown[] = [];\n for (;;) all.push(new Array(1000).fill(n));`,
  );

  const { code, json, stderr } = await space.run(["build", "graph.ts", "--json", "--concurrency", "1"], {
    env: { NODE_OPTIONS: "--max-old-space-size=120" },
  });
  expect(code).toBe(1);
  expect(json).toMatchObject({ outcome: "failed", built: 2, failed: 2 });
  expect(JSON.stringify(json)).toContain("the thread of the producer ran out of memory");
  expect(stderr).toContain("printed");
});

it("Ctrl-C ends one that never lets go of its thread, and the same command goes on", async () => {
  await using space = await openPipeline(`context.log("begun");\n for (;;);`);
  let sent = 0;

  const { code, stdout } = await space.run(["build", "graph.ts"], {
    onOutput(text, child) {
      if (sent > 0 || !text.includes("begun")) return;
      sent = performance.now();
      child.kill("SIGINT");
    },
  });
  expect(performance.now() - sent).toBeLessThan(5_000);
  expect(code).toBe(130);
  expect(stdout).toMatch(/next: the same command again: \d partitions? (is|are) left, what is finished is kept/);

  space.write(pipeline("return n;"));
  expect((await space.strata("build")).code).toBe(0);
});

it("replay runs it in the thread of the command, where a debugger finds it", async () => {
  await using space = await openPipeline(`return Number((await import("node:worker_threads")).isMainThread);`);
  await space.strata("build", "graph.ts");

  const { stdout } = await space.strata("replay", "last[1]", "--json", "--out", "now.json");
  expect([space.read("now.json").trim(), (await space.strata("read", "last[1]")).stdout.trim(), stdout !== ""]).toEqual(
    ["1", "0", true],
  );
});

it("a script that declares it and builds is told to be two files", async () => {
  await using space = await openSpace();
  space.write({
    "script.mjs": `import { appendFileSync } from "node:fs";
import { artifact, graph, memory, producer } from "stratigraph";
import { z } from "zod";
appendFileSync("started", "x");
const one = producer({ name: "one", version: "1.0.0", inputs: {}, output: artifact({ schema: z.number() }), executor: "threads", build: () => 1 });
await graph("g", () => ({ one: one() })).build({ backend: memory() }).catch((error) => console.log(error.message));
`,
  });

  const { stdout } = spawnSync(process.execPath, ["script.mjs"], { cwd: space.folder, encoding: "utf8" });
  expect(stdout).toContain(
    "producer 'one', one: a thread cannot load the script that was started; received script.mjs. " +
      "Declare the producer in a module of its own, which the script imports.",
  );
  expect(space.read("started")).toBe("x");
});

it("builds of one process share nothing, and the process ends when they do", async () => {
  await using space = await openPipeline();
  space.write({
    "main.mjs": `import { memory } from "stratigraph";
import { graph, artifact } from "stratigraph";
import { one } from "./one.mjs";
const made = ["a", "b"].map((name) => graph(name, () => ({ one: one() })).build({ backend: memory() }));
const values = await Promise.all((await Promise.all(made)).map((snapshot) => snapshot.read("one")));
console.log(values.join(), process.getActiveResourcesInfo().filter((one) => one === "MessagePort").length);
`,
    "one.mjs": `import { artifact, producer } from "stratigraph";
import { z } from "zod";
export const one = producer({ name: "one", version: "1.0.0", inputs: {}, output: artifact({ schema: z.number() }), executor: "threads", build: () => 1 });
`,
  });

  const { stdout, status } = spawnSync(process.execPath, ["main.mjs"], {
    cwd: space.folder,
    encoding: "utf8",
    timeout: 20_000,
  });
  expect([stdout.trim(), status]).toEqual(["1,1 0", 0]);
});

it("what it records without waiting is written, as part of its run, before the thread ends", async () => {
  await using space = await openSpace({ installed: false });
  installWithout(space, "");
  space.write({
    "train.ts": `import { artifact, graph, producer } from "stratigraph";
import { createMLOps, currentRun } from "stratigraph/mlops";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";
const Text = artifact({ schema: z.string() });
const train = producer({
  name: "train", version: "1.0.0", inputs: {}, output: Text, executor: "threads",
  build: async () => {
    const mlops = await createMLOps({ backend: sqlite(".strata/strata.db") });
    for (const at of [1, 2, 3]) await mlops.registry.register({ name: "shop/demand", artifact: Buffer.from("model " + at), framework: "custom" });
    return String(currentRun());
  },
});
export default graph("training", () => ({ run: train() }));
`,
  });
  const strata = (...args: readonly string[]): unknown => JSON.parse(installed(space, ...args, "--json").stdout);

  const built = strata("build", "train.ts");
  const { versions } = strata("models", "list", "-m", "shop/demand") as { versions: { lineage_run_id: string }[] };
  const run = installed(space, "read", "run").stdout.trim();
  expect(built).toMatchObject({ outcome: "succeeded", metadata: { written: 3, fallback: 0, lost: 0 } });
  expect(versions.map((version) => version.lineage_run_id)).toEqual([run, run, run]);
});

it("without piscina there is one sentence, and producers that need no thread are built", async () => {
  await using space = await openSpace({ installed: false });
  installWithout(space, "piscina");
  space.write({
    "graph.ts": `import { artifact, graph, producer } from "stratigraph";
import { z } from "zod";
const N = artifact({ schema: z.number() });
const one = producer({ name: "one", inputs: {}, output: N, executor: "threads", build: () => 1 });
const two = producer({ name: "two", inputs: {}, output: N, build: () => 2 });
export default graph("missing", () => ({ one: one(), two: two() }));
`,
  });
  const { stdout, status } = installed(space, "build", "graph.ts", "--json");

  expect(status).toBe(1);
  const { built, failed, steps } = JSON.parse(stdout) as {
    built: number;
    failed: number;
    steps: { error?: unknown }[];
  };
  expect([built, failed]).toEqual([1, 1]);
  expect(steps.find(({ error }) => error !== undefined && error !== null)?.error).toMatchObject({
    code: "PACKAGE_MISSING",
    message:
      "the package 'piscina' is needed for producers that run in threads. Run `npm install piscina`, or leave out executor: \"threads\".",
  });
});
