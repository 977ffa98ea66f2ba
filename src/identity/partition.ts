// Partition dimensions, and the keys that name one partition: `{ date: "2026-01-02", region: "eu" }`.

import { StratigraphError } from "../errors.ts";
import type { Brand } from "../util/brand.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";
import { compareText } from "../util/text-order.ts";
import { coarsenNumber, formatLabel, parseLabel, type CalendarKind } from "./calendar.ts";
import { withoutLeftOut } from "./interval.ts";
import { findZoneProblem } from "./time-zone.ts";

/** One way of cutting data into partitions. Frozen plain data; `~value` is for the compiler only and absent at run time. */
export interface Dimension<out Kind extends string = string, out V extends string | number = string | number> {
  readonly kind: Kind;
  readonly "~value": V;
}

/** What the four kinds of time share. Labels are local times of the zone; `from` and `to` (both included) say which of them exist. */
export interface Span {
  readonly zone: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface Hourly extends Dimension<"hourly", string>, Span {}
export interface Daily extends Dimension<"daily", string>, Span {}
export interface Weekly extends Dimension<"weekly", string>, Span {}
export interface Monthly extends Dimension<"monthly", string>, Span {}
export interface Integers extends Dimension<"integers", number> {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
export interface Strings extends Dimension<"strings", string> {}
export interface OneOf<out V extends string> extends Dimension<"oneOf", V> {
  readonly values: readonly V[];
}

export type Dimensions = { readonly [name: string]: Dimension };
export type KindOf<X> = X extends Dimension ? X["kind"] : never;
export type DimensionValue<X> = X extends Dimension ? X["~value"] : never;
/** A key with exactly these dimensions; `& {}` makes hovers show the record. */
export type Key<D = Dimensions> = { readonly [K in keyof D]: DimensionValue<D[K]> } & {};

export const orderedKinds = ["hourly", "daily", "weekly", "monthly", "integers"] as const;
export type OrderedKind = (typeof orderedKinds)[number];
/** The names of the dimensions that have a before and an after. */
export type OrderedName<D> = { [K in keyof D]: KindOf<D[K]> extends OrderedKind ? K : never }[keyof D];

/**
 * A key as text, dimensions in order of name: `date=2026-01-02,region=eu`; `""` for unpartitioned data.
 * In values everything but `A-Z a-z 0-9 . _ ~ + -` is percent-encoded UTF-8, so different keys never share a text.
 */
export type KeyText = Brand<string, "KeyText">;

// ---------------------------------------------------------------------------------------------------------------------
// Declaring dimensions

export interface SpanOptions {
  /** An IANA time zone, "Europe/Berlin"; "UTC" unless told. */
  readonly zone?: string | undefined;
  /** The first label that exists; together with `to` the labels can be enumerated. */
  readonly from?: string | undefined;
  /** The last label that exists. */
  readonly to?: string | undefined;
}

/**
 * One partition per hour, labelled `2026-01-02T03`. Labels are local hours: where the zone sets its clocks back, one label
 * stands for two hours, and where it sets them forward, one label stands for none. `intervalOf` and `labelOf` say which.
 */
export function hourly(options: SpanOptions = {}): Hourly {
  return span("hourly", options) as Hourly;
}

/** One partition per day, labelled `2026-01-02`. */
export function daily(options: SpanOptions = {}): Daily {
  return span("daily", options) as Daily;
}

/** One partition per ISO week, labelled `2026-W01`. */
export function weekly(options: SpanOptions = {}): Weekly {
  return span("weekly", options) as Weekly;
}

/** One partition per month, labelled `2026-01`. */
export function monthly(options: SpanOptions = {}): Monthly {
  return span("monthly", options) as Monthly;
}

/** One partition per whole number. With `from` and `to` (both included) they can be enumerated. */
export function integers(
  options: { readonly from?: number | undefined; readonly to?: number | undefined } = {},
): Integers {
  return bounded({ kind: "integers", ...present({ from: options.from, to: options.to }) } as unknown as Integers);
}

/** One partition per text. */
export function strings(): Strings {
  return Object.freeze({ kind: "strings" }) as Strings;
}

/** One partition per listed text. */
export function oneOf<const V extends string>(...values: readonly [V, ...V[]]): OneOf<V> {
  const dimension = { kind: "oneOf", values: Object.freeze([...values]) } as unknown as OneOf<V>;
  if (values.length === 0) throw invalid("oneOf() needs at least one value");
  for (const [index, value] of values.entries()) {
    if (!isCleanText(value)) throw invalid("oneOf() has a value that cannot be part of a key", TEXT_FORM, value);
    if (values.indexOf(value) !== index) throw invalid(`oneOf() has the value ${showValue(value)} twice`);
  }
  return Object.freeze(dimension);
}

/** Checks what an artifact is partitioned by, for callers without a compiler. Throws GRAPH_INVALID. */
export function checkDimensions(dimensions: unknown): Dimensions {
  if (typeof dimensions !== "object" || dimensions === null) {
    throw invalid("partitionBy is not a record of dimensions", "a record like { date: daily() }", dimensions);
  }
  for (const [name, dimension] of Object.entries(dimensions)) {
    if (!DIMENSION_NAME.test(name)) {
      throw invalid(
        `${showValue(name)} cannot name a dimension`,
        "a letter, then up to 63 letters, digits, '_' or '-'",
      );
    }
    if (!isDimension(dimension)) {
      throw invalid(
        `dimension '${name}' is not a dimension`,
        "one of hourly(), daily(), weekly(), monthly(), integers(), strings(), oneOf()",
        dimension,
      );
    }
  }
  return dimensions as Dimensions;
}

/** True for what the seven functions above return. */
export function isDimension(value: unknown): value is Dimension {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "kind")) return false;
  return Object.hasOwn(forms, (value as { kind: PropertyKey }).kind);
}

