// The names that docs/names.md promises are there, types too.

import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { readPage, root } from "./markdown.ts";

interface Row {
  readonly theirs: string;
  readonly ours: string;
  readonly file: string;
}

/** Parts that come later, and so promise nothing yet. */
const later = ["the instance", "experiment tracking", "health checks", "Databricks"];

const rows = [...readPage("docs/names.md").matchAll(/^\| `(\w+)` +\| (.+?) +\| +(?:`(.+?)` +)?\|$/gm)].map(
  ([, theirs = "", ours = "", file = ""]): Row => ({ theirs, ours, file }),
);
const claimed = rows.filter(({ file }) => file !== "");

it("every name that is claimed is exported by its file", () => {
  const files = [...new Set(claimed.map(({ file }) => join(root, file)))];
  const config = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const program = ts.createProgram(files, ts.parseJsonConfigFileContent(config.config, ts.sys, root).options);
  const checker = program.getTypeChecker();
  const missing = claimed.filter(({ ours, file }) => {
    const source = program.getSourceFile(join(root, file));
    const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    const names = symbol === undefined ? [] : checker.getExportsOfModule(symbol).map(({ name }) => name);
    return !names.includes(ours.replaceAll("`", ""));
  });

  expect(claimed.length).toBeGreaterThan(30);
  expect(missing).toEqual([]);
});

it("every other row says with which part it comes", () => {
  const rest = rows.filter(({ file }) => file === "");

  expect(rest.filter(({ ours }) => !later.includes(ours.replace(/^with /, "")))).toEqual([]);
  expect(new Set(rows.map(({ theirs }) => theirs)).size).toBe(rows.length);
});
