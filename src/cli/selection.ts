// What `build` and `plan` share: the options that choose steps, and how they become the engine's.

import { existsSync } from "node:fs";
import type { BuildOptions } from "../build/build.ts";
import type { PlannedDifference } from "../build/difference.ts";
import type { BuildEvent } from "../build/events.ts";
import type { Graph } from "../build/graph.ts";
import { executionOf } from "../config/project.ts";
import { StratigraphError } from "../errors.ts";
import { systemClock } from "../util/clock.ts";
import { exitCodes, flag, text, texts, type Answer, type Argument, type Call, type Option } from "./command.ts";
import { buildsFor, environmentOf } from "./environment.ts";
import { findProject, makeHome, splitFile, type Project } from "./project.ts";
import { paramOption, withTexts } from "./params.ts";
import type { Strays, Teller } from "./report/summary.ts";

export const selectionArguments: readonly Argument[] = [
  {
    shape: "[file]",
    says: "the file that declares the graph: the first argument, if it is named like a module or a path",
  },
  {
    shape: "[selector…]",
    says: "artifacts to build, with what they need: total, vendor.*, days[2026-01-02], +total, days+; everything unless told",
  },
];

export const selectionOptions: { readonly [Name in keyof SelectionValues]: Option<SelectionValues[Name]> } = {
  force: texts("--force [selector...]", "run these whatever is remembered; alone: all that was selected"),
  why: text("--why <text>", "with --force: the reason, kept with what ran"),
  price: flag("--price", "of a plan: also what it is expected to cost, by what the same steps cost before"),
  verify: flag("--verify", "read every stored result that would be reused, and compare it with what was recorded"),
  param: paramOption,
  trust: flag("--trust", "do not even look whether stored results are still there"),
  env: buildsFor,
};

export interface SelectionValues {
  readonly force: true | readonly string[] | undefined;
  readonly why: string | undefined;
  readonly price: boolean;
  readonly verify: boolean;
  readonly trust: boolean;
  readonly env: string | undefined;
  readonly param: ReadonlyMap<string, string> | undefined;
}

export interface Selected {
  readonly project: Project;
  readonly graph: Graph;
  readonly options: BuildOptions;
  /** As it was typed. */
  readonly file: string | undefined;
}

/**
 * Finds project, graph and options for one call. Makes the state folder: planning too is faster with what it keeps there, but does
 * without where it cannot be made.
 */
export async function select(
  call: Call<SelectionValues>,
  args: readonly string[],
  { planning }: { readonly planning: boolean },
): Promise<Selected> {
  const { force, why, price, verify, trust, param, file: named } = call.options;
  if (why !== undefined && force === undefined) throw new StratigraphError("USAGE", "--why needs --force");
  if (verify && trust) {
    throw new StratigraphError("USAGE", "--verify and --trust exclude each other");
  }
  const split = named === undefined ? splitFile(args, call.cwd) : { file: named, selectors: args };
  const project = await findProject(call, split.file);
  if (project.file !== undefined && existsSync(project.file)) {
    try {
      makeHome(project.home);
    } catch (error) {
      if (!planning) throw error;
    }
  }
  const graph = await withTexts(await project.graph(), param);
  return {
    project,
    graph,
    file: split.file,
    options: {
      backend: await project.backend(),
      root: project.root,
      select: split.selectors,
      force: force === true ? true : force,
      why,
      price,
      verify,
      trust,
      environment: environmentOf(call),
      ...executionOf(project.config),
    },
  };
}

/** Collects the strays of a build's or plan's events: reported, never fatal. */
export function strayCollector(): { readonly found: Strays[]; readonly on: (event: BuildEvent) => void } {
  const found: Strays[] = [];
  return {
    found,
    on(event) {
      if (event.type !== "source-found" || event.strayCount === 0) return;
      found.push({ key: event.key, count: event.strayCount, examples: event.strays });
    },
  };
}

/** Plans and answers: `plan`, and `build --plan`. */
export async function answerPlan(selected: Selected, call: Call<SelectionValues>): Promise<Answer> {
  const { planGraph } = await import("../build/build.ts");
  const strays = strayCollector();
  const plan = await planGraph(selected.graph.definition, { ...selected.options, on: strays.on });
  const { planLines } = await import("./report/summary.ts");
  const { stepJson } = await import("./report/json.ts");
  return {
    exitCode: plan.changes || plan.environment?.moves === true ? exitCodes.changes : exitCodes.done,
    json: {
      graph: plan.graph,
      snapshot: plan.snapshot,
      outcome: "planned",
      built: plan.counts.missing + plan.counts.stale,
      reused: plan.counts["up-to-date"],
      pending: plan.counts.pending,
      skipped: 0,
      failed: 0,
      changes: plan.changes,
      ...(plan.open === undefined ? {} : { open: plan.open }),
      steps: call.terminal.json ? plan.steps.map((step) => stepJson(step, call.cwd)) : [],
      strays: strays.found,
      ...(plan.expected === undefined ? {} : { expected: plan.expected }),
      ...(plan.environment === undefined ? {} : { environment: environmentJson(plan.environment) }),
    },
    lines: planLines(
      plan,
      { strays: strays.found, elapsed: elapsed(), words: wordsOf(selected, call) },
      tellerOf(call),
    ),
  };
}

/** What the build has to be told as well. The file is remembered by builds only. */
function wordsOf({ file, options }: Selected, call: Call<SelectionValues>): readonly string[] {
  const { environment, select: selectors = [] } = options;
  const params = [...(call.options.param ?? [])].flatMap(([name, value]) => ["-p", `${name}=${value}`]);
  return [
    ...(file === undefined ? [] : [file]),
    ...selectors,
    ...params,
    ...(environment === undefined ? [] : ["--env", environment]),
  ];
}

function environmentJson({ environment, snapshot, ...counts }: PlannedDifference): object {
  return { name: environment, snapshot: snapshot ?? null, ...counts };
}

export function tellerOf({ terminal, cwd, env }: Call): Teller {
  return { colors: terminal.colors, cwd, program: programName(env) };
}

/** How the user calls this program: what a `next` line can be copied from. */
export function programName(env: Call["env"]): string {
  return env["npm_command"] === "exec" ? "npx strata" : "strata";
}

/** Milliseconds since the process began: the time a user waited. */
export function elapsed(): number {
  return systemClock.monotonic();
}
