// strata build: bring a graph up to date.

import type { BuildResult } from "../../build/events.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { defineCommand, exitCodes, flag, text, whole, type Answer, type Call, type Command } from "../command.ts";
import { finishMetadata } from "../metadata.ts";
import type { Project } from "../project.ts";
import type { ErrorJson } from "../report/error.ts";
import {
  answerPlan,
  elapsed,
  select,
  selectionArguments,
  selectionOptions,
  strayCollector,
  tellerOf,
  type Selected,
} from "../selection.ts";
import { escapeText } from "../terminal/escape.ts";
import { short } from "../terminal/quantity.ts";

interface Options {
  readonly tag: string | undefined;
  readonly move: boolean;
  readonly concurrency: number | undefined;
  readonly keepGoing: boolean;
  readonly strictMetadata: boolean;
}

export const build: Command = defineCommand({
  name: "build",
  summary: "build what changed, and say why",
  details: [
    "Looks at the sources, decides for every partition whether what is stored can be used, and runs the producers of the others. " +
      "What fails stops only what depends on it. Run it again after an interruption: it goes on where it was.",
  ],
  arguments: selectionArguments,
  options: {
    plan: flag("--plan", "say what would be done, and do nothing"),
    ...selectionOptions,
    tag: text("--tag <name>", "name the snapshot once everything has succeeded"),
    move: flag("--move", "with --tag: move the name if another snapshot has it"),
    concurrency: whole("--concurrency <n>", "steps running at once; the number of processors unless told", 1),
    keepGoing: flag(
      "--no-keep-going",
      "after a failure start nothing more; with --keep-going, the default, what does not depend on it goes on",
    ),
    strictMetadata: flag("--strict-metadata", "fail where records that producers made could not be written"),
  },
  codes: [
    { code: exitCodes.changes, says: "with --plan: a build would change something" },
    {
      code: exitCodes.metadata,
      says: "with --strict-metadata: the build succeeded, and records went to the fallback journal",
    },
  ],
  examples: [
    { command: "strata build spend.ts", says: "build everything that spend.ts declares" },
    { command: "strata build total", says: "only total and what it needs, of the file built last" },
    { command: "strata build 'days[2026-01-02]' --force", says: "one partition, whatever is remembered" },
    { command: "strata build --tag prod --move", says: "and name the result prod" },
  ],
  async run(call) {
    const { options } = call;
    if (options.move && options.tag === undefined) throw new StratigraphError("USAGE", "--move needs --tag <name>");
    const selected = await select(call, call.args);
    return options.plan ? answerPlan(selected, call) : answerBuild(selected, call);
  },
});

async function answerBuild({ project, graph, options }: Selected, call: Call<Options>): Promise<Answer> {
  const { terminal, signal } = call;
  const { tag, move, keepGoing, concurrency = project.config.concurrency } = call.options;
  const { buildGraph } = await import("../../build/build.ts");
  const { createReporter } = await import("../report/reporter.ts");
  const { buildLines } = await import("../report/summary.ts");
  const { stepJson } = await import("../report/json.ts");
  // A name that can be none is refused before the work, not after it.
  if (tag !== undefined) (await import("../../build/snapshot.ts")).checkTag(tag);
  project.remember(graph.name);
  const strays = strayCollector();
  const reporter = createReporter(terminal);
  let first = false;
  const result = await buildGraph(graph.definition, {
    ...options,
    signal,
    concurrency,
    keepGoing,
    on(event) {
      if (event.type === "planned") first = event.counts["up-to-date"] === 0 && event.counts.stale === 0;
      strays.on(event);
      reporter.on(event);
    },
  }).finally(() => reporter.close());
  const { outcome, snapshot, built, reused, skipped, failed, duration, steps } = result;
  const tagged =
    tag !== undefined && outcome === "succeeded" ? await tagResult(project, result, tag, move, call) : undefined;
  const metadata = await finishMetadata();
  const done = metadata?.complete === false && call.options.strictMetadata ? exitCodes.metadata : exitCodes.done;
  return {
    exitCode: outcome === "succeeded" && tagged?.error === undefined ? done : exitCodes.failed,
    json: {
      graph: result.graph,
      snapshot,
      outcome,
      built,
      reused,
      pending: 0,
      skipped,
      failed,
      changes: built > 0,
      ...(tagged?.error === undefined ? {} : { error: tagged.error }),
      ...(tagged?.error === undefined && tagged !== undefined ? { tag } : {}),
      duration: Math.round(duration),
      steps: terminal.json ? steps.map((step) => stepJson(step, call.cwd)) : [],
      strays: strays.found,
      ...(metadata === undefined ? {} : { metadata: metadata.totals }),
    },
    lines: [
      ...buildLines(result, { first, strays: strays.found, elapsed: elapsed() }, tellerOf(call)),
      ...(tagged?.lines ?? []),
      ...(metadata?.lines ?? []),
    ],
  };
}

/** Names what was built. That the name is taken does not undo the build, so it is told with it. */
async function tagResult(
  project: Project,
  { graph, snapshot }: BuildResult,
  tag: string,
  move: boolean,
  { terminal, cwd }: Call,
): Promise<{ readonly lines: readonly string[]; readonly error: ErrorJson | undefined }> {
  const { tagSnapshot } = await import("../../build/snapshot.ts");
  const { errorJson, errorLines, withHint } = await import("../report/error.ts");
  const workspace = await project.open();
  try {
    await tagSnapshot(workspace.connection, { graph, id: snapshot }, tag, { move });
    return { lines: [`tag '${escapeText(tag)}' names snapshot ${short(snapshot)}`], error: undefined };
  } catch (thrown) {
    if (!isStratigraphError(thrown)) throw thrown;
    const error = thrown.code === "TAG_EXISTS" ? withHint(thrown, "Move it: add --move") : thrown;
    terminal.warn(...errorLines(error, terminal.colors, cwd));
    return { lines: [], error: errorJson(error, cwd) };
  } finally {
    await workspace.close();
  }
}
