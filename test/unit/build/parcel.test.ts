// What gets from one thread to another: the same as was sent, or nothing.

import { expect, it } from "vitest";
import { packError, unpackError } from "../../../src/build/threads/packed-error.ts";
import { pack, unpack } from "../../../src/build/threads/parcel.ts";
import { isStratigraphError, StratigraphError } from "../../../src/errors.ts";
import { failureOf } from "../../support/folder.ts";
import { fc } from "../../support/random.ts";

const sent = <T>(value: T): T => unpack(structuredClone(pack(value, "here")));

const plain = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
});

it("any plain value arrives as it was sent", () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(sent(value)).toStrictEqual(value);
    }),
  );
});

it("bytes stay what they are, and an object that is there twice stays one", () => {
  const one = { buffer: Buffer.from("text"), bytes: new Uint8Array([1, 2]), bare: Object.create(null) as object };
  const circle: { one: object; two: object; self?: object } = { one, two: one };
  circle.self = circle;
  const there = sent(circle) as { one: typeof one; two: object; self: object };

  expect(there.self).toBe(there);
  expect(there.two).toBe(there.one);
  expect(Buffer.isBuffer(there.one.buffer) && there.one.buffer.toString()).toBe("text");
  expect(Buffer.isBuffer(there.one.bytes)).toBe(false);
  expect(Object.getPrototypeOf(there.one.bare)).toBeNull();
});

it("a value is refused exactly where structured clone would change or refuse a part of it", async () => {
  class Money {}
  const wrong: readonly (readonly [unknown, string])[] = [
    [() => 1, "here"],
    [{ a: { b: Symbol("x") } }, "here, a.b"],
    [[1, [new Money()]], "here, [1][0]"],
    [new Map([[{ k: new Money() }, 1]]), "here, a key.k"],
    [new Set([new Money()]), "here, a member"],
    [{ "a b": /x/ }, 'here, ["a b"]'],
    [{ n: new Number(1) }, "here, n"],
    [Object.assign([], { [Symbol("s")]: 1 }), "here"],
    [{ shared: new Uint8Array(new SharedArrayBuffer(1)) }, "here, shared"],
    [Object.assign(new Map(), { extra: 1 }), "here"],
    [{ w: new WeakMap() }, "here, w"],
    [{ a: 1, when: new (class Day extends Date {})(5) }, "here, when"],
    [{ first: new Money(), second: new Money() }, "here, first"],
  ];
  for (const [value, where] of wrong) {
    const error = await failureOf(() => pack(value, "here"));
    expect(error).toMatchObject({ code: "THREAD_REFUSED", where });
  }
});

it("a deep value and a long list are looked through", () => {
  let deep: unknown = () => 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(() => pack(deep, "here")).toThrow("this value cannot get from one thread to another");
  expect(pack(new Array(1_000_000).fill(1), "here").buffers).toEqual([]);
});

it("whatever is thrown arrives with what can be said of it", () => {
  const thrown = (value: unknown): unknown => unpackError(structuredClone(packError(value)));

  const ours = new StratigraphError("PARAM_INVALID", "no", {
    where: "there",
    hint: "Try.",
    data: { a: 1 },
    cause: new TypeError("why"),
  });
  const back = thrown(ours) as StratigraphError;
  expect(isStratigraphError(back)).toBe(true);
  expect(back).toMatchObject({ code: "PARAM_INVALID", message: ours.message, data: { a: 1 }, stack: ours.stack });
  expect(back.cause).toMatchObject({ name: "TypeError", message: "why" });

  const circle = Object.assign(new Error("round"), { status: 404, helper: () => 1 });
  circle.cause = circle;
  expect(thrown(circle)).toMatchObject({ message: "round", status: 404 });
  expect(thrown(circle)).not.toHaveProperty("helper");

  fc.assert(
    fc.property(plain, (value) => {
      expect(thrown(value)).toStrictEqual(value);
    }),
  );
  expect(thrown(() => 1)).toBeTypeOf("string");
  expect(
    thrown(
      new Proxy(new Error("x"), {
        get: () => {
          throw new Error("never");
        },
      }),
    ),
  ).toBeTypeOf("string");
});
