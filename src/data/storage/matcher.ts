// Reads partition keys out of paths: the inverse of filling in a source's template, with a reason for every path that is not one.

import { describeValueForm, isValue, isWithin } from "../../identity/dimension-value.ts";
import type { Dimension, Dimensions, Key } from "../../identity/dimension.ts";
import { encodeKey, type KeyText } from "../../identity/partition-key.ts";
import { componentNames, parseComponents } from "../../identity/value-components.ts";
import { refused, type Template } from "../../util/template.ts";
import { readLayout } from "./layout.ts";
import { createNameMatcher, shown, type Captures, type NameMatcher } from "./name-matcher.ts";

export interface Matcher {
  /** The folder that everything lies in, as the author wrote it, with its "/": `data/`, `/abs/`, `../x/`; `""` for the root. */
  readonly base: string;
  /** The rest of the path: literal names, and names to be matched. The last is the file's. */
  readonly steps: readonly (string | NameMatcher)[];
  readonly start: Captures;
  /** The key that a whole path says, or why it says none, as half a sentence. */
  finish(captures: Captures): NamedPartition | string;
}

export interface NamedPartition {
  readonly key: Key;
  readonly keyText: KeyText;
}

/** Throws TEMPLATE_INVALID where a place is left that only a graph can fill. */
export function createMatcher(template: Template, dimensions: Dimensions): Matcher {
  const segments = readLayout(template, dimensions);
  const unfilled = segments
    .flatMap(({ parts }) => parts)
    .find((part) => typeof part !== "string" && part.kind === "constant");
  if (unfilled !== undefined && typeof unfilled !== "string" && unfilled.kind === "constant") {
    throw refused(
      template.text,
      `{${unfilled.name}} is not known yet`,
      "Name the artifact in a graph, or write the name out.",
    );
  }
  const literal = segments.findIndex(({ parts }) => parts.some((part) => typeof part !== "string"));
  const head = literal < 0 ? segments.length - 1 : literal;
  const base = segments
    .slice(0, head)
    .map(({ parts }) => `${parts.filter((part) => typeof part === "string").join("")}/`)
    .join("");
  const slots = new Slots(dimensions);
  const steps = segments.slice(head).map((segment) => {
    const [only] = segment.parts;
    return segment.parts.length === 1 && typeof only === "string"
      ? only
      : createNameMatcher(segment, dimensions, (name, component) => slots.index(name, component));
  });
  return { base, steps, start: [], finish: (captures) => slots.finish(captures) };
}

/** Which component of which dimension stands where in the captures. */
class Slots {
  readonly #dimensions: Dimensions;
  readonly #spelled: SpelledDimension[];
  #count = 0;

  constructor(dimensions: Dimensions) {
    this.#dimensions = dimensions;
    this.#spelled = Object.keys(dimensions)
      .sort()
      .map((name) => ({ name, dimension: dimensions[name] as Dimension, components: [], whole: undefined }));
  }

  index(name: string, component: string): number {
    const spelled = this.#spelled.find((spelled) => spelled.name === name) as SpelledDimension;
    const { components, dimension } = spelled;
    const same = components.find((slot) => slot.component === component);
    if (same !== undefined) return same.index;
    const index = this.#count++;
    components.push({ component, index });
    const isWhole = components.length === 1 && component === componentNames(dimension)[0];
    spelled.whole = isWhole && dimension.kind !== "integers" ? index : undefined;
    return index;
  }

  finish(captures: Captures): NamedPartition | string {
    const key: Record<string, string | number> = {};
    for (const spelled of this.#spelled) {
      const { name, dimension, whole } = spelled;
      // A value that stands there whole need not be taken apart and put together again. Encoding says whether it is one.
      const value = whole === undefined ? valueOf(spelled, captures) : (captures[whole] as string);
      if (value === undefined) return refusal(spelled, captures);
      if (!isWithin(dimension, value)) {
        if (!isValue(dimension, value)) return refusal(spelled, captures);
        return `${shown(String(value))} lies outside the partitions that '${name}' is declared to have`;
      }
      key[name] = value;
    }
    try {
      return { key: Object.freeze(key), keyText: encodeKey(this.#dimensions, key) };
    } catch (error) {
      const wrong = this.#spelled.find(({ name, dimension }) => !isValue(dimension, key[name]));
      if (wrong === undefined) throw error;
      return refusal(wrong, captures);
    }
  }
}

interface SpelledDimension {
  readonly name: string;
  readonly dimension: Dimension;
  readonly components: { readonly component: string; readonly index: number }[];
  /** Where the value stands in the captures as it is, where it does; a number is never as it is. */
  whole: number | undefined;
}

function refusal(spelled: SpelledDimension, captures: Captures): string {
  return `${showComponents(spelled, captures)} not ${describeValueForm(spelled.dimension)}`;
}

function valueOf({ dimension, components }: SpelledDimension, captures: Captures): string | number | undefined {
  const given: Record<string, string> = {};
  for (const { component, index } of components) given[component] = captures[index] as string;
  return parseComponents(dimension, given);
}

function showComponents({ components }: SpelledDimension, captures: Captures): string {
  const [only] = components;
  if (components.length === 1 && only !== undefined) return `${shown(captures[only.index] ?? "")} is`;
  return `${components.map(({ component, index }) => `${component} ${shown(captures[index] ?? "")}`).join(" and ")} together are`;
}
