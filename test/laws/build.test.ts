// What holds for every graph and every history of edits: builds are correct, minimal, and independent of order.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  all,
  artifact,
  graph,
  integers,
  latest,
  memory,
  memoryStorage,
  optional,
  producer,
  window,
  type Graph,
} from "stratigraph";
import type { Backend, WiredArtifact } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";
import { fc } from "../support/random.ts";

// The same story is told twice: to stratigraph, and to a few lines of plain code that know nothing of caches.

type EdgeKind = "same" | "all" | "window" | "latest";
interface NodePlan {
  readonly partitioned: boolean;
  /** `from`: index of an earlier node, the sources first. */
  readonly inputs: readonly { readonly from: number; readonly edge: EdgeKind }[];
}
interface World {
  /** Every source is partitioned by `n`. */
  readonly sources: readonly ReadonlyMap<number, number>[];
  readonly nodes: readonly NodePlan[];
}
type Values = Map<number, number>; // by partition; an unpartitioned artifact is partition 0
type Seen = readonly (readonly [n: number, value: number])[];

const WINDOW = 2;

/** A small range of results makes equal contents frequent, so that early cutoff has something to do. */
function combine(index: number, inputs: readonly Seen[]): number {
  let sum = index;
  for (const list of inputs) for (const [n, value] of list) sum = (sum * 31 + n * 7 + value) % 5;
  return sum;
}

interface Reference {
  readonly values: readonly Values[];
  /** Every step with all it depends on, as text: what must be done once and never again. */
  readonly work: readonly string[];
}

function evaluate({ sources, nodes }: World): Reference {
  const values: Values[] = sources.map((source) => new Map(source));
  const work: string[] = [];
  for (const [index, node] of nodes.entries()) {
    const mine: Values = new Map();
    for (const key of outputKeys(node, sources.length, nodes, values)) {
      const given = node.inputs.map(({ from, edge }): Seen => {
        const list = [...values[from]!].sort(([a], [b]) => a - b);
        const end = node.partitioned ? key : (list.at(-1)?.[0] ?? 0);
        if (edge === "window") return list.filter(([n]) => n <= end && n > end - WINDOW);
        if (edge === "latest") return list.slice(-1);
        return edge === "same" && isPartitioned(from, sources.length, nodes) ? list.filter(([n]) => n === key) : list;
      });
      // `latest` gives the bare value: build is not told which partition it was.
      const seen = given.map((list, i) =>
        node.inputs[i]!.edge === "latest" ? list.map(([, v]) => [0, v] as const) : list,
      );
      mine.set(key, combine(index, seen));
      work.push(JSON.stringify([index, node.partitioned ? key : null, given]));
    }
    values.push(mine);
  }
  return { values, work };
}

function isPartitioned(at: number, sources: number, nodes: readonly NodePlan[]): boolean {
  return at < sources || nodes[at - sources]!.partitioned;
}

function outputKeys(node: NodePlan, sources: number, nodes: readonly NodePlan[], values: readonly Values[]): number[] {
  if (!node.partitioned) return [0];
  const same = node.inputs.filter(({ from, edge }) => edge === "same" && isPartitioned(from, sources, nodes));
  const deciding = same.length > 0 ? same : node.inputs.filter(({ edge }) => edge === "window").slice(0, 1);
  return [...values[deciding[0]!.from]!.keys()].filter((n) => deciding.every(({ from }) => values[from]!.has(n)));
}

// ------------------------------------------------------------------ the same world as a graph

const Part = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Whole = artifact({ schema: z.number() });

type AnyWire = WiredArtifact<number, any>;
type AnyGraph = Graph<"world", Record<string, AnyWire>>;

function declare({ sources, nodes }: World, ran: () => void): AnyGraph {
  return graph("world", () => {
    const wires = sources.map((source): AnyWire => {
      const files = new Map([...source].map(([n, value]) => [`${n}.json`, JSON.stringify(value)]));
      return Part.from(memoryStorage("{n}.json", files));
    });
    for (const [index, node] of nodes.entries()) {
      const partitioned = node.inputs.map(({ from }) => isPartitioned(from, sources.length, nodes));
      const edges = { same: Part, all: all(Part, "n"), window: window(Part, WINDOW), latest: optional(latest(Part)) };
      const inputs: {} = Object.fromEntries(
        node.inputs.map(({ edge }, i) => [`i${i}`, partitioned[i]! ? edges[edge] : Whole]),
      );
      const make = producer({
        name: `p${index}`,
        version: "1.0.0",
        inputs,
        output: (node.partitioned ? Part : Whole) as typeof Whole,
        build: (given: Record<string, unknown>, context) => {
          ran();
          const { n: key } = context.key as { n?: number };
          const seen = node.inputs.map(({ edge }, i): Seen => {
            const value = given[`i${i}`];
            if (value === undefined) return [];
            if (!partitioned[i]! || edge === "latest") return [[0, value as number]];
            if (edge === "same") return [[key!, value as number]];
            return (value as { key: { n: number }; value: number }[]).map((one) => [one.key.n, one.value]);
          });
          return combine(index, seen);
        },
      }) as unknown as (inputs: object) => AnyWire;
      wires.push(make(Object.fromEntries(node.inputs.map(({ from }, i) => [`i${i}`, wires[from]]))));
    }
    return Object.fromEntries(wires.map((wire, index) => [`a${index}`, wire]));
  });
}

