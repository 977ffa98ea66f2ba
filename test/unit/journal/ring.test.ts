// The bounded queue.

import { describe, expect, it } from "vitest";
import { Ring } from "../../../src/journal/ring.ts";
import { fc } from "../../support/random.ts";

describe("a ring", () => {
  it("behaves like an array that gives up its first item when it is full", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.option(fc.integer(), { nil: undefined })),
        (capacity, operations) => {
          const ring = new Ring<number>(capacity);
          const model: number[] = [];
          for (const item of operations) {
            if (item === undefined) expect(ring.shift()).toBe(model.shift());
            else {
              const evicted = model.length === capacity ? model.shift() : undefined;
              model.push(item);
              expect(ring.push(item)).toBe(evicted);
            }
            expect([ring.length, ring.peek(), [...ring]]).toEqual([model.length, model[0], model]);
          }
        },
      ),
    );
  });

  it("needs a capacity of at least one", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, Infinity]) expect(() => new Ring(capacity)).toThrow(RangeError);
  });
});
