// strata build: bring a graph up to date.

import { dirname } from "node:path";
import type { BuildResult } from "../../build/events.ts";
import type { Graph } from "../../build/graph.ts";
import { SETTINGS_ANNOTATION } from "../../config/project.ts";
import type { Settings } from "../../config/settings.ts";
import type { OpenLineageListener } from "../../lineage/openlineage/listener.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { defineCommand, exitCodes, flag, text, time, whole, type Answer, type Call, type Command } from "../command.ts";
import { finishMetadata } from "../metadata.ts";
import { findProject, splitFile, type Project } from "../project.ts";
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
  type SelectionValues,
} from "../selection.ts";
import { escapeText } from "../terminal/escape.ts";
import { short } from "../terminal/quantity.ts";

interface Options {
  readonly tag: string | undefined;
  readonly move: boolean;
  readonly concurrency: number | undefined;
  readonly keepGoing: boolean;
  readonly budget: number | undefined;
  readonly strictMetadata: boolean;
  readonly watch: boolean;
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
    budget: time("--budget <time>", "start nothing if all steps together took longer the last time: 90s, 10m, 2h"),
    watch: flag(
      "--watch",
      "build again whenever a source or the code changes, until Ctrl-C; with --json one line for each build",
    ),
    strictMetadata: flag(
      "--strict-metadata",
      "fail where records that producers made could not be written; as metadata.strict",
    ),
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
    { command: "strata build --watch", says: "and again after every change" },
    { command: "strata build --budget 10m", says: "only if it is not expected to take longer" },
  ],
  async run(call) {
    const { options } = call;
    if (options.watch && options.plan) throw new StratigraphError("USAGE", "--watch and --plan exclude each other");
    if (options.move && options.tag === undefined) throw new StratigraphError("USAGE", "--move needs --tag <name>");
    if (options.watch) return watch(call);
    const selected = await select(call, call.args, { planning: options.plan });
    return options.plan ? answerPlan(selected, call) : answerBuild(selected, call);
  },
});

async function watch(call: Call<Options & SelectionValues>): Promise<Answer> {
  const { watchBuilds, folderOfTemplate } = await import("../watch.ts");
  return watchBuilds(
    call,
    async () => {
      const split = call.options.file === undefined ? splitFile(call.args, call.cwd).file : call.options.file;
      const { file, root } = await findProject(call, split);
      return [root, ...(file === undefined ? [] : [dirname(file)])];
    },
    async (signal) => {
      const since = elapsed();
      const selected = await select(call, call.args, { planning: false });
      const { root } = selected.project;
      const folders = [...selected.graph.definition.nodes.values()].flatMap((node) =>
        node.kind === "source" && node.storage.kind === "local" ? [folderOfTemplate(node.storage.template, root)] : [],
      );
      return { answer: await answerBuild(selected, { ...call, signal }, since), folders };
    },
  );
}

