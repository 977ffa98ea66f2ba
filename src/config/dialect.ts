// The ways a YAML file may spell settings: ours, snake case, Tauro's ml_info.yaml, and a Ubunye task.

import { backendNames } from "./environment.ts";
import type { LayerSource } from "./layer.ts";
import { put } from "./nested.ts";
import { isLeaf, settings } from "./settings.ts";
import type { Placed } from "./yaml.ts";

export interface YamlSettings {
  readonly source: LayerSource;
  /** What is in the file and has no effect, a sentence each. */
  readonly notices: readonly string[];
}

/** Other names of settings, as they are once they are in camel case. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    modelRegistry: "registry",
    "registry.useCase": "registry.namespace",
    "registry.usecase": "registry.namespace",
    "registry.promotionGates": "registry.gates",
    catalog: "registry.catalog",
    schema: "registry.schema",
    storagePath: "path",
    maxRetries: "retry.maxAttempts",
    enableCircuitBreaker: "breaker.enabled",
    maxVersions: "retention.maxVersions",
  }),
);

/** What files of other systems say that belongs to parts this version does not have. */
const LATER: ReadonlyMap<string, string> = new Map(
  Object.entries({
    experiment: "experiment tracking",
    tracking: "experiment tracking",
    autoLog: "experiment tracking",
    metricBufferSize: "experiment tracking",
    autoFlushMetrics: "experiment tracking",
    maxActiveRuns: "experiment tracking",
    health: "health checks",
  }),
);

/** What a task says about its own model: the producer that trains says it here. */
const OF_THE_PRODUCER: ReadonlySet<string> = new Set([
  "registry.autoVersion",
  "registry.version",
  "registry.promoteTo",
]);

/** The file's settings under our names. */
export function yamlSettings(root: Placed, file: string): YamlSettings {
  // Not settings by name: for the checks to refuse.
  if (!(root.value instanceof Map) && root.value !== null) {
    return { source: { layer: "file", where: file, values: plain(root) }, notices: [] };
  }
  const notices: string[] = [];
  const places = new Map<string, string>();
  const values: Record<string, unknown> = {};
  const read = (placed: Placed, at: readonly string[]): void => {
    if (!(placed.value instanceof Map)) return put(values, at, plain(placed));
    for (const [written, inner] of placed.value as ReadonlyMap<string, Placed>) {
      const spelled = [...at, camelCase(written)].join(".");
      const path = (ALIASES.get(spelled) ?? spelled).split(".");
      const place = `${inner.place}, '${written}'`;
      const later = LATER.get(spelled);
      if (later !== undefined) {
        notices.push(`${place} belongs to ${later}, which this version does not have, and has no effect.`);
        continue;
      }
      if (OF_THE_PRODUCER.has(spelled)) {
        notices.push(`${place} is said by the producer that trains the model, and has no effect here.`);
        continue;
      }
      places.set(path.join("."), inner.place);
      const node = nodeAt(path);
      if (node !== undefined && !isLeaf(node) && inner.value instanceof Map) read(inner, path);
      else put(values, path, leafValue(path.join("."), node, inner));
    }
  };
  for (const [placed, at] of sections(root, notices)) read(placed, at);
  const place = (path: string): string | undefined => places.get(path);
  return { source: { layer: "file", where: file, values, place }, notices };
}

/** Which parts of the file are settings, and of which group. */
function sections(root: Placed, notices: string[]): readonly (readonly [Placed, readonly string[]])[] {
  const mlops = child(root, "mlops");
  if (mlops !== undefined) {
    noteOthers(root, "mlops", notices);
    return [[mlops, []]];
  }
  const task = child(root, "CONFIG");
  if (task === undefined) return root.value === null ? [] : [[root, []]];
  noteOthers(root, "CONFIG", notices);
  const registry = child(child(child(task, "transform"), "params"), "registry") ?? child(task, "registry");
  const lineage = child(task, "lineage");
  return [
    ...(registry === undefined ? [] : [[registry, ["registry"]] as const]),
    ...(lineage === undefined ? [] : [[lineage, ["lineage"]] as const]),
  ];
}

function noteOthers(root: Placed, taken: string, notices: string[]): void {
  const others = [...(root.value as ReadonlyMap<string, Placed>).keys()].filter((name) => name !== taken);
  if (others.length === 0) return;
  notices.push(`${root.place}: only '${taken}' is read here, not ${others.map((name) => `'${name}'`).join(", ")}.`);
}

function child(placed: Placed | undefined, name: string): Placed | undefined {
  return placed?.value instanceof Map ? (placed.value as ReadonlyMap<string, Placed>).get(name) : undefined;
}

function nodeAt(path: readonly string[]): object | undefined {
  let node: object | undefined = settings;
  for (const name of path) {
    if (node === undefined || isLeaf(node) || !Object.hasOwn(node, name)) return undefined;
    node = (node as Readonly<Record<string, object>>)[name];
  }
  return node;
}

function leafValue(path: string, node: object | undefined, placed: Placed): unknown {
  const value = plain(placed);
  // Files of this kind say times in seconds.
  if (node !== undefined && isLeaf(node) && node.seconds && typeof value === "number") return `${value}s`;
  return path === "backend" && typeof value === "string" ? (backendNames.get(value) ?? value) : value;
}

function plain({ value }: Placed): unknown {
  if (Array.isArray(value)) return (value as readonly Placed[]).map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...(value as ReadonlyMap<string, Placed>)].map(([name, inner]) => [name, plain(inner)]));
}

function camelCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
