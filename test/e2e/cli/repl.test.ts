// strata repl: the graph at hand, for people and for scripts.

import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import type { Space } from "../../support/space.ts";
import { openSpend } from "./spend.ts";

it("evaluates expressions and statements with the graph at hand", async () => {
  await using space = await openSpend();
  await space.strata("build", "spend.ts");

  const value = await space.strata("repl", "--eval", "await read('days', { date: '2026-01-02' })", "--json");
  const statements = await space.strata("repl", "--eval", "const { changes } = await plan(); return changes");
  const why = await space.strata("repl", "--eval", "(await why('total')).length");

  expect(value.json.value).toEqual(expect.any(Number));
  expect(statements.stdout.trim()).toBe("false");
  expect(why.stdout.trim()).toBe("1");
});

it("tells a mistake in one sentence", async () => {
  await using space = await openSpend();
  await space.strata("build", "spend.ts");

  const unknown = await space.strata("repl", "--eval", "await read('totl')");
  const syntax = await space.strata("repl", "--eval", "await (");
  const thrown = await space.strata("repl", "--eval", "graph.nothing.at");
  const json = await space.strata("repl", "--json");

  expect(unknown.stderr).toContain("Did you mean 'total'?");
  expect(unknown.stderr).not.toContain("    at ");
  expect(syntax).toMatchObject({ code: 2 });
  expect(syntax.stderr).toContain("--eval is no JavaScript");
  expect(thrown).toMatchObject({ code: 2 });
  expect(thrown.stderr).toContain("--eval threw: Cannot read properties of undefined");
  expect(json).toMatchObject({ code: 2 });
});

it("is a prompt that awaits, survives mistakes, and keeps what was typed", async () => {
  await using space = await openSpend();
  await space.strata("build", "spend.ts");

  const said = await converse(space, [
    "await read('totl')",
    "graph.withParams({ unused: 1 })",
    "read('nowhere')",
    "(await read('total')).days",
    "missing",
    ".exit",
  ]);

  expect(said).toContain("Did you mean 'total'?");
  expect(said).toContain("no producer uses a param 'unused'");
  expect(said.match(/Uncaught.*/g)).toEqual(["Uncaught ReferenceError: missing is not defined"]);
  expect(said).not.toContain("    at ");
  expect(said).toMatch(/^(strata> )*3$/m);
});

it("waits for each line that comes through a pipe, to the last", async () => {
  await using space = await openSpend();
  await space.strata("build", "spend.ts");

  const said = await converse(space, [
    "await new Promise((done) => setTimeout(done, 300)); const found = await read('total')",
    "const days = () => {",
    "  return found.days",
    "}",
    "days() * 7",
    "(await read('total')).days * 8",
  ]);

  expect(said.match(/\d+$/gm)).toEqual(["21", "24"]);
  expect(said).not.toContain("Uncaught");
});

function converse(space: Space, lines: readonly string[]): Promise<string> {
  const program = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, "repl"], { cwd: space.folder, stdio: "pipe" });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin.end(`${lines.join("\n")}\n`);
  return new Promise((resolve) => child.on("close", () => resolve(said)));
}
