// Roundabout ways to change something while modules are loaded: the producer that reads it builds again.

import { describe, expect, it } from "vitest";
import { changedBetween, CodeProject } from "../../support/code-project.ts";
const head = 'import { producer } from "stratigraph";\nimport { z } from "zod";\n';
const end = (read: string): string =>
  `\nproducer({ name: "a", build: () => ${read} });\nproducer({ name: "b", build: () => 1 });`;
const table = "const inner: any = {};\nconst table: any = { inner };\n";
type Files = Readonly<Record<string, string>>;

/** Code, what producer "a" returns, and the other files. */
const ways: Readonly<Record<string, readonly [code: string, read: string, files?: Files]>> = {
  "a map in another module": [
    `import { registry } from "./r.ts"; import "./s.ts";`,
    "registry",
    {
      "r.ts": "export const registry = new Map();",
      "s.ts": `import { registry } from "./r.ts"; registry.set("x", () => ONE);`,
    },
  ],
  "a function that is waited for": [
    table + `const init = async (x: number) => { table.x = x; }; await init(ONE);`,
    "table",
  ],
  "a static field by way of a subclass": [
    `class A { static list: any[] = []; }\nclass B extends A {}\nB.list.push(ONE);`,
    "A.list",
  ],
  "another name": [table + `const t2 = table;\nt2.x = ONE;`, "table"],
  "a part taken out, and the whole read": [table + `const { inner: i2 } = table;\ni2.x = ONE;`, "table"],
  "a part taken out, and the part read": [table + `const { inner: i2 } = table;\ni2.x = ONE;`, "inner"],
  "an element taken out of a list": [
    `const first: any = {}; const list = [first];\nconst [f] = list;\nf.x = ONE;`,
    "first",
  ],
  "a member of a namespace": [
    `import * as t from "./t.ts"; import { table } from "./t.ts"; (t as any).table.x = ONE;`,
    "table",
    { "t.ts": "export const table: any = {};" },
  ],
  "a namespace by another name": [
    `import * as t from "./t.ts"; import { table } from "./t.ts"; const n: any = t; n.table.x = ONE;`,
    "table",
    { "t.ts": "export const table: any = {};" },
  ],
  "a function that returns it": [table + `const get = () => table;\nget().x = ONE;`, "table"],
  "an object that was given it": [
    table +
      `class Store { t: any; constructor(t: any) { this.t = t; } set(x: number) { this.t.x = x; } }\nconst s = new Store(table);\ns.set(ONE);`,
    "table",
  ],
  "Object.assign on what a function returns": [
    table + `const get = () => table;\nObject.assign(get(), { x: ONE });`,
    "table",
  ],
  "a copy that shares its parts": [table + `const t2 = { ...table };\nt2.inner.x = ONE;`, "inner"],
  "two functions over one variable, taken out": [
    `const make = () => { let s = 0; return { set(x: number) { s = x; }, get() { return s; } }; };\nconst { set, get } = make();\nset(ONE);`,
    "get()",
  ],
  "two functions over one variable, by their members": [
    `const make = () => { let s = 0; return { set(x: number) { s = x; }, get() { return s; } }; };\nconst m = make();\nconst set = m.set; const get = m.get;\nset(ONE);`,
    "get()",
  ],
  "what happens after a promise": [table + `Promise.resolve().then(() => { table.x = ONE; });`, "table"],
  "a timer": [table + `setTimeout(() => { table.x = ONE; });`, "table"],
  "Reflect.set": [table + `Reflect.set(table, "x", ONE);`, "table"],
  "Object.defineProperty by another name": [
    table + `const t2 = table; Object.defineProperty(t2, "x", { value: ONE });`,
    "table",
  ],
  "a tagged template": [table + "const tag = (t: any, x: number) => { table.x = x; };\ntag`${ONE}`;", "table"],
  "a class without a name": [table + `new (class { constructor() { table.x = ONE; } })();`, "table"],
  "a function called on the spot": [table + `(() => { table.x = ONE; })();`, "table"],
  "a function given to a method": [table + `[ONE].forEach((x) => { table.x = x; });`, "table"],
  "a named function given to a method": [
    table + `const put = (x: number) => { table.x = x; };\n[ONE].forEach(put);`,
    "table",
  ],
  "the variable of a loop": [table + `for (table.x of [ONE]);`, "table"],
  "an object pattern": [table + `({ a: table.x } = { a: ONE } as any);`, "table"],
  "an array pattern": [table + `[table.x] = [ONE];`, "table"],
  delete: [table + `if (ONE === 2) delete table.inner;`, "table"],
  "a default export": [
    `import t from "./t.ts"; import "./s.ts";`,
    "t",
    { "t.ts": "const t: any = {}; export default t;", "s.ts": `import q from "./t.ts"; q.x = ONE;` },
  ],
  "a default export without a name": [
    `import t from "./t.ts"; import "./s.ts";`,
    "t",
    { "t.ts": "export default {};", "s.ts": `import q from "./t.ts"; (q as any).x = ONE;` },
  ],
  "another export of the same": [
    `import { table } from "./t.ts"; import "./s.ts";`,
    "table",
    {
      "t.ts": "const inner: any = {}; export { inner as table, inner as other };",
      "s.ts": `import { other } from "./t.ts"; other.x = ONE;`,
    },
  ],
  "a namespace of a barrel": [
    `import { table } from "./barrel.ts"; import "./s.ts";`,
    "table",
    {
      "t.ts": "export const table: any = {};",
      "barrel.ts": `export * from "./t.ts";`,
      "s.ts": `import * as all from "./barrel.ts"; Object.assign(all.table, { x: ONE });`,
    },
  ],
  "what a map holds": [table + `const m = new Map([["a", inner]]);\nm.get("a").x = ONE;`, "inner"],
  "what a map holds, in a loop": [
    table + `const m = new Map([["a", inner]]);\nfor (const v of m.values()) v.x = ONE;`,
    "inner",
  ],
  "a weak map": [table + `const w = new WeakMap();\nw.set(table, ONE);`, "w.get(table)"],
  "what a variable stood for before": [
    `let current: any = {}; const keep = current; current = { x: 1 };\nkeep.x = ONE;`,
    "keep",
  ],
  "one of two, by ||": [table + `const t2 = table || {};\nt2.x = ONE;`, "table"],
  "one of two, by a condition": [table + `const t2 = true ? table : inner;\nt2.x = ONE;`, "inner"],
  "an enum": [`enum Color { Red = 1 }\n(Color as any).x = ONE;`, "Color"],
  "a constant behind a function in a map": [
    `import { registry } from "./r.ts"; import "./s.ts";`,
    "registry.get('x')()",
    {
      "r.ts": "export const registry = new Map();",
      "s.ts": `import { registry } from "./r.ts"; import { value } from "./v.ts"; registry.set("x", () => value);`,
      "v.ts": "export const value = ONE;",
    },
  ],
  "three modules on the way": [
    `import { a } from "./a.ts"; import "./s.ts";`,
    "a",
    {
      "a.ts": "export const a: any = {};",
      "b.ts": `import { a } from "./a.ts"; export const b = { a };`,
      "c.ts": `import { b } from "./b.ts"; export const c = () => b;`,
      "s.ts": `import { c } from "./c.ts"; c().a.x = ONE;`,
    },
  ],
  "a function as argument": [
    table + `const fill = (get: () => any, x: number) => { get().x = x; };\nfill(() => table, ONE);`,
    "table",
  ],
  "a method of an object": [
    table + `const helper = { fill(t: any, x: number) { t.x = x; } };\nhelper.fill(table, ONE);`,
    "table",
  ],
  bind: [table + `function fill(this: any, x: number) { this.x = x; }\nfill.bind(table)(ONE);`, "table"],
  call: [table + `function fill(this: any, x: number) { this.x = x; }\nfill.call(table, ONE);`, "table"],
  "apply on a prototype's method": [table + `Array.prototype.push.apply(table.list ??= [], [ONE]);`, "table"],
  "the order of a list": [`const list = [3, 1, 2];\nlist.sort((a, b) => (ONE === 1 ? a - b : b - a));`, "list"],
  "a generator that is spread": [table + `function* g() { table.x = ONE; yield 1; }\n[...g()];`, "table"],
  "a generator in a loop": [table + `function* g() { table.x = ONE; yield 1; }\nfor (const _ of g()) { }`, "table"],
  "a generator given to Array.from": [
    table + `function* g() { table.x = ONE; yield 1; }\nconst all = Array.from(g());`,
    "table",
  ],
  "optional chaining": [table + `const get = () => table;\nget()?.inner?.list?.push(ONE); get()!.x = ONE;`, "table"],
  "a comma": [table + `(0, table).x = ONE;`, "table"],
  "super in a static block": [
    table + `class A { static set(x: number) { table.x = x; } }\nclass B extends A { static { super.set(ONE); } }`,
    "table",
  ],
  "a static field's value": [table + `class A { static y = (table.x = ONE); }`, "table"],
  "the default of a parameter": [table + `const f = (y = (table.x = ONE)) => y;\nf();`, "table"],
  "what is thrown and caught": [table + `try { throw table; } catch (e: any) { e.x = ONE; }`, "table"],
  "a setter": [table + `const o = { set x(v: number) { table.x = v; } };\no.x = ONE;`, "table"],
  "a reviver of JSON.parse": [table + `JSON.parse('{"a":1}', (k, v) => { table.x = ONE; return v; });`, "table"],
  "a replacer": [table + `"a".replace("a", () => { table.x = ONE; return ""; });`, "table"],
  "a part of something frozen": [`const f: any = Object.freeze({ inner: {} as any });\nf.inner.x = ONE;`, "f"],
  "a refinement of a schema": [
    table + `const S = z.string().refine(() => { table.x = ONE; return true; });\nS.parse("x");`,
    "table",
  ],
  "a refinement that is declared elsewhere": [
    table +
      `const check = () => { table.x = ONE; return true; };\nconst S = z.string().refine(check);\nconst R = z.object({ s: S });\nR.parse({ s: "x" });`,
    "table",
  ],
  "a transform of a schema": [
    table + `const S = z.string().transform((v) => { table.x = ONE; return v; });\nS.parse("x");`,
    "table",
  ],
};
describe("what is changed while modules are loaded", () => {
  it.each(Object.entries(ways))("by way of %s is seen where it is read", (_, [code, read, files = {}]) => {
    using project = new CodeProject();
    const write = (one: string): void => {
      const all = Object.entries({ ...files, "graph.ts": head + code + end(read) });
      project.write(Object.fromEntries(all.map(([name, text]) => [name, text.replaceAll("ONE", one)])));
    };
    write("1");
    const before = project.look(["a", "b"]);
    write("2");

    const after = project.look(["a", "b"]);

    expect([...after.parts.values()].map(({ counted }) => counted)).toEqual(["functions", "functions"]);
    expect(changedBetween(before, after)).toContain("a");
  });
});
