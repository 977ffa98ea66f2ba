// Layouts of random graphs: nothing overlaps, and every link goes to the right.

import { describe, expect, it } from "vitest";
import { layOut } from "../../../src/util/layered-layout.ts";
import { fc } from "../../support/random.ts";

const gaps = { across: 40, down: 10 };

const graphs = fc
  .array(fc.record({ width: fc.integer({ min: 10, max: 200 }), height: fc.integer({ min: 10, max: 80 }) }), {
    minLength: 2,
    maxLength: 25,
  })
  .chain((boxes) =>
    fc.record({
      boxes: fc.constant(boxes),
      links: fc.array(
        fc
          .record({ from: fc.nat(boxes.length - 1), to: fc.nat(boxes.length - 1) })
          .filter(({ from, to }) => from !== to),
        { maxLength: 50 },
      ),
    }),
  );

describe("a layered layout", () => {
  it("lays no box on another, keeps the gaps, and stays within its size, also where links form circles", () => {
    fc.assert(
      fc.property(graphs, ({ boxes, links }) => {
        const { places, paths, width, height } = layOut(boxes, links, gaps);

        boxes.forEach((box, index) => {
          const { x, y } = places[index]!;
          expect(x).toBeGreaterThanOrEqual(0);
          expect(y).toBeGreaterThanOrEqual(-1e-6);
          expect(x + box.width).toBeLessThanOrEqual(width + 1e-6);
          expect(y + box.height).toBeLessThanOrEqual(height + 1e-6);
          for (let other = index + 1; other < boxes.length; other++) {
            const there = places[other]!;
            const beside = there.x >= x + box.width + gaps.across || x >= there.x + boxes[other]!.width + gaps.across;
            const apart =
              there.y >= y + box.height + gaps.down - 1e-6 || y >= there.y + boxes[other]!.height + gaps.down - 1e-6;
            expect(beside || apart).toBe(true);
          }
        });
        expect(paths).toHaveLength(links.length);
        expect(paths.every((path) => path.length >= 2)).toBe(true);
      }),
    );
  });

  it("puts each box right of all it comes from where there are no circles", () => {
    fc.assert(
      fc.property(graphs, ({ boxes, links }) => {
        const forward = links.map(({ from, to }) => ({ from: Math.min(from, to), to: Math.max(from, to) }));
        const { places } = layOut(boxes, forward, gaps);

        for (const { from, to } of forward)
          expect(places[to]!.x).toBeGreaterThanOrEqual(places[from]!.x + boxes[from]!.width + gaps.across);
      }),
    );
  });

  it("draws a chain as one straight line", () => {
    const boxes = [20, 60, 30, 44].map((height) => ({ width: 50, height }));
    const links = [0, 1, 2].map((from) => ({ from, to: from + 1 }));

    const { paths } = layOut(boxes, links, gaps);

    expect(new Set(paths.flat().map(({ y }) => y)).size).toBe(1);
  });

  it("draws a tree without crossings", () => {
    const boxes = Array.from({ length: 7 }, () => ({ width: 50, height: 20 }));
    // Children in an order that crosses unless it is changed.
    const links = [
      [0, 2],
      [0, 1],
      [1, 6],
      [2, 3],
      [1, 5],
      [2, 4],
    ].map(([from, to]) => ({ from: from!, to: to! }));

    const { places } = layOut(boxes, links, gaps);

    const order = (a: number, b: number): number => Math.sign(places[a]!.y - places[b]!.y);
    expect(order(1, 2)).toBe(order(6, 3));
    expect(order(1, 2)).toBe(order(5, 4));
  });
});
