// Every setting has a test that flips it and sees the difference: one that nothing reads should not exist.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { entries } from "../../../src/config/settings.ts";

const tests = join(import.meta.dirname, "..", "..");
const texts = readdirSync(tests, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(tests, file), "utf8"));
const tested = new Set(
  texts.flatMap((text) => [...text.matchAll(/\beffectOf\(\s*"([\w.]+)"/g)].map(([, path]) => path!)),
);

it("every setting has a test of its effect", () => {
  const without = entries.map(({ path }) => path).filter((path) => !tested.has(path));

  expect(without).toEqual([]);
});

it("every test of an effect is about a setting there is", () => {
  const known = new Set(entries.map(({ path }) => path));

  expect([...tested].filter((path) => !known.has(path))).toEqual([]);
});
