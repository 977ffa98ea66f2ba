// What cannot be followed counts as a whole: rather one build too many than a result of other code.

import { describe, expect, it } from "vitest";
import { changedBetween, CodeProject, toldBetween, type LookOptions } from "../../support/code-project.ts";

const head = 'import { producer } from "stratigraph";\n';

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly edit: Readonly<Record<string, string>>;
  /** Why it counts by files; absent where it still is followed. */
  readonly because?: string;
  readonly look?: LookOptions;
}

/** Each declares a producer "a" that must be built again after the edit, although no name in it leads there. */
const cases: readonly Case[] = [
  {
    title: "a factory with values from its caller",
    files: {
      "graph.ts": 'import { make } from "./make.ts";\nconst limit = 1;\nexport const a = make("a", limit);',
      "make.ts": `${head}export const make = (name: string, limit: number) => producer({ name, build: () => limit });`,
    },
    edit: { "graph.ts": 'import { make } from "./make.ts";\nconst limit = 2;\nexport const a = make("a", limit);' },
    because: "unfollowed",
    look: { files: ["make.ts", "graph.ts"] },
  },
  {
    title: "a factory that names its producer itself",
    files: {
      "graph.ts": 'import { make } from "./make.ts";\nexport const a = make(1);',
      "make.ts": `${head}export const make = (limit: number) => producer({ name: "a", build: () => limit });`,
    },
    edit: { "graph.ts": 'import { make } from "./make.ts";\nexport const a = make(2);' },
    because: "unfollowed",
    look: { files: ["make.ts", "graph.ts"] },
  },
  {
    title: "a loop",
    files: { "graph.ts": `${head}for (const limit of [1, 2]) producer({ name: "a", build: () => limit });` },
    edit: { "graph.ts": `${head}for (const limit of [1, 3]) producer({ name: "a", build: () => limit });` },
    because: "unfollowed",
  },
  {
    title: "options that are put together",
    files: { "graph.ts": `${head}const more = { name: "a" };\nproducer({ build: () => 1, ...more });` },
    edit: { "graph.ts": `${head}const more = { name: "a", x: 1 };\nproducer({ build: () => 1, ...more });` },
    because: "unfollowed",
  },
  {
    title: "two producers of one name",
    files: { "graph.ts": `${head}producer({ name: "a", build: () => 1 });\nproducer({ name: "a", build: () => 2 });` },
    edit: { "graph.ts": `${head}producer({ name: "a", build: () => 1 });\nproducer({ name: "a", build: () => 3 });` },
    because: "unfollowed",
  },
  {
    title: "another producer that is not declared in sight",
    files: {
      "graph.ts": `${head}producer({ name: "a", build: () => 1 });\nconst make = (p: any) => p({ name: "a", build: () => 2 });\nmake(producer);`,
    },
    edit: {
      "graph.ts": `${head}producer({ name: "a", build: () => 1 });\nconst make = (p: any) => p({ name: "a", build: () => 3 });\nmake(producer);`,
    },
    because: "unfollowed",
  },
  {
    title: "eval",
    files: { "graph.ts": `${head}const hidden = 1;\nproducer({ name: "a", build: () => eval("hidden") });` },
    edit: { "graph.ts": `${head}const hidden = 2;\nproducer({ name: "a", build: () => eval("hidden") });` },
    because: "hidden-code",
  },
  {
    title: "new Function in a helper",
    files: {
      "graph.ts": `${head}import { run } from "./run.ts";\nproducer({ name: "a", build: () => run() });`,
      "run.ts": "const f = () => 1;\nexport const run = () => new Function('f', 'return f()')(f);",
    },
    edit: { "run.ts": "const f = () => 2;\nexport const run = () => new Function('f', 'return f()')(f);" },
    because: "hidden-code",
  },
  {
    title: "a module whose name is computed",
    files: {
      "package.json": "{}",
      "flow/graph.ts": `${head}producer({ name: "a", build: (n: string) => import("../parts/" + n + ".ts") });`,
      "parts/one.ts": "export const x = 1;",
    },
    edit: { "parts/one.ts": "export const x = 2;" },
    because: "hidden-module",
    look: { files: ["flow/graph.ts"] },
  },
  {
    title: "require with a computed name",
    files: {
      "graph.js": `${head}import { createRequire } from "node:module";\nconst load = createRequire(import.meta.url);\nproducer({ name: "a", build: (n) => load(n) });`,
      "package.json": "{}",
      "one.cjs": "module.exports = 1;",
    },
    edit: { "one.cjs": "module.exports = 2;" },
    because: "hidden-module",
    look: { files: ["graph.js"] },
  },
  {
    title: "an import that is not found",
    files: {
      "package.json": "{}",
      "graph.ts": `${head}import { x } from "~/one.ts";\nproducer({ name: "a", build: () => x });`,
      "one.ts": "export const x = 1;",
    },
    edit: { "one.ts": "export const x = 2;" },
    because: "hidden-module",
  },
  {
    title: "a module loaded while it runs, with all that it loads",
    files: {
      "graph.ts": `${head}producer({ name: "a", build: async () => (await import("./one.ts")).x });`,
      "one.ts": 'import { y } from "./two.ts";\nexport const x = y;',
      "two.ts": "export const y = 1;",
    },
    edit: { "two.ts": "export const y = 2;" },
  },
  {
    title: "JSON",
    files: {
      "graph.ts": `${head}import rates from "./rates.json" with { type: "json" };\nproducer({ name: "a", build: () => rates });`,
      "rates.json": '{ "eur": 1 }',
    },
    edit: { "rates.json": '{ "eur": 2 }' },
  },
  {
    title: "a file beside the module",
    files: {
      "graph.ts": `${head}import { readFileSync } from "node:fs";\nconst text = new URL("./text.txt", import.meta.url);\nproducer({ name: "a", build: () => readFileSync(text, "utf8") });`,
      "text.txt": "one",
    },
    edit: { "text.txt": "two" },
  },
  {
    title: "a CommonJS module and what it requires",
    files: {
      "graph.ts": `${head}import one from "./one.cjs";\nproducer({ name: "a", build: () => one.f() });`,
      "one.cjs": 'const two = require("./two.cjs");\nexports.f = () => two();',
      "two.cjs": "module.exports = () => 1;",
    },
    edit: { "two.cjs": "module.exports = () => 2;" },
  },
  {
    title: "a module that is imported for what it does",
    files: {
      "graph.ts": `${head}import "./setup.ts";\nproducer({ name: "a", build: () => [1].sum() });`,
      "setup.ts": 'import { add } from "./add.ts";\nArray.prototype.sum = function () { return this.reduce(add); };',
      "add.ts": "export const add = (a: number, b: number) => a + b;",
    },
    edit: { "add.ts": "export const add = (a: number, b: number) => b + a;" },
  },
  {
    title: "state that another function sets",
    files: {
      "graph.ts": `${head}import { rate } from "./rate.ts";\nproducer({ name: "a", build: () => rate });`,
      "rate.ts": "export let rate = 1;\nexport function setRate() { rate = 2; }",
    },
    edit: { "rate.ts": "export let rate = 1;\nexport function setRate() { rate = 3; }" },
  },
  {
    title: "a table that another module fills",
    files: {
      "graph.ts": `${head}import { table } from "./table.ts";\nimport { fill } from "./fill.ts";\nproducer({ name: "a", build: () => table.get("x") });\nproducer({ name: "b", build: () => fill() });`,
      "table.ts": "export const table = new Map();",
      "fill.ts": 'import { table } from "./table.ts";\nexport function fill() { table.set("x", 1); }',
    },
    edit: { "fill.ts": 'import { table } from "./table.ts";\nexport function fill() { table.set("x", 2); }' },
  },
  {
    title: "a table that is filled while the module is loaded",
    files: {
      "graph.ts": `${head}const rates: any = {};\nfor (const name of ["eur"]) rates[name] = 1;\nproducer({ name: "a", build: () => rates });`,
    },
    edit: {
      "graph.ts": `${head}const rates: any = {};\nfor (const name of ["eur"]) rates[name] = 2;\nproducer({ name: "a", build: () => rates });`,
    },
  },
  {
    title: "a member that is assigned among others, or by a loop",
    files: {
      "graph.ts": `${head}const rates: any = {};\n[rates.eur] = [1];\nfor (rates.usd of [1]);\nproducer({ name: "a", build: () => rates });`,
    },
    edit: {
      "graph.ts": `${head}const rates: any = {};\n[rates.eur] = [1];\nfor (rates.usd of [2]);\nproducer({ name: "a", build: () => rates });`,
    },
  },
  {
    title: "a class that shares its name with a namespace, and the first half of an enum",
    files: {
      "graph.ts": `${head}import { F, E } from "./two.ts";\nproducer({ name: "a", build: () => [new F().x, E.A] });`,
      "two.ts":
        "export class F { x = 1 }\nexport namespace F { export const y = 1 }\nexport enum E { A = 1 }\nexport enum E { B = 2 }",
    },
    edit: {
      "two.ts":
        "export class F { x = 2 }\nexport namespace F { export const y = 1 }\nexport enum E { A = 1 }\nexport enum E { B = 2 }",
    },
  },
  {
    title: "a helper that changes a global when it is called at the start",
    files: {
      "graph.ts": `${head}import { start } from "./start.ts";\nconst started = start();\nproducer({ name: "a", build: () => (globalThis as any).mode });`,
      "start.ts": "export function start() { (globalThis as any).mode = 1; return true; }",
    },
    edit: { "start.ts": "export function start() { (globalThis as any).mode = 2; return true; }" },
  },
  {
    title: "a function that is handed to one that calls it",
    files: {
      "graph.ts": `${head}function set() { (globalThis as any).mode = 1; }\n[1].forEach(set);\nproducer({ name: "a", build: () => (globalThis as any).mode });`,
    },
    edit: {
      "graph.ts": `${head}function set() { (globalThis as any).mode = 2; }\n[1].forEach(set);\nproducer({ name: "a", build: () => (globalThis as any).mode });`,
    },
  },
  {
    title: "a module handed on as one object",
    files: {
      "graph.ts": `${head}import * as parts from "./parts.ts";\nproducer({ name: "a", build: (n: string) => parts[n]() });`,
      "parts.ts": 'export * from "./more.ts";\nexport const one = () => 1;',
      "more.ts": "export const two = () => 2;",
    },
    edit: { "more.ts": "export const two = () => 3;" },
  },
  {
    title: "a package that is a link to a folder of sources",
    files: {
      "graph.ts": `${head}import { f } from "linked";\nproducer({ name: "a", build: () => f() });`,
      "packages/linked/package.json": '{ "name": "linked", "version": "1.0.0" }',
      "packages/linked/src/index.ts": "export const f = () => 1;",
    },
    edit: { "packages/linked/src/index.ts": "export const f = () => 2;" },
  },
  {
    title: "a file that cannot be parsed",
    files: { "graph.ts": `${head}producer({ name: "a", build: () => 1 }) as;` },
    edit: { "graph.ts": `${head}producer({ name: "a", build: () => 2 }) as;` },
    because: "unreadable",
  },
  {
    title: "a helper, where no parser is installed",
    files: {
      "graph.ts": `${head}import { f } from "./f.ts";\nproducer({ name: "a", build: () => f() });`,
      "f.ts": 'export * from "./g.js";',
      "g.ts": "export const f = () => 1;",
    },
    edit: { "g.ts": "export const f = () => 2;" },
    because: "no-parser",
    look: { parser: false },
  },
  {
    title: "a file that is resolved, where no parser is installed",
    files: {
      "graph.ts": `${head}producer({ name: "a", build: () => import.meta.resolve("./text.txt") });`,
      "text.txt": "one",
    },
    edit: { "text.txt": "two" },
    because: "no-parser",
    look: { parser: false },
  },
  {
    title: "a package, where no parser is installed",
    files: {
      "graph.ts": `${head}import { f } from "@team/pad/fast";\nproducer({ name: "a", build: () => f() });`,
      "node_modules/@team/pad/package.json": '{ "version": "1.0.0" }',
    },
    edit: { "node_modules/@team/pad/package.json": '{ "version": "1.0.1" }' },
    because: "no-parser",
    look: { parser: false },
  },
  {
    title: "a path alias of tsconfig.json, even one that hides a package",
    files: {
      "tsconfig.json": '{ "compilerOptions": { "paths": { "pad": ["./src/pad.ts"], "@/*": ["./src/*"] } } }',
      "graph.ts": `${head}import { f } from "pad";\nimport { g } from "@/g.ts";\nproducer({ name: "a", build: () => f() + g() });`,
      "src/pad.ts": "export const f = () => 1;",
      "src/g.ts": "export const g = () => 1;",
      "node_modules/pad/package.json": '{ "version": "1.0.0" }',
    },
    edit: { "src/pad.ts": "export const f = () => 2;" },
  },
];

