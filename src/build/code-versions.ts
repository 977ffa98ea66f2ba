// Versions that follow the code: looked up for all producers of a graph at once, before anything is fingerprinted.

import type { GraphDescription } from "../graph/describe.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { CodeVersion } from "../identity/code-version.ts";
import type { WorkspaceOptions } from "./workspace.ts";

/** What can be stored of a graph, its code looked at. */
export async function describeSettled(graph: GraphDefinition, options: WorkspaceOptions): Promise<GraphDescription> {
  await settleVersions(graph, options);
  return graph.describe();
}

/** Loads nothing, and reads no file, where no producer follows its code or all were looked at before. `make`: may make the state folder. */
export async function settleVersions(
  graph: GraphDefinition,
  { backend }: WorkspaceOptions,
  make = false,
): Promise<void> {
  const waiting: { readonly name: string; readonly version: CodeVersion }[] = [];
  for (const { producer } of graph.calls) {
    if (producer.version.kind !== "code") continue;
    const version = producer.version as CodeVersion;
    if (version.known === undefined) waiting.push({ name: producer.name, version });
  }
  if (waiting.length === 0) return;
  const { followCode } = await import("../code/follow.ts");
  followCode(waiting, { home: backend?.home, make });
}
