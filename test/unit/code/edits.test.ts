// What an edit rebuilds: exactly the producers whose code reaches what was edited.

import { describe, expect, it } from "vitest";
import { changedBetween, CodeProject, toldBetween } from "../../support/code-project.ts";

const producers = ["a", "b", "c"];

/** Three producers in one file: `a` and `b` reach one helper each through a re-export, `c` none. */
const project = {
  "package.json": '{ "name": "project", "type": "module" }',
  "graph.ts": `
import { z } from "zod";
import { artifact, graph, local, producer } from "stratigraph";
import { double, type Size, triple as times } from "./lib/index.ts";
import pad from "pad";

const A = artifact({ schema: z.number(), description: "first" });
const B = artifact({ schema: z.number() });
const limits = { low: 1, high: 5 };
let calls = 0;

function own(x: number): number {
  return x + limits.low;
}

export function unrelated(): number {
  return 1;
}

const a = producer({
  name: "a",
  inputs: { x: A },
  output: A,
  retries: 1,
  build: ({ x }) => own(double(x)),
});
const b = producer({ name: "b", inputs: { x: A }, output: B, build: ({ x }) => times(x) });
export const c = producer({ name: "c", inputs: { x: B }, output: B, build: ({ x }) => Number(pad(String(x), 3)) });
export const all = graph("g", () => ({ c: c({ x: b({ x: a({ x: A.from(local("x.json")) }) }) }) }));
`,
  "lib/index.ts": `export { double } from "./double.ts";\nexport * from "./more.ts";\n`,
  "lib/double.ts": `import { two } from "./two.ts";\nexport const double = (x: number): number => x * two;\n`,
  "lib/two.ts": `export const two = 2;\nexport const unused = 3;\n`,
  "lib/more.ts": `export type Size = number;\nexport class Factor { constructor(readonly by: number) {} }
const three = new Factor(3);\nexport function triple(x: Size) { return x * three.by; }\n`,
  "node_modules/pad/package.json": '{ "name": "pad", "version": "1.0.0" }',
  "node_modules/pad/index.js": "module.exports = (text, n) => text.padStart(n);",
  "node_modules/zod/package.json": '{ "name": "zod", "version": "4.0.0" }',
};

/** In a file, one text in place of another. */
type Edit = readonly [file: keyof typeof project, from: string, to: string];

function edited(edits: readonly Edit[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [file, from, to] of edits) {
    const text = files[file] ?? project[file];
    expect(text).toContain(from);
    files[file] = text.replace(from, to);
  }
  return files;
}

const nothing: Readonly<Record<string, readonly Edit[]>> = {
  "a comment in a producer": [["graph.ts", "build: ({ x }) => own", "// more\n  build: ({ x }) => /* and */ own"]],
  "a comment in a helper": [["lib/double.ts", "x * two", "x * /* twice */ two"]],
  "layout and semicolons": [["graph.ts", "return x + limits.low;", "\n\n  return x +\n limits.low"]],
  parentheses: [["lib/double.ts", "x * two", "(x * two)"]],
  "quotes and trailing commas": [["graph.ts", "{ low: 1, high: 5 }", "{ 'low': 1, high: 5, }"]],
  "a number written in another way": [["graph.ts", "high: 5", "high: 0x5"]],
  "the type of a parameter": [["lib/double.ts", "(x: number): number", "(x: unknown & number)"]],
  "an assertion of a type": [["lib/double.ts", "x * two", "(x as number) * two!"]],
  "a type that is declared": [
    ["lib/more.ts", "export type Size = number;", "export type Size = number | 1; interface More {}"],
  ],
  "a function that nobody calls": [["graph.ts", "return 1;", "return 2;"]],
  "a constant that nobody reads": [["lib/two.ts", "unused = 3", "unused = 4"]],
  "a new function beside the others": [["lib/two.ts", "export", "export function fresh() {}\nexport"]],
  "an import that nobody uses": [["graph.ts", "import pad", 'import { join } from "node:path";\nimport pad']],
  "the order of imports": [
    ["graph.ts", 'import pad from "pad";\n', ""],
    ["graph.ts", "import { z }", 'import pad from "pad";\nimport { z }'],
  ],
  "a description, retries and annotations": [
    ["graph.ts", "retries: 1", 'retries: 3, annotations: { owner: "ana" }'],
    ["graph.ts", '"first"', '"second"'],
  ],
  "validate, which judges a value and does not make it": [
    [
      "graph.ts",
      "output: B, build: ({ x }) => times",
      "output: B, validate: (x) => x > 0 || 'low', build: ({ x }) => times",
    ],
  ],
  "upcasts, thresholds and validation of an artifact, which judge and read its values": [
    [
      "graph.ts",
      'description: "first"',
      'upcasts: (from) => [from(z.string(), own)], thresholds: { low: { of: "value.mean", min: limits.high } }, ' +
        'statistics: { twice: double }, validate: { rows: "all" }',
    ],
  ],
  "where results are stored": [["graph.ts", 'description: "first"', 'storage: local("out.json")']],
  "where a source lies": [["graph.ts", 'local("x.json")', 'local("y.json")']],
  "the name of the constant that holds a producer": [
    ["graph.ts", "export const c =", "export const c2 ="],
    ["graph.ts", "c: c(", "c: c2("],
  ],
  "lines that end as on Windows": [["lib/double.ts", "\nexport", "\r\nexport"]],
};

