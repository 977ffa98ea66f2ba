// The rules of docs/architecture.md that a reader can rely on, checked over every file in src/.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const src = join(root, "src");

/** The layers, lowest first. A folder imports from its own layer's folder and from layers before it. */
const layers: readonly (readonly string[])[] = [
  ["error-codes.ts", "error-json.ts"],
  ["util", "errors.ts"],
  ["identity"],
  ["data"],
  ["code"],
  ["graph"],
  ["backend"],
  ["config"],
  ["build"],
  ["journal"],
  ["changes"],
  ["lineage", "registry", "tracking", "quality", "operations", "picture"],
  ["pipelines", "deploy", "interop", "plugins"],
  ["mlops"],
  ["index.ts"],
  ["cli", "web", "testing"],
];

/** Folders of one layer meet through the layer below. These pairs do not, each for its reason. */
const siblings: Readonly<Record<string, string>> = {
  "util -> errors.ts": "every error a user can meet is in one file, and the lowest layer has some",
};

const LONGEST = 450;

interface Import {
  readonly from: string;
  /** As it stands there. */
  readonly specifier: string;
  /** The file in src/, for relative ones. */
  readonly to: string | undefined;
  readonly typeOnly: boolean;
  /** The names it takes; empty for `import * as` and `import()`. */
  readonly names: readonly string[];
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  // The browser's program has its own rules.
  .filter((file) => !file.startsWith("web/client/"))
  .sort();
const sources = new Map(
  files.map((file) => {
    const text = readFileSync(join(src, file), "utf8");
    return [file, ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)] as const;
  }),
);
const imports = files.flatMap((file) => importsOf(sources.get(file)!));

describe("the layers", () => {
  it("point down, for types too", () => {
    const wrong = imports.flatMap(({ from, to, specifier }) => {
      if (to === undefined || partOf(from) === partOf(to)) return [];
      const [here, there] = [layerOf(from), layerOf(to)];
      const sibling = `${partOf(from)} -> ${partOf(to)}`;
      if (there < here || (there === here && Object.hasOwn(siblings, sibling))) return [];
      return [`${from} imports ${specifier}: layer ${there} from layer ${here}`];
    });

    expect(wrong).toEqual([]);
  });

  it("hold every file", () => {
    expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  it("have no circle of files that load each other", () => {
    expect(firstCircle(imports.filter((one) => !one.typeOnly))).toEqual([]);
  });

  it("import files by their own name, with its ending", () => {
    const wrong = imports.filter(
      ({ specifier, to }) => specifier.startsWith(".") && (to === undefined || !sources.has(to)),
    );

    expect(wrong.map(({ from, specifier }) => `${from}: ${specifier}`)).toEqual([]);
  });

  it("reach the SQL backends only through their entry points, from the command line, from the plugin that opens them, and from tests", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        to !== undefined &&
        /^backend\/(sql|sqlite|postgres)\//.test(to) &&
        !/^(backend\/(sql|sqlite|postgres)|cli|plugins)\//.test(from),
    );

    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });
});

describe("the entry points", () => {
  const { exports, bin, dependencies, optionalDependencies, peerDependencies } = readPackage();
  const entries = Object.entries(exports).flatMap(([name, entry]) =>
    typeof entry === "string" ? [] : [{ name, ...entry }],
  );

  it("exist, and each is built from the source beside it", () => {
    for (const { name, source, types, default: built } of entries) {
      expect(existsSync(join(root, source)), `${name}: ${source}`).toBe(true);
      expect(built, name).toBe(source.replace("./src/", "./dist/").replace(/\.ts$/, ".js"));
      expect(types, name).toBe(built.replace(/\.js$/, ".d.ts"));
    }
    for (const file of Object.values(bin)) {
      expect(sources.has(file.replace("./dist/", "").replace(/\.js$/, ".ts")), file).toBe(true);
    }
  });

  it("are the only files called index.ts", () => {
    const published = entries.map(({ source }) => source.replace("./src/", ""));

    expect(files.filter((file) => posix.basename(file) === "index.ts").toSorted()).toEqual(published.toSorted());
  });

  it("export name by name", () => {
    const wholesale = [...sources].flatMap(([file, source]) =>
      source.statements.some((statement) => ts.isExportDeclaration(statement) && statement.exportClause === undefined)
        ? [file]
        : [],
    );

    expect(wholesale).toEqual([]);
  });

  it("load nothing that is not declared as a dependency", () => {
    const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies };
    const wrong = imports.filter(
      ({ specifier, typeOnly }) =>
        !specifier.startsWith(".") &&
        !specifier.startsWith("node:") &&
        !typeOnly &&
        !Object.hasOwn(declared, packageOf(specifier)),
    );

    expect(wrong.map(({ from, specifier }) => `${from}: ${specifier}`)).toEqual([]);
  });
});