/** Whether the values have a before and an after, so that `window` and `latest` make sense. */
export function isOrdered(dimension: Dimension): boolean {
  return (orderedKinds as readonly string[]).includes(dimension.kind);
}

/**
 * What of the dimensions counts in the identity of data: names, kinds and zones, in order of name. `from`, `to` and the values of
 * oneOf do not: they say which partitions exist, not what is in any of them, so widening them rebuilds nothing.
 */
export function describeDimensions(
  dimensions: Dimensions,
): Readonly<Record<string, { readonly kind: string; readonly zone?: string }>> {
  const described: Record<string, { readonly kind: string; readonly zone?: string }> = {};
  for (const name of namesOf(dimensions)) {
    const dimension = at(dimensions, name);
    described[name] = "zone" in dimension ? { kind: dimension.kind, zone: dimension.zone } : { kind: dimension.kind };
  }
  return described;
}

// ---------------------------------------------------------------------------------------------------------------------
// Keys

/** A key's text. Throws PARTITION_KEY_INVALID for a missing or foreign name or a value that the dimension does not have; `from` and `to` are not looked at. */
export function encodeKey(dimensions: Dimensions, key: Readonly<Record<string, unknown>>): KeyText {
  const names = namesOf(dimensions);
  let text = "";
  for (const name of names) {
    if (!Object.hasOwn(key, name)) throw refusedName(names, key, name);
    const value = key[name];
    const dimension = at(dimensions, name);
    const written = encodeValue(dimension, value);
    if (written === undefined) throw refused(name, dimension, value);
    text += text === "" ? `${name}=${written}` : `,${name}=${written}`;
  }
  if (Object.keys(key).length !== names.length) throw refusedName(names, key, undefined);
  return text as KeyText;
}

/** The key of a text that `encodeKey` made for these dimensions. Throws PARTITION_KEY_INVALID for any other text. */
export function decodeKey<D extends Dimensions>(dimensions: D, text: string): Key<D> {
  const names = namesOf(dimensions);
  const parts = text === "" ? [] : text.split(",");
  if (parts.length !== names.length) throw refusedText(names, text);
  const key: Record<string, string | number> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] as string;
    if (!part.startsWith(`${name}=`)) throw refusedText(names, text);
    const value = decodeValue(at(dimensions, name), part.slice(name.length + 1));
    if (value === undefined) throw refused(name, at(dimensions, name), part.slice(name.length + 1));
    key[name] = value;
  }
  return Object.freeze(key) as Key<D>;
}

