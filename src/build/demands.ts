// Whether a graph demands anything of stored data: what builds without demands never load is decided here.

import type { DeclaredArtifact } from "../graph/artifact.ts";
import type { GraphDefinition } from "../graph/graph.ts";

/** Whether anything is to be known of its partitions beside their bytes. */
export function isJudged({ quality }: DeclaredArtifact): boolean {
  return quality.statistics || quality.warnings.size > 0;
}

/** Whether a build must judge what it finds stored. */
export function judges(graph: GraphDefinition): boolean {
  return graph.calls.some(
    ({ inputs, outputs }) =>
      outputs.some(({ node }) => isJudged(node.artifact)) || inputs.some(({ spec }) => spec.clean === true),
  );
}
