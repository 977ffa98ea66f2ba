// The last build of a graph that found nothing to do: remembered in this process, and given again while its standing holds.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileStamp } from "../data/file-stamp.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { BuildOptions } from "./build.ts";
import type { BuildListener, BuildResult } from "./events.ts";
import type { Plan, PlannedNetwork } from "./plan.ts";
import { stillStands, type Standing } from "./standing.ts";
import type { PlannedState } from "./step-state.ts";
import { storageOf, type Workspace } from "./workspace.ts";

/** A build that found nothing to do. */
export interface StandingBuild {
  /** The folder that relative templates started from, and the backend's own. */
  readonly root: string;
  readonly home: string | undefined;
  /** `undefined` where something the build depends on has no stamps. Made when first asked for: most programs build once. */
  readonly standing: () => Standing | undefined;
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
  const build = remembered.get(graph);
  if (build === undefined || !asksForAll(options) || options.signal?.aborted === true) return undefined;
  const { root, backend } = options;
  if (build.root !== absolute(root) || build.home !== backend?.home) return undefined;
  const standing = build.standing();
  if (standing !== undefined && (await stillStands(standing, backend?.stamp?.(), options.trust ?? false))) return build;
  remembered.delete(graph);
  return undefined;
}

/** Remembers a build that found nothing to do. */
export function rememberStanding(
  workspace: Workspace,
  planned: PlannedNetwork,
  options: BuildOptions,
  result: BuildResult,
): void {
  if (!asksForAll(options)) return;
  const { sources, graph } = planned.network;
  let open: PlannedNetwork | undefined = planned;
  let standing: Standing | undefined;
  remembered.set(graph, {
    root: workspace.storage.root,
    home: workspace.backend.home,
    standing() {
      if (open !== undefined) standing = standingOf(workspace, open);
      open = undefined; // large, and not needed again
      return standing;
    },
    result,
    sources: new Map(sources.map(({ node, found }) => [node.key, found.length])),
  });
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
export function planFrom(build: StandingBuild, graph: GraphDefinition, on: BuildListener | undefined): Plan {
  const { snapshot, steps } = build.result;
  emitPlan(build, graph, on);
  return {
    graph: graph.name,
    snapshot,
    steps: steps.map(({ key, partition, reason }) => ({ key, partition, state: "up-to-date", reason })),
    counts: allUpToDate(steps.length),
    changes: false,
    strays: [],
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
function asksForAll({ select = [], force, verify, tag, integrity }: BuildOptions): boolean {
  const plain = (force === undefined || force === false) && verify !== true && tag === undefined;
  return plain && select.length === 0 && integrity === undefined;
}

function absolute(root: string | URL | undefined): string {
  return resolve(root instanceof URL ? fileURLToPath(root) : (root ?? "."));
}

function standingOf(workspace: Workspace, { network, strays }: PlannedNetwork): Standing | undefined {
  const { storage: context, stamp: backend } = workspace;
  if (backend === undefined || strays.length > 0) return undefined;
  const paths: string[] = [];
  const stamps: number[] = [];
  const watch = (path: string, { size, mtimeMs, ctimeMs, ino }: FileStamp): void => {
    paths.push(path);
    stamps.push(size, mtimeMs, ctimeMs, ino);
  };
  for (const { node, found, folders } of network.sources) {
    // A source without partitions has nothing that could be watched for some to come.
    if (folders === undefined || found.length === 0) return undefined;
    for (const folder of folders) watch(folder.path, folder);
    for (const { location } of found) {
      const path = node.storage.path?.(location, context);
      const known = path === undefined ? undefined : context.stats.get(path);
      if (known === undefined) return undefined;
      watch(path!, known);
    }
  }
  const watched = paths.length;
  for (const { call, steps } of network.groups) {
    // The function of `mapKeys` is asked at every build: what it answers may depend on anything, such as the day.
    if (call.inputs.some(({ spec }) => spec.edge.kind === "map")) return undefined;
    for (const step of steps) {
      if (step.reason.code !== "unchanged" || step.outputs === undefined) return undefined;
      for (const [slot, { value, storage, location, size }] of step.outputs.entries()) {
        if (value !== undefined) continue;
        const path = storageOf(call.outputs[slot]!.node, storage).path?.(location, context);
        if (path === undefined) return undefined;
        paths.push(path);
        stamps.push(size);
      }
    }
  }
  return { backend, paths, watched, stamps: Float64Array.from(stamps) };
}