/**
 * A key as people type it: `2026-01-02` where there is one dimension, or `region=eu,date=2026-01-02` in any order. Values may be
 * plain or escaped as in a key's text; NFD text, which some terminals send, is taken as NFC. Throws PARTITION_KEY_INVALID.
 */
export function parseKeyArgument<D extends Dimensions>(dimensions: D, text: string): Key<D> {
  const names = namesOf(dimensions);
  const key: Record<string, unknown> = {};
  const [only] = names;
  if (names.length === 1 && only !== undefined && !text.startsWith(`${only}=`)) {
    const dimension = at(dimensions, only);
    const value = (key[only] = readArgument(dimension, text));
    const [, name] = /^([A-Za-z][\w-]*)=/.exec(text) ?? [];
    // No value, but written like one with its dimension: the dimension's name is what is wrong.
    if (name !== undefined && !isValue(dimension, value)) throw refusedText(names, text, name);
  } else {
    for (const part of text === "" ? [] : text.split(",")) {
      const split = part.indexOf("=");
      const name = part.slice(0, Math.max(split, 0)).trim();
      if (split < 0 || !names.includes(name) || Object.hasOwn(key, name)) throw refusedText(names, text, name);
      key[name] = readArgument(at(dimensions, name), part.slice(split + 1));
    }
  }
  return decodeKey(dimensions, encodeKey(dimensions, key));
}

/** The text of the key with only the named dimensions, without decoding it; names that the key lacks are passed over. */
export function projectKeyText(dimensions: Dimensions, text: KeyText, names: Iterable<string>): KeyText {
  const wanted = new Set(names);
  const own = namesOf(dimensions);
  if (own.every((name) => wanted.has(name))) return text;
  const kept = text.split(",").filter((_, index) => wanted.has(own[index] ?? ""));
  return kept.join(",") as KeyText;
}

