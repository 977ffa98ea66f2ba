// The commands a page shows, run.
//
// A block ```console example=spend runs in a temporary copy of that example; blocks of one page with the same example follow
// each other in one copy, so that a page can tell a story, and `fresh` starts anew. Without an example the folder is empty.
// `exit=3` says how the last command of a block ends.

import { ExampleCopy } from "../support/example.ts";
import { blocksOf, type Block } from "./markdown.ts";

export interface PlayedCommand {
  readonly page: string;
  readonly line: number;
  readonly command: string;
  readonly shown: string;
  readonly output: string;
  readonly expectedStatus: number;
  readonly status: number | null;
}

export interface PlayedBlock {
  readonly block: Block;
  readonly commands: readonly PlayedCommand[];
}

export function transcriptsOf(page: string): readonly Block[] {
  return blocksOf(page).filter((block) => block.language === "console");
}

/** Runs a page's commands in their order, block by block. */
export function* play(page: string): Generator<PlayedBlock> {
  const copies = new Map<string, ExampleCopy>();
  try {
    for (const block of transcriptsOf(page)) {
      const example = block.marks["example"] ?? "";
      let copy = copies.get(example);
      if (copy === undefined || "fresh" in block.marks) {
        copy?.[Symbol.dispose]();
        copy = new ExampleCopy(example === "" ? undefined : example);
        copies.set(example, copy);
      }
      const commands: PlayedCommand[] = [];
      for (const command of commandsOf(block)) commands.push({ page, ...command, ...copy.run(command.command) });
      yield { block, commands };
    }
  } finally {
    for (const copy of copies.values()) copy[Symbol.dispose]();
  }
}

interface ShownCommand {
  readonly line: number;
  readonly command: string;
  readonly shown: string;
  readonly expectedStatus: number;
}

function commandsOf(block: Block): ShownCommand[] {
  const commands: { -readonly [Name in keyof ShownCommand]: ShownCommand[Name] }[] = [];
  for (const [index, line] of block.text.split("\n").entries()) {
    const last = commands.at(-1);
    if (line.startsWith("$ ")) {
      commands.push({ line: block.line + 1 + index, command: line.slice(2), shown: "", expectedStatus: 0 });
    } else if (line.startsWith("> ") && last?.shown === "") {
      last.command += `\n${line.slice(2)}`;
    } else if (last !== undefined) {
      last.shown += `${line}\n`;
    }
  }
  const last = commands.at(-1);
  if (last === undefined) throw new Error(`${block.page}:${block.line}: a console block without a "$ " line`);
  last.expectedStatus = Number(block.marks["exit"] ?? "0");
  return commands;
}
