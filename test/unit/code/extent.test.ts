// How far what a module does while it is loaded is felt: by the producers that use what it may change, and by no others.

import { describe, expect, it } from "vitest";
import { changedBetween, CodeProject, toldBetween } from "../../support/code-project.ts";

const head = 'import { producer } from "stratigraph";\nimport { z } from "zod";\n';

type Files = Readonly<Record<string, string>>;

const installed: Files = {
  "package.json": '{ "name": "project", "type": "module" }',
  "node_modules/bus/package.json": '{ "version": "1.0.0", "sideEffects": false }',
  "node_modules/radio/package.json": '{ "version": "1.0.0", "dependencies": { "aerial": "*" } }',
  "node_modules/aerial/package.json": '{ "version": "1.0.0", "dependencies": { "bus": "*" } }',
  "node_modules/other/package.json": '{ "version": "1.0.0" }',
  "node_modules/lodash-es/package.json": '{ "version": "4.0.0", "sideEffects": false }',
  "node_modules/date-fns/package.json": '{ "version": "4.0.0" }',
};

/** What "a" and "b" would give differently where ONE is 2 instead of 1: those of them that are named. */
const felt: Readonly<Record<string, readonly [changed: string, graph: string, files?: Files]>> = {
  "a table that a loop fills": [
    "a",
    `const table: any = {};
for (const key of ["x"]) table[key] = ONE;
producer({ name: "a", build: () => table });
producer({ name: "b", build: () => 1 });`,
  ],
  "an object inside of a table": [
    "a",
    `const inner: any = {};
const table = { inner };
function init(x: number) { table.inner.x = x; }
init(ONE);
producer({ name: "a", build: () => inner });
producer({ name: "b", build: () => 1 });`,
  ],
  "an object that another statement put into a table": [
    "a",
    `const inner: any = {};
const table: any = {};
const put = (to: any, what: any) => { to.inner = what; };
const fill = (from: any, x: number) => { from.inner.x = x; };
put(table, inner);
fill(table, ONE);
producer({ name: "a", build: () => inner });
producer({ name: "b", build: () => 1 });`,
  ],
  "a function that another statement put into a table, which changes a third thing": [
    "a",
    `const state: any = {};
const all: any[] = [];
const run = (list: any[], x: number) => { for (const one of list) one(x); };
all.push((x: number) => { state.x = x; });
run(all, ONE);
producer({ name: "a", build: () => state });
producer({ name: "b", build: () => 1 });`,
  ],
  "a function that another statement put into a table, which changes something global": [
    "a, b",
    `const all: any[] = [];
const add = (list: any[], one: any) => { list.push(one); };
const run = (list: any[], x: number) => { for (const one of list) one(x); };
add(all, (x: number) => { (globalThis as any).x = x; });
run(all, ONE);
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "a member of a function by another name": [
    "a",
    `function f() { return 1; }
const g: any = f;
const init = (x: number) => { const h = g; h.x = x; };
init(ONE);
producer({ name: "a", build: () => (f as any).x });
producer({ name: "b", build: () => 1 });`,
  ],
  "a member of a class by another name": [
    "a",
    `class One {}
const other: any = One;
const init = (x: number) => { const h = other; h.x = x; };
init(ONE);
producer({ name: "a", build: () => (One as any).x });
producer({ name: "b", build: () => 1 });`,
  ],
  "a static field that a static method sets": [
    "a",
    `class Mode { static now = 0; static set(x: number) { this.now = x; } }
Mode.set(ONE);
producer({ name: "a", build: () => new Mode() });
producer({ name: "b", build: () => 1 });`,
  ],
  "a variable that a function sets": [
    "a",
    `let mode = 0;
const set = (x: number) => { mode = x; };
set(ONE);
producer({ name: "a", build: () => mode });
producer({ name: "b", build: () => 1 });`,
  ],
  "a table in a module that is loaded while the producer runs": [
    "a",
    `import { table } from "./table.ts";
const init = (x: number) => { const t: any = table; t.x = x; };
init(ONE);
producer({ name: "a", build: async () => (await import("./table.ts")).table });
producer({ name: "b", build: () => 1 });`,
    { "table.ts": "export const table = {};" },
  ],
  JSON: [
    "a",
    `import rates from "./rates.json" with { type: "json" };
const init = (to: any, x: number) => { to.eur = x; };
init(rates, ONE);
producer({ name: "a", build: () => rates });
producer({ name: "b", build: () => 1 });`,
    { "rates.json": '{ "eur": 1 }' },
  ],
  "what a CommonJS module exports": [
    "a, b",
    `import rates from "./rates.cjs";
const init = (to: any, x: number) => { to.eur = x; };
init(rates, ONE);
producer({ name: "a", build: () => rates });
producer({ name: "b", build: () => 1 });`,
    { "rates.cjs": "module.exports = { eur: 1 };" },
  ],
  "a prototype": [
    "a, b",
    `const extend = (to: any, x: number) => { to.x = x; };
extend(Array.prototype, ONE);
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "a prototype that is asked for": [
    "a, b",
    `const extend = (of: any, x: number) => { of.constructor.x = x; };
extend([], ONE);
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "a global object, given to a function": [
    "a, b",
    `const extend = (to: any, x: number) => { to.x = x; };
extend(Math, ONE);
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "a global object by another name": [
    "a, b",
    `const other: any = Math;
other.x = ONE;
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "a function of the language": [
    "a, b",
    `Number.parseFloat = () => ONE;
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "a module of Node": [
    "a, b",
    `import path from "node:path";
(path as any).sep = "ONE";
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "zod, extended by hand": [
    "a, b",
    `Object.assign(z, { one: ONE });
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "the environment": [
    "a, b",
    `process.env["MODE"] = "ONE";
producer({ name: "a", build: () => process.env["MODE"] });
producer({ name: "b", build: () => 1 });`,
  ],
  "the environment by another name": [
    "a",
    `const env = process.env;
const init = (x: string) => { const e = env; e["MODE"] = x; };
init("ONE");
producer({ name: "a", build: () => process.env["MODE"] });
producer({ name: "b", build: () => 1 });`,
  ],
  "a package that is set up": [
    "a",
    `import { bus } from "bus";
bus.use("ONE");
producer({ name: "a", build: () => bus });
producer({ name: "b", build: () => 1 });`,
  ],
  "a package that another one stands on": [
    "a",
    `import { bus } from "bus";
import { radio } from "radio";
bus.use("ONE");
producer({ name: "a", build: () => radio });
producer({ name: "b", build: () => 1 });`,
  ],
  "a package by which a function is called that changes a table": [
    "a",
    `import { bus } from "bus";
const table: any = {};
bus.on((x: number) => { table.x = x; });
bus.emit(ONE);
producer({ name: "a", build: () => table });
producer({ name: "b", build: () => 1 });`,
  ],
  "a package of which nothing is known": [
    "a, b",
    `import { set } from "other";
const made = set(ONE);
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
  "an option that a package of functions keeps": [
    "a",
    `import { format, setDefaultOptions } from "date-fns";
setDefaultOptions({ weekStartsOn: ONE });
producer({ name: "a", build: () => format });
producer({ name: "b", build: () => 1 });`,
  ],
  "a line that is written to a file": [
    "a, b",
    `import { writeFileSync } from "node:fs";
writeFileSync("x", "ONE");
producer({ name: "a", build: () => 1 });
producer({ name: "b", build: () => 1 });`,
  ],
};

describe("what is done while modules are loaded counts for who may feel it:", () => {
  it.each(Object.entries(felt))("%s", (_, [changed, graph, files = {}]) => {
    using project = new CodeProject();
    project.write({ ...installed, ...files, "graph.ts": head + graph.replaceAll("ONE", "1") });
    const before = project.look(["a", "b"]);
    project.write({ "graph.ts": head + graph.replaceAll("ONE", "2") });

    const after = project.look(["a", "b"]);

    expect([...after.parts.values()].map(({ counted }) => counted)).toEqual(["functions", "functions"]);
    expect(changedBetween(before, after).join(", ")).toBe(changed);
  });
});

/** What none of the producers feels, with a package or a helper that would not do it without a reason. */
const unfelt: Readonly<Record<string, string>> = {
  "a list that a package of functions makes": 'import { range } from "lodash-es";\nexport const week = range(ONE);',
  "a function that another package's functions are put together to":
    'import { flow } from "lodash-es";\nimport { format } from "date-fns";\nexport const show = flow(format, (text: string) => text + "ONE");',
  "a class's own instance": "class Pool { static shared = new Pool(ONE); constructor(readonly size: number) {} }",
  "a class's own factory":
    "class Celsius { static zero = Celsius.of(ONE); static of(x: number) { return new Celsius(x); } constructor(readonly x: number) {} }",
  "an object that is filled while a list is gone through":
    'const all = ["x"].reduce<any>((to, one) => { to[one] = ONE; return to; }, {});',
  "a map that a loop fills": 'const all = new Map<string, number>();\nfor (const one of ["x"]) all.set(one, ONE);',
  "a file that is read": 'import { readFileSync } from "node:fs";\nconst text = readFileSync("ONE", "utf8");',
  "a path that is made of another":
    'import { dirname, join } from "node:path";\nconst here = dirname("x");\nconst there = join(here, "ONE");',
  "a variable of the environment that is asked for":
    'const asked = (name: string) => { const value = process.env[name]; if (value === undefined) throw new Error(name); return value; };\nconst url = asked("HOME").slice(ONE);',
  "a program that ends where something is missing":
    'if (process.argv.length < 1) { console.error("ONE"); process.exit(1); }',
  "an error that is thrown where something is missing": 'if (process.argv.length < 1) throw new Error("ONE");',
  "a registry that is filled at once": `class All { #all = new Map<string, number>(); add(name: string, one: number) { this.#all.set(name, one); return this; } }
const all = new All().add("x", ONE);`,
  "numbers that a generator gives":
    "function* upTo(end: number) { for (let i = 0; i < end; i++) yield i; }\nconst first = [...upTo(ONE)];",
  "a function that another one gives": "const add = (a: number) => (b: number) => a + b;\nconst one = add(ONE)(2);",
  "a client that is given a constant, and asks somebody later":
    'class Client { constructor(readonly base: string) {} ask() { return fetch(this.base); } }\nconst base = "ONE";\nconst client = new Client(base);',
  "an object that others are copied into":
    'const names = ["x", "y"];\nconst places = Object.assign({}, ...names.map((name) => ({ [name]: ONE })));',
  "a mixin": "const Named = (Base: any) => class extends Base { name = ONE; };\nclass Thing extends Named(Object) {}",
  "a namespace": "namespace Units { export const km = ONE; export const mile = km * 2; }",
};

describe("what is done while modules are loaded does not count, where it stays with names that nobody reaches:", () => {
  it.each(Object.entries(unfelt))("%s", (_, graph) => {
    using project = new CodeProject();
    const text = `${head}${graph}\nproducer({ name: "a", build: () => process.env["HOME"] });`;
    project.write({ ...installed, "graph.ts": text.replaceAll("ONE", "1") });
    const before = project.look(["a"]);
    project.write({ "graph.ts": text.replaceAll("ONE", "2") });

    expect(changedBetween(before, project.look(["a"]))).toEqual([]);
  });
});

describe("why something counts that no name leads to", () => {
  it.each([
    [
      'console.log = () => "ONE";',
      "code in graph.ts (top level), which runs in line 3 while it is loaded and may be felt anywhere, by 'console.log' in graph.ts:3, changed",
    ],
    [
      'const start = () => { (globalThis as any).x = "ONE"; };\nstart();',
      "code of 'start' in graph.ts, which the statement in graph.ts:4 needs, and that may be felt anywhere, by 'globalThis.x' in graph.ts:3, changed",
    ],
  ])("is told: %s", (graph, told) => {
    using project = new CodeProject();
    const text = `${head}${graph}\nproducer({ name: "a", build: () => 1 });`;
    project.write({ ...installed, "graph.ts": text.replaceAll("ONE", "1") });
    const before = project.look(["a"]);
    project.write({ "graph.ts": text.replaceAll("ONE", "2") });

    expect(toldBetween(before, project.look(["a"]), "a")).toEqual([told]);
  });
});
