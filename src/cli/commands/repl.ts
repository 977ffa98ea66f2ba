// strata repl: a prompt with the graph in it.

import { join } from "node:path";
import { createInterface } from "node:readline";
import { start, writer, type REPLServer } from "node:repl";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import type { BuildOptions } from "../../build/build.ts";
import type { Graph } from "../../build/graph.ts";
import { describeThrown } from "../../build/thrown.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import type { Dimensions } from "../../identity/dimension.ts";
import { defineCommand, text, type Call, type Command } from "../command.ts";
import { findProject, makeHome } from "../project.ts";
import { errorLines } from "../report/error.ts";
import { plainJson } from "../report/json.ts";

const HISTORY = "repl-history";

export const repl: Command = defineCommand({
  name: "repl",
  summary: "a prompt with the graph in it",
  details: [
    "In scope are `graph`, its `artifacts`, and `build()`, `plan()`, `why(selector)`, `snapshot(reference)` and `read(key, partition)`, which know the project's " +
      "database. `await` may stand anywhere. What was typed is kept in the state folder.",
  ],
  options: { eval: text("--eval <code>", "run this instead of asking, and print what it comes to") },
  examples: [
    { command: "strata repl", says: "then: await read('days', { date: '2026-01-02' })" },
    { command: "strata repl --eval 'await read(\"total\")'", says: "for a script" },
  ],
  async run(call) {
    const project = await findProject(call);
    const graph = await project.graph();
    const scope = scopeOf(graph, { backend: await project.backend(), root: project.root });
    const { eval: code } = call.options;
    if (code === undefined) {
      if (call.options.json) throw new StratigraphError("USAGE", "--json needs --eval <code>");
      makeHome(project.home);
      await converse(scope, join(project.home, HISTORY), call);
      return { json: null, lines: [] };
    }
    const value = await evaluate(code, scope);
    return {
      json: { graph: graph.name, value: value === undefined ? null : plainJson(value) },
      lines: value === undefined ? [] : inspect(value, { depth: 6, colors: false }).split("\n"),
    };
  },
});

type Scope = Readonly<Record<string, unknown>>;

function scopeOf(graph: Graph, options: BuildOptions): Scope {
  return {
    graph,
    artifacts: graph.artifacts,
    build: (more: BuildOptions = {}) => graph.build({ ...options, ...more }),
    plan: (more: BuildOptions = {}) => graph.plan({ ...options, ...more }),
    snapshot: (reference = "latest") => graph.snapshot(reference, options),
    why: async (selector: string) => (await import("../../build/why.ts")).why(graph.definition, selector, options),
    // By key, as people type; programs name `graph.artifacts`, where the compiler knows the value.
    read: async (key: string, partition: object = {}) =>
      (await graph.snapshot("latest", options)).read<unknown, Dimensions>(key as never, partition as never),
  };
}

type AsyncFunction = (...values: readonly unknown[]) => Promise<unknown>;

/** The value of an expression, or what statements return. */
async function evaluate(code: string, scope: Scope): Promise<unknown> {
  const Constructor = (async () => {}).constructor as new (...texts: string[]) => AsyncFunction;
  let run: AsyncFunction;
  try {
    run = compiled(`return (${code}\n);`) ?? new Constructor(...Object.keys(scope), code);
  } catch (error) {
    throw new StratigraphError("USAGE", `--eval is no JavaScript: ${(error as Error).message}`, { received: code });
  }
  try {
    return await run(...Object.values(scope));
  } catch (error) {
    if (isStratigraphError(error)) throw error;
    throw new StratigraphError("USAGE", `--eval threw: ${describeThrown(error)}`, { received: code, cause: error });
  }

  function compiled(body: string): AsyncFunction | undefined {
    try {
      return new Constructor(...Object.keys(scope), body);
    } catch {
      return undefined; // statements, or a mistake: the second attempt tells
    }
  }
}

/** Until the user leaves. A mistake of the user's is one sentence, as everywhere. */
async function converse(scope: Scope, history: string, { terminal, cwd }: Call): Promise<void> {
  const input = process.stdin.isTTY ? process.stdin : new LineByLine(process.stdin);
  let mistake: string | undefined;
  const server: REPLServer = start({
    prompt: "strata> ",
    input,
    output: withoutUncaught(process.stdout, () => mistake),
    ignoreUndefined: true,
    // Objects of another context would not be the plain ones that params and options have to be.
    useGlobal: true,
    writer: (value: unknown) => {
      if (!isStratigraphError(value)) return inspect(value, { ...writer.options, colors: server.useColors });
      return (mistake = errorLines(value, terminal.colors, cwd).join("\n"));
    },
  });
  Object.assign(server.context, scope);
  await new Promise<void>((resolve) => {
    server.on("exit", resolve);
    server.setupHistory(history, (error) => {
      if (error !== null) terminal.warn(`what is typed is not kept: ${error.message}`);
      if (!(input instanceof LineByLine)) return;
      const display = server.displayPrompt.bind(server);
      server.displayPrompt = (keepCursor) => {
        display(keepCursor);
        input.next();
      };
      input.next();
    });
  });
}

/** The prompt puts "Uncaught" before whatever was thrown, and offers no other way to leave it out before a sentence of ours. */
function withoutUncaught(output: NodeJS.WriteStream, mistake: () => string | undefined): NodeJS.WriteStream {
  const write = (text: string, ...more: unknown[]): boolean => {
    const [, rest] = /^Uncaught(?: |:\n)(.*)$/s.exec(text) ?? [];
    const shown = rest !== undefined && rest.trimEnd() === mistake() ? rest : text;
    return (output.write as (text: string, ...more: unknown[]) => boolean).call(output, shown, ...more);
  };
  return new Proxy(output, {
    get: (stream, name): unknown => (name === "write" ? write : Reflect.get(stream, name, stream)),
  });
}

/** The prompt waits for what it evaluates only where somebody types; lines from a pipe it is given one after the other. */
class LineByLine extends PassThrough {
  readonly #lines: AsyncIterator<string>;

  constructor(source: NodeJS.ReadableStream) {
    super();
    this.#lines = createInterface({ input: source })[Symbol.asyncIterator]();
  }

  next(): void {
    void this.#lines.next().then(({ done, value }) => (done === true ? this.end() : this.write(`${value}\n`)));
  }
}
