// Arguments as people type them, and what is said of those that mean nothing.

import { describe, expect, it } from "vitest";
import { defineCommand, flag, pairs, text, texts, whole, type Command } from "../../../src/cli/command.ts";
import { parse, type Parsed } from "../../../src/cli/program.ts";
import { StratigraphError } from "../../../src/errors.ts";

const cook: Command = defineCommand({
  name: "cook",
  summary: "cook a meal",
  arguments: [{ shape: "[dish…]", says: "what" }],
  options: {
    hot: flag("--hot", "with pepper"),
    salt: flag("--no-salt", "without salt"),
    guest: text("--guest <name>", "for whom"),
    force: texts("--force [what...]", "all the same"),
    spice: pairs("--spice <name=amount>", "how much of it"),
    plates: whole("--plates <n>", "how many", 1),
  },
  examples: [],
  run: async () => ({ json: null, lines: [] }),
});
const eat: Command = defineCommand({
  name: "cook eat",
  summary: "eat it",
  arguments: [{ shape: "<dish>", says: "what" }],
  examples: [],
  run: async () => ({ json: null, lines: [] }),
});
const kitchen: Command = { ...cook, subcommands: [eat] };

function given(...argv: string[]): Parsed {
  return parse(cook, argv);
}

function refused(command: Command, ...argv: string[]): StratigraphError {
  try {
    parse(command, argv);
  } catch (error) {
    if (error instanceof StratigraphError) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(" ")}`);
}

describe("options", () => {
  it("are what they are when nothing is said", () => {
    expect(given().options).toEqual({ hot: false, salt: true, json: false });
  });

  it("are read in any place between arguments", () => {
    const { args, options } = given("soup", "--hot", "--plates", "3", "rice", "--guest", "Ana", "--json");

    expect(args).toEqual(["soup", "rice"]);
    expect(options).toEqual({ hot: true, salt: true, plates: 3, guest: "Ana", json: true });
  });

  it("can be taken back: --no-x and --x", () => {
    expect(given("--no-salt").options["salt"]).toBe(false);
    expect(given("--salt").options["salt"]).toBe(true);
  });

  it("take a list, or stand alone", () => {
    expect(given("--force").options["force"]).toBe(true);
    expect(given("--force", "soup", "rice", "--hot").options["force"]).toEqual(["soup", "rice"]);
    expect(given("--force", "soup", "--", "rice")).toMatchObject({ args: ["rice"], options: { force: ["soup"] } });
  });

  it("end at --, so that an argument may begin with a dash", () => {
    expect(given("--", "--hot", "-x").args).toEqual(["--hot", "-x"]);
  });

  it("may be followed by a hundred thousand arguments", () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `dish-${index}`);

    expect(given(...many.slice(0, 10)).args).toHaveLength(10);
    expect(parse(cook, many).args).toHaveLength(100_000);
  });
});

describe("a mistake", () => {
  it("in an option's name is told with the nearest name", () => {
    const error = refused(cook, "--plate", "3");

    expect(error.code).toBe("USAGE");
    expect(error.what).toBe("unknown option '--plate'");
    expect(error.hint).toContain("--plates");
  });

  it("in a number is told with what was expected and received", () => {
    for (const wrong of ["x", "0", "-1", "1.5", "1e3", "", "99999999999999999999"]) {
      const error = refused(cook, `--plates=${wrong}`);
      expect(error).toMatchObject({ code: "USAGE", expected: "a whole number of at least 1", received: `'${wrong}'` });
    }
  });

  it("in an option that is given twice is told, where one value would silently win", () => {
    for (const argv of [
      ["--guest", "Ana", "--guest", "Ben"],
      ["--plates", "2", "--plates=3"],
      ["--file", "a.ts", "-f", "b.ts"],
      ["--graph", "a", "--graph", "b"],
    ]) {
      expect(refused(cook, ...argv)).toMatchObject({
        code: "USAGE",
        what: expect.stringMatching(/^--\w+ is given twice/),
      });
    }
    expect(refused(cook, "--spice", "salt=1", "--spice", "salt=2").expected).toBe(
      "each name once: 'salt' is '1' already",
    );
    expect(given("--spice", "salt=1", "--spice", "pepper=2").options["spice"]).toEqual(
      new Map([
        ["salt", "1"],
        ["pepper", "2"],
      ]),
    );
  });

  it("in the number of arguments is told", () => {
    expect(refused(eat).what).toContain("missing required argument 'dish'");
    expect(refused(eat, "soup", "rice").what).toContain("too many arguments");
    expect(refused(cook, "--guest").what).toContain("argument missing");
  });
});

describe("a command in parts", () => {
  it("is the whole when no part is named", () => {
    expect(parse(kitchen, ["soup", "--hot"])).toMatchObject({
      command: { name: "cook" },
      args: ["soup"],
      options: { hot: true },
    });
    expect(parse(kitchen, [])).toMatchObject({ command: { name: "cook" }, args: [] });
  });

  it("is the part that is named, with the options of the whole before or behind it", () => {
    expect(parse(kitchen, ["eat", "soup", "--json"])).toMatchObject({
      command: { name: "cook eat" },
      options: { json: true },
    });
    expect(parse(kitchen, ["-f", "eat", "eat", "soup"])).toMatchObject({
      command: { name: "cook eat" },
      args: ["soup"],
      options: { file: "eat", json: false },
    });
  });
});
