// What the reference pages say of the program is what the program says.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isErrorCode } from "../../src/error-codes.ts";
import { errorCodes } from "../../src/errors.ts";
import { readPage, root } from "./markdown.ts";
import { referencePages, updated } from "./reference.ts";

it.each(referencePages)("%s agrees with the sources (`npm run docs` writes it)", async (page) => {
  expect(readPage(page)).toBe(await updated(page));
});

it("every error code is in docs/errors.md once", () => {
  const listed = [...readPage("docs/errors.md").matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);

  expect(listed).toEqual(Object.keys(errorCodes));
});

it("the names of other systems' errors lead to codes there are", () => {
  const [, section = ""] = /^## Names of other systems\n([\s\S]*?)^<!--/m.exec(readPage("docs/errors.md")) ?? [];
  const ours = [...section.matchAll(/^\|[^|]+\|([^|]+)\|$/gm)].flatMap(
    ([, cell = ""]) => cell.match(/\b[A-Z_]{4,}\b/g) ?? [],
  );

  expect(ours.length).toBeGreaterThan(15);
  expect(ours.filter((code) => !isErrorCode(code))).toEqual([]);
});

it("the changelog begins with the version in package.json", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const [, newest] = /^## (\d+\.\d+\.\d+)/m.exec(readPage("CHANGELOG.md")) ?? [];

  expect(newest).toBe(version);
});
