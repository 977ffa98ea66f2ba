// Reads what one file or folder name says, by one segment of a template; with a reason for every name that does not fit.

import type { Dimension, Dimensions } from "../../identity/dimension.ts";
import { componentNames } from "../../identity/value-components.ts";
import { escapeName, unescapeName } from "../../util/file-name.ts";
import { showValue } from "../../util/show.ts";
import type { LayoutSegment, Slot } from "./layout.ts";

/** The place of a dimension's component in the captures. */
export type SlotIndex = (name: string, component: string) => number;

/** What the names of a path said so far, by slot; one slot for each component of each dimension. */
export type Captures = readonly (string | undefined)[];

export interface NameMatcher {
  /** `undefined`: passed over, as a fixed value of the template says otherwise. A text: why the name does not fit. */
  match(name: string, captures: Captures): Captures | string | undefined;
}

export function createNameMatcher(
  { parts, separators, several }: LayoutSegment,
  dimensions: Dimensions,
  slotOf: SlotIndex,
): NameMatcher {
  const slots = parts.filter((part) => typeof part !== "string");
  const readers = slots.map((slot) => createReader(slot, dimensions, slotOf));
  const shape = parts.map((part) => (typeof part === "string" ? part : showSlot(part))).join("");
  const readings = (patternOf: (slot: Slot, greedy: boolean) => string): Readings => ({
    longest: compile(parts, (slot) => patternOf(slot, true)),
    shortest: compile(parts, (slot) => patternOf(slot, false)),
  });
  const exact = readings((slot, greedy) => patternOf(slot, separators, greedy));
  // With one place at a time taking anything, the first that matches is the one that is wrong.
  let loosened: readonly Readings[] | undefined;
  const looseReadings = (): readonly Readings[] =>
    (loosened ??= slots.map((loose) =>
      readings((slot, greedy) => (slot === loose ? (greedy ? ".+" : ".+?") : patternOf(slot, separators, greedy))),
    ));

  return {
    match(given, captures) {
      const name = isAscii(given) ? given : given.normalize("NFC");
      if (name.includes("\u{fffd}")) return "its name is not UTF-8";
      let found = exact.longest.exec(name);
      if (found !== null && several && isAmbiguous(exact, name)) {
        return `${shown(name)} can be read in two ways as ${shape}: escape '${separators[0] as string}' in values as %${hex(separators)}`;
      }
      if (found === null) {
        const wrong = looseReadings().findIndex((loose) => loose.longest.test(name) && !isAmbiguous(loose, name));
        const slot = slots[wrong];
        found = looseReadings()[wrong]?.longest.exec(name) ?? null;
        if (slot === undefined || found === null) return `${shown(name)} does not match ${shape}`;
        // A whole value that has the wrong form has a better reason than its form: what its dimension takes.
        if (!isWhole(slot)) return `${shown(found[wrong + 1] ?? "")} is not what ${showSlot(slot)} looks like`;
      }
      const next = captures.slice();
      for (let index = 0; index < readers.length; index++) {
        const problem = (readers[index] as Reader)(found[index + 1] as string, next);
        if (problem !== true) return problem;
      }
      return next;
    },
  };
}

/** Longest values first and shortest first: the two ends of all readings of a name, so if they agree there is only one. */
interface Readings {
  readonly longest: RegExp;
  readonly shortest: RegExp;
}

function isAmbiguous({ longest, shortest }: Readings, name: string): boolean {
  const [one, other] = [longest.exec(name), shortest.exec(name)];
  return one?.some((text, index) => text !== other?.[index]) ?? false;
}

function compile(parts: LayoutSegment["parts"], patternOf: (slot: Slot) => string): RegExp {
  const pattern = parts.map((part) =>
    typeof part === "string" ? quote(part.normalize("NFC")) : `(${patternOf(part)})`,
  );
  return new RegExp(`^${pattern.join("")}$`, "su");
}

function isWhole(slot: Slot): boolean {
  return (
    slot.kind === "partition" || (slot.kind === "dimension" && componentNames(slot.dimension)[0] === slot.component)
  );
}

function showSlot(slot: Slot): string {
  if (slot.kind !== "dimension") return "{partition}";
  return isWhole(slot) ? `{${slot.name}}` : `{${slot.name}.${slot.component}}`;
}

