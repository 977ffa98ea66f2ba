// Params on the command line and in the configuration.

import type { Graph } from "../build/graph.ts";
import { StratigraphError } from "../errors.ts";
import type { GivenParams } from "../graph/params.ts";
import { suggest } from "../util/suggest.ts";
import { pairs, type Option } from "./command.ts";

export const paramOption: Option<ReadonlyMap<string, string> | undefined> = pairs(
  "-p, --param <name=value>",
  "a value for a param of the graph's producers; may be given several times",
);

// What knows params loads zod, and help has no use for it.
const loadParams = () => import("../graph/params.ts");

/** Error: PARAM_INVALID. */
export async function withTexts(graph: Graph, texts: ReadonlyMap<string, string> | undefined): Promise<Graph> {
  if (texts === undefined) return graph;
  const { ParamText } = await loadParams();
  return graph.withParams(Object.fromEntries([...texts].map(([name, text]) => [name, new ParamText(text)])));
}

/** A file may have several graphs, of which each takes what it uses. Error: PARAM_INVALID for what none of them does. */
export async function bindGraph(
  graph: Graph,
  graphs: readonly Graph[],
  params: GivenParams,
  where: string,
): Promise<Graph> {
  const { usedParams } = await loadParams();
  const known = new Set(graphs.flatMap(({ definition }) => [...usedParams(definition).keys()]));
  for (const name of Object.keys(params)) {
    if (known.has(name)) continue;
    const guess = suggest(name, known);
    throw new StratigraphError("PARAM_INVALID", `no producer uses a param '${name}'`, {
      where,
      expected: known.size === 0 ? "no params" : [...known].map((one) => `'${one}'`).join(", "),
      hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
    });
  }
  const used = usedParams(graph.definition);
  return graph.withParams(Object.fromEntries(Object.entries(params).filter(([name]) => used.has(name))));
}
