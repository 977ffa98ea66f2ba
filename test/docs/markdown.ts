// The pages people read, taken apart: fenced blocks, headings, links.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

/** Every page, relative to the root. */
export const pages: readonly string[] = [
  "README.md",
  "CHANGELOG.md",
  ...["docs", "examples", "benchmarks"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
      .filter((file) => file.endsWith(".md") && !file.includes("/node_modules/") && !file.includes("/.strata/")),
  ),
].toSorted();

export interface Block {
  readonly page: string;
  /** Of the opening fence, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language: `prints from=examples/hello/main.ts` is { prints: "", from: "examples/hello/main.ts" }. */
  readonly marks: Readonly<Record<string, string>>;
  /** Without fences, ending in a line break. */
  readonly text: string;
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = readPage(page).split("\n");
  for (let i = 0; i < lines.length; i++) {
    const open = /^(`{3,})(\w*) ?(.*)$/.exec(lines[i]!);
    if (open === null) continue;
    const [, fence = "", language = "", info = ""] = open;
    const end = lines.indexOf(fence, i + 1);
    if (end < 0) throw new Error(`${page}:${i + 1}: a fence that is not closed`);
    const marks = info.split(/\s+/).flatMap((mark) => {
      const [name = "", ...value] = mark.split("=");
      return name === "" ? [] : [[name, value.join("=")] as const];
    });
    const text = lines
      .slice(i + 1, end)
      .map((line) => `${line}\n`)
      .join("");
    blocks.push({ page, line: i + 1, language, marks: Object.fromEntries(marks), text });
    i = end;
  }
  return blocks;
}

/** The page without its fenced blocks; lines keep their numbers. */
export function withoutBlocks(page: string): string {
  return readPage(page).replace(/^(`{3,})[\s\S]*?^\1$/gm, (block) => block.replace(/[^\n]/g, ""));
}

/** The page without its fenced blocks and code spans, so that what looks like a link there is none. */
export function proseOf(page: string): string {
  return withoutBlocks(page).replace(/`[^`\n]*`/g, (code) => " ".repeat(code.length));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(page).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\p{Mark}\p{Connector_Punctuation} -]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}