/** Puts what a text says into the captures; otherwise what is wrong with it, or `undefined` to pass over it. */
type Reader = (text: string, captures: (string | undefined)[]) => true | string | undefined;

function createReader(slot: Slot, dimensions: Dimensions, slotOf: SlotIndex): Reader {
  if (slot.kind === "partition") return createPartitionReader(dimensions, slotOf);
  if (slot.kind !== "dimension") throw new Error(`no source has a place for ${slot.kind}`);
  const { name, component, fixed, dimension } = slot;
  const index = slotOf(name, component);
  const canonical = canonicalForm(dimension, component);
  return (text, captures) => {
    const value = canonical(text);
    if (value === undefined) return `${shown(text)} has a % that begins no escape: write %25`;
    if (fixed !== undefined && value !== fixed) return undefined;
    const before = captures[index];
    if (before !== undefined && before !== value)
      return `its path says ${shown(before)} and ${shown(value)} for {${name}.${component}}`;
    captures[index] = value;
    return true;
  };
}

/** `date=2026-01-02,region=eu`, in this order. */
function createPartitionReader(dimensions: Dimensions, slotOf: SlotIndex): Reader {
  const names = Object.keys(dimensions).sort();
  const readers = names.map((name) => {
    const dimension = dimensions[name] as Dimension;
    const component = componentNames(dimension)[0] as string;
    return createReader({ kind: "dimension", name, component, fixed: undefined, dimension }, dimensions, slotOf);
  });
  return (text, captures) => {
    const fields = text.split(",");
    if (fields.length !== names.length) return `${shown(text)} is not ${names.map((name) => `${name}=…`).join(",")}`;
    for (const [position, field] of fields.entries()) {
      const split = field.indexOf("=");
      if (split < 0 || unescapeName(field.slice(0, split)) !== names[position])
        return `${shown(text)} is not ${names.map((name) => `${name}=…`).join(",")}`;
      const problem = (readers[position] as Reader)(field.slice(split + 1), captures);
      if (problem !== true) return problem;
    }
    return true;
  };
}

/** Names on disk are natural: numbers may have leading zeros, texts may be plain or escaped. Two names for one key are found out later. */
function canonicalForm(dimension: Dimension, component: string): (text: string) => string | undefined {
  if (dimension.kind === "strings" || dimension.kind === "oneOf") return unescapeName;
  if (dimension.kind !== "integers") return (text) => text;
  const bare = (text: string): string => text.replace(/^(-?)0+(?=.)/, "$1").replace(/^-0$/, "0");
  return component === "hex" ? (text) => bare(text.toLowerCase()) : bare;
}

function patternOf(slot: Slot, separators: string, greedy: boolean): string {
  const lazy = greedy ? "" : "?";
  if (slot.kind !== "dimension") return `.+${lazy}`;
  const { dimension, component } = slot;
  switch (dimension.kind) {
    case "strings":
      return `.+${lazy}`;
    case "oneOf": {
      const { values } = dimension as Dimension & { readonly values: readonly string[] };
      const written = new Set(values.flatMap((value) => [value, escapeName(value), escapeName(value, separators)]));
      const byLength = [...written].sort((a, b) => (greedy ? b.length - a.length : a.length - b.length));
      return byLength.map(quote).join("|");
    }
    case "integers":
      return component === "hex" ? `-?[0-9a-fA-F]+${lazy}` : `-?\\d+${lazy}`;
    default:
      return datePatterns[component] ?? isoPatterns[dimension.kind] ?? `.+${lazy}`;
  }
}

const datePatterns: Readonly<Record<string, string>> = {
  Y: "\\d{4}",
  G: "\\d{4}",
  m: "\\d\\d",
  d: "\\d\\d",
  H: "\\d\\d",
  V: "\\d\\d",
};
const isoPatterns: Readonly<Record<string, string>> = {
  hourly: "\\d{4}-\\d\\d-\\d\\dT\\d\\d",
  daily: "\\d{4}-\\d\\d-\\d\\d",
  weekly: "\\d{4}-W\\d\\d",
  monthly: "\\d{4}-\\d\\d",
};

/** In quotes on one line: names on disk may hold anything. */
export function shown(text: string): string {
  return `'${showValue(text).slice(1, -1)}'`;
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function hex(separators: string): string {
  return separators.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
