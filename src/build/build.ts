// The door of the build layer: plan, carry out, and say what happened. It loads no more than what says that there is nothing to do.

import { StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { bindParams } from "../graph/params.ts";
import { systemClock } from "../util/clock.ts";
import { showValue } from "../util/show.ts";
import { settleVersions } from "./code-versions.ts";
import type { BuildResult } from "./events.ts";
import type { Plan, PlanOptions } from "./plan.ts";
import type { SecretProvider } from "../util/secret.ts";
import type { PoolLimits } from "./pools.ts";
import { planFrom, recallStanding, resultFrom } from "./standing-build.ts";
import { refuseInThread } from "./threads/inside.ts";
import type { WorkspaceOptions } from "./workspace.ts";

export interface BuildOptions extends WorkspaceOptions, PlanOptions {
  /** Steps running at once; the number of processors unless told. */
  readonly concurrency?: number | undefined;
  /** After a failure, finish what does not depend on it. True unless told. */
  readonly keepGoing?: boolean | undefined;
  /** Start nothing if the plan is expected to take more work than this: milliseconds, of all steps together. */
  readonly budget?: number | undefined;
  /** Cancels: nothing more is started, running producers get their signal. */
  readonly signal?: AbortSignal | undefined;
  /** Tags the snapshot once everything has succeeded. */
  readonly tag?: string | undefined;
  /** Moves the tag if it names another snapshot. False unless told. */
  readonly move?: boolean | undefined;
  /** How many steps may be in a pool at once, over all processes with the same database. */
  readonly pools?: PoolLimits | undefined;
  /**
   * Milliseconds of silence after which another process may take over a step, or a place in a pool, that this one holds; 60,000 unless
   * told. A process that is seen to be dead is not waited for. More is for steps that compute for longer without waiting for anything.
   */
  readonly leaseTime?: number | undefined;
  /** Answers secrets that no variable of the environment holds. */
  readonly secrets?: SecretProvider | undefined;
  /** Who builds, for tags; the user of the process unless told. */
  readonly by?: string | undefined;
}

/** What a build would do. Writes nothing. */
export async function planGraph(declared: GraphDefinition, options: BuildOptions = {}): Promise<Plan> {
  const graph = bindParams(declared, options.params);
  await settleVersions(graph, options);
  const standing = await recallStanding(graph, options);
  if (standing !== undefined) return planFrom(standing, graph, options);
  const { planAnew } = await import("./engine.ts");
  return planAnew(graph, options);
}

/**
 * Brings a graph up to date. Steps that fail are in the result, not thrown.
 * Errors: what stops everything, such as SOURCE_MISSING, SELECTOR_UNKNOWN or BACKEND_…; THREAD_REFUSED in the thread of a producer.
 */
export async function buildGraph(declared: GraphDefinition, options: BuildOptions = {}): Promise<BuildResult> {
  refuseInThread(declared.name);
  checkNumbers(declared.name, options);
  const graph = bindParams(declared, options.params);
  const clock = options.clock ?? systemClock;
  const started = clock.monotonic();
  // A name that can be none is refused before the work, not after it.
  for (const name of [options.tag, options.environment]) {
    if (name !== undefined) (await import("./snapshot.ts")).checkTag(name);
  }
  await settleVersions(graph, options, true);
  const standing = await recallStanding(graph, options);
  if (standing !== undefined) return resultFrom(standing, graph, options.on, clock.monotonic() - started);
  const { buildAnew } = await import("./engine.ts");
  return buildAnew(graph, options);
}

/** What compares as false with every number would start no step and never end, or be more than any budget. */
function checkNumbers(graph: string, { concurrency = 1, budget = 0 }: BuildOptions): void {
  const refuse = (name: string, expected: string, given: unknown): never => {
    throw new StratigraphError("VALIDATION_FAILED", "that is no such number", {
      where: `graph '${graph}', build(), ${name}`,
      expected,
      received: showValue(given),
    });
  };
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    refuse("concurrency", "a whole number of steps, at least 1", concurrency);
  }
  if (typeof budget !== "number" || !(budget >= 0)) refuse("budget", "milliseconds of work, at least 0", budget);
}
