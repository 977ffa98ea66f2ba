// Layers of settings laid over each other: the innermost word counts, and each value knows whose word it was.

import { parseLayer, type LayerName, type LayerSource, type Setting } from "./layer.ts";
import { put } from "./nested.ts";
import { entries, isLeaf, profileSettings, settings, type Profile, type Settings } from "./settings.ts";

export interface ResolvedConfig {
  readonly settings: Settings;
  /** Every setting in order, with the layer and the place its value comes from. */
  readonly origins: readonly Setting[];
}

/**
 * The settings that follow from these layers; their order does not matter, what is left out is the default. Of two layers of one kind the
 * later one counts. Error: CONFIG_INVALID.
 */
export function resolveConfig(layers: readonly LayerSource[]): ResolvedConfig {
  const said = inOrder(layers.map((source) => ({ layer: source.layer, found: parseLayer(source) })));
  const profile = (said.findLast(({ path }) => path === "profile")?.value ?? "standard") as Profile;
  const habits = parseLayer({ layer: "profile", where: `profile ${profile}`, values: profileSettings[profile] });
  const standard = entries.map(({ path, leaf }): Setting => ({
    path,
    value: leaf.standard,
    layer: "default",
    where: "default",
  }));
  const all = [...standard, ...habits, ...said];
  const last = new Map(all.map((setting) => [setting.path, setting]));
  const origins = entries.map(({ path }) => last.get(path)!);
  const values = {};
  for (const { path, value } of origins) put(values, path.split("."), value);
  return { settings: frozen(values, settings) as Settings, origins };
}

const RANK: Readonly<Record<LayerName, number>> = {
  default: 0,
  profile: 1,
  file: 2,
  environment: 3,
  code: 4,
  graph: 5,
  producer: 6,
};

function inOrder(layers: readonly { readonly layer: LayerName; readonly found: readonly Setting[] }[]): Setting[] {
  return layers.toSorted((a, b) => RANK[a.layer] - RANK[b.layer]).flatMap(({ found }) => found);
}

/** Groups only: what a leaf holds may be somebody's own object, like a backend. */
function frozen(values: object, tree: object): object {
  for (const [name, node] of Object.entries(tree) as [string, object][]) {
    if (!isLeaf(node)) frozen((values as Readonly<Record<string, object>>)[name]!, node);
  }
  return Object.freeze(values);
}

/** The namespace of models that are named without one. */
export function defaultNamespace({ namespace, catalog, schema }: Settings["registry"]): string {
  if (namespace !== undefined) return namespace;
  const parts = [catalog, schema].filter((part) => part !== undefined);
  return parts.length === 0 ? "default" : parts.join(".");
}
