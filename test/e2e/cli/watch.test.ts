// strata build --watch, as a process: what it rebuilds, what it says of mistakes, and how it ends.

import { expect, it } from "vitest";
import { openSpace } from "../../support/space.ts";

const code = (factor: string): string => `import { z } from "zod";
import { artifact, graph, local, producer } from "stratigraph";
import { factor } from "./factor.ts";
const N = artifact({ schema: z.number() });
const times = producer({ name: "times", inputs: { n: N }, output: N, build: ({ n }) => n * factor });
export const g = graph("watched", () => { const n = N.from(local("data/n.json")); return { n, out: times({ n }) }; });
${factor}
`;

it("rebuilds after an edit of a source and of code, tells a mistake and goes on, and ends well with Ctrl-C", async () => {
  await using space = await openSpace();
  space.write({ "graph.ts": code(""), "factor.ts": "export const factor = 2;", "data/n.json": "5" });
  let step = 0;
  const next = [
    () => space.write({ "data/n.json": "6" }),
    () => space.write({ "factor.ts": "export const factor = 3;" }),
    () => space.write({ "graph.ts": code("const = ;") }),
    () => space.write({ "graph.ts": code(""), "data/n.json": "7" }),
  ];
  const answer = await space.run(["build", "graph.ts", "--watch", "--json"], {
    onOutput(text, child) {
      const lines = text.split("\n").filter((line) => line.startsWith("{")).length;
      if (lines <= step) return;
      step = lines;
      const change = next[step - 1];
      if (change === undefined) child.kill("SIGINT");
      else setTimeout(change, 50);
    },
  });
  const lines = answer.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

  expect(answer.code).toBe(0);
  expect(lines.map((line) => line.steps?.[0]?.because ?? line.error.code)).toEqual([
    "never built",
    "input 'n' changed",
    expect.stringContaining("factor"),
    "MODULE_NOT_LOADED",
    "input 'n' changed",
  ]);
  expect(lines[1].afterChange).toBeGreaterThan(0);
  expect(lines[3].error.where).toContain("graph.ts:");
  expect((await space.strata("read", "out")).stdout.trim()).toBe("21");
});

it("for people: what was rebuilt and how soon, and nothing where nothing changed", async () => {
  await using space = await openSpace();
  space.write({ "graph.ts": code(""), "factor.ts": "export const factor = 2;", "data/n.json": "5" });
  let told = 0;
  const answer = await space.run(["build", "--watch"], {
    onOutput(text, child) {
      if (told === 0 && text.includes("watching for changes")) {
        told = 1;
        setTimeout(() => space.write({ "data/other.txt": "nobody reads this" }), 50);
        setTimeout(() => space.write({ "data/n.json": "6" }), 700);
      } else if (told === 1 && text.includes("after the change")) {
        told = 2;
        child.kill("SIGINT");
      }
    },
  });
  expect(answer.code).toBe(0);
  expect(answer.stdout.match(/after the change/g)).toHaveLength(1);
  expect(answer.stdout).toContain("input 'n' changed");
});

it("tells a failure once and does not run in circles where what fails writes into the project itself", async () => {
  await using space = await openSpace();
  const failing = `import { z } from "zod";
import { appendFileSync } from "node:fs";
import { artifact, graph, producer } from "stratigraph";
const N = artifact({ schema: z.number() });
const times = producer({ name: "times", version: "1", inputs: {}, output: N, build() {
  appendFileSync("ran.txt", "x");
  throw new Error("not today");
} });
export const g = graph("watched", () => ({ out: times() }));
`;
  space.write({ "graph.ts": failing });
  let edited = false;
  const answer = await space.run(["build", "--watch"], {
    onOutput(text, child) {
      if (!edited && text.includes("watching for changes")) {
        edited = true;
        setTimeout(() => space.write({ "graph.ts": failing.replace("not today", "never") }), 1500);
      }
      if (text.includes("never")) child.kill("SIGINT");
    },
  });
  expect(answer.code).toBe(0);
  expect(answer.stdout.match(/not today/g)).toHaveLength(1);
  expect(space.read("ran.txt").length).toBeLessThan(6);
});

it("survives an error that no step threw, ends the build that may wait for it, and says how long each build took", async () => {
  await using space = await openSpace();
  const waiting = "await new Promise(() => setTimeout(() => { throw new Error('stray') }, 50));";
  const text = (before: string): string =>
    code("").replace("build: ({ n }) => n * factor", `build: async ({ n }) => { ${before} return n * factor; }`);
  space.write({ "graph.ts": text(waiting), "factor.ts": "export const factor = 2;", "data/n.json": "5" });
  let told = 0;
  const answer = await space.run(["build", "--watch"], {
    onOutput(output, child) {
      if (told === 0 && output.includes("stray") && output.includes("watching for changes")) {
        told = 1;
        setTimeout(() => space.write({ "graph.ts": text("") }), 2_000);
      } else if (told === 1 && output.includes("after the change")) {
        told = 2;
        child.kill("SIGINT");
      }
    },
  });

  expect(answer.code).toBe(0);
  expect(answer.stderr).toContain("error: stray");
  expect(answer.stdout).toMatch(/1 built, 0 reused in ((0|1)\.\d+ s|\d+ ms)/);
  expect((await space.strata("read", "out")).stdout.trim()).toBe("10");
});

it("--watch and --plan exclude each other", async () => {
  await using space = await openSpace();
  const answer = await space.strata("build", "--watch", "--plan");
  expect([answer.code, answer.stderr]).toEqual([2, expect.stringContaining("--watch and --plan exclude each other")]);
});
