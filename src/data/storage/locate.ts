// Where a produced partition goes: the template filled in, each value kept inside its place.

import { StratigraphError } from "../../errors.ts";
import { fingerprintText } from "../../identity/fingerprint.ts";
import type { Dimensions, Key } from "../../identity/dimension.ts";
import { valueComponents } from "../../identity/value-components.ts";
import { escapeCharacter, escapeName, isDeviceName, NAME_LIMIT, shortenName } from "../../util/file-name.ts";
import { fillTemplate, type Template } from "../../util/template.ts";
import { readLayout, type LayoutSegment, type Slot } from "./layout.ts";
import type { ProducedPlace, TemplateNames } from "./storage.ts";

/**
 * Fills in what is the same for all partitions and leaves the rest: `{graph}`, `{names}` (the dotted key as folders), `{name}` (its last
 * part) and `{extension}`, as far as known.
 */
export function fillConstants(template: Template, { graph, artifactKey, extension }: TemplateNames): Template {
  if (template.parts.length === 1 && typeof template.parts[0] === "string") return template;
  const names = artifactKey?.split(".").map(encodeConstant);
  const values: Readonly<Record<string, string | undefined>> = {
    graph: graph === undefined ? undefined : encodeConstant(graph),
    names: names?.join("/"),
    name: names?.at(-1),
    extension: extension === undefined ? undefined : escapeName(extension),
  };
  return fillTemplate(template, ({ name, component }) =>
    component === undefined && Object.hasOwn(values, name) ? values[name] : undefined,
  );
}

export type Locator = (place: ProducedPlace) => string;

/**
 * A function from places to locations: relative, with "/", every segment at most 255 bytes. Injective, also where file names ignore case: each
 * location carries the input fingerprint, the attempt and, unless {names} does it, which artifact it is, all in lower case.
 */
export function createLocator(template: Template): Locator {
  const compiled = new WeakMap<Dimensions, Map<string, readonly LayoutSegment[]>>();
  const namesItself = template.parts.some(
    (part) => typeof part !== "string" && part.name === "names" && part.component === undefined,
  );
  return (place) => {
    const { dimensions, graph, artifactKey, extension } = place;
    let layouts = compiled.get(dimensions);
    if (layouts === undefined) compiled.set(dimensions, (layouts = new Map<string, readonly LayoutSegment[]>()));
    const constants = `${graph}\n${artifactKey}\n${extension}`;
    let layout = layouts.get(constants);
    if (layout === undefined) {
      if (layouts.size >= 1000) layouts.clear();
      layout = readLayout(fillAllConstants(template, place), dimensions);
      layouts.set(constants, layout);
    }
    const input = inputText(place, namesItself);
    const location = layout.map((segment) => fillSegment(segment, place, input)).join("/");
    if (location.length > LOCATION_LIMIT)
      throw tooLong(place, `${location.length} bytes`, `at most ${LOCATION_LIMIT} bytes`);
    return location;
  };
}

/** Leaves room for a root of as many bytes below the 4,096 that Linux takes. */
const LOCATION_LIMIT = 2048;
/** For what a name may grow by when its first or last character is escaped. */
const SPARE = 6;

function fillAllConstants(template: Template, { graph, artifactKey, extension, dimensions }: ProducedPlace): Template {
  const filled = fillConstants(template, { graph, artifactKey, extension });
  if (Object.keys(dimensions).length > 0) return filled;
  return fillTemplate(filled, ({ name, component }) =>
    name === "partition" && component === undefined ? "" : undefined,
  );
}

function encodeConstant(text: string): string {
  const escaped = escapeName(text).replace(/^\./, "%2E");
  return shortenName(escaped, 80) as string;
}

function inputText({ input, attempt, artifactKey }: ProducedPlace, namesItself: boolean): string {
  const text = `${escapeName(input, "-")}-${escapeName(attempt, "-")}`;
  // The outputs of one step share all the rest.
  return namesItself ? text : `${text}-${fingerprintText(artifactKey).slice(0, 12)}`;
}

