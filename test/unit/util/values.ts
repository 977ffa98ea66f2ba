import { fc } from "../../support/random.ts";
// Values of every kind that has a canonical text, from domains so small that two of them are often equal.

const names = ["", "a", "b", "$", "toJSON", "__proto__", "value", "10", "9", "\u{1f600}", "\uff5e", "é"];
const bytesOf = (bytes: readonly number[]): ArrayBuffer => new Uint8Array(bytes).buffer;

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 1e21, 5e-324),
  fc.constantFrom<unknown>(0n, 1n, -1n, 2n ** 70n),
  fc.constantFrom(
    "",
    "a",
    "ab",
    "1",
    "0",
    "null",
    "undefined",
    "é",
    "e\u0301",
    "\u{1f600}",
    '{"$":"undefined"}',
    "1970-01-01T00:00:00.000Z",
  ),
  fc.constantFrom(0, 1, -1, 8.64e15).map((time) => new Date(time)),
  fc
    .tuple(
      fc.constantFrom<(bytes: ArrayBuffer) => unknown>(
        (bytes) => new Uint8Array(bytes),
        (bytes) => new Uint8ClampedArray(bytes),
        (bytes) => new Int8Array(bytes),
        (bytes) => Buffer.from(bytes),
        (bytes) => bytes,
        (bytes) => new Uint16Array(bytes),
        (bytes) => new Float32Array(bytes),
        (bytes) => new Float64Array(bytes),
        (bytes) => new BigInt64Array(bytes),
        (bytes) => new BigUint64Array(bytes),
        (bytes) => new Int32Array(bytes),
      ),
      fc.constantFrom(
        [],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 128],
        [1, 2, 3, 4, 5, 6, 7, 8],
        [0, 0, 0, 0, 0, 0, 248, 127],
      ),
    )
    .map(([view, bytes]) => view(bytesOf(bytes))),
  fc.integer(),
  fc.double(),
  fc.string({ unit: "grapheme" }),
);

function record(entries: readonly (readonly [string, unknown])[], prototype: object | null): object {
  const made: object = Object.create(prototype) as object;
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return made;
}

/** Any value that `canonicalText` writes. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => {
  const inner = tie("value");
  const entries = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), inner), {
    maxLength: 3,
    selector: ([name]) => name,
  });
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(inner, { maxLength: 3 }),
      entries.map((own) => record(own, Object.prototype)),
      entries.map((own) => record(own, null)),
      fc.array(fc.tuple(inner, inner), { maxLength: 3 }).map((own) => new Map(own)),
      fc.array(inner, { maxLength: 3 }).map((own) => new Set(own)),
    ),
  };
}).value;

/** A copy in which everything that has no order stands in another order. */
export function reordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reordered);
  if (value instanceof Map)
    return new Map([...value].reverse().map(([key, member]) => [reordered(key), reordered(member)]));
  if (value instanceof Set) return new Set([...value].reverse().map(reordered));
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== null && prototype !== Object.prototype) return value;
  const own = Object.getOwnPropertyNames(value).reverse();
  return record(
    own.map((name) => [name, reordered(Object.getOwnPropertyDescriptor(value, name)?.value)]),
    prototype,
  );
}
