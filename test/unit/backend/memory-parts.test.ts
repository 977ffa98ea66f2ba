// What the memory backend is made of: ordered maps, and a journal that takes changes back.

import { describe, expect, it } from "vitest";
import { Journal } from "../../../src/backend/memory/journal.ts";
import { OrderedMap } from "../../../src/backend/memory/ordered-map.ts";
import { compareText } from "../../../src/util/text-order.ts";
import { fc } from "../../support/random.ts";

const changes = fc.array(fc.tuple(fc.nat(2), fc.string({ maxLength: 2, unit: "binary" }), fc.option(fc.nat())), {
  maxLength: 60,
});

describe("an ordered map", () => {
  it("lists its keys in order from any place, whatever was added and removed before", () => {
    fc.assert(
      fc.property(changes, fc.string({ maxLength: 2, unit: "binary" }), fc.nat(5), (list, place, count) => {
        const map = new OrderedMap<string, number>(compareText);
        const model = new Map<string, number>();
        for (const [, key, value] of list) {
          for (const one of [map, model])
            if (value === null) one.delete(key);
            else one.set(key, value);
          const sorted = [...model.keys()].sort(compareText);
          expect(map.keysAfter(undefined, 99)).toEqual(sorted);
          expect(map.keysAfter(place, count)).toEqual(
            sorted.filter((one) => compareText(one, place) > 0).slice(0, count),
          );
          expect(map.keysFrom(place, count)).toEqual(
            sorted.filter((one) => compareText(one, place) >= 0).slice(0, count),
          );
          const before = sorted.filter((one) => compareText(one, place) < 0).reverse();
          expect(map.keysBefore(place, count)).toEqual(before.slice(0, count));
        }
        expect(new Map(map)).toEqual(model);
      }),
    );
  });
});

describe("a journal", () => {
  it("takes back everything since it began, and shows meanwhile what was before", () => {
    fc.assert(
      fc.property(changes, changes, (before, during) => {
        const maps = [0, 1, 2].map(() => new Map<string, number | null>());
        const journal = new Journal();
        const apply = (list: typeof before): void => {
          for (const [which, key, value] of list) {
            if (value === null) journal.delete(maps[which]!, key);
            else journal.set(maps[which]!, key, value);
          }
        };
        const state = (): unknown => maps.map((map) => [...map].sort(([a], [b]) => compareText(a, b)));
        journal.begin();
        apply(before);
        journal.commit();
        const old = state();

        journal.begin();
        apply(during);
        const inside = state();
        expect(journal.beforeAll(state)).toEqual(old);
        expect(state()).toEqual(inside);
        expect(() =>
          journal.beforeAll(() => {
            throw new Error("x");
          }),
        ).toThrow("x");
        expect(state()).toEqual(inside);
        journal.rollback();

        expect(state()).toEqual(old);
      }),
    );
  });

  it("refuses a change outside of a transaction", () => {
    expect(() => new Journal().set(new Map(), "a", 1)).toThrow("outside a transaction");
  });
});