/** `since`: when what it says to have taken began, in milliseconds since the command did. */
async function answerBuild(
  { project, graph, options }: Selected,
  call: Call<Options>,
  since: number = 0,
): Promise<Answer> {
  const { terminal, signal } = call;
  const { keepGoing, budget, concurrency = options.concurrency } = call.options;
  // An environment is a name that follows its builds.
  const { environment, ...rest } = options;
  const names = [
    ...(call.options.tag === undefined ? [] : [{ name: call.options.tag, move: call.options.move }]),
    ...(environment === undefined ? [] : [{ name: environment, move: true }]),
  ];
  const settings = await settingsOf(project, graph);
  const telling = settings === undefined ? undefined : await tellingOf(settings, project, call);
  const { buildGraph } = await import("../../build/build.ts");
  const { createReporter } = await import("../report/reporter.ts");
  const { buildLines } = await import("../report/summary.ts");
  const { stepJson } = await import("../report/json.ts");
  // A name that can be none is refused before the work, not after it.
  if (names.length > 0) {
    const { checkTag } = await import("../../build/snapshot.ts");
    for (const { name } of names) checkTag(name);
  }
  project.remember(graph.name);
  const strays = strayCollector();
  const reporter = createReporter(terminal);
  let first = false;
  const result = await buildGraph(graph.definition, {
    ...rest,
    signal,
    concurrency,
    keepGoing,
    budget,
    on(event) {
      if (event.type === "planned" && event.more === undefined)
        first = event.counts["up-to-date"] === 0 && event.counts.stale === 0;
      strays.on(event);
      reporter.on(event);
      telling?.(event);
    },
  }).finally(() => {
    reporter.close();
    return telling?.flush();
  });
  const { outcome, snapshot, built, reused, skipped, failed, duration, steps, open, keys } = result;
  const tagged =
    names.length > 0 && outcome === "succeeded" ? await tagResult(project, result, names, call) : undefined;
  const metadata = await finishMetadata();
  const strict = call.options.strictMetadata || settings?.metadata.strict === true;
  const done = metadata?.complete === false && strict ? exitCodes.metadata : exitCodes.done;
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
      ...(open === undefined ? {} : { open }),
      ...(keys === undefined ? {} : { keys }),
      ...(tagged?.error === undefined ? {} : { error: tagged.error }),
      ...(tagged?.error === undefined && tagged !== undefined ? taggedJson(call.options.tag, environment) : {}),
      duration: Math.round(duration),
      steps: terminal.json ? steps.map((step) => stepJson(step, call.cwd)) : [],
      strays: strays.found,
      ...(metadata === undefined ? {} : { metadata: metadata.totals }),
    },
    lines: [
      ...buildLines(result, { first, strays: strays.found, elapsed: elapsed() - since }, tellerOf(call)),
      ...(tagged?.lines ?? []),
      ...(metadata?.lines ?? []),
    ],
  };
}

/** Every setting as it is for this graph; `undefined` where nobody says more than every command needs. */
async function settingsOf(project: Project, { name, definition }: Graph): Promise<Settings | undefined> {
  const { annotations } = definition;
  if (!project.saysMore && !Object.hasOwn(annotations, SETTINGS_ANNOTATION)) return undefined;
  return (await project.settings({ graph: { name, annotations } })).settings;
}

/** Loaded only where somebody asks for events. */
async function tellingOf(
  settings: Settings,
  project: Project,
  { terminal }: Call,
): Promise<OpenLineageListener | undefined> {
  if (settings.lineage.openLineage === undefined) return undefined;
  const { openLineageOf } = await import("../../mlops/open-lineage.ts");
  const { folder, root } = project;
  const warn = (sentence: string): void => terminal.warn(terminal.colors.yellow(`warning: ${sentence}`));
  return openLineageOf(settings, { folder, root, backend: await project.backend(), warn });
}

function taggedJson(tag: string | undefined, environment: string | undefined): object {
  return { ...(tag === undefined ? {} : { tag }), ...(environment === undefined ? {} : { environment }) };
}

/** Names what was built. That a name is taken does not undo the build, so it is told with it. */
async function tagResult(
  project: Project,
  { graph, snapshot }: BuildResult,
  names: readonly { readonly name: string; readonly move: boolean }[],
  { terminal, cwd }: Call,
): Promise<{ readonly lines: readonly string[]; readonly error: ErrorJson | undefined }> {
  const { tagBuilt } = await import("../../build/snapshot.ts");
  const { errorJson, errorLines, withHint } = await import("../report/error.ts");
  // Not `await using`: with it in a function, the compiler leaves the paths of that function's imports as they are.
  const workspace = await project.open();
  const lines: string[] = [];
  try {
    for (const { name, move } of names) {
      await tagBuilt(workspace.connection, { graph, id: snapshot }, name, { move });
      lines.push(`tag '${escapeText(name)}' names snapshot ${short(snapshot)}`);
    }
    return { lines, error: undefined };
  } catch (thrown) {
    if (!isStratigraphError(thrown)) throw thrown;
    const error = thrown.code === "TAG_EXISTS" ? withHint(thrown, "Move it: add --move") : thrown;
    terminal.warn(...errorLines(error, terminal.colors, cwd));
    return { lines, error: errorJson(error, cwd) };
  } finally {
    await workspace.close();
  }
}
