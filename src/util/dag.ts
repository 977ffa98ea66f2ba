// Directed graphs over indexes: an order, what can be reached, and a cycle as a path; iterative, so depth is no limit.

/** The indexes that index `i` depends on; asked for once per index. */
export type Edges = (index: number) => Iterable<number>;

export type Order =
  | {
      /** Every index once, dependencies first; otherwise as close to counting order as dependencies let it be. */
      readonly order: Int32Array;
    }
  | {
      /** Each depends on the next, and the last on the first; begins with its smallest index. Short, though not always the shortest of all. */
      readonly cycle: readonly number[];
    };

/** Orders the indexes 0 to count - 1. Time and memory grow with the number of indexes and edges alone. Throws RangeError for an edge to no index. */
export function topologicalOrder(count: number, edges: Edges): Order {
  const { starts, targets } = collect(count, edges);
  const order = new Int32Array(count);
  const next = starts.slice(0, count); // per index: the edge to follow next
  const state = new Uint8Array(count);
  const stack = new Int32Array(count);
  let ordered = 0;
  for (let root = 0; root < count; root++) {
    if (state[root] !== UNSEEN) continue;
    let height = 0;
    stack[height++] = root;
    state[root] = OPEN;
    while (height > 0) {
      const index = stack[height - 1] as number;
      const edge = next[index] as number;
      if (edge === starts[index + 1]) {
        state[index] = DONE;
        order[ordered++] = index;
        height--;
        continue;
      }
      next[index] = edge + 1;
      const target = targets[edge] as number;
      if (state[target] === UNSEEN) {
        state[target] = OPEN;
        stack[height++] = target;
      } else if (state[target] === OPEN) {
        const circle = stack.slice(stack.indexOf(target), height);
        return { cycle: startAtSmallest(shorten(circle, { starts, targets })) };
      }
    }
  }
  return { order };
}

/** Everything that can be reached from the start by any number of edges, the start included. */
export function reach(start: Iterable<number>, edges: Edges): Set<number> {
  const reached = new Set(start);
  const waiting = [...reached];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    for (const target of edges(index)) {
      if (reached.has(target)) continue;
      reached.add(target);
      waiting.push(target);
    }
  }
  return reached;
}

const UNSEEN = 0;
const OPEN = 1;
const DONE = 2;

/** All edges in two flat arrays: those of index i are `targets[starts[i]]` up to `targets[starts[i + 1]]`. */
interface FlatEdges {
  readonly starts: Int32Array;
  readonly targets: Int32Array;
}

function collect(count: number, edges: Edges): FlatEdges {
  const starts = new Int32Array(count + 1);
  let targets = new Int32Array(Math.max(16, 2 * count));
  let used = 0;
  for (let index = 0; index < count; index++) {
    for (const target of edges(index)) {
      if (!Number.isInteger(target) || target < 0 || target >= count) {
        throw new RangeError(`index ${index} depends on ${target}, which is not between 0 and ${count - 1}`);
      }
      if (used === targets.length) {
        const larger = new Int32Array(2 * used);
        larger.set(targets);
        targets = larger;
      }
      targets[used++] = target;
    }
    starts[index + 1] = used;
  }
  return { starts, targets };
}

/** How many edges may be looked at in the search for a shorter circle: some milliseconds' worth. */
const LOOKS = 4_000_000;

/**
 * The first circle found may wander through much of the graph, and a person wants the few arrows that are wrong: looks around
 * every index of it, at first one step far, then twice as far each time.
 */
function shorten(circle: Int32Array, { starts, targets }: FlatEdges): readonly number[] {
  let looks = 0;
  for (let depth = 1; depth < circle.length; depth *= 2) {
    let shortest: readonly number[] | undefined;
    for (const home of circle) {
      const from = new Map<number, number>();
      let around = [home];
      for (let steps = 1; steps <= depth && (shortest === undefined || steps < shortest.length); steps++) {
        const next = [];
        for (const index of around) {
          for (let edge = starts[index] as number; edge < (starts[index + 1] as number); edge++) {
            if (++looks > LOOKS) return shortest ?? [...circle];
            const target = targets[edge] as number;
            if (target === home) shortest = pathTo(index, home, from);
            if (target === home || from.has(target)) continue;
            from.set(target, index);
            next.push(target);
          }
        }
        around = next;
      }
    }
    if (shortest !== undefined) return shortest;
  }
  return [...circle];
}

function pathTo(last: number, home: number, from: ReadonlyMap<number, number>): readonly number[] {
  const path = [];
  for (let at = last; at !== home; at = from.get(at) as number) path.push(at);
  return [home, ...path.reverse()];
}

function startAtSmallest(circle: readonly number[]): readonly number[] {
  let at = 0;
  for (let index = 1; index < circle.length; index++) {
    if ((circle[index] as number) < (circle[at] as number)) at = index;
  }
  return [...circle.slice(at), ...circle.slice(0, at)];
}
