// One value, one text: sorted names, and a tag for everything that JSON loses.

import { endianness } from "node:os";
import { isDeepStrictEqual, types } from "node:util";
import stableStringify from "fast-json-stable-stringify";
import { StratigraphError } from "../errors.ts";
import { counters } from "./counters.ts";
import { showObject, showValue } from "./show.ts";
import { compareText } from "./text-order.ts";

// Its own types leave out the second parameter.
const stringify = stableStringify as (
  value: unknown,
  options?: { cmp: (a: { key: string }, b: { key: string }) => number },
) => string;

/** Containers inside containers; a text nested deeper would be accepted here and overflow somebody else's stack. */
export const MAX_DEPTH = 64;
/** A value that shares its parts can be small in memory and endless as text. */
const MAX_PARTS = 50_000_000;

/**
 * The canonical text of a value: JSON with names sorted by UTF-8 bytes. Two values have the same text exactly when Node's
 * `isDeepStrictEqual` calls them equal. What JSON cannot say becomes an object whose first name is `$`:
 *
 * | value | text |
 * | --- | --- |
 * | undefined, NaN, ±Infinity, -0 | `{"$":"undefined"}` … `{"$":"-0"}` |
 * | bigint | `{"$":"bigint","value":"12"}` |
 * | Date | `{"$":"Date","value":"2026-01-02T00:00:00.000Z"}` |
 * | Set, Map | `{"$":"Set","value":[…]}`, `{"$":"Map","value":[[key,value],…]}`; in order of text, as the order of insertion is no part of equality |
 * | Uint8Array and the other typed arrays, Buffer, ArrayBuffer | `{"$":"Uint8Array","value":"base64"}`, little-endian |
 * | an object without prototype | `{"$":"null-prototype","value":[[name,value],…]}` |
 * | an object with a name `$`, `toJSON` or `__proto__` | `{"$":"object","value":[[name,value],…]}`, so no data can imitate a tag |
 *
 * Throws VALUE_NOT_ENCODABLE, `where` naming the path, for everything else: functions, symbols, cycles, arrays that are sparse or have
 * names, invalid dates, instances of classes, accessors, proxies, hidden or symbol names, lone surrogates, more than 64 levels.
 */
export function canonicalText(value: unknown): string {
  counters.canonicalisations++;
  path.length = 0;
  ancestors.length = 0;
  parts = 0;
  return write(tag(value));
}

/** The value of a canonical text. Throws MANIFEST_INVALID for any other text, also for one that merely means the same. */
export function parseCanonical(text: string): unknown {
  let value: unknown;
  try {
    value = untag(JSON.parse(text), 0);
    if (canonicalText(value) === text) return value;
  } catch (cause) {
    throw notCanonical(text, cause);
  }
  throw notCanonical(text, undefined);
}

/** JSON as it is written: plain data and tags. */
type Tagged = null | boolean | number | string | object;
type Step = string | number | { readonly call: string };

// One walk at a time: nothing here calls foreign code, which could start another.
const path: Step[] = [];
const ancestors: object[] = [];
let parts = 0;

/** Gives back the very value where it is plain throughout, which is nearly always: only what contains a tag is copied. */
function tag(value: unknown): Tagged {
  switch (typeof value) {
    case "string":
      return isWellFormed(value) ? value : refuse("half of a surrogate pair has no UTF-8 form");
    case "number":
      if (Number.isFinite(value) && (value !== 0 || 1 / value > 0)) return value;
      return { $: Object.is(value, -0) ? "-0" : String(value) };
    case "boolean":
      return value;
    case "object":
      return value === null ? null : tagObject(value);
    case "undefined":
      return { $: "undefined" };
    case "bigint":
      return { $: "bigint", value: String(value) };
    case "function":
    case "symbol":
      return refuse(`${showValue(value)} has no encoding`);
  }
}

function tagObject(value: object): Tagged {
  // A proxy may answer differently each time it is asked.
  if (types.isProxy(value)) return refuse("a proxy has no encoding");
  if (ancestors.length >= MAX_DEPTH) return refuseDepth(value);
  ancestors.push(value);
  const tagged = tagMembers(value);
  ancestors.pop();
  return tagged;
}

function tagMembers(value: object): Tagged {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return tagRecord(value as Record<string, unknown>);
  if (prototype === Array.prototype && Array.isArray(value)) return tagArray(value);
  if (prototype === null) return { $: "null-prototype", value: tagEntries(value as Record<string, unknown>) };
  if (prototype === Date.prototype && types.isDate(value)) return tagDate(value);
  if (prototype === Map.prototype && types.isMap(value)) return tagMap(value);
  if (prototype === Set.prototype && types.isSet(value)) return tagSet(value);
  const bytes = tagBytes(value, prototype);
  return (
    bytes ??
    refuse(`${showObject(value)} has no encoding`, "plain data: objects, arrays, texts, numbers, Date, Map, Set, bytes")
  );
}

