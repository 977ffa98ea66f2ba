// What `--help` says, pinned: a change of the command line must be seen in a diff.

import { describe, expect, it } from "vitest";
import { entries } from "../../../src/cli/catalog.ts";
import type { Command } from "../../../src/cli/command.ts";
import { commandHelp, rootHelp } from "../../../src/cli/help.ts";
import { widthOf } from "../../../src/cli/terminal/width.ts";

const commands = await Promise.all(entries.map((entry) => entry.load()));
const all = commands.flatMap((command): readonly Command[] => [command, ...command.subcommands]);
const texts = [rootHelp(), ...all.map(commandHelp)];

describe("help", () => {
  it("is what test/golden/help.txt says", async () => {
    await expect(texts.join(`\n${"-".repeat(100)}\n\n`)).toMatchFileSnapshot("../../golden/help.txt");
  });

  it("fits on a line of 100 columns", () => {
    const wide = texts
      .join("\n")
      .split("\n")
      .filter((line) => widthOf(line) > 100);

    expect(wide).toEqual([]);
  });

  it("says of each command in the list what the command says of itself", () => {
    for (const [index, { name, summary, usage }] of entries.entries()) {
      const command = commands[index]!;

      expect(command.name).toBe(name);
      expect(command.summary).toBe(summary);
      if (command.subcommands.length === 0) expect(command.arguments.map(({ shape }) => shape).join(" ")).toBe(usage);
    }
  });

  it("has an example for every command, each of that very command", () => {
    for (const { name, examples } of all) {
      expect(examples.length, name).toBeGreaterThan(0);
      const [family] = name.split(" ");
      for (const { command } of examples) expect(command, name).toMatch(new RegExp(`^strata (${family}|diff)\\b`));
    }
  });
});
