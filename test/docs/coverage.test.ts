// What docs/coverage.md claims is there: each public name is exported, each command exists, each test has that title.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { entries } from "../../src/cli/catalog.ts";
import { root } from "./markdown.ts";

interface Row {
  readonly id: string;
  readonly names: readonly string[];
  readonly tests: readonly string[];
}

const text = readFileSync(join(root, "docs", "coverage.md"), "utf8");
const rows = text.split("\n").flatMap(rowOf);
const exported = publicNames();
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(root, "src", file), "utf8"))
  .join("\n");
/** What is made for our own parts and shown with the rest. */
const inside = new Set(
  [...sources.matchAll(/export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/g)].map((match) => match[1]),
);

/** Which rows the four systems have that are to be here; others come later, and the page says so. */
const wanted = [
  ...range("U", 1, 10),
  ...range("U", 18, 31),
  ...range("U", 38, 41),
  ...range("U", 43, 50),
  ...range("R", 1, 32),
  "R-18b",
  ...range("T", 3, 9),
  ...range("T", 12, 22),
  ...range("T", 33, 35),
  ...range("T", 40, 42),
  ...range("T", 54, 57),
  ...range("T", 60, 61),
  ...range("T", 63, 68),
  ...["T-73", "T-74", "T-76"],
];

describe("docs/coverage.md", () => {
  it("has each row once, or says why it is missing", () => {
    const ids = rows.map(({ id }) => id);

    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(wanted.filter((id) => !ids.includes(id) && !text.includes(`- **${id}**`))).toEqual([]);
  });

  it("names what is exported, and commands that exist", () => {
    const wrong = rows.flatMap(({ id, names }) =>
      names.filter((name) => !isPublic(name)).map((name) => `${id}: ${name}`),
    );

    expect(rows.filter(({ names }) => names.length === 0).map(({ id }) => id)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  it("names tests by the title they have", () => {
    const wrong = rows.flatMap(({ id, tests }) =>
      tests.filter((test) => !hasTest(test)).map((test) => `${id}: ${test}`),
    );

    expect(rows.filter(({ tests }) => tests.length === 0).map(({ id }) => id)).toEqual([]);
    expect(wrong).toEqual([]);
  });
});

/** `| U-01 | \`assertConforms\`, \`strata plugins\` | \`test/unit/x.test.ts: a title\` |` */
function rowOf(line: string): Row[] {
  const [id = "", names = "", tests = ""] = line
    .split("|")
    .slice(1)
    .map((cell) => cell.trim());
  if (!/^[URDT]-\d+b?$/.test(id)) return [];
  return [{ id, names: quoted(names), tests: quoted(tests) }];
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

function range(letter: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${letter}-${String(from + index).padStart(2, "0")}`);
}

function isPublic(name: string): boolean {
  if (name.startsWith("strata ")) {
    const command = name.split(" ")[1]!;
    return entries.some((entry) => entry.name === command);
  }
  if (name.startsWith("STRATA_")) return sources.includes(name);
  if (/^(docs|src|test)\//.test(name)) return existsSync(join(root, name));
  const [first = "", member] = name.replace(/\(.*$/s, "").split(".");
  const members = exported.get(first);
  if (members !== undefined) return member === undefined || members.has(member);
  // Error codes, events and fields of package.json are names as well.
  return inside.has(first) || (/[._]/.test(name) && sources.includes(name));
}

function hasTest(reference: string): boolean {
  const [file = "", ...title] = reference.split(": ");
  const path = join(root, file);
  if (!existsSync(path)) return false;
  const text = readFileSync(path, "utf8").replace(/\\(["'`])/g, "$1");
  // A contract's cases are a list that knows no test runner: the name of one, and its title.
  return (
    text.includes(title.join(": ")) ||
    (file.startsWith("test/contract/") && title.every((part) => sources.includes(part)))
  );
}

/** Everything an entry point exports, with the names of its members. */
function publicNames(): ReadonlyMap<string, ReadonlySet<string>> {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly source: string }>>;
  };
  const files = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [join(root, entry.source)],
  );
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    readonly config: { readonly compilerOptions: unknown };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const names = new Map<string, Set<string>>();
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
    for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const members = names.get(symbol.name) ?? new Set<string>();
      const types = [checker.getDeclaredTypeOfSymbol(target), checker.getTypeOfSymbol(target)];
      for (const type of types) for (const member of checker.getPropertiesOfType(type)) members.add(member.name);
      names.set(symbol.name, members);
    }
  }
  return names;
}
