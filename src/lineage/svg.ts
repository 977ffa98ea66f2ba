// A trace as a picture: one self-contained SVG file, what is raw on the left, what was made from it to the right.

import { escapeXml, PICTURE_FONT, roundTenth, shortenText, textWidth } from "../util/svg-text.ts";
import { layOut, type Layout } from "../util/layered-layout.ts";
import { groupTrace, keyRange, type GroupOptions, type LineageGroup } from "./groups.ts";
import type { Trace } from "./trace.ts";
import { summaryOf } from "./tree.ts";
import { SAME_FILE } from "./walk.ts";

const TITLE = 13;
const TEXT = 11;
const MARGIN = 24;
const PAD = 12;
const LINE = 17;
const LONGEST = 44;
const GAPS = { across: 72, down: 18 };

/** Readable on white and in print; the three kinds differ in lightness as well. */
const COLOURS = {
  raw: { fill: "#fdf3dc", stroke: "#9a6b12" },
  made: { fill: "#e7f0fb", stroke: "#2f66a8" },
  model: { fill: "#e2f3e6", stroke: "#2b7343" },
} as const;
const INK = "#1c2530";
const FAINT = "#5a6672";

interface Drawn {
  readonly group: LineageGroup;
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** The picture's text. Nothing in it is loaded from anywhere. */
export function traceSvg(trace: Trace, options: GroupOptions = {}): string {
  const groups = groupTrace(trace, options);
  const several = new Set(trace.partitions.map(({ graph }) => graph)).size > 1;
  const boxes = groups.map((group) => boxOf(group, several));
  const links = groups.flatMap(({ outputs }, from) => outputs.map((to) => ({ from, to })));
  const layout = layOut(boxes, links, GAPS);
  const header = [trace.origin.name, summaryOf(trace).join(" · ")];
  const headerWidth = Math.max(textWidth(header[0]!, TITLE + 3, true), textWidth(header[1]!, TEXT), 330);
  const width = Math.ceil(Math.max(layout.width, headerWidth) + 2 * MARGIN);
  const top = MARGIN + 52;
  const bottom = top + layout.height;
  const height = Math.ceil(bottom + MARGIN + 26);
  const apart = sameFiles(trace, groups);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${PICTURE_FONT}">`,
    `<title>${escapeXml(`Lineage of ${trace.origin.name}`)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    label(MARGIN, MARGIN + 14, header[0]!, TITLE + 3, INK, true),
    label(MARGIN, MARGIN + 34, header[1]!, TEXT, FAINT),
    `<g transform="translate(${MARGIN} ${top})">`,
    `<g fill="none" stroke="#8a96a3" stroke-width="1.3">`,
    ...layout.paths.map((path, index) => linkMark(path, apart.has(`${links[index]!.from} ${links[index]!.to}`))),
    `</g>`,
    ...boxes.map((box, index) => boxMark(box, layout.places[index]!)),
    `</g>`,
    ...legend(MARGIN, bottom + MARGIN + 4),
    `</svg>`,
  ].join("\n")}\n`;
}

function boxOf(group: LineageGroup, namesGraph: boolean): Drawn {
  const lines = [group.title, ...detailsOf(group, namesGraph)].map((line) => shortenText(line, LONGEST));
  const [title = "", ...rest] = lines;
  const widest = rest.reduce((most, line) => Math.max(most, textWidth(line, TEXT)), textWidth(title, TITLE, true));
  return { group, lines, width: Math.ceil(widest + 2 * PAD), height: lines.length * LINE + 2 * PAD - 4 };
}

function detailsOf(group: LineageGroup, namesGraph: boolean): string[] {
  const { kind, partitions, producer, runs, model, graph } = group;
  if (model !== undefined) {
    const state = model.deleted ? "deleted" : model.stage;
    return [`model #${model.sequence} · ${state}`, `${day(model.registeredAt)} · ${model.registeredBy}`];
  }
  const [only, second] = partitions;
  if (only === undefined) return [];
  const range = keyRange(group);
  const what =
    second === undefined
      ? [
          ...(kind === "raw" && only.artifact !== undefined ? [only.location] : []),
          `content ${only.content.slice(0, 8)}`,
        ]
      : [`${partitions.length} ${kind === "raw" ? "raw files" : "partitions"}`, ...(range === "" ? [] : [range])];
  const [newest] = runs;
  const made = newest === undefined ? [] : [`${day(newest.startedAt)} · ${newest.by.split(" ")[0] ?? ""}`];
  const home = graph === undefined || !namesGraph ? [] : [`graph ${graph}`];
  return [...what, ...(producer === undefined ? [] : [producer]), ...made, ...home];
}

function day(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}

function boxMark({ group, lines, width, height }: Drawn, { x, y }: { readonly x: number; readonly y: number }): string {
  const { fill, stroke } = COLOURS[group.kind];
  const corner = group.kind === "model" ? height / 2 : group.kind === "raw" ? 2 : 7;
  const [title = "", ...rest] = lines;
  return [
    `<g transform="translate(${roundTenth(x)} ${roundTenth(y)})">`,
    `<title>${escapeXml(tooltip(group))}</title>`,
    `<rect width="${width}" height="${height}" rx="${Math.min(corner, 18)}" fill="${fill}" stroke="${stroke}" stroke-width="${group.isOrigin ? 2.6 : 1.2}"/>`,
    label(PAD, PAD + 9, title, TITLE, INK, true),
    ...rest.map((line, index) => label(PAD, PAD + 9 + (index + 1) * LINE, line, TEXT, FAINT)),
    `</g>`,
  ].join("");
}

/** All that was shortened in the box, in full, as far as it is not hundreds of lines. */
function tooltip({ title, partitions }: LineageGroup): string {
  const shown = partitions
    .slice(0, 20)
    .map(({ key, location, content }) => [key, location, content].filter(Boolean).join("  "));
  const more = partitions.length > 20 ? [`and ${partitions.length - 20} more`] : [];
  return [title, ...shown, ...more].join("\n");
}

/** Smooth through all points, level at each. */
function linkMark(path: Layout["paths"][number], dashed: boolean): string {
  const [start, ...rest] = path;
  if (start === undefined) return "";
  let from = start;
  let text = `M${roundTenth(start.x)} ${roundTenth(start.y)}`;
  for (const to of rest) {
    const middle = roundTenth((from.x + to.x) / 2);
    text += `C${middle} ${roundTenth(from.y)} ${middle} ${roundTenth(to.y)} ${roundTenth(to.x)} ${roundTenth(to.y)}`;
    from = to;
  }
  const { x, y } = from;
  const head = `M${roundTenth(x - 7)} ${roundTenth(y - 4)}L${roundTenth(x)} ${roundTenth(y)}L${roundTenth(x - 7)} ${roundTenth(y + 4)}`;
  return `<path d="${text}"${dashed ? ' stroke-dasharray="5 4"' : ""}/><path d="${head}"/>`;
}

/** Links between a file as one graph wrote it and as another found it, by the groups at their ends. */
function sameFiles(trace: Trace, groups: readonly LineageGroup[]): Set<string> {
  const places = new Map(groups.flatMap(({ partitions }, index) => partitions.map(({ id }) => [id, index] as const)));
  return new Set(
    trace.edges
      .filter(({ run, name }) => run === undefined && name === SAME_FILE)
      .map(({ input, output }) => `${places.get(input)} ${places.get(output)}`),
  );
}

function legend(x: number, y: number): string[] {
  const entries = [
    ["raw", "raw: found"],
    ["made", "made by a run"],
    ["model", "model version"],
  ] as const;
  let left = x;
  return entries.flatMap(([kind, says]) => {
    const { fill, stroke } = COLOURS[kind];
    const at = left;
    left += 34 + textWidth(says, TEXT);
    const corner = kind === "model" ? 6 : kind === "raw" ? 1 : 3;
    return [
      `<rect x="${roundTenth(at)}" y="${roundTenth(y)}" width="16" height="12" rx="${corner}" fill="${fill}" stroke="${stroke}"/>`,
      label(at + 22, y + 10, says, TEXT, FAINT),
    ];
  });
}

function label(x: number, y: number, text: string, size: number, colour: string, bold = false): string {
  const weight = bold ? ' font-weight="600"' : "";
  return `<text x="${roundTenth(x)}" y="${roundTenth(y)}" font-size="${size}" fill="${colour}"${weight}>${escapeXml(text)}</text>`;
}
