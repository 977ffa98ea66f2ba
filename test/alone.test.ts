// Every test file stands alone: it takes nothing from another test, and lies in the folder of what it is about.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const folder = import.meta.dirname;
const src = join(folder, "..", "src");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".test.ts"));

it("no test imports another", () => {
  const wrong = files.filter((file) => /from "[^"]*\.test(\.ts)?"/.test(readFileSync(join(folder, file), "utf8")));

  expect(wrong).toEqual([]);
});

it("no test is left out, and none runs alone", () => {
  const marks = /\b(?:describe|it|test)(?:\.\w+)*\.(?:only|todo)\b/;

  expect(
    files.filter((file) => file !== "alone.test.ts" && marks.test(readFileSync(join(folder, file), "utf8"))),
  ).toEqual([]);
});

it("a unit test lies in the folder of the part it is about", () => {
  const parts = files.flatMap((file) => /^unit\/(\w+)\//.exec(file)?.[1] ?? []);

  expect([...new Set(parts)].filter((part) => !existsSync(join(src, part)))).toEqual([]);
});

it("test files run apart from each other", () => {
  const config = readFileSync(join(folder, "vitest.config.ts"), "utf8");

  expect(config).not.toMatch(/isolate: false|singleFork: true/);
});
