// A picture as one self-contained SVG file: sources on the left, what is made from them to the right.

import { escapeXml, PICTURE_FONT, roundTenth, textWidth } from "../util/svg-text.ts";
import { LINE_HEIGHT, LINE_SIZE, PAD, TITLE_SIZE, type Boxes, type PictureBox } from "./box.ts";
import type { Frame, PictureLayout, Point } from "./layout.ts";
import type { Picture } from "./picture.ts";
import { pictureStateNames, stateText } from "./state.ts";
import { dark, light, shapeRules, themeRules } from "./theme.ts";

const MARGIN = 24;
const HEADER = 52;
const LEGEND = 34;

/** Follows the reader's choice of light or dark. Nothing in it is loaded from anywhere. */
export function pictureSvg(picture: Picture, drawn: Boxes, layout: PictureLayout): string {
  const summary = summaryOf(picture, drawn);
  const legend = legendMarks(drawn);
  const inner = Math.max(
    layout.width,
    textWidth(picture.graph, TITLE_SIZE + 3, true),
    textWidth(summary, LINE_SIZE),
    legend.width,
  );
  const width = Math.ceil(inner + 2 * MARGIN);
  const height = Math.ceil(layout.height + 2 * MARGIN + HEADER + LEGEND);
  const bottom = MARGIN + HEADER + layout.height + LEGEND - 10;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${PICTURE_FONT}">`,
    `<title>${escapeXml(`Graph ${picture.graph}`)}</title>`,
    `<style>`,
    shapeRules,
    themeRules(light),
    `@media (prefers-color-scheme: dark){`,
    themeRules(dark),
    `}`,
    `</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    text(MARGIN, MARGIN + 14, picture.graph, TITLE_SIZE + 3, "ink title"),
    text(MARGIN, MARGIN + 34, summary, LINE_SIZE, "faint"),
    `<g transform="translate(${MARGIN} ${MARGIN + HEADER})">`,
    ...pictureMarks(drawn, layout),
    `</g>`,
    `<g transform="translate(${MARGIN} ${roundTenth(bottom)})">${legend.marks}</g>`,
    `</svg>`,
  ].join("\n")}\n`;
}

/** Frames, arrows and boxes, without anything around them. */
export function pictureMarks({ boxes }: Boxes, { places, paths, frames }: PictureLayout): string[] {
  return [
    ...frames.map(frameMark),
    ...paths.map(arrowMark),
    ...boxes.map((box, index) => boxMark(box, index, places[index]!)),
  ];
}

/** "12 artifacts · 1 failed · 11 current". */
function summaryOf(picture: Picture, drawn: Boxes): string {
  const { nodes, planned } = picture;
  const states = pictureStateNames.flatMap((state) => {
    const many = nodes.filter((node) => node.state === state).length;
    return many === 0 || !planned ? [] : [`${many} ${stateText(state)}`];
  });
  return [sizeOf(picture, drawn), ...states].join(" · ");
}

/** "12 artifacts", "1200 artifacts · drawn as 6 namespaces". */
export function sizeOf({ nodes, planned }: Picture, { grouped, boxes }: Boxes): string {
  return [
    `${nodes.length} artifact${nodes.length === 1 ? "" : "s"}`,
    ...(planned ? [] : ["only what is declared"]),
    ...(grouped ? [`drawn as ${boxes.length} namespaces`] : []),
  ].join(" · ");
}

function boxMark(
  { name, kind, state, lines, width, height, nodes }: PictureBox,
  index: number,
  { x, y }: Point,
): string {
  const [title = "", ...rest] = lines;
  const corner = kind === "source" ? 2 : 7;
  const rect = (shift: number): string =>
    `<rect class="box" ${shift === 0 ? "" : `x="${shift}" y="${shift}" `}width="${width}" height="${height}" rx="${corner}"/>`;
  const told = [name, stateText(state), ...(nodes.length === 1 ? nodes[0]!.reasons : [])].join("\n");
  return [
    `<g class="node ${state}" data-box="${index}" transform="translate(${roundTenth(x)} ${roundTenth(y)})">`,
    `<title>${escapeXml(told)}</title>`,
    // A namespace looks like a pile.
    ...(kind === "group" ? [rect(6), rect(3)] : []),
    rect(0),
    text(PAD, PAD + 9, title, TITLE_SIZE, "ink title"),
    ...rest.map((line, at) => text(PAD, PAD + 9 + (at + 1) * LINE_HEIGHT, line, LINE_SIZE, "faint")),
    `</g>`,
  ].join("");
}

function arrowMark({ points, tip }: PictureLayout["paths"][number], index: number): string {
  const [start, ...rest] = points;
  if (start === undefined) return "";
  const last = rest.at(-1) ?? start;
  const angle = Math.atan2(tip.y - last.y, tip.x - last.x);
  const wing = (turn: number): string =>
    pair({ x: tip.x - 8 * Math.cos(angle + turn), y: tip.y - 8 * Math.sin(angle + turn) });
  const line = `M${pair(start)}C${rest.map(pair).join(" ")}L${pair({ x: tip.x - 5 * Math.cos(angle), y: tip.y - 5 * Math.sin(angle) })}`;
  return `<g class="link" data-link="${index}"><path class="arrow" d="${line}"/><path class="head" d="M${pair(tip)}L${wing(0.42)}L${wing(-0.42)}Z"/></g>`;
}

function frameMark({ name, x, y, width, height }: Frame): string {
  return [
    `<rect class="frame" x="${roundTenth(x)}" y="${roundTenth(y)}" width="${roundTenth(width)}" height="${roundTenth(height)}" rx="8"/>`,
    text(x + 10, y + 16, name, LINE_SIZE, "faint"),
  ].join("");
}

function legendMarks({ boxes }: Boxes): { readonly marks: string; readonly width: number } {
  const there = new Set(boxes.map(({ state }) => state));
  let left = 0;
  const marks = pictureStateNames
    .filter((state) => there.has(state))
    .map((state) => {
      const at = left;
      left += 40 + textWidth(stateText(state), LINE_SIZE);
      return `<g class="${state}"><rect class="box" x="${roundTenth(at)}" width="16" height="12" rx="3"/>${text(at + 22, 10, stateText(state), LINE_SIZE, "faint")}</g>`;
    });
  return { marks: marks.join(""), width: left };
}

function text(x: number, y: number, content: string, size: number, classes: string): string {
  return `<text class="${classes}" x="${roundTenth(x)}" y="${roundTenth(y)}" font-size="${size}">${escapeXml(content)}</text>`;
}

function pair({ x, y }: Point): string {
  return `${roundTenth(x)} ${roundTenth(y)}`;
}