function fillSegment({ parts, separators }: LayoutSegment, place: ProducedPlace, input: string): string {
  const pieces = parts.map((part) => (typeof part === "string" ? part : valueText(part, place, input, separators)));
  let bytes = 0;
  for (const piece of pieces) bytes += Buffer.byteLength(piece);
  if (bytes > NAME_LIMIT - SPARE) shorten(parts, pieces, bytes, place);
  return protect(parts, pieces);
}

function valueText(slot: Slot, { key, dimensions }: ProducedPlace, input: string, separators: string): string {
  switch (slot.kind) {
    case "dimension":
      return escapeValue(slot, componentOf(slot, key), separators);
    case "partition":
      return partitionText(dimensions, key, separators);
    case "input":
      return input;
    case "constant":
      throw new Error(`{${slot.name}} was not filled in`);
  }
}

function componentOf(slot: Slot & { readonly kind: "dimension" }, key: Key): string {
  return valueComponents(slot.dimension, key[slot.name] as string | number)[slot.component] as string;
}

/** Numbers and dates have no character that needs an escape, and a `-` between integers is told from a sign by its place. */
function escapeValue(slot: Slot & { readonly kind: "dimension" }, text: string, separators: string): string {
  return slot.dimension.kind === "strings" || slot.dimension.kind === "oneOf" ? escapeName(text, separators) : text;
}

/** `date=2026-01-02,region=eu`, as the key's text but with the escapes of file names. */
export function partitionText(dimensions: Dimensions, key: Key, separators = ""): string {
  return Object.keys(dimensions)
    .sort()
    .map((name) => `${escapeName(name, separators)}=${escapeName(String(key[name]), separators)}`)
    .join(",");
}

/** Gives each long value an equal share of the room; what is longer becomes its beginning and a hash. */
function shorten(parts: readonly (string | Slot)[], pieces: string[], bytes: number, place: ProducedPlace): void {
  const long = [...parts.keys()].filter((index) => isShortenable(parts[index]));
  const rest = bytes - long.reduce((sum, index) => sum + (pieces[index] as string).length, 0);
  const share = Math.floor((NAME_LIMIT - SPARE - rest) / long.length);
  for (const index of long) {
    const shortened = shortenName(pieces[index] as string, share);
    if (shortened === undefined) throw tooLong(place, `a name of ${bytes} bytes`, `at most ${NAME_LIMIT} bytes`);
    pieces[index] = shortened;
  }
  if (long.length === 0) throw tooLong(place, `a name of ${bytes} bytes`, `at most ${NAME_LIMIT} bytes`);
}

function isShortenable(part: string | Slot | undefined): boolean {
  if (part === undefined || typeof part === "string") return false;
  return part.kind === "partition" || (part.kind === "dimension" && ["strings", "oneOf"].includes(part.dimension.kind));
}

/** Names that some system takes for something else: hidden files and our temporary ones, `..`, devices, and a dot at the end, which Windows drops. */
function protect(parts: readonly (string | Slot)[], pieces: readonly string[]): string {
  const name = pieces.join("");
  const valueAt = parts.findIndex((part) => typeof part !== "string");
  const at = valueAt < 0 ? 0 : pieces.slice(0, valueAt).reduce((sum, piece) => sum + piece.length, 0);
  let safe = name;
  if (isDeviceName(name) || (at === 0 && valueAt === 0 && name.startsWith("."))) {
    safe = name.slice(0, at) + escapeCharacter(name[at] as string) + name.slice(at + 1);
  }
  return safe.endsWith(".") ? `${safe.slice(0, -1)}%2E` : safe;
}

function tooLong({ artifactKey, keyText }: ProducedPlace, received: string, expected: string): StratigraphError {
  return new StratigraphError("LOCATION_TOO_LONG", "the partition's file name would be too long", {
    where: keyText === "" ? artifactKey : `${artifactKey}[${keyText}]`,
    expected,
    received,
    hint: "Give each dimension a folder of its own in the template.",
  });
}