/** Orders keys by their dimensions in order of name, each by `compareValues`. */
export function compareKeys(dimensions: Dimensions, a: Key, b: Key): number {
  for (const name of namesOf(dimensions)) {
    const difference = compareValues(at(dimensions, name), a[name] as string | number, b[name] as string | number);
    if (difference !== 0) return difference;
  }
  return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Values

/** Negative, zero or positive: earlier before later, smaller before larger, texts by UTF-8 bytes. */
export function compareValues(dimension: Dimension, a: string | number, b: string | number): number {
  if (dimension.kind === "integers") return (a as number) - (b as number);
  return compareText(a as string, b as string);
}

/** Whether it is a value of this dimension at all, whatever `from` and `to` say. */
export function isValue(dimension: Dimension, value: unknown): value is string | number {
  return encodeValue(known(dimension), value) !== undefined;
}

/** Whether the value lies between `from` and `to`; true where the dimension has neither. */
export function isWithin(dimension: Dimension, value: string | number): boolean {
  const { from, to } = known(dimension) as Partial<Span> | Integers;
  if (from !== undefined && compareValues(dimension, value, from) < 0) return false;
  return to === undefined || compareValues(dimension, value, to) <= 0;
}

/** The value `n` places later (earlier where negative), also beyond `from` and `to`; `undefined` where there is none: unordered kinds, years past 9999. */
export function shiftValue(dimension: Dimension, value: string | number, n: number): string | number | undefined {
  if (!isOrdered(dimension)) return n === 0 ? value : undefined;
  if (dimension.kind === "integers") {
    const shifted = (value as number) + n;
    return Number.isSafeInteger(shifted) ? shifted : undefined;
  }
  const kind = dimension.kind as CalendarKind;
  const number = parseLabel(kind, value as string);
  return number === undefined ? undefined : formatLabel(kind, number + n);
}

/**
 * All values in order, where the dimension says which: oneOf (as listed), or a span with both `from` and `to`, without the hours and days that
 * the clocks of its zone leave out. Throws GRAPH_INVALID above ten million.
 */
export function enumerateValues(dimension: Dimension): readonly (string | number)[] | undefined {
  const own = known(dimension);
  if (own.kind === "oneOf") return own.values;
  if (own.kind === "strings" || own.from === undefined || own.to === undefined) return undefined;
  const first = numberOf(own, own.from);
  const count = numberOf(own, own.to) - first + 1;
  if (count > 10_000_000)
    throw invalid(`the span from ${own.from} to ${own.to} has ${count} values`, "at most 10,000,000");
  const { kind } = own;
  if (kind === "integers") return Array.from({ length: count }, (_, index) => first + index);
  const labels = Array.from({ length: count }, (_, index) => formatLabel(kind, first + index) as string);
  return withoutLeftOut(own, labels);
}

/** The value of `to` that holds this value of `from`: hour → day → week or month, and every kind to itself; `undefined` where there is none, or the zones differ. */
export function coarsenValue(from: Dimension, value: string | number, to: Dimension): string | number | undefined {
  const [fine, coarse] = [known(from), known(to)];
  if (fine.kind === coarse.kind && !("zone" in fine)) return isValue(coarse, value) ? value : undefined;
  if (!("zone" in fine) || !("zone" in coarse) || fine.zone !== coarse.zone) return undefined;
  const number = parseLabel(fine.kind, value as string);
  const coarser = number === undefined ? undefined : coarsenNumber(fine.kind, number, coarse.kind);
  return coarser === undefined ? undefined : formatLabel(coarse.kind, coarser);
}

/** What a value of this dimension looks like, for the second half of a sentence: "a real day like 2026-01-02". */
export function describeValueForm(dimension: Dimension): string {
  const own = known(dimension);
  return own.kind === "oneOf" ? `one of ${own.values.map((value) => showValue(value)).join(", ")}` : forms[own.kind];
}

/**
 * A value taken apart for templates, `{date.Y}`; the first component stands for the value where a template names none.
 * hourly iso Y m d H · daily iso Y m d · weekly iso G V · monthly iso Y m · integers value hex · strings and oneOf value.
 * Parts of dates are padded: Y and G to four digits, the others to two.
 */
export function valueComponents(dimension: Dimension, value: string | number): Readonly<Record<string, string>> {
  const text = String(value);
  switch (known(dimension).kind) {
    case "hourly":
      return { iso: text, Y: text.slice(0, 4), m: text.slice(5, 7), d: text.slice(8, 10), H: text.slice(11) };
    case "daily":
      return { iso: text, Y: text.slice(0, 4), m: text.slice(5, 7), d: text.slice(8) };
    case "weekly":
      return { iso: text, G: text.slice(0, 4), V: text.slice(6) };
    case "monthly":
      return { iso: text, Y: text.slice(0, 4), m: text.slice(5) };
    case "integers":
      return { value: text, hex: (value as number).toString(16) };
    case "strings":
    case "oneOf":
      return { value: text };
  }
}

/** The names `valueComponents` gives, the default first. */
export function componentNames(dimension: Dimension): readonly string[] {
  return components[known(dimension).kind];
}

/** Whether these components together say which value it is: the default one, `hex`, or all parts of a date. */
export function areComponentsComplete(dimension: Dimension, names: Iterable<string>): boolean {
  const given = new Set(names);
  const [whole, ...parts] = componentNames(dimension);
  if (given.has(whole as string) || given.has("hex")) return true;
  return parts.length > 0 && parts.every((name) => name !== "hex" && given.has(name));
}

/** The inverse of `valueComponents`: `undefined` when they are not complete, name no real value, disagree, or are not written as it writes them. */
export function parseComponents(
  dimension: Dimension,
  given: Readonly<Record<string, string>>,
): string | number | undefined {
  const value = valueOfComponents(known(dimension), given);
  if (value === undefined || !isValue(dimension, value)) return undefined;
  const expected = valueComponents(dimension, value);
  return Object.keys(given).every((name) => Object.hasOwn(expected, name) && expected[name] === given[name])
    ? value
    : undefined;
}

// ---------------------------------------------------------------------------------------------------------------------

type Known = Hourly | Daily | Weekly | Monthly | Integers | Strings | OneOf<string>;

const TEXT_FORM = "text, not empty, in Unicode form NFC without control or direction characters";

const forms: { readonly [Kind in Known["kind"]]: string } = {
  hourly: "a real hour like 2026-01-02T03",
  daily: "a real day like 2026-01-02",
  weekly: "a real ISO week like 2026-W01",
  monthly: "a real month like 2026-01",
  integers: "a whole number between -(2^53-1) and 2^53-1",
  strings: TEXT_FORM,
  oneOf: "one of the listed texts",
};

const components: { readonly [Kind in Known["kind"]]: readonly string[] } = {
  hourly: ["iso", "Y", "m", "d", "H"],
  daily: ["iso", "Y", "m", "d"],
  weekly: ["iso", "G", "V"],
  monthly: ["iso", "Y", "m"],
  integers: ["value", "hex"],
  strings: ["value"],
  oneOf: ["value"],
};

// Names begin with a letter, so `__proto__` is not one and records of names are safe; templates and key texts need no escapes for them.
const DIMENSION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const PLAIN = /^[A-Za-z0-9._~+-]+$/;
const INTEGER = /^(0|-?[1-9]\d*)$/;
const HEX = /^(0|-?[1-9a-f][0-9a-f]*)$/;
// Control characters, line and paragraph separators, and what turns the writing direction: they make two names look like one.
const UNCLEAN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

function isCleanText(value: unknown): value is string {
  if (typeof value !== "string" || value === "") return false;
  if (PLAIN.test(value)) return true;
  return !UNCLEAN.test(value) && value.normalize("NFC") === value;
}

/** The value as it stands in a key's text; `undefined` when the dimension has no such value. */
function encodeValue(dimension: Known, value: unknown): string | undefined {
  switch (dimension.kind) {
    case "integers":
      return Number.isSafeInteger(value) ? String(value) : undefined; // -0 is 0 here
    case "strings":
      return isCleanText(value) ? escape(value) : undefined;
    case "oneOf":
      return (dimension.values as readonly unknown[]).includes(value) ? escape(value as string) : undefined;
    case "hourly":
    case "daily":
    case "weekly":
    case "monthly":
      return typeof value === "string" && parseLabel(dimension.kind, value) !== undefined ? value : undefined;
  }
}

/** The inverse; `undefined` for a text that `encodeValue` would not have written. */
function decodeValue(dimension: Known, written: string): string | number | undefined {
  const value = dimension.kind === "integers" ? parseInteger(written) : unescape(written);
  return value !== undefined && encodeValue(dimension, value) === written ? value : undefined;
}

function escape(value: string): string {
  if (PLAIN.test(value)) return value;
  return encodeURIComponent(value)
    .replace(/%2B/g, "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unescape(written: string): string | undefined {
  if (!written.includes("%")) return written;
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined;
  }
}

function parseInteger(text: string): number | undefined {
  return INTEGER.test(text) ? Number(text) : undefined;
}

/** What somebody typed, as a value: the escaped form where it is one, else the text as it stands. */
function readArgument(dimension: Known, typed: string): string | number {
  const text = typed.normalize("NFC");
  const decoded = decodeValue(dimension, text);
  if (decoded !== undefined) return decoded;
  return dimension.kind === "integers" && /^[+-]?\d+$/.test(text) ? Number(text) + 0 : text;
}

function valueOfComponents(dimension: Known, given: Readonly<Record<string, string>>): string | number | undefined {
  const get = (name: string): string | undefined => (Object.hasOwn(given, name) ? given[name] : undefined);
  const whole = get(components[dimension.kind][0] as string);
  switch (dimension.kind) {
    case "integers": {
      const hex = get("hex");
      if (whole !== undefined) return parseInteger(whole);
      return hex !== undefined && HEX.test(hex) ? Number.parseInt(hex, 16) : undefined;
    }
    case "strings":
    case "oneOf":
      return whole;
    case "weekly":
      return whole ?? `${get("G") ?? ""}-W${get("V") ?? ""}`;
    case "monthly":
      return whole ?? `${get("Y") ?? ""}-${get("m") ?? ""}`;
    case "daily":
      return whole ?? `${get("Y") ?? ""}-${get("m") ?? ""}-${get("d") ?? ""}`;
    case "hourly":
      return whole ?? `${get("Y") ?? ""}-${get("m") ?? ""}-${get("d") ?? ""}T${get("H") ?? ""}`;
  }
}

function numberOf(dimension: Exclude<Known, Strings | OneOf<string>>, value: string | number): number {
  return dimension.kind === "integers" ? (value as number) : (parseLabel(dimension.kind, value as string) as number);
}

function span(kind: CalendarKind, { zone = "UTC", from, to }: SpanOptions): Dimension {
  const problem = findZoneProblem(zone);
  if (problem !== undefined) throw invalid("this is not a time zone", problem.expected, zone, problem.hint);
  return bounded({ kind, zone, ...present({ from, to }) } as unknown as Known);
}

/** Without the members that are undefined: a missing one and an undefined one are different values to a fingerprint. */
function present<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

function bounded<X extends Known>(dimension: X): X {
  const { from, to } = dimension as Partial<Span> | Integers;
  for (const [name, value] of Object.entries({ from, to })) {
    if (value !== undefined && encodeValue(dimension, value) === undefined) {
      throw invalid(`${dimension.kind}() has a wrong '${name}'`, forms[dimension.kind], value);
    }
  }
  if (from !== undefined && to !== undefined && compareValues(dimension, from, to) > 0) {
    throw invalid(`${dimension.kind}() ends before it begins`, `a 'to' not before ${from}`, to);
  }
  return Object.freeze(dimension);
}

const namesByDimensions = new WeakMap<Dimensions, readonly string[]>();

function namesOf(dimensions: Dimensions): readonly string[] {
  let names = namesByDimensions.get(dimensions);
  if (names === undefined) {
    names = Object.keys(dimensions).sort(); // ASCII, see DIMENSION_NAME
    if (Object.isFrozen(dimensions)) namesByDimensions.set(dimensions, names);
  }
  return names;
}

function at(dimensions: Dimensions, name: string): Known {
  return dimensions[name] as Known;
}

function known(dimension: Dimension): Known {
  return dimension as Known;
}

function invalid(what: string, expected?: string, received?: unknown, hint?: string): StratigraphError {
  return new StratigraphError("GRAPH_INVALID", what, {
    expected,
    received: arguments.length > 2 ? showValue(received) : undefined,
    hint,
  });
}

function refused(name: string, dimension: Dimension, value: unknown): StratigraphError {
  return new StratigraphError("PARTITION_KEY_INVALID", `the partition key has a wrong value for dimension '${name}'`, {
    expected: describeValueForm(dimension),
    received: showValue(value),
    data: { dimension: name },
  });
}

function refusedName(
  names: readonly string[],
  key: Readonly<Record<string, unknown>>,
  missing: string | undefined,
): StratigraphError {
  const foreign = Object.keys(key).find((name) => !names.includes(name));
  const what =
    foreign === undefined
      ? `the partition key lacks dimension '${missing ?? ""}'`
      : `the partition key has dimension ${showValue(foreign)}, which the data is not partitioned by`;
  const near = foreign === undefined ? undefined : suggest(foreign, names);
  return new StratigraphError("PARTITION_KEY_INVALID", what, {
    expected: namesForm(names),
    received:
      Object.keys(key).length === 0
        ? "no key"
        : Object.keys(key)
            .map((name) => showValue(name))
            .join(", "),
    hint: near === undefined ? undefined : `Did you mean '${near}'?`,
    data: { dimension: missing ?? foreign },
  });
}

function refusedText(names: readonly string[], text: string, name?: string): StratigraphError {
  const near = name === undefined || names.includes(name) ? undefined : suggest(name, names);
  return new StratigraphError("PARTITION_KEY_INVALID", "this is not a key of these dimensions", {
    expected: namesForm(names),
    received: text === "" ? "no key" : showValue(text),
    hint: near === undefined ? undefined : `Did you mean '${near}'?`,
  });
}

function namesForm(names: readonly string[]): string {
  return names.length === 0 ? "no key, as the data is not partitioned" : names.map((name) => `${name}=…`).join(",");
}
