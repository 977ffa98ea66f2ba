// One call of the program, from arguments to an exit code: finds the command, listens for signals, prints the answer.

import { StratigraphError } from "../errors.ts";
import { suggest } from "../util/suggest.ts";
import { entries } from "./catalog.ts";
import { exitCodes, type Answer, type Call, type Command } from "./command.ts";
import { commandHelp, rootHelp } from "./help.ts";
import { parse } from "./program.ts";
import { errorJson, errorLines, exitCodeOf, strayErrorLines } from "./report/error.ts";
import { Terminal } from "./terminal/terminal.ts";

/** What only `main.ts` may do. */
export interface Process {
  /** Ends the process at once. */
  readonly exit: (code: number) => never;
  /** With which code the process ends where somebody else ends it. */
  readonly endWith: (code: number) => void;
}

/** How long work may take to stop after an error that nobody was waiting for, in milliseconds. */
const GRACE = 5_000;

/** Never throws: whatever happens is printed, and becomes an exit code. */
export async function run(args: readonly string[], host: Process): Promise<number> {
  const options = untilDashes(args);
  const terminal = new Terminal(process, { json: options.includes("--json") });
  const interruption = listen(terminal, host);
  const restore = terminal.takeOver();
  try {
    const answer = await answerTo(args, terminal, interruption);
    restore();
    await say(answer, terminal);
    const code = answer.exitCode ?? exitCodes.done;
    return code === exitCodes.done ? code : (interruption.code() ?? code);
  } catch (error) {
    restore();
    await fail(error, terminal);
    return interruption.code() ?? exitCodeOf(error);
  } finally {
    interruption.finished();
    await terminal.flush();
  }
}

async function answerTo(
  args: readonly string[],
  terminal: Terminal,
  { signal, outlive }: Pick<Call, "signal" | "outlive">,
): Promise<Answer> {
  // "strata --json ls" is "strata ls --json".
  const [name, ...rest] = args[0] === "--json" ? [...args.slice(1), "--json"] : args;
  const asked = name === "help" ? rest.filter((word) => !word.startsWith("-")) : undefined;
  const wanted = asked === undefined ? name : asked[0];
  if (wanted === undefined || wanted === "--json" || wanted === "--help" || wanted === "-h")
    return textAnswer(rootHelp());
  const entry = entries.find((known) => known.name === wanted);
  if (entry === undefined) throw unknownCommand(wanted);
  const command = await entry.load();
  if (asked !== undefined) return textAnswer(commandHelp(subcommandOf(command, asked.slice(1))));
  if (untilDashes(rest).some((word) => word === "--help" || word === "-h")) {
    return textAnswer(commandHelp(subcommandOf(command, rest)));
  }
  const parsed = parse(command, rest);
  return parsed.command.run({
    args: parsed.args,
    options: parsed.options,
    terminal,
    signal,
    outlive,
    cwd: process.cwd(),
    env: process.env,
  });
}

function untilDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end === -1 ? args : args.slice(0, end);
}

function subcommandOf(command: Command, words: readonly string[]): Command {
  const first = words.find((word) => !word.startsWith("-"));
  return command.subcommands.find(({ name }) => name === `${command.name} ${first}`) ?? command;
}

function unknownCommand(name: string): StratigraphError {
  if (name.startsWith("-")) {
    return new StratigraphError("USAGE", `there is no option '${name}' before the command`, {
      hint: "See: strata --help",
    });
  }
  const guess = suggest(
    name,
    entries.map((entry) => entry.name),
  );
  return new StratigraphError("USAGE", `there is no command '${name}'`, {
    hint: guess === undefined ? "See: strata --help" : `Did you mean: strata ${guess}?`,
  });
}

function textAnswer(text: string): Answer {
  return { json: { help: text }, lines: text.trimEnd().split("\n") };
}

async function say(answer: Answer, terminal: Terminal): Promise<void> {
  if (answer.said === true) return;
  if (terminal.json) {
    const { jsonPieces } = await import("./report/json.ts");
    for (const piece of jsonPieces(answer.json)) {
      terminal.emit(piece);
      await terminal.flush();
    }
  } else if (answer.bytes !== undefined) {
    terminal.emit(answer.bytes);
  } else {
    terminal.print(...answer.lines);
  }
}

async function fail(error: unknown, terminal: Terminal): Promise<void> {
  const cwd = process.cwd();
  if (!terminal.json) return terminal.warn(...errorLines(error, terminal.colors, cwd));
  const { jsonDocument } = await import("./report/json.ts");
  terminal.emit(jsonDocument({ error: errorJson(error, cwd) }));
}

/**
 * Signals and errors nobody waits for. The first Ctrl-C asks the work to stop, the second ends the process; an error that
 * is thrown outside of every step stops the work as well, and the process if the work does not stop.
 */
function listen(
  terminal: Terminal,
  { exit, endWith }: Process,
): Pick<Call, "signal" | "outlive"> & { code: () => number | undefined; finished: () => void } {
  const controller = new AbortController();
  let outlived: (() => void) | undefined;
  let code: number | undefined;
  let done = false;

  const interrupt = (name: string, exitCode: number): void => {
    if (code !== undefined) {
      terminal.clear();
      exit(exitCode);
    }
    code = exitCode;
    terminal.warn(`${name}: stopping; what is finished is kept. Once more ends it at once.`);
    controller.abort(new StratigraphError("BUILD_CANCELLED", "the command was interrupted"));
  };
  process.on("SIGINT", () => interrupt("Ctrl-C", exitCodes.interrupted));
  process.on("SIGTERM", () => interrupt("SIGTERM", exitCodes.terminated));

  process.on("uncaughtException", (error) => {
    terminal.warn(...strayErrorLines(error, terminal.colors, process.cwd()));
    if (outlived !== undefined) return outlived();
    code ??= exitCodes.failed;
    controller.abort(new StratigraphError("BUILD_CANCELLED", "an error outside of every step", { cause: error }));
    setTimeout(() => exit(exitCodes.failed), GRACE).unref();
  });

  // Somebody else ends the process: the user's file while it is loaded, or an event loop with nothing left in it.
  process.on("exit", (ending) => {
    terminal.clear();
    if (done || code !== undefined) return;
    terminal.warn(`${terminal.colors.red("error:")} the process was ended before the command was done`);
    if (ending === 0 || ending === 13) endWith(exitCodes.failed);
  });

  return {
    signal: controller.signal,
    outlive: (stop) => (outlived = stop),
    code: () => code,
    finished: () => (done = true),
  };
}
