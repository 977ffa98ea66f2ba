// The whole configuration of a project: its files, the environment and what the caller says, laid over each other.

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { yamlSettings, type YamlSettings } from "./dialect.ts";
import { environmentLayers, foreignLayers, variableWarnings, type Environment } from "./environment.ts";
import { parseLayer, type LayerName, type LayerSource } from "./layer.ts";
import { findConfigFile, isYaml, parseConfig, SETTINGS_ANNOTATION } from "./project.ts";
import { resolveConfig, type ResolvedConfig } from "./resolve.ts";
import type { GivenSettings } from "./settings.ts";
import { readYaml } from "./yaml.ts";

export interface LoadOptions {
  /** The folder that is looked in; absolute. */
  readonly cwd: string;
  /** Nothing unless told. */
  readonly env?: Environment | undefined;
  /** Loads strata.config.ts; without it such a file is imported as it is. */
  readonly loadModule?: ((path: string) => Promise<Readonly<Record<string, unknown>>>) | undefined;
  /** What the program or the command line says; unknown names are refused. */
  readonly code?: GivenSettings | undefined;
  /** The graph, whose annotation `strata` holds settings. */
  readonly graph?: Annotated | undefined;
  /** The producer, likewise. */
  readonly producer?: Annotated | undefined;
}

export interface Annotated {
  readonly name: string;
  readonly annotations: Readonly<Record<string, unknown>>;
}

export interface LoadedConfig extends ResolvedConfig {
  /** The files that were read, absolute, the weakest first. */
  readonly files: readonly string[];
  /** What is to be said once: names of other systems, parts that have no effect, variables that mean nothing. */
  readonly notices: readonly string[];
}

/** Errors: CONFIG_INVALID with the place; whatever `loadModule` throws. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { cwd, env = {}, code, graph, producer } = options;
  const notices = [...variableWarnings(env)];
  const file = findConfigFile(cwd, env);
  const own = file === undefined ? undefined : await noted(file, options, notices);
  const spoken = [
    ...(own === undefined ? [] : [own]),
    ...environmentLayers(env),
    ...(code === undefined ? [] : [layer("code", "the call", code)]),
    ...annotated("graph", graph),
    ...annotated("producer", producer),
  ];
  const { profile } = resolveConfig(spoken).settings;
  const older = foreignLayers(env, profile);
  const second = profile === "tauro" ? foreignFile(cwd, file) : undefined;
  const layers = [...(second === undefined ? [] : [await noted(second, options, notices)]), ...older.layers, ...spoken];
  return {
    ...resolveConfig(layers),
    files: [second, file].filter((one) => one !== undefined),
    notices: [...notices, ...older.notices],
  };
}

/** Tauro keeps its settings there. */
function foreignFile(cwd: string, taken: string | undefined): string | undefined {
  return [join(cwd, "config", "ml_info.yaml"), join(cwd, "ml_info.yaml")].find(
    (path) => path !== taken && existsSync(path),
  );
}

async function noted(path: string, options: LoadOptions, notices: string[]): Promise<LayerSource> {
  const { source, notices: more } = await readConfigFile(path, options);
  for (const notice of more) notices.push(notice);
  return source;
}

/** One file as a layer that is checked already. Errors: CONFIG_INVALID with the place; whatever `loadModule` throws. */
export async function readConfigFile(path: string, options: LoadOptions): Promise<YamlSettings> {
  const { cwd, env = {}, loadModule } = options;
  const where = relative(cwd, path) || path;
  const read = isYaml(path)
    ? yamlSettings(await readYaml(readFileSync(path, "utf8"), where, env), where)
    : { source: layer("file", where, parseConfig(await (loadModule ?? importModule)(path), where)), notices: [] };
  parseLayer(read.source);
  return read;
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

function annotated(name: "graph" | "producer", of: Annotated | undefined): readonly LayerSource[] {
  if (of === undefined || !Object.hasOwn(of.annotations, SETTINGS_ANNOTATION)) return [];
  return [layer(name, `${name} '${of.name}'`, of.annotations[SETTINGS_ANNOTATION])];
}

function layer(name: LayerName, where: string, values: unknown): LayerSource {
  return { layer: name, where, values };
}
