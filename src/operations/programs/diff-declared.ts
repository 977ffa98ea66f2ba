// Diff for programs: what a graph declares now otherwise than when a snapshot of it was made.

import { describeSettled } from "../../build/code-versions.ts";
import type { Graph } from "../../build/graph.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { diffDeclared as diffDeclaredIn, type DeclarationDiff } from "../diff.ts";
import { checkCall, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";

export interface DiffDeclaredOptions<G extends string = string> extends WorkspaceOptions {
  readonly before: SnapshotInput<G>;
}

const names: OptionNames<DiffDeclaredOptions> = { before: true, ...workspaceNames };

/**
 * Says what the graph declares now otherwise than a snapshot of it, before anything is built: schemas field by field, with a verdict on
 * what was written before. Writes nothing. Errors: SNAPSHOT_UNKNOWN.
 */
export async function diffDeclared<G extends string, N>(
  graph: Graph<G, N>,
  options: DiffDeclaredOptions<NoInfer<G>>,
): Promise<readonly DeclarationDiff[]> {
  checkCall("diffDeclared()", graph, options, names);
  const { before, ...place }: DiffDeclaredOptions = options;
  await using workspace = await openWorkspace({ ...place, readOnly: true });
  const { connection } = workspace;
  const stored = await storedSnapshot(connection, graph.name, before, "diffDeclared(), before");
  return await diffDeclaredIn(connection, stored, await describeSettled(graph.definition, workspace));
}