function tagRecord(value: Record<string, unknown>): Tagged {
  refuseSymbols(value);
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.getOwnPropertyNames(value)) {
    if (name === "$" || name === "toJSON" || name === "__proto__") return { $: "object", value: tagEntries(value) };
    if (!isWellFormed(name)) return refuse("a name that is half of a surrogate pair has no UTF-8 form");
    const member = dataOf(value, name);
    if (isPlainLeaf(member)) continue;
    const tagged = tagAt(name, member);
    if (tagged !== member) {
      copy ??= { ...value };
      copy[name] = tagged;
    }
  }
  return copy ?? value;
}

/** Name and value pairs by name: for objects whose names must not stand in the text as names. */
function tagEntries(value: Record<string, unknown>): Tagged {
  refuseSymbols(value);
  const names = Object.getOwnPropertyNames(value).sort(compareText);
  return names.map((name) => [tagAt(name, name), tagAt(name, dataOf(value, name))]);
}

function tagArray(value: readonly unknown[]): Tagged {
  refuseSymbols(value);
  // One name per element, and "length".
  if (Object.getOwnPropertyNames(value).length > value.length + 1) {
    return refuse(
      "an array with names of its own has no encoding",
      undefined,
      Object.keys(value).find((name) => !isIndex(name)),
    );
  }
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const member = dataOf(value, index);
    if (isPlainLeaf(member)) continue;
    const tagged = tagAt(index, member);
    if (tagged !== member) {
      copy ??= [...(value as unknown[])];
      copy[index] = tagged;
    }
  }
  return copy ?? value;
}

function tagDate(value: Date): Tagged {
  refuseNames(value);
  if (Number.isNaN(value.getTime())) return refuse("an invalid Date has no encoding");
  return { $: "Date", value: value.toISOString() };
}

function tagMap(value: ReadonlyMap<unknown, unknown>): Tagged {
  refuseNames(value);
  const entries: { readonly tagged: readonly [Tagged, Tagged]; readonly text: string }[] = [];
  let index = 0;
  for (const [key, member] of value) {
    const tagged = [
      tagAt({ call: `.keys()[${index}]` }, key),
      tagAt({ call: typeof key === "object" ? `.values()[${index}]` : `.get(${showValue(key)})` }, member),
    ] as const;
    entries.push({ tagged, text: write(tagged) });
    index++;
  }
  return { $: "Map", value: inOrder(entries) };
}

function tagSet(value: ReadonlySet<unknown>): Tagged {
  refuseNames(value);
  const entries: { readonly tagged: Tagged; readonly text: string }[] = [];
  for (const member of value) {
    const tagged = tagAt({ call: `.values()[${entries.length}]` }, member);
    entries.push({ tagged, text: write(tagged) });
  }
  return { $: "Set", value: inOrder(entries) };
}

/** Members that are deep-equal but not identical have one text and stay as often as they are there. */
function inOrder(entries: { readonly tagged: Tagged; readonly text: string }[]): readonly Tagged[] {
  return entries.sort((a, b) => compareText(a.text, b.text)).map(({ tagged }) => tagged);
}

interface BytesKind {
  readonly prototype: object;
  /** A value of this kind on bytes that nobody else holds. */
  readonly on: (bytes: ArrayBuffer) => object;
}

const bytesKinds: ReadonlyMap<string, BytesKind> = new Map<string, BytesKind>([
  ...[Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array].map(viewKind),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map(viewKind),
  ["Buffer", { prototype: Buffer.prototype as object, on: (bytes) => Buffer.from(bytes) }],
  ["ArrayBuffer", { prototype: ArrayBuffer.prototype, on: (bytes) => bytes }],
]);

function viewKind(View: {
  readonly name: string;
  readonly prototype: object;
  new (bytes: ArrayBuffer): object;
}): [string, BytesKind] {
  return [View.name, { prototype: View.prototype, on: (bytes) => new View(bytes) }];
}

function tagBytes(value: object, prototype: unknown): Tagged | undefined {
  for (const [name, kind] of bytesKinds) {
    if (kind.prototype !== prototype) continue;
    const bytes = bytesOf(value);
    if (bytes === undefined) return undefined;
    // Names of its own are found by comparing with a clean copy: listing them would make a text for every index.
    if (!isDeepStrictEqual(value, kind.on(arrayBufferOf(bytes))))
      return refuse(`${showObject(value)} with names of its own has no encoding`);
    return { $: name, value: swapped(bytes, widthOf(value)).toString("base64") };
  }
  return undefined;
}

