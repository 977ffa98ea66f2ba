// Values of a dimension: which there are, their order, and their form in a key's text.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { compareText } from "../util/text-order.ts";
import { coarsenNumber, formatLabel, parseLabel, type CalendarKind } from "./calendar.ts";
import {
  isOrdered,
  known,
  type Dimension,
  type Integers,
  type KnownDimension,
  type OneOf,
  type Span,
  type Strings,
} from "./dimension.ts";
import { withoutLeftOut } from "./interval.ts";

export const TEXT_FORM = "text, not empty, in Unicode form NFC without control or direction characters";

export const valueForms: { readonly [Kind in KnownDimension["kind"]]: string } = {
  hourly: "a real hour like 2026-01-02T03",
  daily: "a real day like 2026-01-02",
  weekly: "a real ISO week like 2026-W01",
  monthly: "a real month like 2026-01",
  integers: "a whole number between -(2^53-1) and 2^53-1",
  strings: TEXT_FORM,
  oneOf: "one of the listed texts",
};

const PLAIN = /^[A-Za-z0-9._~+-]+$/;
const INTEGER = /^(0|-?[1-9]\d*)$/;
// Control characters, line and paragraph separators, and what turns the writing direction: they make two names look like one.
const UNCLEAN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

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
  if (count > 10_000_000) {
    throw new StratigraphError("GRAPH_INVALID", `the span from ${own.from} to ${own.to} has ${count} values`, {
      expected: "at most 10,000,000",
    });
  }
  const { kind } = own;
  if (kind === "integers") return Array.from({ length: count }, (_, index) => first + index);
  const labels = Array.from({ length: count }, (_, index) => formatLabel(kind, first + index) as string);
  return withoutLeftOut(own, labels);
}

function numberOf(dimension: Exclude<KnownDimension, Strings | OneOf<string>>, value: string | number): number {
  return dimension.kind === "integers" ? (value as number) : (parseLabel(dimension.kind, value as string) as number);
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
  return own.kind === "oneOf"
    ? `one of ${own.values.map((value) => showValue(value)).join(", ")}`
    : valueForms[own.kind];
}

/** The value as it stands in a key's text; `undefined` when the dimension has no such value. */
export function encodeValue(dimension: KnownDimension, value: unknown): string | undefined {
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
export function decodeValue(dimension: KnownDimension, written: string): string | number | undefined {
  const value = dimension.kind === "integers" ? parseInteger(written) : unescape(written);
  return value !== undefined && encodeValue(dimension, value) === written ? value : undefined;
}

export function isCleanText(value: unknown): value is string {
  if (typeof value !== "string" || value === "") return false;
  if (PLAIN.test(value)) return true;
  return !UNCLEAN.test(value) && value.normalize("NFC") === value;
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

export function parseInteger(text: string): number | undefined {
  return INTEGER.test(text) ? Number(text) : undefined;
}
