// Where two values differ, told as paths.

import { describe, expect, it } from "vitest";
import { differencesOf } from "../../../src/operations/value-difference.ts";
import { fc } from "../../support/random.ts";

describe("two values", () => {
  it("that are equal have no difference", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(differencesOf(value, structuredClone(value))).toEqual({ items: [], count: 0 });
      }),
    );
  });

  it("that are not equal have at least one", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other) && !sameButOrder(one, other));

        expect(differencesOf(one, other).count).toBeGreaterThan(0);
      }),
    );
  });

  it("differ at paths as one would write them", () => {
    const before = { total: 5, days: [{ amount: 1 }, { amount: 2 }], "first name": "Ana", gone: true };
    const after = { total: 6, days: [{ amount: 1 }, { amount: 3 }], "first name": "Ina", come: null };

    expect(differencesOf(before, after).items).toEqual([
      { path: "total", before: 5, after: 6 },
      { path: "days[1].amount", before: 2, after: 3 },
      { path: '["first name"]', before: "Ana", after: "Ina" },
      { path: "gone", before: true, after: undefined },
      { path: "come", before: undefined, after: null },
    ]);
  });

  it("that are lists with a row more differ in that row, wherever it is", () => {
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id }));

    for (const at of [0, 500, 1_000]) {
      const more = [...rows.slice(0, at), { id: -1 }, ...rows.slice(at)];
      expect(differencesOf(rows, more)).toEqual({
        items: [{ path: `[${at}]`, before: undefined, after: { id: -1 } }],
        count: 1,
      });
      expect(differencesOf(more, rows).count).toBe(1);
    }
  });

  it("are told as wholes where one is not a structure", () => {
    expect(differencesOf(1, [1]).items).toEqual([{ path: "", before: 1, after: [1] }]);
    expect(differencesOf(new Date(0), new Date(1)).count).toBe(1);
    expect(differencesOf(new Date(0), new Date(0)).count).toBe(0);
    expect(differencesOf(Number.NaN, Number.NaN).count).toBe(0);
  });

  it("are listed up to a number, and counted beyond it", () => {
    const before = Array.from({ length: 100 }, (_, n) => n);
    const after = before.map((n) => n + 1_000);

    const { items, count } = differencesOf(before, after, 3);

    expect(items).toHaveLength(3);
    expect(count).toBe(100);
  });

  it("may be nested deeper than the stack allows recursion", () => {
    const deep = (leaf: number): unknown => {
      let value: unknown = leaf;
      for (let level = 0; level < 3_000; level++) value = { inner: value };
      return value;
    };

    expect(differencesOf(deep(1), deep(2)).count).toBe(1);
  });
});

/** JSON does not care for the order of names; neither do we. */
function sameButOrder(one: unknown, other: unknown): boolean {
  const sorted = (value: unknown): string =>
    JSON.stringify(value, (_name, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    );
  return sorted(one) === sorted(other);
}
