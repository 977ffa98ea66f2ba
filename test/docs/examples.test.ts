// Every example runs by itself and prints what its expected.txt says.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExampleCopy } from "../support/example.ts";
import { settle, tidy } from "../support/match-output.ts";
import { root } from "./markdown.ts";

const examples = readdirSync(join(root, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe.each(examples)("examples/%s", (name) => {
  it("has a README, a program and its output", () => {
    for (const file of ["README.md", "main.ts", "expected.txt"]) {
      expect(existsSync(join(root, "examples", name, file)), file).toBe(true);
    }
  });

  it("prints what expected.txt says", () => {
    const expected = readFileSync(join(root, "examples", name, "expected.txt"), "utf8");
    using copy = new ExampleCopy(name);

    const { output, status } = copy.run("jiti main.ts");

    expect(settle(output, expected)).toBe(tidy(expected));
    expect(status).toBe(0);
  });
});
