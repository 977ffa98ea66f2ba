// What a build that found nothing to do looked at, kept for the next one: in this process, and on disk for others.

import type { FileStamp } from "../data/file-stamp.ts";
import type { BuildOptions } from "./build.ts";
import type { BuildResult } from "./events.ts";
import type { PlannedNetwork } from "./plan.ts";
import { asksForAll, rememberBuild } from "./standing-build.ts";
import { writeStanding } from "./standing-file.ts";
import type { Standing } from "./standing.ts";
import { storageOf, type Workspace } from "./workspace.ts";

/** Remembers a build that found nothing to do. */
export function rememberStanding(
  workspace: Workspace,
  planned: PlannedNetwork,
  options: BuildOptions,
  result: BuildResult,
): void {
  // What a fan-out made may be a great many partitions: looking at each is no faster than planning.
  if (!asksForAll(options) || planned.network.graph.calls.some(({ parts }) => parts !== undefined)) return;
  const { sources, graph } = planned.network;
  const standing = standingOf(workspace, planned);
  const { kind, home } = workspace.backend;
  const { root } = workspace.storage;
  rememberBuild(graph, {
    root,
    home,
    standing,
    result,
    sources: new Map(sources.map(({ node, found }) => [node.key, found.length])),
  });
  if (standing !== undefined && workspace.storage.home !== undefined) {
    const { groups } = planned.network;
    const counts = [...sources.map(({ found }) => found.length), ...groups.map(({ steps }) => steps.length)];
    const partitions = groups.flatMap(({ set }) => set.texts);
    const kept = { standing, snapshot: result.snapshot, counts: Uint32Array.from(counts), partitions };
    writeStanding({ root, home: workspace.storage.home, kind }, graph, kept);
  }
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
