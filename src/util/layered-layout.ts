// Places for the boxes of a directed graph in layers from left to right, after Sugiyama, Tagawa and Toda (1981).

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Link {
  /** Indices of boxes. */
  readonly from: number;
  readonly to: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Of each box its upper left corner. */
  readonly places: readonly { readonly x: number; readonly y: number }[];
  /** Of each link the points it runs through, from the right edge of one box to the left edge of the other. */
  readonly paths: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

export interface Gaps {
  /** Between layers. */
  readonly across: number;
  /** Between boxes of one layer. */
  readonly down: number;
}

/** How often the order within layers is improved, and how often the heights are. */
const ORDER_SWEEPS = 12;
const HEIGHT_SWEEPS = 24;
/** A link that passes through a layer takes this much of its height. */
const THREAD = 6;

/** A box, or the place where a long link passes through a layer. */
interface Cell {
  readonly layer: number;
  readonly width: number;
  readonly height: number;
  readonly before: Cell[];
  readonly after: Cell[];
  rank: number;
  centre: number;
}

/** The same graph always has the same layout; links that close a circle run backwards. Heights and widths in one unit of your choice. */
export function layOut(boxes: readonly Box[], links: readonly Link[], gaps: Gaps): Layout {
  const proper = links.map((link) => ({ ...link, turned: false }));
  turnBackLinks(boxes.length, proper);
  const layerOf = assignLayers(boxes.length, proper);
  const layers: Cell[][] = Array.from({ length: layerOf.reduce((most, one) => Math.max(most, one), 0) + 1 }, () => []);
  const addCell = (layer: number, { width, height }: Box): Cell => {
    const cell: Cell = { layer, width, height, before: [], after: [], rank: layers[layer]!.length, centre: 0 };
    layers[layer]!.push(cell);
    return cell;
  };
  const cells = boxes.map((box, index) => addCell(layerOf[index]!, box));
  const threads = proper.map(({ from, to }) => {
    const thread = [cells[from]!];
    for (let layer = layerOf[from]! + 1; layer < layerOf[to]!; layer++)
      thread.push(addCell(layer, { width: 0, height: THREAD }));
    thread.push(cells[to]!);
    for (let at = 1; at < thread.length; at++) {
      thread[at - 1]!.after.push(thread[at]!);
      thread[at]!.before.push(thread[at - 1]!);
    }
    return thread;
  });
  orderCells(layers);
  placeHeights(layers, gaps.down);
  return drawn(layers, cells, threads, proper, gaps.across);
}

/** Turns round every link that leads back to a box on the way to it, so that none does any more. */
function turnBackLinks(count: number, links: { from: number; to: number; turned: boolean }[]): void {
  const out = Array.from({ length: count }, (): typeof links => []);
  for (const link of links) out[link.from]!.push(link);
  const state = new Uint8Array(count); // 1: on the way, 2: done
  for (let root = 0; root < count; root++) {
    if (state[root] !== 0) continue;
    const stack = [{ box: root, next: 0 }];
    state[root] = 1;
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const link = out[top.box]![top.next++];
      if (link === undefined) {
        state[top.box] = 2;
        stack.pop();
      } else if (state[link.to] === 1) {
        [link.from, link.to, link.turned] = [link.to, link.from, true];
      } else if (state[link.to] === 0) {
        state[link.to] = 1;
        stack.push({ box: link.to, next: 0 });
      }
    }
  }
}

/** Each box right of all it comes from, as far left as that allows; one that comes from nothing stands beside what needs it. */
function assignLayers(count: number, links: readonly Link[]): number[] {
  const out = Array.from({ length: count }, (): number[] => []);
  const waiting = new Int32Array(count);
  for (const { from, to } of links) {
    out[from]!.push(to);
    waiting[to]! += 1;
  }
  const layer = new Array<number>(count).fill(0);
  const ready: number[] = [];
  const roots = new Set<number>();
  waiting.forEach((many, box) => {
    if (many > 0) return;
    ready.push(box);
    roots.add(box);
  });
  for (let at = 0; at < ready.length; at++) {
    for (const to of out[ready[at]!]!) {
      layer[to] = Math.max(layer[to]!, layer[ready[at]!]! + 1);
      if (--waiting[to]! === 0) ready.push(to);
    }
  }
  for (const box of roots) {
    const nearest = out[box]!.reduce((least, to) => Math.min(least, layer[to]!), Infinity);
    if (nearest !== Infinity) layer[box] = nearest - 1;
  }
  return layer;
}