describe("what one file alone does", () => {
  it("reads the time: util/clock.ts", () => {
    const readers = filesWith((node) => {
      if (ts.isNewExpression(node)) return node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0;
      if (!ts.isCallExpression(node)) return false;
      return ["Date", "Date.now", "performance.now", "process.hrtime", "process.hrtime.bigint"].includes(
        node.expression.getText(),
      );
    });

    expect(readers).toEqual(["util/clock.ts"]);
  });

  it("ends the process: cli/main.ts", () => {
    const enders = filesWith((node) => {
      if (!ts.isPropertyAccessExpression(node)) return false;
      if (["process.exit", "process.abort", "process.reallyExit"].includes(node.getText()))
        return ts.isCallExpression(node.parent);
      return node.getText() === "process.exitCode" && ts.isBinaryExpression(node.parent);
    });

    // The second says with which code a process ends that is ending anyway, where records it made could not be written.
    expect(enders).toEqual(["cli/main.ts", "journal/process-end.ts"]);
  });

  it("loads the SQLite driver: one file in backend/sqlite", () => {
    const loaders = imports.filter(
      ({ specifier, typeOnly }) => /^(better-sqlite3|node:sqlite)$/.test(specifier) && !typeOnly,
    );

    expect(loaders.map(({ from }) => posix.dirname(from))).toEqual(["backend/sqlite"]);
  });

  // Node's own never returns where a folder above takes none, as below /proc.
  it("makes a folder with those above it: util/make-folder.ts, and never Node's own way", () => {
    const makers = filesWith(
      (node) =>
        ts.isCallExpression(node) &&
        /(^|\.)mkdir(Sync)?$/.test(node.expression.getText()) &&
        node.arguments.some((argument) => /\brecursive\b/.test(argument.getText())),
    );

    expect(makers).toEqual([]);
  });

  // Closing any other descriptor of the file drops the locks SQLite holds on it, and then a commit can be lost in silence.
  it("opens a database file: the SQLite driver, never the file system", () => {
    const openers =
      /^(open|openSync|readFile|readFileSync|createReadStream|writeFile|writeFileSync|createWriteStream|copyFile|copyFileSync|cp|cpSync|promises)$/;
    const wrong = imports.filter(
      ({ from, specifier, names }) =>
        /^backend\/(sql|sqlite)\//.test(from) &&
        /^node:fs(\/promises)?$/.test(specifier) &&
        (names.length === 0 || names.some((name) => openers.test(name))),
    );
    // Reading a SQL text that comes with the package is no such case: migrations are modules.
    expect(wrong.map(({ from, names }) => `${from}: ${names.join(", ")}`)).toEqual([]);
  });
});

describe("every file", () => {
  // TypeScript 6 leaves the `.ts` of such an import as it is, and the compiled program then looks for a source.
  it("loads nothing on demand where something is disposed at the end", () => {
    expect(filesWith((node) => isImportCall(node) && isBesideUsing(node))).toEqual([]);
  });

  it("opens with one sentence that says what it is", () => {
    const wrong = [...sources].filter(
      ([, source]) => !/^(#!.*\n)?\/\/ \S[^\n]*(\n\/\/ [^\n]*)*[.?](\n|$)/.test(head(source)),
    );

    expect(wrong.map(([file]) => file)).toEqual([]);
  });

  it(`has at most ${LONGEST} lines, but for a few`, () => {
    const long = [...sources].flatMap(([file, source]) => {
      const lines = source.text.trimEnd().split("\n").length;
      return lines > LONGEST ? [`${file}: ${lines}`] : [];
    });

    expect(long).toEqual([]);
  });
});

function importsOf(source: ts.SourceFile): Import[] {
  const from = source.fileName;
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, names: readonly string[]): void => {
    const to = specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : undefined;
    found.push({ from, specifier, to, typeOnly, names });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause;
      const named =
        clause?.namedBindings !== undefined && ts.isNamedImports(clause.namedBindings)
          ? clause.namedBindings.elements
          : [];
      const onlyTypes = named.length > 0 && clause?.name === undefined && named.every((one) => one.isTypeOnly);
      const typeOnly = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || onlyTypes;
      add(
        node.moduleSpecifier.text,
        typeOnly,
        named.map((one) => (one.propertyName ?? one.name).text),
      );
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      const named =
        node.exportClause !== undefined && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : [];
      const typeOnly = node.isTypeOnly || (named.length > 0 && named.every((one) => one.isTypeOnly));
      add(
        node.moduleSpecifier.text,
        typeOnly,
        named.map((one) => (one.propertyName ?? one.name).text),
      );
    } else if (isImportCall(node)) {
      const [specifier] = node.arguments;
      if (specifier !== undefined && ts.isStringLiteralLike(specifier)) add(specifier.text, false, []);
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      add(node.argument.literal.text, true, []);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isImportCall(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
}

/** Whether a block around the node declares something with `using` or `await using`. */
function isBesideUsing(node: ts.Node): boolean {
  for (let around = node.parent; !ts.isSourceFile(around); around = around.parent) {
    if (ts.isBlock(around) && around.statements.some(isUsing)) return true;
  }
  return false;
}

function isUsing(statement: ts.Statement): boolean {
  return ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Using) !== 0;
}

/** "graph" for graph/edge.ts, "errors.ts" for errors.ts. */
function partOf(file: string): string {
  return file.split("/")[0]!;
}

function layerOf(file: string): number {
  return layers.findIndex((layer) => layer.includes(partOf(file)));
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Files that load each other in a circle, as a path; empty where there is none. Loading on demand makes no circle. */
function firstCircle(edges: readonly Import[]): readonly string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, names } of edges) {
    if (to === undefined || names.length === 0) continue;
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const to of next.get(file) ?? []) {
      const circle = visit(to);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of next.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

function filesWith(matches: (node: ts.Node) => boolean): string[] {
  const anywhere = (node: ts.Node): boolean =>
    matches(node) || (ts.forEachChild(node, (child) => anywhere(child) || undefined) ?? false);
  return [...sources].filter(([, source]) => anywhere(source)).map(([file]) => file);
}

function head(source: ts.SourceFile): string {
  return source.text.split(/\n(?!\/\/)/, source.text.startsWith("#!") ? 2 : 1).join("\n");
}

interface Package {
  readonly exports: Readonly<
    Record<string, string | { readonly source: string; readonly types: string; readonly default: string }>
  >;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function readPackage(): Package {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package;
}
