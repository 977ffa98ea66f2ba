// What modules do while they are loaded: where a producer may feel it, it counts; where none can, it does not.

import { describe, expect, it } from "vitest";
import { changedBetween, CodeProject } from "../../support/code-project.ts";

const head = 'import { producer } from "stratigraph";\nimport { z } from "zod";\n';
const table = "const table: any = {};\n";
const reads = '\nproducer({ name: "a", build: () => table });';

/** Modules that make another result where ONE is 2 instead of 1: graph.ts, and lib.ts. */
const felt: Readonly<Record<string, readonly [graph: string, lib?: string]>> = {
  "a loop that changes what it goes through": [
    `const table = [{ rate: 1 }];\nfor (const row of table) row.rate *= ONE;${reads}`,
  ],
  "a loop over a list of tables": [`${table}for (const one of [table]) one.x = ONE;${reads}`],
  "a loop over the values of a table": [
    `const table: any = { a: {} };\nfor (const one of Object.values<any>(table)) one.x = ONE;${reads}`,
  ],
  "a helper that gives a table another name": [
    `${table}function init(x: number) { const t = table; t.x = x; }\ninit(ONE);${reads}`,
  ],
  "a helper that assigns a table to a variable": [
    `${table}function init(x: number) { let t: any; t = table; t.x = x; }\ninit(ONE);${reads}`,
  ],
  "a helper that chooses a table": [
    `${table}function init(x: number) { const t = x ? table : {}; t.x = x; }\ninit(ONE);${reads}`,
  ],
  "a helper that asks for a table": [
    `${table}const ask = () => table;\nfunction init(x: number) { const t = ask(); t.x = x; }\ninit(ONE);${reads}`,
  ],
  "a block that takes a list out of a table": [
    `const table = { list: [0] };\n{ const { list } = table; list.push(ONE); }${reads}`,
  ],
  "a helper that takes a list out of a map": [
    `const table = new Map([["a", [0]]]);\nfunction add(x: number) { const list = table.get("a")!; list.push(x); }\nadd(ONE);${reads}`,
  ],
  "a helper that puts a table into an object": [
    `${table}function init(x: number) { const o = { table }; o.table.x = x; }\ninit(ONE);${reads}`,
  ],
  "a helper that spreads a table": [
    `const table: any = { in: {} };\nfunction init(x: number) { const o = { ...table }; o.in.x = x; }\ninit(ONE);${reads}`,
  ],
  "a helper that freezes a table, though not what is in it": [
    `const table: any = { in: {} };\nfunction init(x: number) { const o = Object.freeze(table); o.in.x = x; }\ninit(ONE);${reads}`,
  ],
  "a helper that copies a list of tables": [
    `${table}function init(x: number) { const o = [table].slice(); o[0].x = x; }\ninit(ONE);${reads}`,
  ],
  "a function that is called where it stands": [`${table}(() => { const t = table; t.x = ONE; })();${reads}`],
  "a function that a list made by Object.keys is given": [
    `${table}function put(key: string) { table[key] = 1; }\nObject.keys({ kONE: 1 }).forEach(put);${reads}`,
  ],
  "a function that a new map is given": [
    `${table}function put(value: number) { table.x = value; }\nnew Map([["a", ONE]]).forEach(put);${reads}`,
  ],
  "a function among the values of an object": [
    `${table}const all = { put(x: number) { table.x = x; } };\nObject.values(all)[0]!(ONE);${reads}`,
  ],
  "a method of one of the values of an object": [
    `${table}const all = { one: { put(x: number) { table.x = x; } } };\nObject.values(all).at(0)!.put(ONE);${reads}`,
  ],
  "a function in a list": [
    `${table}function init(x: number) { const all = [() => { table.x = x; }]; all[0]!(); }\ninit(ONE);${reads}`,
  ],
  "a function in a map": [
    `${table}function init(x: number) { const all = new Map([["a", () => { table.x = x; }]]); all.get("a")!(); }\ninit(ONE);${reads}`,
  ],
  "a method of an object that a helper makes": [
    `${table}function init(x: number) { const o = { put() { table.x = x; } }; o.put(); }\ninit(ONE);${reads}`,
  ],
  "a function that another one returned": [
    `${table}const on = (key: string) => (x: number) => { table[key] = x; };\non("a")(ONE);${reads}`,
  ],
  "a method of what a function returned": [
    `${table}function make() { return { put(x: number) { table.x = x; } }; }\nmake().put(ONE);${reads}`,
  ],
  "a method that is called like one that changes nothing": [
    `class Store { x = 0; replace(x: number) { this.x = x; } }\nconst table = new Store();\ntable.replace(ONE);${reads}`,
  ],
  "the same, of an object": [
    `const table = { x: 0, replace(x: number) { this.x = x; } };\ntable.replace(ONE);${reads}`,
  ],
  "the same, as a field of a class": [
    `${table}class Put { map = (x: number) => { table.x = x; }; }\nnew Put().map(ONE);${reads}`,
  ],
  "the same, through another of them": [
    `${table}class Put { get(x: number) { table.x = x; } find(x: number) { [this].map((one) => one.get(x)); } }\nnew Put().find(ONE);${reads}`,
  ],
  "a list that a schema let through": [`const table = z.array(z.number()).parse([0]);\ntable.push(ONE);${reads}`],
  "the same, awaited": [
    `const Numbers = z.array(z.number());\nconst table = await Numbers.parseAsync([0]);\ntable.push(ONE);${reads}`,
  ],
  "the same, out of a result": [`const table = z.array(z.number()).safeParse([0]).data!;\ntable.push(ONE);${reads}`],
  "a variable that is declared again inside a statement": [
    `var other = 1;\nvar table = ONE;\nif (process.argv.length > 100) { var other = 2; var table = 5; }${reads}`,
  ],
  "a decorator of a parameter": [
    `${table}const put = (x: number) => () => { table.x = x; };\nclass One { f(@put(ONE) _: unknown) {} }${reads}`,
  ],
  "a decorator of a parameter that is a property": [
    `const put = (x: number) => (to: any) => { to.x = x; };\nclass One { constructor(@put(ONE) readonly y: unknown) {} }
producer({ name: "a", build: () => (One as any).x });`,
  ],
  "a decorator of a method that nothing reaches": [
    `${table}const put = (x: number) => () => { table.x = x; };\nclass One { @put(ONE) f() {} }${reads}`,
  ],
  "a file in import.meta.resolve": [
    'producer({ name: "a", build: () => import.meta.resolve("./lib.ts") });',
    "export const x = ONE;",
  ],
  "createRequire as a member": [
    `import * as m from "node:module";\nconst load = m.createRequire(import.meta.url);\nproducer({ name: "a", build: () => load("./lib.ts").x });`,
    "export const x = ONE;",
  ],
  "createRequire under another name": [
    `import { createRequire as make } from "node:module";\nconst load = make(import.meta.url);\nproducer({ name: "a", build: () => load("./lib.ts").x });`,
    "export const x = ONE;",
  ],
};

