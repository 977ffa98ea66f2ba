// A picture as a tree of lines: every artifact once, below the last of its inputs to be ready.

import type { Picture, PictureNode } from "./picture.ts";

export interface PictureLine {
  /** What stands before the name: "│  └─ ". */
  readonly branch: string;
  readonly node: PictureNode;
  /** Its other inputs, which stand elsewhere. */
  readonly alsoFrom: readonly string[];
}

/** Deeper lines are not moved further to the right. */
const DEEPEST = 24;

/** The lines in their order, at most so many. */
export function pictureTree({ nodes, edges }: Picture, most: number): PictureLine[] {
  const inputs = new Map<string, Set<string>>(nodes.map(({ key }) => [key, new Set()]));
  for (const { from, to } of edges) inputs.get(to)!.add(from);
  const depths = depthsOf(nodes, edges);
  const below = new Map<string, PictureNode[]>(nodes.map(({ key }) => [key, []]));
  const roots: PictureNode[] = [];
  const parents = new Map<string, string>();
  for (const node of nodes) {
    const parent = deepest(inputs.get(node.key)!, depths);
    if (parent === undefined) roots.push(node);
    else {
      parents.set(node.key, parent);
      below.get(parent)!.push(node);
    }
  }
  const stack = roots.map((node) => ({ node, own: "", under: "", depth: 0 })).reverse();
  const lines: PictureLine[] = [];
  for (let next = stack.pop(); next !== undefined && lines.length < most; next = stack.pop()) {
    const { node, own, under, depth } = next;
    const alsoFrom = [...inputs.get(node.key)!].filter((key) => key !== parents.get(node.key));
    lines.push({ branch: own, node, alsoFrom });
    const children = below.get(node.key)!;
    const base = depth < DEEPEST ? under : under.slice(0, -3);
    for (let at = children.length - 1; at >= 0; at--) {
      const last = at === children.length - 1;
      const place = { own: `${base}${last ? "└─ " : "├─ "}`, under: `${base}${last ? "   " : "│  "}` };
      stack.push({ node: children[at]!, ...place, depth: depth + 1 });
    }
  }
  return lines;
}

/** Steps from a start to each artifact, on the longest way. */
function depthsOf(nodes: Picture["nodes"], edges: Picture["edges"]): ReadonlyMap<string, number> {
  const out = new Map<string, string[]>(nodes.map(({ key }) => [key, []]));
  const waiting = new Map<string, number>(nodes.map(({ key }) => [key, 0]));
  for (const { from, to } of edges) {
    out.get(from)!.push(to);
    waiting.set(to, waiting.get(to)! + 1);
  }
  const depths = new Map<string, number>(nodes.map(({ key }) => [key, 0]));
  const ready = nodes.map(({ key }) => key).filter((key) => waiting.get(key) === 0);
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    for (const to of out.get(key)!) {
      depths.set(to, Math.max(depths.get(to)!, depths.get(key)! + 1));
      waiting.set(to, waiting.get(to)! - 1);
      if (waiting.get(to) === 0) ready.push(to);
    }
  }
  return depths;
}

function deepest(keys: Iterable<string>, depths: ReadonlyMap<string, number>): string | undefined {
  let found: string | undefined;
  for (const key of keys) if (found === undefined || depths.get(key)! > depths.get(found)!) found = key;
  return found;
}
