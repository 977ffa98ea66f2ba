// A value of a dimension taken apart for templates, `{date.Y}`, and put together again.

import { known, type Dimension, type KnownDimension } from "./dimension.ts";
import { isValue, parseInteger } from "./dimension-value.ts";

const components: { readonly [Kind in KnownDimension["kind"]]: readonly string[] } = {
  hourly: ["iso", "Y", "m", "d", "H"],
  daily: ["iso", "Y", "m", "d"],
  weekly: ["iso", "G", "V"],
  monthly: ["iso", "Y", "m"],
  integers: ["value", "hex"],
  strings: ["value"],
  oneOf: ["value"],
};

const HEX = /^(0|-?[1-9a-f][0-9a-f]*)$/;

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

function valueOfComponents(
  dimension: KnownDimension,
  given: Readonly<Record<string, string>>,
): string | number | undefined {
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