describe("a producer is built again after an edit of", () => {
  it.each(cases)("$title", ({ files, edit, because = null, look = {} }) => {
    using place = new CodeProject();
    place.write(files);
    if ("packages/linked/package.json" in files) place.link("packages/linked", "node_modules/linked");
    const before = place.look(["a"], look);

    place.write(edit);
    const after = place.look(["a"], look);

    expect(after.parts.get("a")).toMatchObject({ because, counted: because === null ? "functions" : "files" });
    expect(changedBetween(before, after)).toEqual(["a"]);
    expect(toldBetween(before, after, "a").length).toBeGreaterThan(0);
  });
});

describe("and yet", () => {
  it("a comment in a file that counts whole builds nothing again, where there is a parser", () => {
    using place = new CodeProject();
    const graph = `${head}for (const limit of [1]) producer({ name: "a", build: () => limit });`;
    place.write({ "graph.ts": graph });
    const before = place.look(["a"]);

    place.write({ "graph.ts": `// all of them\n${graph}` });

    expect(changedBetween(before, place.look(["a"]))).toEqual([]);
  });

  it("a producer declared inside the graph's function is followed where it sees only the module's own names", () => {
    using place = new CodeProject();
    const graph = `${head}import { graph } from "stratigraph";
const one = 1;
export const g = graph("g", () => { const a = producer({ name: "a", build: () => one }); return { a: a() }; });
export function other() { return 1; }`;
    place.write({ "graph.ts": graph });
    const before = place.look(["a"]);
    place.write({ "graph.ts": graph.replace("return 1;", "return 2;") });
    const other = place.look(["a"]);
    place.write({ "graph.ts": graph.replace("one = 1", "one = 2") });

    expect(before.parts.get("a")!.counted).toBe("functions");
    expect(changedBetween(before, other)).toEqual([]);
    expect(changedBetween(before, place.look(["a"]))).toEqual(["a"]);
  });

  it("whether a parser is installed is told", () => {
    using place = new CodeProject();
    place.write({ "graph.ts": `${head}producer({ name: "a", build: () => 1 });` });

    expect(toldBetween(place.look(["a"], { parser: false }), place.look(["a"]), "a")).toEqual([
      "code changed from counted by files: the optional package oxc-parser is not installed to counted by functions",
    ]);
  });

  it("a file that was saved after it was loaded gives a version that is never met again", () => {
    using place = new CodeProject();
    place.write({ "graph.ts": `${head}producer({ name: "a", build: () => 1 });` });
    const looked = place.look(["a"], { since: Date.now() - 1000 });

    expect(looked.known.get("a")!.unsettled).toBe(true);
    expect(place.look(["a"], { since: Date.now() + 60_000 }).known.get("a")!.unsettled).toBe(false);
  });

  it("a file that is gone gives such a version, too: nobody can say what was in it", () => {
    using place = new CodeProject();

    expect(place.look(["a"]).known.get("a")!.unsettled).toBe(true);
  });
});
