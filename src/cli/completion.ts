// What the word under the cursor may become: commands, options, and the names a database knows. Runs nobody's program.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../backend/backend.ts";
import { readDescription } from "../backend/description.ts";
import { environmentConfig, placesOf } from "../config/project.ts";
import { compareText } from "../util/text-order.ts";
import { entries } from "./catalog.ts";
import type { Call, Command } from "./command.ts";

/** What a database offers. */
type Known = "artifacts" | "snapshots" | "tags" | "graphs";

/** Longer lists help nobody. */
const MOST = 500;

/** `words`: what stands behind `strata`, the last one being the one that is typed, maybe empty. Never throws; nothing where nothing is known. */
export async function complete(words: readonly string[], place: Pick<Call, "cwd" | "env">): Promise<readonly string[]> {
  try {
    const current = words.at(-1) ?? "";
    const all = await candidates(words.slice(0, -1), current, place);
    return [...new Set(all)].filter((one) => one.startsWith(current)).slice(0, MOST);
  } catch {
    return []; // a shell shows nothing of what goes wrong here, and should not
  }
}

async function candidates(
  before: readonly string[],
  current: string,
  place: Pick<Call, "cwd" | "env">,
): Promise<readonly string[]> {
  const [name, ...typed] = before;
  if (name === undefined) return [...entries.map((entry) => entry.name), "help", "--help", "--version"];
  if (name === "help") return typed.length === 0 ? entries.map((entry) => entry.name) : [];
  const parent = await entries.find((entry) => entry.name === name)?.load();
  if (parent === undefined) return [];
  const plain = operandsOf(parent, typed);
  const part = parent.subcommands.find((one) => one.name === `${parent.name} ${plain[0]}`);
  const command = part ?? parent;
  if (current.startsWith("-")) return optionsOf(parent, command);
  const valued = valueOf(parent, command, typed.at(-1));
  if (valued !== undefined) return known(valued, place);
  const operands = part === undefined ? plain : plain.slice(1);
  const parts = part === undefined && plain.length === 0 ? parent.subcommands.map((one) => lastWord(one.name)) : [];
  return [...parts, ...(await known(kindsOf(command, operands.length), place))];
}

/** The words that are neither options nor their values. */
function operandsOf(command: Command, typed: readonly string[]): readonly string[] {
  return typed.filter((word, at) => !word.startsWith("-") && valueOf(command, command, typed[at - 1]) === undefined);
}

function optionsOf(parent: Command, command: Command): readonly string[] {
  const own = [...Object.values(parent.options), ...Object.values(command.options)].flatMap(({ flags }) => longOf(flags) ?? []); // prettier-ignore
  return [...own, "--json", "--help", ...(command.project ? ["--file", "--graph"] : [])];
}

function longOf(flags: string): string | undefined {
  return /--[\w-]+/.exec(flags)?.[0];
}

/** What the word behind an option may be; `undefined` where the word before is no option that takes one. */
function valueOf(parent: Command, command: Command, word: string | undefined): readonly Known[] | undefined {
  if (word?.startsWith("-") !== true) return undefined;
  if (word === "--graph") return command.project ? ["graphs"] : undefined;
  // An environment is a tag that builds move.
  if (word === "--env" && "env" in command.options) return ["tags"];
  if (word === "-f" || word === "--file") return command.project ? [] : undefined;
  for (const { flags } of [...Object.values(parent.options), ...Object.values(command.options)]) {
    // A value in square brackets may be left out, so what follows is as likely something else.
    if (!flags.split(/[ ,]+/).includes(word) || !flags.includes("<")) continue;
    if (/<(ref|snapshot)>/.test(flags)) return ["tags", "snapshots"];
    return flags.includes("<selector") ? ["artifacts"] : [];
  }
  return undefined;
}

/** By the shape of the argument that is next: the last one may stand for any number. */
function kindsOf(command: Command, position: number): readonly Known[] {
  const last = command.arguments.at(-1);
  const argument = command.arguments[position] ?? (last?.shape.includes("…") === true ? last : undefined);
  // "[file] [selector…]": the file may be left out.
  const shapes = argument?.shape === "[file]" ? command.arguments.map(({ shape }) => shape).join(" ") : argument?.shape;
  if (shapes === undefined) return [];
  const kinds: Known[] = [];
  if (/artifact|selector|thing/.test(shapes)) kinds.push("artifacts");
  if (/^[<[](snapshot|before|after|thing|ref)/.test(shapes)) kinds.push("tags", "snapshots");
  if (command.name.startsWith("tag") && /name|tag/.test(shapes)) kinds.push("tags");
  return kinds;
}

async function known(kinds: readonly Known[], { cwd, env }: Pick<Call, "cwd" | "env">): Promise<readonly string[]> {
  if (kinds.length === 0) return [];
  const { home } = placesOf(environmentConfig(env), cwd, cwd);
  const file = join(home, "strata.db");
  if (!existsSync(file)) return [];
  const { sqlite } = await import("../backend/sqlite/index.ts");
  const connection = await sqlite(file).connect({ readOnly: true });
  try {
    const names: string[] = [];
    for (const kind of kinds) for (const name of await readNames(connection, kind, home)) names.push(name);
    return names;
  } finally {
    await connection.close();
  }
}

async function readNames(connection: Connection, kind: Known, home: string): Promise<readonly string[]> {
  const { items: graphs } = await connection.listGraphs({ limit: MOST });
  if (kind === "graphs") return graphs;
  const graph = lastBuilt(home) ?? graphs[0];
  if (graph === undefined) return [];
  switch (kind) {
    case "artifacts": {
      const latest = await connection.readLatestSnapshot(graph);
      const description = latest && (await readDescription(connection, latest));
      return (description?.artifacts ?? []).map(({ key }) => key).sort(compareText);
    }
    case "tags":
      return (await connection.listSnapshotTags(graph, { limit: MOST })).items.map(({ tag }) => tag);
    case "snapshots":
      return [
        "latest",
        ...(await connection.listSnapshots(graph, { limit: 20 })).items.map(({ id }) => id.slice(0, 8)),
      ];
  }
}

function lastBuilt(home: string): string | undefined {
  try {
    const { graph } = JSON.parse(readFileSync(join(home, "last-build.json"), "utf8")) as { graph?: unknown };
    return typeof graph === "string" ? graph : undefined;
  } catch {
    return undefined;
  }
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}
