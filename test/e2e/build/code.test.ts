// Producers that follow their code, through the built program: an edit is seen by the next process, and nothing else is.

import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { openSpace, type Space } from "../../support/space.ts";

const graph = `
import { z } from "zod";
import { artifact, graph, local, producer } from "stratigraph";
import { half } from "./half.ts";
import { text } from "./text.ts";

const Amount = artifact({ schema: z.number() });
const Text = artifact({ schema: z.string() });

const halved = producer({ name: "halved", inputs: { x: Amount }, output: Amount, build: ({ x }) => half(x) });
const written = producer({ name: "written", inputs: { x: Amount }, output: Text, build: ({ x }) => text(x) });
const fixed = producer({ name: "fixed", version: "1.0.0", inputs: { x: Amount }, output: Amount, build: ({ x }) => half(x) });

export const shop = graph("shop", () => {
  const x = Amount.from(local("x.json"));
  return { x, halved: halved({ x }), written: written({ x }), fixed: fixed({ x }) };
});
`;
const files = {
  "x.json": "10",
  "graph.ts": graph,
  "half.ts": "export const half = (x: number): number => x / 2;\n",
  "text.ts": "export const text = (x: number): string => String(x);\n",
};

async function built(space: Space): Promise<string[]> {
  const { json, stderr } = await space.strata("build", "--json");
  expect(stderr).toBe("");
  const steps = (json as { steps: { key: string; state: string }[] }).steps;
  return steps.filter(({ state }) => state === "built").map(({ key }) => key);
}

describe("a graph whose producers have no version", () => {
  it("builds after an edit exactly what reaches it, and reads what is meant", async () => {
    await using space = await openSpace();
    space.write(files);
    expect(await built(space)).toEqual(["halved", "written", "fixed"]);
    expect(await built(space)).toEqual([]);

    space.write({
      "half.ts": "// by two\nexport const half = (x: number): number => (x / 2);\nexport const other = 1;\n",
    });
    expect(await built(space)).toEqual([]);

    space.write({ "half.ts": "export const half = (x: number): number => x / 4;\n" });
    expect(await built(space)).toEqual(["halved"]);
    expect((await space.strata("read", "halved")).stdout.trim()).toBe("2.5");
    // A version by hand is a promise, and believed.
    expect((await space.strata("read", "fixed")).stdout.trim()).toBe("5");
    expect(await built(space)).toEqual([]);
  });

  it("is never told that there is nothing to do after an edit, whatever was remembered", async () => {
    await using space = await openSpace();
    space.write(files);
    for (let round = 0; round < 3; round++) await space.strata("build");
    expect((await space.strata("build")).stdout).toMatch(/^nothing to do: 3/);

    space.write({ "text.ts": "export const text = (x: number): string => `${x} EUR`;\n" });

    expect((await space.strata("plan")).stdout).toContain("written  stale  code of 'text' in text.ts changed");
    const why = (await space.strata("why", "written")).stdout;
    expect(why).toContain("code of 'text' in text.ts changed");
    expect(why).toContain("code  counted by functions");
    expect(await built(space)).toEqual(["written"]);
    expect((await space.strata("read", "written")).stdout.trim()).toBe("10 EUR");
  });

  it("goes back to an earlier result with the earlier code, without running it again", async () => {
    await using space = await openSpace();
    space.write(files);
    await space.strata("build");
    space.write({ "half.ts": "export const half = (x: number): number => x / 4;\n" });
    await space.strata("build");

    space.write(files);

    expect(await built(space)).toEqual([]);
    expect((await space.strata("read", "halved")).stdout.trim()).toBe("5");
  });

  it("builds what uses a package when another version of it is installed", async () => {
    await using space = await openSpace();
    space.write({
      ...files,
      "node_modules/pad/package.json": '{ "name": "pad", "version": "1.0.0", "main": "index.cjs" }',
      "node_modules/pad/index.cjs": 'module.exports = (x) => "  " + x;',
      "text.ts": 'import pad from "pad";\nexport const text = (x: number): string => pad(x);\n',
    });
    await space.strata("build");

    space.write({ "node_modules/pad/package.json": '{ "name": "pad", "version": "1.1.0", "main": "index.cjs" }' });

    expect((await space.strata("plan")).stdout).toContain("package pad changed from 1.0.0 to 1.1.0");
    expect(await built(space)).toEqual(["written"]);
  });

  it("says so where a producer changes from a version by hand to its code", async () => {
    await using space = await openSpace();
    space.write(files);
    await space.strata("build");

    space.write({ "graph.ts": graph.replace('version: "1.0.0", ', "") });

    expect((await space.strata("plan")).stdout).toMatch(
      /fixed +stale +version changed from semver 1 to code [0-9a-f]{32}/,
    );
  });

  it("lists and shows versions before the first build and after it", async () => {
    await using space = await openSpace();
    space.write(files);
    const before = (await space.strata("ls")).stdout;
    expect(before).toMatch(/halved +halved code [0-9a-f]{7}/);
    expect(space.has(".strata")).toBe(false);

    await space.strata("build");

    expect((await space.strata("ls")).stdout).toContain(/code [0-9a-f]{12}/.exec(before)![0]);
    expect((await space.strata("show", "halved")).stdout).toContain("halved code ");
  });
});

