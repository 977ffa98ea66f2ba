import { describe, expect, it } from "vitest";
import { reach, topologicalOrder } from "../../../src/util/dag.ts";
import { fc } from "../../support/random.ts";

const edgesOf = (lists: readonly (readonly number[])[]) => (index: number) => lists[index] ?? [];

/** Edges among `count` indexes. */
const graphs = fc
  .integer({ min: 1, max: 12 })
  .chain((count) => fc.array(fc.array(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count }));

/** Whether repeatedly taking away what depends on nothing leaves nothing: slow, and obviously right. */
function hasCycle(lists: readonly (readonly number[])[]): boolean {
  const left = new Set(lists.keys());
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const index of left) if (!lists[index]?.some((target) => left.has(target))) left.delete(index);
  }
  return left.size > 0;
}

describe("a topological order", () => {
  it("has every index once, dependencies first, or a true cycle instead", () => {
    let cycles = 0;
    fc.assert(
      fc.property(graphs, (lists) => {
        const result = topologicalOrder(lists.length, edgesOf(lists));
        expect("cycle" in result).toBe(hasCycle(lists));
        if ("cycle" in result) {
          cycles++;
          const { cycle } = result;
          expect(new Set(cycle).size).toBe(cycle.length);
          expect(cycle[0]).toBe(Math.min(...cycle));
          for (const [at, index] of cycle.entries()) expect(lists[index]).toContain(cycle[(at + 1) % cycle.length]);
        } else {
          const place = new Map([...result.order].map((index, at) => [index, at]));
          expect(place.size).toBe(lists.length);
          for (const [index, targets] of lists.entries()) {
            for (const target of targets) expect(place.get(target)).toBeLessThan(place.get(index) as number);
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(cycles).toBeGreaterThan(100);
  });

  it("stays in counting order where dependencies allow it", () => {
    expect(topologicalOrder(4, edgesOf([[], [0], [], [1, 2]]))).toEqual({ order: Int32Array.of(0, 1, 2, 3) });
    expect(topologicalOrder(3, edgesOf([[2], [], []]))).toEqual({ order: Int32Array.of(2, 0, 1) });
    expect(topologicalOrder(0, edgesOf([]))).toEqual({ order: new Int32Array(0) });
  });

  it("of a chain of 100,000 and of a million is found without a stack", () => {
    for (const count of [100_000, 1_000_000]) {
      const result = topologicalOrder(count, (index) => (index + 1 < count ? [index + 1] : []));
      if ("cycle" in result) throw new Error("there is no cycle");
      expect(result.order[0]).toBe(count - 1);
      expect(result.order[count - 1]).toBe(0);
    }
  });

  it("asks for the edges of an index once", () => {
    const asked: number[] = [];
    topologicalOrder(3, (index) => (asked.push(index), index === 0 ? [1, 2] : index === 1 ? [2] : []));

    expect(asked.sort()).toEqual([0, 1, 2]);
  });

  it("names the short cycle although a walk meets a long one first", () => {
    // 0 → 1 → … → 999 → 0, and 500 → 499: two arrows are enough to say what is wrong.
    const edges = (index: number): number[] => (index === 500 ? [501, 499] : [(index + 1) % 1000]);

    expect(topologicalOrder(1000, edges)).toEqual({ cycle: [499, 500] });
  });

  it("says so when something depends on itself", () => {
    expect(topologicalOrder(2, edgesOf([[1], [1]]))).toEqual({ cycle: [1] });
  });

  it("of a circle of 100,000 names it whole", () => {
    const result = topologicalOrder(100_000, (index) => [(index + 1) % 100_000]);

    expect("cycle" in result && result.cycle.length).toBe(100_000);
  });

  it("refuses an edge to nowhere", () => {
    expect(() => topologicalOrder(2, edgesOf([[2], []]))).toThrow(RangeError);
    expect(() => topologicalOrder(2, edgesOf([[-1], []]))).toThrow(RangeError);
    expect(() => topologicalOrder(2, edgesOf([[0.5], []]))).toThrow(RangeError);
  });
});

describe("reach", () => {
  it("is the start and everything behind it, cycles or not", () => {
    const lists = [[1], [2], [0], [4], []];

    expect([...reach([0], edgesOf(lists))].sort()).toEqual([0, 1, 2]);
    expect([...reach([3, 1], edgesOf(lists))].sort()).toEqual([0, 1, 2, 3, 4]);
    expect([...reach([], edgesOf(lists))]).toEqual([]);
  });

  it("of a chain of a million needs no stack", () => {
    expect(reach([0], (index) => (index < 999_999 ? [index + 1] : [])).size).toBe(1_000_000);
  });
});
