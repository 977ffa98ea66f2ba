// Places for boxes, frames and arrows, by Graphviz: an optional package, loaded with the first picture.

import type { Graphviz } from "@hpcc-js/wasm-graphviz";
import { StratigraphError } from "../errors.ts";
import type { Boxes, PictureBox } from "./box.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** In pixels, from the upper left corner. */
export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  /** Upper left corners, by box. */
  readonly places: readonly Point[];
  /** By arrow: the start, then three points for each curve, see `C` in SVG's paths; and where the head's tip is. */
  readonly paths: readonly { readonly points: readonly Point[]; readonly tip: Point }[];
  readonly frames: readonly Frame[];
}

/** Drawn around everything under one name. */
export interface Frame extends Point {
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

const PACKAGE = "@hpcc-js/wasm-graphviz";
/** Graphviz counts in inches and points. */
const INCH = 72;
/** What Graphviz leaves room for above the boxes of a frame. */
const FRAME_TEXT = 12;

/** Error: PACKAGE_MISSING. */
export async function layOutPicture(drawn: Boxes): Promise<PictureLayout> {
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz").catch(missing);
  const graphviz: Graphviz = await Graphviz.load();
  const frames: string[] = [];
  return readLayout(JSON.parse(graphviz.layout(dotOf(drawn, frames), "json", "dot")) as Drawing, drawn, frames);
}

function missing(cause: unknown): never {
  throw new StratigraphError("PACKAGE_MISSING", `the package '${PACKAGE}' is needed for pictures`, {
    hint: `Run \`npm install ${PACKAGE}\`; without it there is the picture in the terminal: strata graph.`,
    cause,
  });
}

/** In Graphviz's language. Boxes have numbers for names, and frames only as many x as letters: no text of others is in it. */
function dotOf({ boxes, arrows }: Boxes, frames: string[]): string {
  const lines = [
    "digraph {",
    "graph [rankdir=LR nodesep=0.25 ranksep=0.75 pad=0]",
    'node [shape=box fixedsize=true label=""]',
    "edge [tailport=e headport=w]",
    ...boxes.map(({ width, height }, index) => `b${index} [width=${width / INCH} height=${height / INCH}]`),
    ...frameLines(boxes, frames),
    ...arrows.map(({ from, to }, index) => `b${from} -> b${to} [id=${index}]`),
    "}",
  ];
  return lines.join("\n");
}

interface FrameTree {
  readonly boxes: number[];
  readonly inner: Map<string, FrameTree>;
}

function frameLines(boxes: readonly PictureBox[], frames: string[]): string[] {
  const root: FrameTree = { boxes: [], inner: new Map() };
  for (const [index, { within }] of boxes.entries()) {
    let tree = root;
    for (const name of within) {
      let next = tree.inner.get(name);
      if (next === undefined) tree.inner.set(name, (next = { boxes: [], inner: new Map() }));
      tree = next;
    }
    tree.boxes.push(index);
  }
  const lines: string[] = [];
  const write = (tree: FrameTree): void => {
    for (const [name, inner] of tree.inner) {
      const label = "x".repeat(Math.min(40, [...name].length));
      lines.push(`subgraph cluster_${frames.length} {`);
      lines.push(`graph [label="${label}" labeljust=l fontsize=${FRAME_TEXT} margin=12]`);
      frames.push(name);
      for (const index of inner.boxes) lines.push(`b${index}`);
      write(inner);
      lines.push("}");
    }
  };
  write(root);
  return lines;
}

/** The part of Graphviz's `json` that is used. Its heights grow upwards. */
interface Drawing {
  readonly bb: string;
  readonly objects?: readonly { readonly name: string; readonly pos?: string; readonly bb?: string }[];
  readonly edges?: readonly { readonly id: string; readonly pos: string }[];
}

function readLayout(drawing: Drawing, { boxes, arrows }: Boxes, names: readonly string[]): PictureLayout {
  const [, , width = 0, height = 0] = numbers(drawing.bb);
  const objects = new Map((drawing.objects ?? []).map((object) => [object.name, object]));
  const edges = new Map((drawing.edges ?? []).map((edge) => [edge.id, edge.pos]));
  const point = (text: string): Point => {
    const [x = 0, y = 0] = numbers(text);
    return { x, y: height - y };
  };
  return {
    width,
    height,
    places: boxes.map((box, index) => {
      const { x, y } = point(objects.get(`b${index}`)?.pos ?? "0,0");
      return { x: x - box.width / 2, y: y - box.height / 2 };
    }),
    paths: arrows.map((_, index) => {
      const [end = "e,0,0", ...rest] = (edges.get(String(index)) ?? "e,0,0").split(" ");
      return { points: rest.map(point), tip: point(end.slice("e,".length)) };
    }),
    frames: names.map((name, index) => {
      const [left = 0, bottom = 0, right = 0, top = 0] = numbers(objects.get(`cluster_${index}`)?.bb ?? "");
      return { name, x: left, y: height - top, width: right - left, height: top - bottom };
    }),
  };
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}
