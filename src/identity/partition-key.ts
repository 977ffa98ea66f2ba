// The keys that name one partition, `{ date: "2026-01-02", region: "eu" }`, and their texts.

import { StratigraphError } from "../errors.ts";
import type { Brand } from "../util/brand.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";
import type { Dimension, Dimensions, Key, KnownDimension } from "./dimension.ts";
import { compareValues, decodeValue, describeValueForm, encodeValue, isValue } from "./dimension-value.ts";

/**
 * A key as text, dimensions in order of name: `date=2026-01-02,region=eu`; `""` for unpartitioned data.
 * In values everything but `A-Z a-z 0-9 . _ ~ + -` is percent-encoded UTF-8, so different keys never share a text.
 */
export type KeyText = Brand<string, "KeyText">;

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

/** What somebody typed, as a value: the escaped form where it is one, else the text as it stands. */
function readArgument(dimension: KnownDimension, typed: string): string | number {
  const text = typed.normalize("NFC");
  const decoded = decodeValue(dimension, text);
  if (decoded !== undefined) return decoded;
  return dimension.kind === "integers" && /^[+-]?\d+$/.test(text) ? Number(text) + 0 : text;
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

const namesByDimensions = new WeakMap<Dimensions, readonly string[]>();

function namesOf(dimensions: Dimensions): readonly string[] {
  let names = namesByDimensions.get(dimensions);
  if (names === undefined) {
    names = Object.keys(dimensions).sort(); // ASCII, see DIMENSION_NAME
    if (Object.isFrozen(dimensions)) namesByDimensions.set(dimensions, names);
  }
  return names;
}

function at(dimensions: Dimensions, name: string): KnownDimension {
  return dimensions[name] as KnownDimension;
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
