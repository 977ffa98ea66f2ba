// Every error code is thrown by something, and nothing throws errors that are not ours.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { errorCodes, isErrorCode } from "../src/error-codes.ts";

const src = join(import.meta.dirname, "..", "src");
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  // What tests are made of throws as tests do.
  .filter((file) => file.endsWith(".ts") && file !== "error-codes.ts" && !file.startsWith("testing/"))
  .map((file) => ts.createSourceFile(file, readFileSync(join(src, file), "utf8"), ts.ScriptTarget.ES2022, true));

/** Codes of parts that are not built yet. A code that gets its thrower must leave this list. */
const notYet: readonly string[] = [];

/** What a user never meets, and why. */
const neverMet: Readonly<Record<string, string>> = {
  "backend/memory/journal.ts: Error": "a mistake of ours",
  "build/row-output.ts: Refusal": "carries our own error past the executor, which unpacks nothing of it",
  "cli/command.ts: RangeError": "made a USAGE error by the parser of options",
  "cli/program.ts: TypeError": "a mistake of ours",
  "data/format/parquet.ts: Error": "every artifact binds the format to its schema",
  "data/storage/literal.ts: Error": "a mistake of ours",
  "data/storage/locate.ts: Error": "a mistake of ours",
  "data/storage/name-matcher.ts: Error": "a mistake of ours",
  "changes/record.ts: TypeError": "a mistake of ours",
  "journal/ring.ts: RangeError": "a mistake of ours: settings are checked before",
  "registry/overlay.ts: TypeError": "a mistake of ours",
  "registry/layout/parquet-index.ts: Error": "made VALIDATION_FAILED by the import that reads the index",
  "registry/store/local-objects.ts: Error": "cannot be reached",
  "util/canonical.ts: RangeError": "made MANIFEST_INVALID by the parser",
  "util/canonical.ts: TypeError": "made MANIFEST_INVALID by the parser",
  "util/dag.ts: RangeError": "a mistake of ours",
  "util/durable-file.ts: Error": "becomes a STORAGE_FAILED in the same function",
  "util/limiter.ts: RangeError": "a mistake of ours: options are checked before",
};

it("every error code is thrown somewhere, or its part is not built yet", () => {
  const thrown = new Set<string>();
  for (const source of sources) visit(source, (node) => isMade(node) && thrown.add(node.text));
  const never = Object.keys(errorCodes).filter((code) => !thrown.has(code));

  expect(never.toSorted()).toEqual([...notYet].toSorted());
});

it("whatever is thrown for a user is ours", () => {
  const foreign = new Set<string>();
  for (const source of sources) {
    visit(source, (node) => {
      if (!ts.isThrowStatement(node) || !ts.isNewExpression(node.expression)) return;
      const name = node.expression.expression.getText();
      if (name !== "StratigraphError") foreign.add(`${source.fileName}: ${name}`);
    });
  }

  expect([...foreign].toSorted()).toEqual(Object.keys(neverMet).toSorted());
});

/** A code as a value, not as a type and not in a comparison. */
function isMade(node: ts.Node): node is ts.StringLiteral {
  if (!ts.isStringLiteral(node) || !isErrorCode(node.text)) return false;
  const { parent } = node;
  if (ts.isLiteralTypeNode(parent) || ts.isCaseClause(parent)) return false;
  return !(ts.isBinaryExpression(parent) && /^[!=]==$/.test(parent.operatorToken.getText()));
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}
