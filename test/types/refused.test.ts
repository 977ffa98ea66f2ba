// Wrong programs are refused by the compiler, and the same mistake in plain JavaScript by the run time, in the same words.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import * as zod from "zod";
import { isStratigraphError } from "../../src/errors.ts";
import * as api from "./api.ts";
import * as prelude from "./prelude.ts";
import { wrongPrograms } from "./refused.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, "../..");

const header = `import { z } from "zod";
import { all, artifact, daily, fanOut, file, graph, latest, lazy, local, mapKeys, oneOf, optional, producer, sink, stream, window } from "./api.ts";
import type { GraphArtifact, Key } from "./api.ts";
import { DailySpend, DailyText, Grid, HourlySpend, Moment, Month, Named, Regional, Test, TotalSpend, Train, Transactions, other, spend, split, sumAll, sumDay, wired } from "./prelude.ts";
declare function read<V, D>(artifact: GraphArtifact<V, D, "spend">, ...key: keyof D extends never ? [] : [key: Key<D>]): Promise<V>;
`;

const files = new Map(wrongPrograms.map(({ code }, index) => [join(folder, `wrong-${index}.ts`), header + code]));

describe("the compiler refuses", () => {
  let messages: ReadonlyMap<string, string>;

  // All programs in one compilation, which reads the libraries once.
  beforeAll(() => {
    messages = compile();
  }, 120_000);

  test.each(wrongPrograms.map((program, index) => ({ ...program, file: join(folder, `wrong-${index}.ts`) })))(
    "$mistake",
    ({ file, compiler }) => {
      expect(messages.get(file)).toContain(compiler);
    },
  );
});

describe("plain JavaScript is told at definition", () => {
  test.each(wrongPrograms.filter(({ runTime }) => runTime !== undefined))("$mistake", ({ code, compiler, runTime }) => {
    const error = thrownBy(code);

    expect(isStratigraphError(error), String(error)).toBe(true);
    expect((error as Error).message).toContain(runTime === "same" ? compiler : runTime);
  });
});

test("a mistake inside a graph's function names the graph, the producer and the input", () => {
  const code = `graph("spend", () => producer({ name: "p", version: "1", inputs: { days: DailySpend }, output: TotalSpend, build: () => 1 }));`;

  expect((thrownBy(code) as Error).message).toBe(
    "graph 'spend', producer 'p', input 'days': dimension 'date' is missing here: use all(), window() or latest()",
  );
});

function compile(): ReadonlyMap<string, string> {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const [fileExists, readFile] = [host.fileExists.bind(host), host.readFile.bind(host)];
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  const program = ts.createProgram([...files.keys()], options, host);
  const messages = new Map<string, string>();
  for (const path of files.keys()) {
    const texts = program
      .getSemanticDiagnostics(program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
    messages.set(path, texts.join("\n"));
  }
  return messages;
}

/** What the program throws when its types are taken away. */
function thrownBy(code: string): unknown {
  const { outputText } = ts.transpileModule(header + code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const modules: Record<string, unknown> = { zod, "./api.ts": api, "./prelude.ts": prelude };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the programs are this test's own
  const run = new Function("require", "exports", outputText) as (
    require: (name: string) => unknown,
    exports: object,
  ) => void;
  try {
    run((name) => modules[name], {});
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}
