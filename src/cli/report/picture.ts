// A picture of a graph in the terminal, and as JSON.

import type { Picture, PictureNode } from "../../picture/picture.ts";
import { pictureStateNames, stateText, type PictureState } from "../../picture/state.ts";
import { pictureTree } from "../../picture/tree.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, number } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";
import { fit } from "../terminal/width.ts";

/** Columns of a reason: an error's message may be long. */
const WIDEST_REASON = 100;

export function pictureLines(picture: Picture, most: number, colors: Colors): string[] {
  const lines = pictureTree(picture, most);
  const rows = lines.map(({ branch, node, alsoFrom }) => [
    colors.dim(branch) + escapeText(node.key),
    partitionText(node),
    statesText(node, colors),
    [
      ...node.reasons.map((reason) => fit(escapeText(reason), WIDEST_REASON)),
      ...[originOf(node), alsoFrom.length === 0 ? "" : `also from ${alsoFrom.join(", ")}`]
        .filter((text) => text !== "")
        .map((text) => colors.dim(escapeText(text))),
    ].join("  "),
  ]);
  const more = picture.nodes.length - lines.length;
  return [
    summaryLine(picture, colors),
    ...table(rows, { indent: "  " }),
    ...(more > 0
      ? [colors.dim(`  and ${count(more, "more artifact")}; see --limit, or choose: strata graph <selector>`)]
      : []),
  ];
}

/** "spend: 3 artifacts · 1 will build · 2 current". */
export function summaryLine({ graph, nodes, planned }: Picture, colors: Colors): string {
  const states = planned
    ? Object.entries(nodeStates(nodes)).map(([state, many]) =>
        colored(`${number(many)} ${stateText(state as PictureState)}`, state as PictureState, colors),
      )
    : ["only what is declared"];
  return [`${colors.bold(escapeText(graph))}: ${count(nodes.length, "artifact")}`, ...states].join(" · ");
}

/** Artifacts by state, worst first, without states that none is in. */
export function nodeStates(nodes: readonly PictureNode[]): Partial<Record<PictureState, number>> {
  const states: Partial<Record<PictureState, number>> = {};
  for (const state of pictureStateNames) {
    const many = nodes.filter((node) => node.state === state).length;
    if (many > 0) states[state] = many;
  }
  return states;
}

/** Partitions are left out: `plan --json` lists them. */
export function pictureJson({ graph, planned, nodes, edges }: Picture): object {
  return {
    graph,
    planned,
    states: nodeStates(nodes),
    nodes: nodes.map(({ partitions, producer, version, place, description, ...node }) => ({
      ...node,
      partitions: partitions.length,
      producer: producer ?? null,
      version: version ?? null,
      place: place ?? null,
      description: description ?? null,
    })),
    edges,
  };
}

function partitionText({ dimensions, partitions, state }: PictureNode): string {
  if (dimensions.length === 0) return "";
  return state === "declared" || state === "blocked" ? dimensions.join(", ") : count(partitions.length, "partition");
}

function statesText({ state, counts }: PictureNode, colors: Colors): string {
  if (state === "declared") return "";
  const entries = Object.entries(counts) as [PictureState, number][];
  if (entries.length < 2) return colored(stateText(state), state, colors);
  return entries.map(([one, many]) => colored(`${number(many)} ${stateText(one)}`, one, colors)).join(", ");
}

function originOf({ producer, version, place }: PictureNode): string {
  return producer === undefined ? (place ?? "") : `${producer} ${version ?? ""}`.trim();
}

function colored(text: string, state: PictureState, colors: Colors): string {
  switch (state) {
    case "failed":
    case "missing-source":
    case "blocked":
      return colors.red(text);
    case "will-build":
    case "may-build":
      return colors.yellow(text);
    case "current":
      return colors.green(text);
    case "declared":
      return text;
  }
}
