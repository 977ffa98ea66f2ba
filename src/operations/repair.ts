// Builds again what was found missing or damaged, and says what that did not mend.

import type { BuildOptions } from "../build/build.ts";
import { buildIn } from "../build/engine.ts";
import type { Workspace } from "../build/workspace.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { markFindings, verifyAgain, type Finding } from "./verify.ts";

/** Of a build, what a repair needs as well. */
export type RepairOptions = Pick<BuildOptions, "concurrency" | "pools" | "leaseTime" | "secrets" | "signal" | "on">;

/**
 * Builds pass over what is marked, so building makes it again: with the same result it is mended wherever it is held.
 * Returns what is still wrong. A step that fails is no error: what it should have made is among that.
 */
export async function repairFindings(
  workspace: Workspace,
  graph: GraphDefinition,
  findings: readonly Finding[],
  options: RepairOptions,
): Promise<Finding[]> {
  if (findings.length === 0) return [];
  await markFindings(workspace, findings);
  await buildIn(workspace, graph, options);
  return verifyAgain(workspace, findings, graph);
}
