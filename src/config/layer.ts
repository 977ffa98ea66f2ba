// One layer of settings as somebody wrote it, checked, each value with the place where it stands.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";
import type { Leaf } from "./leaf.ts";
import { entries, isLeaf, settings } from "./settings.ts";

/** From the weakest to the strongest. */
export const layerNames = ["default", "profile", "file", "environment", "code", "graph", "producer"] as const;
export type LayerName = (typeof layerNames)[number];

/** Settings as somebody wrote them. */
export interface LayerSource {
  readonly layer: LayerName;
  /** What errors and `config show` call it: a file, "the call", `graph 'spend'`. */
  readonly where: string;
  readonly values: unknown;
  /** Where one value stands more exactly: "strata.yaml:3:5". */
  readonly place?: ((path: string) => string | undefined) | undefined;
}

/** One value of a layer. */
export interface Setting {
  readonly path: string;
  readonly value: unknown;
  readonly layer: LayerName;
  readonly where: string;
}

/** Checks a layer. Error: CONFIG_INVALID, naming place, path, what is expected and the nearest name. */
export function parseLayer(source: LayerSource): readonly Setting[] {
  const found: Setting[] = [];
  readGroup(source, settings, source.values, [], found);
  return found;
}

function readGroup(source: LayerSource, tree: object, values: unknown, at: readonly string[], into: Setting[]): void {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw invalid(source, at, "settings belong here", "settings by name", showValue(values));
  }
  for (const [name, value] of Object.entries(values)) {
    const path = [...at, name];
    const node = Object.hasOwn(tree, name) ? (tree as Readonly<Record<string, object>>)[name] : undefined;
    if (node === undefined) throw unknownSetting(source, path, Object.keys(tree));
    // What is there but says nothing leaves the word to the layers below.
    if (value === undefined || value === null) continue;
    if (isLeaf(node)) into.push(readLeaf(source, node, value, path));
    else readGroup(source, node, value, path, into);
  }
}

function readLeaf(source: LayerSource, leaf: Leaf, value: unknown, path: readonly string[]): Setting {
  const parsed = leaf.schema.safeParse(value);
  if (!parsed.success) throw invalid(source, path, "the setting does not fit", leaf.expected, showValue(value));
  const name = path.join(".");
  return { path: name, value: parsed.data, layer: source.layer, where: source.place?.(name) ?? source.where };
}

function invalid(
  source: LayerSource,
  path: readonly string[],
  what: string,
  expected: string,
  received: string,
): StratigraphError {
  const name = path.join(".");
  const place = source.place?.(name) ?? source.where;
  return new StratigraphError("CONFIG_INVALID", what, {
    where: name === "" ? place : `${place}, '${name}'`,
    expected,
    received,
    data: { path: name },
  });
}

function unknownSetting(source: LayerSource, path: readonly string[], known: readonly string[]): StratigraphError {
  const name = path.join(".");
  const guess = suggest(path.at(-1)!, known);
  const elsewhere = entries.find((entry) => entry.path.endsWith(`.${path.at(-1)}`))?.path;
  const near = guess === undefined ? elsewhere : [...path.slice(0, -1), guess].join(".");
  return new StratigraphError("CONFIG_INVALID", `there is no setting '${name}'`, {
    where: source.place?.(name) ?? source.where,
    expected: known.map((one) => `'${one}'`).join(", "),
    hint: near === undefined ? undefined : `Did you mean '${near}'?`,
    data: { path: name },
  });
}