/** Sweeps to and fro, each cell to the mean of its neighbours' ranks, and keeps the order with the fewest crossings. */
function orderCells(layers: Cell[][]): void {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < ORDER_SWEEPS && fewest > 0; sweep++) {
    const forward = sweep % 2 === 0;
    const order = forward ? layers.keys() : [...layers.keys()].reverse();
    for (const index of order) {
      const layer = layers[index]!;
      const wanted = new Map(layer.map((cell) => [cell, mean(forward ? cell.before : cell.after, cell.rank)]));
      layer.sort((a, b) => wanted.get(a)! - wanted.get(b)! || a.rank - b.rank);
      layer.forEach((cell, rank) => (cell.rank = rank));
    }
    const now = crossings(layers);
    if (now >= fewest) continue;
    fewest = now;
    best = layers.map((layer) => [...layer]);
  }
  best.forEach((layer, index) => {
    layers[index] = layer;
    layer.forEach((cell, rank) => (cell.rank = rank));
  });
}

function mean(cells: readonly Cell[], otherwise: number): number {
  return cells.length === 0 ? otherwise : cells.reduce((sum, { rank }) => sum + rank, 0) / cells.length;
}

/** Pairs of links between neighbouring layers that cross: inversions, counted with a tree of sums. */
function crossings(layers: readonly (readonly Cell[])[]): number {
  let total = 0;
  for (const layer of layers) {
    const ends = layer.flatMap(({ after }) => after.map(({ rank }) => rank).sort((a, b) => a - b));
    const size = ends.reduce((most, end) => Math.max(most, end), -1) + 1;
    const sums = new Int32Array(size + 1);
    ends.forEach((end, seen) => {
      let notAbove = 0;
      for (let at = end + 1; at > 0; at -= at & -at) notAbove += sums[at]!;
      total += seen - notAbove;
      for (let at = end + 1; at <= size; at += at & -at) sums[at]! += 1;
    });
  }
  return total;
}

/** Draws every cell towards the middle of its neighbours, as near as the order and the gaps allow. */
function placeHeights(layers: readonly (readonly Cell[])[], gap: number): void {
  for (const layer of layers) {
    let y = 0;
    for (const cell of layer) {
      cell.centre = y + cell.height / 2;
      y += cell.height + gap;
    }
  }
  for (let sweep = 0; sweep < HEIGHT_SWEEPS; sweep++) {
    const forward = sweep % 2 === 1;
    for (const layer of forward ? layers : layers.toReversed())
      settle(layer, gap, (cell) => (forward ? cell.before : cell.after));
  }
}

/** The heights nearest to those wanted (least squares) that keep order and gaps: pool adjacent violators. */
function settle(layer: readonly Cell[], gap: number, towards: (cell: Cell) => readonly Cell[]): void {
  const offsets: number[] = [];
  layer.forEach((cell, index) => {
    const above = layer[index - 1];
    offsets.push(above === undefined ? 0 : offsets[index - 1]! + (above.height + cell.height) / 2 + gap);
  });
  const blocks: { sum: number; count: number }[] = [];
  layer.forEach((cell, index) => {
    const near = towards(cell);
    const wanted = near.length === 0 ? cell.centre : near.reduce((sum, one) => sum + one.centre, 0) / near.length;
    let block = { sum: wanted - offsets[index]!, count: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum / last.count >= block.sum / block.count;
      last = blocks.at(-1)
    ) {
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  let index = 0;
  for (const { sum, count } of blocks) {
    for (let many = 0; many < count; many++, index++) layer[index]!.centre = sum / count + offsets[index]!;
  }
}

function drawn(
  layers: readonly (readonly Cell[])[],
  cells: readonly Cell[],
  threads: readonly (readonly Cell[])[],
  links: readonly { readonly turned: boolean }[],
  across: number,
): Layout {
  const all = layers.flat();
  const top = all.reduce((least, cell) => Math.min(least, cell.centre - cell.height / 2), Infinity);
  const shift = Number.isFinite(top) ? -top : 0;
  const lefts: number[] = [];
  const widths = layers.map((layer) => layer.reduce((most, { width }) => Math.max(most, width), 0));
  let right = 0;
  for (const width of widths) {
    lefts.push(right);
    right += width + across;
  }
  const places = cells.map(({ layer, centre, height }) => ({ x: lefts[layer]!, y: centre - height / 2 + shift }));
  const paths = threads.map((thread, index) => {
    const points = thread.flatMap(({ layer, width, centre }, at) => {
      const y = centre + shift;
      // Level to the edge of the layer, so that it passes under no wider box.
      if (at === 0) {
        const [own, edge] = [lefts[layer]! + width, lefts[layer]! + widths[layer]!];
        return own === edge
          ? [{ x: own, y }]
          : [
              { x: own, y },
              { x: edge, y },
            ];
      }
      if (at === thread.length - 1) return [{ x: lefts[layer]!, y }];
      return [
        { x: lefts[layer]!, y },
        { x: lefts[layer]! + widths[layer]!, y },
      ];
    });
    return links[index]!.turned ? points.reverse() : points;
  });
  const height = all.reduce((most, cell) => Math.max(most, cell.centre + cell.height / 2 + shift), 0);
  return { width: Math.max(0, right - across), height, places, paths };
}