/** Modules whose results do not depend on ONE, although it is in what they do at first. */
const unfelt: Readonly<Record<string, string>> = {
  "a map that a helper fills": `function byId(rows: { id: number }[]) { const all = new Map(); for (const row of rows) all.set(row.id, row); return all; }
const index = byId([{ id: ONE }]);`,
  "a list that is sorted once it is made": 'const sorted = "3,ONE".split(",").map(Number).sort();',
  "an object made of entries": "const o = Object.fromEntries(Object.entries({ a: ONE }).map(([k, v]) => [k, v + 1]));",
  "a number that is written": 'const text = new Intl.NumberFormat("de").format(ONE);',
  "a digest":
    'import { createHash } from "node:crypto";\nconst digest = createHash("sha256").update("ONE").digest("hex");',
  "a schema made of another's field":
    "const User = z.object({ name: z.string().max(ONE) });\nconst Name = User.shape.name.optional();",
  "a method that only reads": `class Box { constructor(readonly all: Map<string, number>) {} get(name: string) { return this.all.get(name); } }
const box = new Box(new Map([["a", ONE]]));
const a = box.get("a");`,
  "a value that a schema let through and nobody changed": "const limits = z.array(z.number()).parse([ONE]);",
  "a line that is printed": "console.log(Object.keys({ kONE: 1 }).join());",
};

function changedWith(files: (one: string) => Readonly<Record<string, string>>): string[] {
  using project = new CodeProject();
  project.write({ "package.json": '{ "name": "project", "type": "module" }', ...files("1") });
  const before = project.look(["a"]);
  project.write(files("2"));
  return changedBetween(before, project.look(["a"]));
}

describe("what is done while modules are loaded counts, where it may be felt:", () => {
  it.each(Object.entries(felt))("%s", (_, [graph, lib = ""]) => {
    const changed = changedWith((one) => ({
      "graph.ts": head + graph.replaceAll("ONE", one),
      "lib.ts": lib.replaceAll("ONE", one),
    }));

    expect(changed).toEqual(["a"]);
  });
});

describe("what is done while modules are loaded does not count, where nobody can feel it:", () => {
  it.each(Object.entries(unfelt))("%s", (_, graph) => {
    const changed = changedWith((one) => ({
      "graph.ts": `${head}${graph.replaceAll("ONE", one)}\nproducer({ name: "a", build: () => 1 });`,
    }));

    expect(changed).toEqual([]);
  });
});