describe("from a program that Node loads itself", () => {
  it("the code is followed as well, in plain modules", async () => {
    await using space = await openSpace();
    const plain = (text: string): string => text.replaceAll(".ts", ".mjs").replace(/: (number|string)/g, "");
    space.write({
      "x.json": "10",
      "graph.mjs": plain(graph),
      "half.mjs": plain(files["half.ts"]),
      "text.mjs": plain(files["text.ts"]),
      "main.mjs": `import { sqlite } from "stratigraph/sqlite";
import { shop } from "./graph.mjs";
const { result } = await shop.build({ backend: sqlite(".strata/strata.db") });
console.log(result.steps.filter(({ state }) => state === "built").map(({ key }) => key).join());`,
    });
    const run = (): string =>
      execFileSync(process.execPath, ["main.mjs"], { cwd: space.folder, encoding: "utf8" }).trim();
    await quiet();
    expect(run()).toBe("halved,written,fixed");
    expect(run()).toBe("");

    space.write({ "half.mjs": "export const half = (x) => x / 4;\n" });
    await quiet();

    expect(run()).toBe("halved");
    expect(run()).toBe("");
  });
});

describe("code that is in no file", () => {
  it("cannot be followed, and the producer says so where it is declared", async () => {
    await using space = await openSpace();
    const program = `import { z } from "zod"; import { artifact, producer } from "stratigraph";
producer({ name: "p", inputs: {}, output: artifact({ schema: z.number() }), build: () => 1 });`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: space.folder,
      encoding: "utf8",
    });

    expect(stderr).toContain("producer 'p': the code of this producer is in no file, so nobody can follow it");
  });
});

describe("a graph with versions by hand alone", () => {
  it("loads nothing that looks at code", async () => {
    await using space = await openSpace();
    const hooks =
      "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }";
    const hook = `import { register } from "node:module"; register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));`;
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}` };
    const versioned = graph
      .replaceAll('", inputs', '", version: "1", inputs')
      .replace('version: "1.0.0", version: "1"', 'version: "1"');
    space.write({ ...files, "graph.ts": versioned });

    const byHand = await space.run(["build"], { env });
    space.write(files);
    const followed = await space.run(["build"], { env });

    expect(byHand.code).toBe(0);
    expect(byHand.stderr).toContain("/dist/build/engine.js");
    expect(byHand.stderr).not.toMatch(/\/dist\/code\/(follow|library|analysis)\.js/);
    expect(followed.stderr).toContain("/dist/code/follow.js");
  });
});

/** Files that were saved less than a moment before a program starts may have been saved after it. */
function quiet(): Promise<void> {
  return new Promise((done) => setTimeout(done, 100));
}