const something: Readonly<Record<string, readonly [changed: string, ...edits: Edit[]]>> = {
  "a helper in another file, behind a re-export": ["a", ["lib/double.ts", "x * two", "x * two + 0"]],
  "a constant that a helper reads": ["a", ["lib/two.ts", "two = 2", "two = 4"]],
  "a helper behind export *": ["b", ["lib/more.ts", "x * three.by", "three.by * x"]],
  "a class that a helper made an instance of": [
    "b",
    ["lib/more.ts", "readonly by: number", "readonly by: number, readonly y = 1"],
  ],
  "a function in the same file": ["a", ["graph.ts", "x + limits.low", "x - limits.low"]],
  "an object that a function reads": ["a", ["graph.ts", "low: 1", "low: 2"]],
  "the text of build": ["c", ["graph.ts", "String(x), 3", "String(x), 4"]],
  "the schema of an artifact": [
    "b, c",
    ["graph.ts", "B = artifact({ schema: z.number()", "B = artifact({ schema: z.number().transform(Math.round)"],
  ],
  "what is imported under a name": ["b", ["graph.ts", "triple as times", "double as times"]],
  "what is re-exported under a name": [
    "a",
    ["lib/index.ts", "{ double }", "{ twice as double }"],
    ["lib/double.ts", "export const", "export const twice = (x: number) => x;\nexport const"],
  ],
  "the version of a package": ["c", ["node_modules/pad/package.json", "1.0.0", "1.0.1"]],
  "the version of zod, which checks values": ["a, b, c", ["node_modules/zod/package.json", "4.0.0", "4.0.1"]],
  "a statement that runs while a module is loaded": [
    "a, b, c",
    ["lib/two.ts", "export", "globalThis.mode = 1;\nexport"],
  ],
  "an import for its effects alone": ["a, b, c", ["lib/more.ts", "export type", 'import "pad";\nexport type']],
};

describe("nothing is built again after an edit of", () => {
  it.each(Object.entries(nothing))("%s", (_, edits) => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);

    place.write(edited(edits));

    expect([...before.parts.values()].map(({ counted }) => counted)).toEqual(["functions", "functions", "functions"]);
    expect(changedBetween(before, place.look(producers))).toEqual([]);
  });

  it("a file's place", () => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);

    place.write({ "deep/down/two.ts": project["lib/two.ts"] });
    place.write(edited([["lib/double.ts", "./two.ts", "../deep/down/two.ts"]]));
    place.remove("lib/two.ts");

    expect(changedBetween(before, place.look(producers))).toEqual([]);
  });

  it("the place of the file that declares the producers", () => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);

    place.write({ "src/flow/main.ts": project["graph.ts"].replace("./lib/index.ts", "../../lib/index.ts") });

    expect(changedBetween(before, place.look(producers, { files: ["src/flow/main.ts"] }))).toEqual([]);
  });
});

describe("an edit builds again what reaches it, and nothing else:", () => {
  it.each(Object.entries(something))("%s", (_, [changed, ...edits]) => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);

    place.write(edited(edits));
    const after = place.look(producers);

    expect(changedBetween(before, after).join(", ")).toBe(changed);
    for (const name of changed.split(", ")) expect(toldBetween(before, after, name)).not.toEqual([]);
  });

  it("names that change places between two files", () => {
    using place = new CodeProject();
    const [one, two] = ["export const f = () => 1;\n", "export const f = () => 2;\n"];
    const graph = `
import { producer } from "stratigraph";
import * as one from "./one.ts";
import * as two from "./two.ts";
producer({ name: "a", build: () => [one.f(), two.f()] });
producer({ name: "b", build: () => one.f() + one.f() });`;
    place.write({ "graph.ts": graph, "one.ts": one, "two.ts": two });
    const before = place.look(["a", "b"]);

    place.write({ "one.ts": two, "two.ts": one });

    expect(changedBetween(before, place.look(["a", "b"]))).toEqual(["a", "b"]);
  });
});

describe("what is stored", () => {
  it("is the manifest in test/golden/code.json, whatever version of the parser is installed", async () => {
    using place = new CodeProject();
    place.write(project);
    const looked = place.look(producers);
    const pinned = Object.fromEntries(
      [...looked.known].map(([name, { manifest }]) => [
        name,
        { fingerprint: manifest.fingerprint, manifest: JSON.parse(manifest.text) as unknown },
      ]),
    );

    await expect(`${JSON.stringify(pinned, null, 2)}\n`).toMatchFileSnapshot("../../golden/code.json");
  });
});

describe("why tells what differs by name:", () => {
  it("the function and its file", () => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);

    place.write(
      edited([
        ["lib/two.ts", "two = 2", "two = 4"],
        ["graph.ts", "x + limits.low", "x - limits.low"],
      ]),
    );

    expect(toldBetween(before, place.look(producers), "a")).toEqual([
      "code of 'own' in graph.ts changed",
      "code of 'two' in lib/two.ts changed",
    ]);
  });

  it("the build function itself, what came, what went, and packages", () => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);

    place.write(edited([["graph.ts", "Number(pad(String(x), 3))", "own(x)"]]));
    const after = place.look(producers);

    expect(toldBetween(before, after, "c")).toEqual([
      "code of producer 'c' in graph.ts changed",
      "code of 'own' in graph.ts added",
      "code of 'limits' in graph.ts added",
      "package pad removed",
    ]);
    place.write({ ...project, "node_modules/pad/package.json": '{ "name": "pad", "version": "2.0.0" }' });
    expect(toldBetween(before, place.look(producers), "c")).toEqual(["package pad changed from 1.0.0 to 2.0.0"]);
  });

  it("that a name stands for another function", () => {
    using place = new CodeProject();
    place.write(project);
    const before = place.look(producers);
    place.write(edited([["graph.ts", "double, type Size, triple as times", "triple as double, double as times"]]));

    expect(toldBetween(before, place.look(producers), "a").join()).toMatch(/'triple'/);
  });
});
