// The comparison with Artigraph and the tests beside this file say the same: every behaviour, every defect, every sentence.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { readPage } from "../docs/markdown.ts";

const BEHAVIOURS = 223;
const DEFECTS = 17;

/** What a row may say about a behaviour: shown by tests, or told with a reason. */
const shown = ["same", "other way", "only here"];
const told = ["no counterpart", "missing"];

interface Row {
  /** "7", or "D7" for a defect. */
  readonly numbers: readonly string[];
  readonly there: string;
  readonly verdict: string;
  /** Titles of tests, or the reason why there are none. */
  readonly here: readonly string[];
}

const page = readPage("docs/comparison.md");
const [, afterDefects = ""] = page.split("### Its defects, and what happens here");
const [defectsText = "", behavioursText = ""] = afterDefects.split("### Behaviour by behaviour");
const defects = rowsOf(defectsText, ([number, there, here]) => [number, there, "same", here]);
const behaviours = rowsOf(behavioursText, ([number, there, verdict, here]) => [number, there, verdict, here]);
const tests = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".test.ts") && file !== "comparison.test.ts")
  .flatMap(testsIn);

describe("the comparison with Artigraph", () => {
  it("tells each of its behaviours once, and each of its defects", () => {
    const numbered = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

    const inOrder = (rows: readonly Row[]) => rows.flatMap(({ numbers }) => numbers).toSorted(compareNumbers);

    expect(inOrder(behaviours)).toEqual(numbered(BEHAVIOURS, ""));
    expect(inOrder(defects)).toEqual(numbered(DEFECTS, "D"));
    for (const { there, numbers } of [...behaviours, ...defects]) expect(there, numbers.join()).not.toBe("");
  });

  it("names exactly the tests that there are, under their numbers", () => {
    const inPage = [...behaviours, ...defects]
      .filter(({ verdict }) => shown.includes(verdict))
      .flatMap(({ numbers, here }) => here.map((title) => ({ numbers, title })));
    const named = new Set(inPage.flatMap(({ numbers, title }) => numbers.map((number) => `${number} · ${title}`)));
    const written = new Set(tests.flatMap(({ numbers, title }) => numbers.map((number) => `${number} · ${title}`)));

    // A row of several numbers names the tests of all of them together.
    const unknown = inPage.filter(
      ({ numbers, title }) => !numbers.some((number) => written.has(`${number} · ${title}`)),
    );
    expect(unknown).toEqual([]);
    expect([...written].filter((one) => !named.has(one))).toEqual([]);
    expect(named.size).toBeGreaterThan(200);
  });

  it("gives a reason where there is no test, and a test everywhere else", () => {
    for (const { numbers, verdict, here } of behaviours) {
      expect([...shown, ...told], numbers.join()).toContain(verdict);
      expect(here.join(""), numbers.join()).not.toBe("");
      if (told.includes(verdict))
        expect(tests.filter((test) => test.numbers.some((number) => numbers.includes(number)))).toEqual([]);
    }
  });

  it("rests on tests of which none is left out", () => {
    const names = new Set(tests.map(({ call }) => call));

    expect([...names]).toEqual(["it"]);
    expect(tests.length).toBeGreaterThan(200);
  });
});

function compareNumbers(a: string, b: string): number {
  return Number(a.replace("D", "")) - Number(b.replace("D", ""));
}

/** The rows of all tables in a text; a row without a number goes on with the one above it. */
function rowsOf(text: string, arrange: (cells: readonly string[]) => readonly (string | undefined)[]): Row[] {
  const rows: { numbers: string[]; there: string; verdict: string; here: string[] }[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("|") || /^\| *(-|№)/.test(line)) continue;
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replace(/\\([*_|])/g, "$1")); // prettier-ignore
    const [number = "", there = "", verdict = "", here = ""] = arrange(cells);
    if (number === "") rows.at(-1)!.here.push(here);
    else rows.push({ numbers: number.split(", "), there, verdict, here: [here] });
  }
  return rows;
}

interface Test {
  readonly numbers: readonly string[];
  readonly title: string;
  /** How it is called: `it`, or `it.skip`. */
  readonly call: string;
}

function testsIn(file: string): Test[] {
  const text = readFileSync(join(import.meta.dirname, file), "utf8");
  const found: Test[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(it|test)\b/.test(node.expression.getText())) {
      const [title] = node.arguments;
      const match =
        title !== undefined && ts.isStringLiteral(title) ? /^(D?\d+(?:, D?\d+)*) · (.+)$/.exec(title.text) : null;
      if (match === null) throw new Error(`${file}: a test without its numbers: ${title?.getText() ?? ""}`);
      found.push({ numbers: match[1]!.split(", "), title: match[2]!, call: node.expression.getText() });
    }
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}
