// Arguments to a call, by commander: which command, with which arguments and options.

import { createRequire } from "node:module";
import type * as Commander from "commander";
import { StratigraphError } from "../errors.ts";
import type { Command, CommonOptions, Option } from "./command.ts";

// Required, not imported: to import it Node first searches it for the names of its exports, a fifth of the program's start.
const { Command: Parser, Option: ParserOption } = createRequire(import.meta.url)("commander") as typeof Commander;

export interface Parsed {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: CommonOptions & Readonly<Record<string, unknown>>;
}

/** Reads what follows the command's name; --help is none of its options, `run` sees to it before. Error: USAGE. */
export function parse(command: Command, argv: readonly string[]): Parsed {
  let parsed: Parsed | undefined;
  const parser = parserOf(command, (called) => {
    parsed = called;
  });
  parser.parse([...argv], { from: "user" });
  // commander calls exactly one action, or throws.
  return parsed!;
}

function parserOf(command: Command, called: (parsed: Parsed) => void): Commander.Command {
  const parser = new Parser(command.name.split(" ").at(-1))
    .exitOverride((error) => {
      throw usageError(error, command);
    })
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .helpOption(false)
    .helpCommand(false)
    .allowExcessArguments(false);
  for (const [name, option] of Object.entries(command.options)) {
    // Whoever may say --no-x may also say --x, which is what holds unless told.
    const positive = option.flags.startsWith("--no-")
      ? new ParserOption(option.flags.replace("--no-", "--")).default(true)
      : undefined;
    if (positive !== undefined) parser.addOption(positive);
    parser.addOption(parserOption(name, option));
  }
  parser.option("--json");
  if (command.project) {
    for (const flags of ["-f, --file <file>", "--graph <name>"]) {
      const option = new ParserOption(flags);
      parser.addOption(option.argParser((given: string, previous) => once(option, given, previous)));
    }
  }
  for (const { shape } of command.arguments) parser.argument(shape.replace("…", "..."));
  // Options of the whole may stand before or behind the part's name.
  for (const subcommand of command.subcommands) parser.addCommand(parserOf(subcommand, called));
  parser.action(() => {
    const options = parser.optsWithGlobals<Parsed["options"]>();
    called({ command, args: parser.args, options: { ...options, json: options.json === true } });
  });
  return parser;
}

function parserOption(name: string, { flags, says, parse: read, repeats }: Option): Commander.Option {
  const option = new ParserOption(flags, says);
  if (option.attributeName() !== name) throw new TypeError(`option ${flags} is not called ${name}`);
  if (option.isBoolean() && !option.negate) option.default(false);
  if (read !== undefined) {
    option.argParser((given: string, previous: unknown) => {
      if (repeats !== true) once(option, given, previous);
      try {
        return read(given, previous);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new StratigraphError("USAGE", `${option.long ?? flags} cannot be that`, {
          expected: error.message,
          received: `'${given}'`,
        });
      }
    });
  }
  return option;
}

/** The last of two would win, and nobody would know of the first. Error: USAGE. */
function once(option: Commander.Option, given: string, previous: unknown): string {
  if (previous === undefined) return given;
  throw new StratigraphError("USAGE", `${option.long ?? option.flags} is given twice, and takes one value`, {
    received: `'${given}' as well`,
  });
}

/** "error: unknown option '--forse'\n(Did you mean --force?)" in our form. */
function usageError(error: Commander.CommanderError, command: Command): StratigraphError {
  const [first = "", second] = error.message.replace(/^error: /, "").split("\n");
  const guess = second === undefined ? "" : `${second.replace(/^\(|\)$/g, "")} `;
  return new StratigraphError("USAGE", first.replace(/\.$/, ""), {
    hint: `${guess}See: strata ${command.name} --help`,
    cause: error,
  });
}