function bytesOf(value: object): Buffer | undefined {
  if (types.isArrayBuffer(value)) return Buffer.from(value);
  return types.isTypedArray(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function widthOf(value: object): number {
  return types.isTypedArray(value) ? value.BYTES_PER_ELEMENT : 1;
}

/** From the machine's byte order to little-endian, or back. */
function swapped(bytes: Buffer, width: number): Buffer {
  if (endianness() === "LE" || width === 1) return bytes;
  const copy = Buffer.from(bytes);
  return width === 2 ? copy.swap16() : width === 4 ? copy.swap32() : copy.swap64();
}

function tagAt(step: Step, value: unknown): Tagged {
  if (++parts > MAX_PARTS) return refuse(`a value of more than ${MAX_PARTS} parts has no encoding`);
  path.push(step);
  const tagged = tag(value);
  path.pop();
  return tagged;
}

/** The member's value without running anybody's code: accessors are refused, so are holes and hidden names. */
function dataOf(value: object, name: string | number): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(value, name);
  if (descriptor === undefined)
    return refuse("an array with holes has no encoding", "undefined or null where there is nothing", name);
  if (!("value" in descriptor))
    return refuse("an accessor has no encoding, as it may answer differently each time", undefined, name);
  if (descriptor.enumerable !== true)
    return refuse("a hidden (non-enumerable) member has no encoding", undefined, name);
  return descriptor.value;
}

function refuseSymbols(value: object): void {
  if (Object.getOwnPropertySymbols(value).length > 0) refuse("a member named by a symbol has no encoding");
}

function refuseNames(value: object): void {
  const [name] = Reflect.ownKeys(value);
  if (name !== undefined) refuse(`${showObject(value)} with names of its own has no encoding`, undefined, String(name));
}

/** Too deep, or a circle; a circle is shown once round. */
function refuseDepth(value: object): never {
  const circle = [...ancestors, value];
  const again = circle.findIndex((object, index) => circle.indexOf(object) < index);
  if (again < 0) return refuse(`a value nested deeper than ${MAX_DEPTH} levels has no encoding`);
  path.length = again;
  return refuse("a value that contains itself has no encoding");
}

function refuse(what: string, expected?: string, step?: Step): never {
  const steps = step === undefined ? [...path] : [...path, step];
  const where = steps.length === 0 ? undefined : steps.map(showStep).join("").replace(/^\./, "");
  throw new StratigraphError("VALUE_NOT_ENCODABLE", what, { where, expected, data: { path: where ?? "" } });
}

function showStep(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "object") return step.call;
  return /^[A-Za-z_][\w-]*$/.test(step) ? `.${step}` : `[${showValue(step)}]`;
}

function isIndex(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name);
}

/** Most members are these, and need no note of where they stand. */
function isPlainLeaf(value: unknown): boolean {
  if (typeof value === "string") return isWellFormed(value);
  return typeof value === "boolean" || value === null;
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function write(tagged: Tagged): string {
  try {
    const text = stringify(tagged);
    // JavaScript sorts by UTF-16 units, which is the order of UTF-8 bytes as long as nothing lies beyond U+FFFF. ASCII is told apart fastest.
    if (Buffer.byteLength(text) === text.length || !/[\ud800-\udbff]/.test(text)) return text;
    return stringify(tagged, { cmp: (a, b) => compareText(a.key, b.key) });
  } catch (cause) {
    throw new StratigraphError("VALUE_NOT_ENCODABLE", "the value is too large to be written as one text", { cause });
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** A tag and the list it holds are two levels of JSON to one level of value, and their entries a third. */
const MAX_TEXT_DEPTH = 3 * MAX_DEPTH + 3;

const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["undefined", undefined],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

// What it lets through by mistake, the comparison with the text in `parseCanonical` refuses.
function untag(value: unknown, depth: number): unknown {
  if (depth > MAX_TEXT_DEPTH) throw new RangeError("nested too deeply");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((member) => untag(member, depth + 1));
  if (Object.hasOwn(value, "$")) return untagged(value as { readonly $: unknown; readonly value?: unknown }, depth);
  return fromEntries({}, Object.entries(value), depth);
}

function untagged({ $: name, value }: { readonly $: unknown; readonly value?: unknown }, depth: number): unknown {
  if (typeof name !== "string") throw new TypeError("no such tag");
  if (constants.has(name)) return constants.get(name);
  if (typeof value === "string") {
    if (name === "bigint") return BigInt(value);
    if (name === "Date") return new Date(value);
    const kind = bytesKinds.get(name);
    if (kind !== undefined) return fromBytes(kind, Buffer.from(value, "base64"));
  }
  if (Array.isArray(value)) {
    if (name === "Set") return new Set(value.map((member) => untag(member, depth + 2)));
    if (name === "Map")
      return new Map(
        (value as [unknown, unknown][]).map(([key, member]) => [untag(key, depth + 3), untag(member, depth + 3)]),
      );
    if (name === "object") return fromEntries({}, value as [string, unknown][], depth + 2);
    if (name === "null-prototype")
      return fromEntries(Object.create(null) as object, value as [string, unknown][], depth + 2);
  }
  throw new TypeError("no such tag");
}

function fromEntries(target: object, entries: readonly (readonly [string, unknown])[], depth: number): object {
  for (const [name, member] of entries) {
    // Assigning to `__proto__` would change the prototype instead.
    Object.defineProperty(target, name, {
      value: untag(member, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return target;
}

function fromBytes(kind: BytesKind, bytes: Buffer): object {
  const width = widthOf(kind.on(new ArrayBuffer(0)));
  return kind.on(arrayBufferOf(swapped(bytes, width)));
}

function notCanonical(text: string, cause: unknown): StratigraphError {
  return new StratigraphError("MANIFEST_INVALID", "the stored text is not in canonical form", {
    received: showValue(text),
    cause,
  });
}
