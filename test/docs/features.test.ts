// The table of features: each one once, and each that is claimed shown by a test that is there.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readPage } from "./markdown.ts";

const FEATURES = 78;
const tests = fileURLToPath(new URL("..", import.meta.url));

const [, table = ""] = readPage("docs/comparison.md").split("## Feature by feature");
const rows = [...table.split("## Coming from Artigraph")[0]!.matchAll(/^\| +(\d+) +\|(.*)\|$/gm)].map(
  ([, number, rest]) => {
    const cells = rest!.split("|").map((cell) => cell.trim());
    return { number: Number(number), here: cells.at(-2)!, shown: cells.at(-1)! };
  },
);

it("has every feature once, in order", () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: FEATURES }, (_, index) => index + 1));
  expect(rows.filter(({ here }) => !["●", "◐", "○"].includes(here))).toEqual([]);
});

it.each(rows.filter(({ here }) => here !== "○"))("names a test that there is for feature $number", ({ shown }) => {
  const [, file, title] = /^`([^`]+)`: (.+)$/.exec(shown) ?? [];
  expect(file, shown).toBeDefined();
  const path = join(tests, file!);
  expect(existsSync(path), path).toBe(true);
  expect(readFileSync(path, "utf8")).toContain(title);
});
