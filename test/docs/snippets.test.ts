// Every TypeScript block in a page compiles against the public names, and those marked `prints` print what is shown below them.
//
// Marks: `continues` puts the blocks before it on the same page in front; `file=spend.ts` gives it a name that later blocks
// import; `from=examples/…` says the text stands in that file; `// error: …` at the end of a line says what the compiler
// answers there; `prints` runs it and compares with the next ```text block.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ExampleCopy } from "../support/example.ts";
import { settle, tidy } from "../support/match-output.ts";
import { blocksOf, pages, root, type Block } from "./markdown.ts";

interface Snippet {
  readonly block: Block;
  /** Where the program sees it; beside the page, so that it resolves names as the repository does. */
  readonly file: string;
  readonly text: string;
  /** Lines that come from blocks before it. */
  readonly offset: number;
}

const snippets = pages.flatMap(snippetsOf);
const program = compile(snippets);

describe.each(pages.filter((page) => snippets.some(({ block }) => block.page === page)))("%s", (page) => {
  const own = snippets.filter(({ block }) => block.page === page);

  it("has TypeScript that compiles", () => {
    expect(own.flatMap(problemsOf)).toEqual([]);
  });

  it("quotes files as they are", () => {
    for (const { block } of own) {
      const from = block.marks["from"];
      if (from === undefined) continue;
      expect(readFileSync(join(root, from), "utf8"), `${page}:${block.line}`).toContain(block.text.trimEnd());
    }
  });

  const printing = own.filter(({ block }) => "prints" in block.marks);
  if (printing.length === 0) return;
  it("shows what its programs print", { timeout: 120_000 }, () => {
    for (const snippet of printing) {
      const shown = outputBelow(snippet.block);
      using copy = new ExampleCopy(snippet.block.marks["example"]);
      const folder = posix.dirname(snippet.file);
      for (const { file, text } of own) {
        const target = join(copy.folder, posix.relative(folder, file));
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, text);
      }
      const { output } = copy.run(`jiti ${posix.basename(snippet.file)}`);
      expect(settle(output, shown), `${page}:${snippet.block.line}`).toBe(tidy(shown));
    }
  });
});

function snippetsOf(page: string): Snippet[] {
  const found: Snippet[] = [];
  for (const block of blocksOf(page).filter(({ language }) => language === "ts")) {
    const before = "continues" in block.marks ? (found.at(-1)?.text ?? "") : "";
    const name = block.marks["file"] ?? `line-${block.line}.ts`;
    // A block without imports or exports would share its names with all others.
    const isModule = /^(import|export) /m.test(before + block.text);
    found.push({
      block,
      file: posix.join(page.replace(/\.md$/, ".snippets"), name),
      text: before + block.text + (isModule ? "" : "export {};\n"),
      offset: before.split("\n").length - 1,
    });
  }
  return found;
}

function compile(all: readonly Snippet[]): ts.Program {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const texts = new Map(all.map(({ file, text }) => [join(root, file), text]));
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    readFile: (path) => texts.get(path) ?? disk.readFile(path),
    fileExists: (path) => texts.has(path) || disk.fileExists(path),
    // Module resolution looks only into folders that are there.
    directoryExists: (path) => path.endsWith(".snippets") || (disk.directoryExists?.(path) ?? true),
    // The default one reads through the disk's own functions, past the two above.
    getSourceFile: (path, target, ...rest) => {
      const text = texts.get(path);
      return text === undefined ? disk.getSourceFile(path, target, ...rest) : ts.createSourceFile(path, text, target);
    },
  };
  return ts.createProgram([...texts.keys()], options, host);
}

function problemsOf({ block, file, text, offset }: Snippet): string[] {
  const source = program.getSourceFile(join(root, file))!;
  const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  const lines = text.split("\n");
  const problems: string[] = [];
  const answered = new Set<number>();
  for (const diagnostic of diagnostics) {
    const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    const wanted = expectedError(lines[line]!);
    if (wanted !== undefined && message.includes(wanted)) answered.add(line);
    else problems.push(`${block.page}:${block.line + 1 + line - offset}: ${message}`);
  }
  for (const [line, content] of lines.entries()) {
    const wanted = expectedError(content);
    if (wanted !== undefined && !answered.has(line)) {
      problems.push(`${block.page}:${block.line + 1 + line - offset}: the compiler does not say: ${wanted}`);
    }
  }
  return problems;
}

function expectedError(line: string): string | undefined {
  return /\/\/ error: (.*)$/.exec(line)?.[1];
}

function outputBelow(block: Block): string {
  const all = blocksOf(block.page);
  const next = all[all.findIndex(({ line }) => line === block.line) + 1];
  if (next?.language !== "text")
    throw new Error(`${block.page}:${block.line}: no \`\`\`text block follows with what it prints`);
  return next.text;
}
