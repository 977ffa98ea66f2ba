// The last build of a graph that found nothing to do: remembered in this process and on disk, and given again while its standing holds.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../backend/backend.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { BuildOptions } from "./build.ts";
import type { BuildListener, BuildResult, StepReport } from "./events.ts";
import { judges } from "./demands.ts";
import type { Plan, PlanOptions } from "./plan.ts";
import { unchanged } from "./reason.ts";
import { readStanding, type KeptStanding } from "./standing-file.ts";
import { stillStands, type Standing } from "./standing.ts";
import type { FinishedState, PlannedState } from "./step-state.ts";

/** A build that found nothing to do. */
export interface StandingBuild {
  /** The folder that relative templates started from, and the backend's own. */
  readonly root: string;
  readonly home: string | undefined;
  /** `undefined` where something the build depends on has no stamps. */
  readonly standing: Standing | undefined;
  readonly result: BuildResult;
  /** By source: how many partitions it has. */
  readonly sources: ReadonlyMap<string, number>;
}

const remembered = new WeakMap<GraphDefinition, StandingBuild>();

/** The last build, where nothing can have changed since: not the backend, not a source, not an output (unless trusted). */
export async function recallStanding(
  graph: GraphDefinition,
  options: BuildOptions,
): Promise<StandingBuild | undefined> {
  if (!asksForAll(options) || options.signal?.aborted === true) return undefined;
  // Demands are no part of a graph's identity, so what was kept may not have been judged by them.
  if (judges(graph)) return undefined;
  const { backend, trust = false } = options;
  const root = absolute(options.root);
  const mine = remembered.get(graph);
  const stamp = backend?.stamp?.();
  if (stamp === undefined) return undefined;
  const build = mine?.root === root && mine.home === backend?.home ? mine : recallKept(graph, root, backend!, stamp);
  if (build === undefined) return undefined;
  if (build.standing !== undefined && (await stillStands(build.standing, stamp, trust))) {
    remembered.set(graph, build);
    return build;
  }
  remembered.delete(graph);
  return undefined;
}

/** The next build of this graph in this process may find it. */
export function rememberBuild(graph: GraphDefinition, build: StandingBuild): void {
  remembered.set(graph, build);
}

/** What another process, or an earlier definition of the same graph, kept. */
function recallKept(
  graph: GraphDefinition,
  root: string,
  { kind, home }: Backend,
  stamp: string,
): StandingBuild | undefined {
  if (home === undefined) return undefined;
  const kept = readStanding({ root, home: resolve(home), kind }, graph, stamp);
  return kept === undefined ? undefined : buildFrom(kept, graph, root, home);
}

function buildFrom(kept: KeptStanding, graph: GraphDefinition, root: string, home: string): StandingBuild {
  const { standing, snapshot, counts, partitions } = kept;
  const sources = new Map<string, number>();
  let group = 0;
  for (const node of graph.nodes.values()) if (node.kind === "source") sources.set(node.key, counts[group++]!);
  const steps: StepReport<FinishedState>[] = [];
  let at = 0;
  for (const { outputs } of graph.calls) {
    for (const end = at + counts[group++]!; at < end; at++) {
      const partition = partitions[at]!;
      for (const { node } of outputs) {
        const { key } = node;
        steps.push({ key, partition, state: "reused", reason: unchanged, error: undefined, duration: undefined });
      }
    }
  }
  const counted = { built: 0, reused: steps.length, skipped: 0, failed: 0 };
  const result: BuildResult = { graph: graph.name, snapshot, outcome: "succeeded", ...counted, steps, duration: 0 };
  return { root, home, standing, result, sources };
}

/** The result that a build would give again, and the events it would give on the way. */
export function resultFrom(
  build: StandingBuild,
  graph: GraphDefinition,
  on: BuildListener | undefined,
  duration: number,
): BuildResult {
  const result = { ...build.result, duration };
  emitPlan(build, graph, on);
  on?.({ type: "build-finished", result });
  return result;
}

/** The plan of the same graph: everything is up to date. */
export function planFrom(build: StandingBuild, graph: GraphDefinition, { on, price }: PlanOptions): Plan {
  const { snapshot, steps } = build.result;
  emitPlan(build, graph, on);
  return {
    graph: graph.name,
    snapshot,
    steps: steps.map(({ key, partition, reason }) => ({ key, partition, state: "up-to-date", reason })),
    counts: allUpToDate(steps.length),
    changes: false,
    strays: [],
    ...(price === true ? { expected: { duration: 0, bytes: 0, unknown: 0 } } : {}),
  };
}

function emitPlan({ result, sources }: StandingBuild, graph: GraphDefinition, on: BuildListener | undefined): void {
  if (on === undefined) return;
  on({ type: "scan-started", graph: graph.name });
  for (const [key, partitions] of sources) on({ type: "source-found", key, partitions, strays: [], strayCount: 0 });
  const partitions = new Map<string, number>();
  for (const { key } of result.steps) partitions.set(key, (partitions.get(key) ?? 0) + 1);
  const byKey = new Map<string, Record<PlannedState, number>>();
  let all = 0;
  for (const { outputs } of graph.calls) {
    const { key } = outputs[0]!.node;
    const count = partitions.get(key) ?? 0;
    if (count > 0) byKey.set(key, allUpToDate(count));
    all += count;
  }
  on({ type: "planned", graph: graph.name, snapshot: result.snapshot, counts: allUpToDate(all), byKey });
}

function allUpToDate(count: number): Record<PlannedState, number> {
  return { "up-to-date": count, stale: 0, missing: 0, pending: 0 };
}

/** What is asked for in another way has other answers. */
export function asksForAll({ select = [], force, verify, tag, environment, integrity }: BuildOptions): boolean {
  const unnamed = tag === undefined && environment === undefined;
  const plain = (force === undefined || force === false) && verify !== true && unnamed;
  return plain && select.length === 0 && integrity === undefined;
}

function absolute(root: string | URL | undefined): string {
  return resolve(root instanceof URL ? fileURLToPath(root) : (root ?? "."));
}
