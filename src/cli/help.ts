// The help texts. Nothing heavy is imported: help is there at once.

import { catalog } from "./catalog.ts";
import type { Command } from "./command.ts";

const WIDTH = 100;

/** `strata --help`. */
export function rootHelp(): string {
  return sections(
    ["strata: declare data, build only what changed, know why"],
    ["Usage: strata <command> [options]"],
    ...catalog.map(({ title, entries }) => [
      title,
      ...columns(entries.map(({ name, usage, summary }) => [`${name} ${usage}`.trimEnd(), summary] as const)),
    ]),
    [
      "Every command",
      ...columns([
        ["--json", "print one JSON document on standard output, and nothing else there"],
        ["-h, --help", "what it does, its options and examples"],
        [
          "-f, --file <file>",
          "the file that declares the graph; else `graph` in strata.config.ts, the file of the last build, or graph.ts, main.ts, index.ts",
        ],
      ]),
    ],
    ["strata --version prints the version."],
    [
      "Exit codes",
      ...columns([
        ["0", "done"],
        ["1", "failed"],
        ["2", "called wrongly"],
        ["3", "a plan would change something"],
        ["130, 143", "interrupted"],
      ]),
    ],
    ["Start with `strata init`, or `strata build <file>`."],
  );
}

/** `strata <command> --help`. */
export function commandHelp(command: Command): string {
  const { name, subcommands, examples, codes, project } = command;
  const usage = [`strata ${name}`, ...command.arguments.map(({ shape }) => shape), "[options]"].join(" ");
  const own = Object.values(command.options).map(({ flags, says }) => [padded(flags), says] as const);
  const shared = [
    ...(project
      ? ([
          ["-f, --file <file>", "the file that declares the graph"],
          ["    --graph <name>", "the graph, where a file declares several or a database knows several"],
        ] as const)
      : []),
    ["    --json", "print one JSON document on standard output, and nothing else there"],
    ["-h, --help", "print this"],
  ] as const;
  return sections(
    [`strata ${name}: ${command.summary}`],
    [`Usage: ${usage}`, ...subcommands.map((sub) => `       strata ${sub.name}${shapes(sub)} [options]`)],
    ...command.details.map((paragraph) => wrap(paragraph, "")),
    command.arguments.length === 0
      ? []
      : ["Arguments", ...columns(command.arguments.map(({ shape, says }) => [shape, says] as const))],
    subcommands.length === 0
      ? []
      : ["Commands", ...columns(subcommands.map((sub) => [sub.name + shapes(sub), sub.summary] as const))],
    ["Options", ...columns([...own, ...shared])],
    codes.length === 0 ? [] : ["Exit codes", ...columns(codes.map(({ code, says }) => [String(code), says] as const))],
    ["Examples", ...columns(examples.map(({ command: typed, says }) => [typed, says] as const))],
  );
}

function shapes(command: Command): string {
  return command.arguments.map(({ shape }) => ` ${shape}`).join("");
}

/** Long options stand below each other whether or not there is a short one. */
function padded(flags: string): string {
  const shown = flags.replace("...", "…");
  return shown.startsWith("--") ? `    ${shown}` : shown;
}

function sections(...parts: readonly (readonly string[])[]): string {
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = rows.reduce((most, [name]) => Math.max(most, name.length), 0);
  return rows.flatMap(([name, says]) => {
    const lines = wrap(says, " ".repeat(left + 4));
    return [`  ${name.padEnd(left)}  ${lines[0]?.trimStart() ?? ""}`.trimEnd(), ...lines.slice(1)];
  });
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(indent + line);
  return lines;
}
