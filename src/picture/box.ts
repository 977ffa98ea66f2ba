// What a drawing consists of: a box for each artifact, or for each namespace where there would be too many, and arrows.

import { StratigraphError } from "../errors.ts";
import { shortenText, textWidth } from "../util/svg-text.ts";
import type { Picture, PictureNode } from "./picture.ts";
import { pictureStateNames, stateText, worstState, type PictureState } from "./state.ts";

export interface PictureBox {
  /** The artifact's key, or the namespace of a group. */
  readonly name: string;
  readonly kind: "source" | "produced" | "group";
  readonly state: PictureState;
  /** First the title, then what is said below it. */
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PictureNode[];
  /** The names around it, outermost first; a frame is drawn around those that share them. */
  readonly within: readonly string[];
}

/** Indices of boxes. */
export interface PictureArrow {
  readonly from: number;
  readonly to: number;
}

export interface Boxes {
  readonly boxes: readonly PictureBox[];
  readonly arrows: readonly PictureArrow[];
  /** Whether namespaces stand for what is in them. */
  readonly grouped: boolean;
}

export const TITLE_SIZE = 13;
export const LINE_SIZE = 11;
export const LINE_HEIGHT = 17;
export const PAD = 12;
/** Characters of a box's name; its other lines are smaller, and have as much room. */
const LONGEST = 36;
const LONGEST_LINE = Math.floor((LONGEST * TITLE_SIZE) / LINE_SIZE);
/** With more boxes than this, frames around namespaces pull a drawing apart: the names are in the boxes instead. */
const MOST_FRAMED = 100;

/**
 * A box for each artifact; where that makes more than `most`, one for each outermost name.
 * Error: USAGE where even those are too many to be looked at.
 */
export function boxesOf(picture: Picture, most: number): Boxes {
  const grouped = picture.nodes.length > most;
  const boxes = grouped
    ? groupBoxes(picture)
    : picture.nodes.map((node) => nodeBox(node, picture.nodes.length <= MOST_FRAMED));
  if (boxes.length > most) {
    throw new StratigraphError("USAGE", "there is too much to be drawn in one picture", {
      where: `graph '${picture.graph}'`,
      expected: `at most ${most} artifacts, or outermost names`,
      received: `${picture.nodes.length} artifacts under ${boxes.length} outermost names`,
      hint: "Choose a part of it: strata graph 'vendor.*' --svg graph.svg; or raise --limit.",
    });
  }
  const places = new Map(boxes.flatMap(({ nodes }, index) => nodes.map(({ key }) => [key, index] as const)));
  const arrows = new Map<string, PictureArrow>();
  for (const edge of picture.edges) {
    const [from, to] = [places.get(edge.from)!, places.get(edge.to)!];
    if (from !== to) arrows.set(`${from} ${to}`, { from, to });
  }
  return { boxes, arrows: [...arrows.values()], grouped };
}

function nodeBox(node: PictureNode, framed: boolean): PictureBox {
  const { key, kind, state, producer, version, place } = node;
  const names = key.split(".");
  const origin = producer === undefined ? (place ?? "") : `${producer} ${version ?? ""}`.trim();
  return box({
    name: key,
    kind,
    state,
    lines: [framed ? names.at(-1)! : key, origin, standingText(node)],
    nodes: [node],
    within: framed ? names.slice(0, -1) : [],
  });
}

/** "3 partitions · 1 will build, 2 current". */
function standingText({ state, counts, dimensions, partitions }: PictureNode): string {
  const known = state !== "declared" && state !== "blocked" && state !== "missing-source";
  const many = partitions.length;
  const count =
    dimensions.length === 0 ? "" : known ? `${many} partition${many === 1 ? "" : "s"}` : `by ${dimensions.join(", ")}`;
  return [count, statesText(state, counts)].filter((text) => text !== "").join(" · ");
}

function statesText(state: PictureState, counts: Readonly<Partial<Record<PictureState, number>>>): string {
  const entries = Object.entries(counts) as [PictureState, number][];
  if (entries.length < 2) return state === "declared" ? "" : stateText(state);
  return entries.map(([one, many]) => `${many} ${stateText(one)}`).join(", ");
}

function groupBoxes({ nodes }: Picture): PictureBox[] {
  const groups = new Map<string, PictureNode[]>();
  for (const node of nodes) {
    const [name = ""] = node.key.split(".");
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [node]);
    else group.push(node);
  }
  return [...groups].map(([name, members]) => {
    const [first] = members;
    if (members.length === 1 && first!.key === name) return nodeBox(first!, false);
    const state = worstState(members.map((node) => node.state));
    const counts: Partial<Record<PictureState, number>> = {};
    for (const one of pictureStateNames) {
      const many = members.filter((node) => node.state === one).length;
      if (many > 0) counts[one] = many;
    }
    const lines = [name, `${members.length} artifact${members.length === 1 ? "" : "s"}`, statesText(state, counts)];
    return box({ name, kind: "group", state, lines, nodes: members, within: [] });
  });
}

function box(given: Omit<PictureBox, "width" | "height">): PictureBox {
  const lines = given.lines
    .filter((line) => line !== "")
    .map((line, index) => shortenText(line, index === 0 ? LONGEST : LONGEST_LINE));
  const [title = "", ...rest] = lines;
  const widest = rest.reduce(
    (most, line) => Math.max(most, textWidth(line, LINE_SIZE)),
    textWidth(title, TITLE_SIZE, true),
  );
  return { ...given, lines, width: Math.ceil(widest + 2 * PAD), height: lines.length * LINE_HEIGHT + 2 * PAD - 4 };
}
