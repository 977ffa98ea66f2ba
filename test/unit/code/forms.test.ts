// Forms of code through which a producer reaches something: an edit at the far end is seen through each of them.

import { expect, it } from "vitest";
import { changedBetween, CodeProject } from "../../support/code-project.ts";

/** What `build` of "a" is, with what stands before it; and lib.ts, where `ONE` is edited to something else. */
const forms: Readonly<Record<string, readonly [before: string, build: string, lib: string]>> = {
  "a default export without a name": ['import f from "./lib.ts";', "() => f()", "export default () => ONE;"],
  "a default export with a name": [
    'import f from "./lib.ts";',
    "() => f()",
    "export default function g() { return ONE; }",
  ],
  "a default that is re-exported": ['import { f } from "./way.ts";', "() => f()", "export default () => ONE;"],
  "an object's method": ['import { o } from "./lib.ts";', "() => o.f()", "export const o = { f() { return ONE; } };"],
  "a destructured constant": [
    'import { o } from "./lib.ts";\nconst { f } = o;',
    "() => f()",
    "export const o = { f: () => ONE };",
  ],
  "a name exported under another": [
    'import { g as f } from "./lib.ts";',
    "() => f()",
    "const f = () => ONE;\nexport { f as g };",
  ],
  "an enum": ['import { E } from "./lib.ts";', "() => E.A", "export enum E { A = ONE }"],
  "a base class": [
    'import { B } from "./lib.ts";\nclass C extends B {}',
    "() => new C().f()",
    "export class B { f() { return ONE; } }",
  ],
  "a static member": ['import { B } from "./lib.ts";', "() => B.x", "export class B { static x = ONE }"],
  "a private field": [
    'import { B } from "./lib.ts";',
    "() => new B().f()",
    "export class B { #x = ONE; f() { return this.#x; } }",
  ],
  "the default of a parameter": ['import { x } from "./lib.ts";', "(n: any, y = x) => y", "export const x = ONE;"],
  "a default in a pattern": ['import { x } from "./lib.ts";', "({ y = x }: any) => y", "export const x = ONE;"],
  "a member in brackets": ['import * as lib from "./lib.ts";', '() => lib["f"]()', "export const f = () => ONE;"],
  "a call that may not happen": ['import * as lib from "./lib.ts";', "() => lib?.f?.()", "export const f = () => ONE;"],
  "a template": ['import { x } from "./lib.ts";', "() => `${x}`", "export const x = ONE;"],
  "a tagged template": ['import { t } from "./lib.ts";', "() => t`x`", "export const t = () => ONE;"],
  "a shorthand property": ['import { x } from "./lib.ts";', "() => ({ x })", "export const x = ONE;"],
  spreading: ['import { o } from "./lib.ts";', "() => ({ ...o })", "export const o = { x: ONE };"],
  "build as a name": ['import { f } from "./lib.ts";', "f", "export const f = () => ONE;"],
  "build as the result of a call": [
    'import { make } from "./lib.ts";',
    "make()",
    "export const make = () => () => ONE;",
  ],
  "modules that import each other": [
    'import { f } from "./lib.ts";\nexport const y = 1;',
    "() => f()",
    'import { y } from "./graph.ts";\nexport const f = () => y + ONE;',
  ],
  "functions that call each other": [
    'import { f } from "./lib.ts";',
    "() => f(1)",
    "export function f(n: number): number { return n ? g(n) : 0; }\nfunction g(n: number): number { return f(n - ONE); }",
  ],
  "a shadowed name inside": [
    'import { x } from "./lib.ts";',
    "() => { { const x = 2; void x; } return x; }",
    "export const x = ONE;",
  ],
  "a variable declared by a statement": [
    'import { x } from "./lib.ts";',
    "() => x",
    "if (true) { var x = ONE; }\nexport { x };",
  ],
  "a namespace re-exported as one": [
    'import { lib } from "./way.ts";',
    "() => lib.f()",
    "export const f = () => ONE;\nexport default f;",
  ],
  "a regular expression": ['import { f } from "./lib.ts";', "() => f()", "export const f = () => /ONE/u;"],
  "a big integer and an escape": [
    'import { f } from "./lib.ts";',
    "() => f()",
    'export const f = () => [ONEn, "\\u0041"];',
  ],
};

it.each(Object.entries(forms))("%s", (_, [before, build, lib]) => {
  using place = new CodeProject();
  const head = `import { producer } from "stratigraph";\n${before}\n`;
  const graph = `${head}producer({ name: "a", build: ${build} });\nproducer({ name: "b", build: () => 0 });`;
  const way = 'export { default as f } from "./lib.ts";\nexport * as lib from "./lib.ts";';
  place.write({ "graph.ts": graph, "lib.ts": lib.replace("ONE", "1"), "way.ts": way });
  const looked = place.look(["a", "b"]);

  place.write({ "lib.ts": lib.replace("ONE", "7") });

  expect(looked.parts.get("a")!.counted).toBe("functions");
  expect(changedBetween(looked, place.look(["a", "b"]))).toEqual(["a"]);
});
