import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import { produce } from "immer";
import { describe, expect, it } from "vitest";
import { isStratigraphError, type StratigraphError } from "../../../src/errors.ts";
import { canonicalText, parseCanonical } from "../../../src/util/canonical.ts";
import { counters } from "../../../src/util/counters.ts";
import { anyValue, reordered } from "./values.ts";
import { fc } from "../../support/random.ts";

function refusal(value: unknown): StratigraphError {
  try {
    canonicalText(value);
  } catch (error) {
    if (isStratigraphError(error)) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("a canonical text", () => {
  it("is the same exactly when two values are deep strict equal", () => {
    let equal = 0;
    let different = 0;
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 8, maxLength: 8 }), (values) => {
        const texts = values.map(canonicalText);
        for (let i = 0; i < values.length; i++) {
          for (let j = i; j < values.length; j++) {
            const same = isDeepStrictEqual(values[i], values[j]);
            expect(texts[i] === texts[j], `${texts[i]} and ${texts[j]}`).toBe(same);
            if (i !== j && same) equal++;
            if (!same) different++;
          }
        }
      }),
      { numRuns: 3000 },
    );
    // Both sides of the claim have been tried, not only the easy one.
    expect(equal).toBeGreaterThan(200);
    expect(different).toBeGreaterThan(20_000);
  });

  it("does not depend on the order of names, Map entries and Set members", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(canonicalText(reordered(value))).toBe(canonicalText(value));
      }),
      { numRuns: 3000 },
    );
  });

  it("gives the value back", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(isDeepStrictEqual(parseCanonical(canonicalText(value)), value)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("is changed by any one member, name, place or nesting", () => {
    const value = { a: [1, [2, 3]], b: { c: "x" } };
    const others = [
      { a: [1, [2, 4]], b: { c: "x" } },
      { a: [1, [3, 2]], b: { c: "x" } },
      { a: [[1, 2], 3], b: { c: "x" } },
      { a: [1, 2, 3], b: { c: "x" } },
      { b: [1, [2, 3]], a: { c: "x" } },
      { a: [1, [2, 3]], b: { d: "x" } },
      { a: [1, [2, 3]], b: "x" },
      { a: [1, [2, 3]], b: { c: "x" }, d: undefined },
      { a: [1, [2, 3]] },
    ];
    const texts = [value, ...others].map(canonicalText);

    expect(new Set(texts).size).toBe(texts.length);
  });

  it("keeps ('ab', 'c') and ('a', 'bc') apart", () => {
    expect(canonicalText(["ab", "c"])).not.toBe(canonicalText(["a", "bc"]));
  });

  it("tells NFC and NFD forms apart, byte for byte", () => {
    expect(canonicalText("\u00e9")).not.toBe(canonicalText("e\u0301"));
  });

  it("sorts names by UTF-8 bytes, also beyond U+FFFF and among numbers", () => {
    expect(canonicalText({ "\u{1f600}": 1, "\uff5e": 2, "9": 3, "10": 4 })).toBe(
      '{"10":4,"9":3,"\uff5e":2,"\u{1f600}":1}',
    );
  });

  it("cannot be imitated: data that looks like a tag is escaped", () => {
    const pairs: [unknown, unknown][] = [
      [undefined, { $: "undefined" }],
      [5n, { $: "bigint", value: "5" }],
      [new Date(0), { $: "Date", value: new Date(0).toISOString() }],
      [new Set([1]), { $: "Set", value: [1] }],
      [{ $: 1 }, { $: "object", value: [["$", 1]] }],
      [JSON.parse('{"__proto__":1}'), { $: "object", value: [["__proto__", 1]] }],
      [Object.assign(Object.create(null), { a: 1 }), { $: "null-prototype", value: [["a", 1]] }],
    ];
    for (const [value, imitation] of pairs) {
      expect(canonicalText(value)).not.toBe(canonicalText(imitation));
      expect(parseCanonical(canonicalText(imitation))).toStrictEqual(imitation);
    }
  });

  it("does not call a toJSON of data, and pollutes no prototype", () => {
    expect(canonicalText({ toJSON: "x" })).toBe('{"$":"object","value":[["toJSON","x"]]}');
    const back = parseCanonical(canonicalText(JSON.parse('{"__proto__":{"polluted":true}}')));

    expect(Object.keys(back as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("writes plain data without copying it, frozen or not", () => {
    const value = Object.freeze({ b: Object.freeze([1, "two"]), a: null });

    expect(canonicalText(value)).toBe('{"a":null,"b":[1,"two"]}');
  });

  it("is taken of a part of a typed array as of the bytes it shows", () => {
    const whole = new Uint8Array([9, 9, 1, 2, 9]);

    expect(canonicalText(whole.subarray(2, 4))).toBe(canonicalText(new Uint8Array([1, 2])));
  });

  it("accepts 64 levels of every container and refuses 65", () => {
    const wraps: ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ x: inner }),
      (inner) => ({ $: inner }),
      (inner) => new Set([inner]),
      (inner) => new Map([[1, inner]]),
      (inner) => new Map([[inner, 1]]),
    ];
    for (const wrap of wraps) {
      let value: unknown = 1;
      for (let level = 0; level < 64; level++) value = wrap(value);
      expect(parseCanonical(canonicalText(value))).toStrictEqual(value);
      expect(refusal(wrap(value)).message).toContain("deeper than 64 levels");
    }
  });

  it("of a million levels is refused, not a stack overflow", () => {
    let value: unknown = 1;
    for (let level = 0; level < 1_000_000; level++) value = [value];

    expect(refusal(value).code).toBe("VALUE_NOT_ENCODABLE");
    expect(() => parseCanonical("[".repeat(100_000) + "]".repeat(100_000))).toThrow(/not in canonical form/);
  });

  it("counts one canonicalisation each", () => {
    const before = counters.canonicalisations;
    canonicalText({ a: new Set([1]) });

    expect(counters.canonicalisations - before).toBe(1);
  });
});

describe("what has no canonical text is refused with its path", () => {
  class Point {
    x = 1;
  }
  class List extends Array {}
  const circle: Record<string, unknown> = { list: [1] };
  (circle.list as unknown[]).push({ again: circle });
  const draft = { leaked: undefined as unknown };
  produce({ deep: { a: 1 } }, (state) => {
    draft.leaked = state.deep;
    expect(refusal({ state: state.deep }).message).toContain("state: a proxy");
  });

  const cases: [string, unknown, string, RegExp][] = [
    ["a function", { a: [() => 1] }, "a[0]", /a function/],
    ["a symbol", [0, Symbol("s")], "[1]", /a symbol/],
    ["a name that is a symbol", { a: { [Symbol("s")]: 1 } }, "a", /symbol/],
    ["a circle", circle, "list[1].again", /contains itself/],
    ["a sparse array", { a: [1, , 3] }, "a[1]", /holes/],
    ["an array of holes only", new Array(3), "[0]", /holes/],
    ["an array with a name", { a: Object.assign([1], { x: 1 }) }, "a.x", /names of its own/],
    ["a sparse array with a name", Object.assign([1, , 3], { x: 1 }), "[1]", /holes/],
    ["an array with a hidden name", Object.defineProperty([1], "x", { value: 1 }), "", /names of its own/],
    ["an invalid date", { when: new Date(NaN) }, "when", /invalid Date/],
    ["an instance of a class", { p: new Point() }, "p", /a Point/],
    ["a subclass of Array", new List(), "", /a List/],
    ["an accessor", Object.defineProperty({}, "x", { enumerable: true, get: () => 1 }), "x", /accessor/],
    ["an accessor in an array", Object.defineProperty([1], 0, { get: () => 1 }), "[0]", /accessor/],
    ["a hidden member", { a: Object.defineProperty({}, "x", { value: 1 }) }, "a.x", /hidden/],
    ["half a surrogate pair", { a: { "odd name": "\ud800" } }, 'a["odd name"]', /surrogate/],
    ["half a surrogate pair as a name", { "\udfff": 1 }, "", /surrogate/],
    ["half a surrogate pair as a name beside a $", { $: 1, "\udfff": 1 }, '["\\u{dfff}"]', /surrogate/],
    ["a boxed number", [new Number(1)], "[0]", /a Number/],
    ["a boxed text", [new String("a")], "[0]", /a String/],
    ["a boxed boolean", [new Boolean(false)], "[0]", /a Boolean/],
    ["a boxed symbol", [Object(Symbol("s"))], "[0]", /a Symbol/],
    ["a RegExp", { r: /a/ }, "r", /a RegExp/],
    ["an Error", { e: new Error("x") }, "e", /an Error/],
    ["a Promise", { p: Promise.resolve() }, "p", /a Promise/],
    ["a WeakMap", { w: new WeakMap() }, "w", /a WeakMap/],
    ["a WeakSet", { w: new WeakSet() }, "w", /a WeakSet/],
    ["a URL", { u: new URL("https://example.org") }, "u", /a URL/],
    ["a proxy", { p: new Proxy({}, {}) }, "p", /a proxy/],
    ["an object of another realm", { o: runInNewContext("({})") }, "o", /an object|an Object/],
    ["something in a Map's value", new Map([["k", { f: () => 1 }]]), 'get("k").f', /a function/],
    ["something in a Map's key", new Map([[{ f: () => 1 }, 1]]), "keys()[0].f", /a function/],
    ["something in a Set", { s: new Set([1, [() => 1]]) }, "s.values()[1][0]", /a function/],
    ["a Map with a name", Object.assign(new Map(), { x: 1 }), "x", /names of its own/],
    [
      "a Set with a symbol",
      Object.assign(new Set(), { [Symbol.iterator]: 1 }),
      '["Symbol(Symbol.iterator)"]',
      /names of its own/,
    ],
    ["a Date with a name", Object.assign(new Date(0), { x: 1 }), "x", /names of its own/],
    ["bytes with a name", { b: Object.assign(new Uint8Array(2), { x: 1 }) }, "b", /names of its own/],
    ["a DataView", new DataView(new ArrayBuffer(1)), "", /a DataView/],
    ["shared memory", new SharedArrayBuffer(1), "", /a SharedArrayBuffer/],
    ["an object that only claims to be a Date", Object.create(Date.prototype), "", /a Date/],
    ["an object that only claims to be an array", Object.create(Array.prototype), "", /an Array/],
    ["an object that only claims to be bytes", Object.create(Uint8Array.prototype), "", /a Uint8Array/],
  ];

  it.each(cases)("%s", (_, value, path, what) => {
    const error = refusal(value);

    expect(error.code).toBe("VALUE_NOT_ENCODABLE");
    expect(error.data?.path).toBe(path);
    expect(error.what).toMatch(what);
  });

  it("and the next value is not affected by it", () => {
    refusal(circle);

    expect(canonicalText([undefined])).toBe('[{"$":"undefined"}]');
    expect(refusal({ a: () => 1 }).data?.path).toBe("a");
  });
});

describe("a text that is not canonical is refused", () => {
  const texts = [
    "",
    "{",
    ' {"a":1}',
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a": 1}',
    "1.0",
    "-0",
    "1e400",
    '"\\u0041"',
    '"\\ud800"',
    '{"$":"nonsense"}',
    '{"$":1}',
    '{"$":"undefined","value":1}',
    '{"$":"bigint","value":"05"}',
    '{"$":"bigint","value":"x"}',
    '{"$":"bigint"}',
    '{"$":"Date","value":"1970-01-01"}',
    '{"$":"Date","value":"never"}',
    '{"$":"Set","value":[2,1]}',
    '{"$":"Set","value":[1,1]}',
    '{"$":"Map","value":[[2,1],[1,1]]}',
    '{"$":"Map","value":[1]}',
    '{"$":"Uint8Array","value":"AQ"}',
    '{"$":"Float64Array","value":"AQ=="}',
    '{"$":"object","value":[["a",1]]}',
    '{"$":"object","value":[["b",1],["$",1]]}',
    '{"$":"null-prototype","value":[["a",1],["a",1]]}',
    '{"__proto__":{"a":1}}',
    '{"toJSON":1}',
  ];

  it.each(texts)("%s", (text) => {
    expect(() => parseCanonical(text)).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" }));
  });
});