async function readAll(built: AnyGraph, world: World, backend: Backend): Promise<Values[]> {
  const snapshot = await built.snapshot("latest", { backend });
  const read = snapshot.read.bind(snapshot) as (artifact: unknown, ...key: unknown[]) => Promise<number>;
  const values: Values[] = [];
  for (const [index] of [...world.sources, ...world.nodes].entries()) {
    const mine: Values = new Map();
    const one = built.artifacts[`a${index}`]!;
    for await (const key of snapshot.keys(one)) {
      const { n } = key as { n?: number };
      mine.set(n ?? 0, await read(one, ...(n === undefined ? [] : [{ n }])));
    }
    values.push(mine);
  }
  return values;
}

// ------------------------------------------------------------------ any world, any history

const value = fc.integer({ min: 0, max: 4 });
const partition = fc.integer({ min: 0, max: 12 });
const source = fc.uniqueArray(fc.tuple(partition, value), { minLength: 1, maxLength: 4, selector: ([n]) => n });
const edge = fc.constantFrom<EdgeKind>("same", "all", "window", "latest");
const shape = fc.record({
  partitioned: fc.boolean(),
  inputs: fc.array(fc.record({ from: fc.nat(), edge }), { minLength: 1, maxLength: 3 }),
});

const worlds = fc
  .record({
    sources: fc.array(source, { minLength: 1, maxLength: 2 }),
    shapes: fc.array(shape, { minLength: 1, maxLength: 6 }),
  })
  .map(({ sources, shapes }): World => {
    const nodes: NodePlan[] = [];
    for (const { partitioned: wanted, inputs } of shapes) {
      const chosen = inputs.map((input) => ({ ...input, from: input.from % (sources.length + nodes.length) }));
      const isPart = ({ from }: { from: number }): boolean => isPartitioned(from, sources.length, nodes);
      // A partitioned output needs an input that says which partitions there are.
      const says = chosen.some((input) => isPart(input) && (input.edge === "same" || input.edge === "window"));
      const partitioned = wanted && says && !chosen.some((input) => input.edge === "latest");
      nodes.push({
        partitioned,
        inputs: chosen.map((input) => {
          const collects = !partitioned && input.edge === "same";
          return { from: input.from, edge: !isPart(input) ? "same" : collects ? "all" : input.edge };
        }),
      });
    }
    return { sources: sources.map((entries) => new Map(entries)), nodes };
  });

/** `value` undefined: the partition goes. */
const edit = fc.record({ source: fc.nat(), n: partition, value: fc.option(value, { nil: undefined }) });
type Edit = { source: number; n: number; value: number | undefined };

function edited(world: World, { source: index, n, value: to }: Edit): World {
  const sources = world.sources.map((entries) => new Map(entries));
  const chosen = sources[index % sources.length]!;
  if (to !== undefined) chosen.set(n, to);
  else if (chosen.size > 1) chosen.delete(n);
  return { ...world, sources };
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-laws-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let databases = 0;
const backends: [name: string, runs: number, open: () => Backend][] = [
  ["in memory", 80, () => memory()],
  ["on SQLite", 12, () => sqlite(join(folder, String(databases++), "strata.db"))],
];

describe("every build of every graph", () => {
  it.each(backends)(
    "gives what plain code gives, and does each piece of work exactly once, %s",
    async (_, numRuns, open) => {
      await fc.assert(
        fc.asyncProperty(worlds, fc.array(edit, { maxLength: 4 }), async (first, edits) => {
          const backend = open();
          const done = new Set<string>();
          const history = [first];
          for (const one of edits) history.push(edited(history.at(-1)!, one));

          for (const world of history) {
            let runs = 0;
            const built = declare(world, () => runs++);
            const snapshot = await built.build({ backend, concurrency: 3 });

            const { values, work } = evaluate(world);
            const found = await readAll(built, world, backend);
            expect(found.map((map) => [...map].sort())).toEqual(values.map((map) => [...map].sort()));
            const fresh = work.filter((item) => !done.has(item)).length;
            for (const item of work) done.add(item);
            expect([runs, snapshot.result.built]).toEqual([fresh, fresh]);
          }

          for (const world of history) {
            let runs = 0;
            const again = await declare(world, () => runs++).build({ backend });
            expect(runs, "going back is a pure cache hit").toBe(0);
            const elsewhere = await declare(world, () => {}).build({ backend: memory(), concurrency: 1 });
            expect(again.id).toBe(elsewhere.id);
          }
        }),
        { numRuns },
      );
    },
  );
});
