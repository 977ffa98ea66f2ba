// All plugins a project has, from its configuration, its packages and this package, each loaded when it is asked for.

import { pathToFileURL } from "node:url";
import { isStratigraphError, StratigraphError, wrapError } from "../errors.ts";
import { suggest } from "../util/suggest.ts";
import { builtIn } from "./built-in.ts";
import { assertConforms } from "./conform.ts";
import { readDeclarations, type PluginContext } from "./declare.ts";
import { discoverPlugins, type Found } from "./discover.ts";
import { groupNames, groups, type PluginGroup, type PluginTypes } from "./groups.ts";

/** One plugin, loaded or not. */
export interface PluginEntry {
  readonly group: PluginGroup;
  readonly name: string;
  /** "stratigraph", "strata.config", or the package. */
  readonly from: string;
  /** Loads what it exports, checked as far as that goes without making one. Error: PLUGIN_INVALID. */
  load(): Promise<unknown>;
}

export interface PluginShelf {
  /** By group, then by name. */
  list(group?: PluginGroup): readonly PluginEntry[];
  has(group: PluginGroup, name: string): boolean;
  /** Loads it and makes one, checked against its group. Errors: PLUGIN_NOT_FOUND, naming those there are; PLUGIN_INVALID; what the plugin throws of ours. */
  load<Group extends PluginGroup>(group: Group, name: string, context: PluginContext): Promise<PluginTypes[Group]>;
  /** Every plugin of a group by name; those that are broken are left out, with a sentence each. */
  loadAll<Group extends PluginGroup>(
    group: Group,
    context: PluginContext,
  ): Promise<{ readonly loaded: ReadonlyMap<string, PluginTypes[Group]>; readonly warnings: readonly string[] }>;
  /** What is declared wrongly, a sentence each. */
  readonly warnings: readonly string[];
}

export interface OpenPluginsOptions {
  /** The project's folder, whose package.json names the packages that are looked into. */
  readonly folder: string;
  /** `plugins` of the configuration. */
  readonly plugins?: readonly unknown[] | undefined;
}

/** Plugins of the configuration win over those of packages; nothing takes a name of this package's own. Error: CONFIG_INVALID. */
export async function openPlugins({ folder, plugins = [] }: OpenPluginsOptions): Promise<PluginShelf> {
  const { found, warnings } = discoverPlugins(folder);
  const entries = new Map<string, PluginEntry>();
  const problems = [...warnings];
  const add = (entry: PluginEntry): void => {
    const key = `${entry.group} ${entry.name}`;
    const other = entries.get(key);
    if (other === undefined) entries.set(key, entry);
    else
      problems.push(`${entry.group}, '${entry.name}' of ${entry.from} is not used: ${other.from} has one of that name`);
  };
  for (const group of groupNames) {
    for (const [name, load] of Object.entries(builtIn[group])) add({ group, name, from: "stratigraph", load });
  }
  for (const { group, name, plugin } of await readDeclarations(plugins, "strata.config")) {
    add({ group, name, from: "strata.config", load: async () => plugin });
  }
  for (const one of found) {
    const entry = { group: one.group, name: one.name, from: one.package };
    // Said in the configuration as well, the usual way of being explicit about a package: no conflict.
    if (entries.get(`${one.group} ${one.name}`)?.from === "strata.config") continue;
    add({ ...entry, load: () => importPlugin(one) });
  }
  return shelfOf([...entries.values()], problems);
}

function shelfOf(entries: readonly PluginEntry[], warnings: readonly string[]): PluginShelf {
  const list = (group?: PluginGroup): readonly PluginEntry[] =>
    entries.filter((entry) => group === undefined || entry.group === group).toSorted(inOrder);
  const shelf: PluginShelf = {
    list,
    warnings,
    has: (group, name) => entries.some((entry) => entry.group === group && entry.name === name),
    async load(group, name, context) {
      const entry = entries.find((one) => one.group === group && one.name === name);
      if (entry === undefined) throw notFound(group, name, list(group));
      return make(group, entry, context);
    },
    async loadAll(group, context) {
      const loaded = new Map<string, PluginTypes[typeof group]>();
      const problems: string[] = [];
      for (const entry of list(group)) {
        try {
          loaded.set(entry.name, await make(group, entry, context));
        } catch (error) {
          if (!isStratigraphError(error)) throw error;
          problems.push(`${error.message} (${entry.from})`);
        }
      }
      return { loaded, warnings: problems };
    },
  };
  return shelf;
}

async function make<Group extends PluginGroup>(
  group: Group,
  entry: PluginEntry,
  context: PluginContext,
): Promise<PluginTypes[Group]> {
  const exported = await entry.load();
  let made: unknown;
  try {
    made = groups[group].kind === "function" ? exported : await instanceOf(exported, context);
  } catch (error) {
    throw wrapError(error, "PLUGIN_INVALID", `${group}, '${entry.name}': the plugin could not be made`, {
      group,
      name: entry.name,
    });
  }
  assertConforms(group, made, entry.name);
  return made;
}

function instanceOf(exported: unknown, context: PluginContext): unknown {
  if (typeof exported !== "function") return exported;
  return isClass(exported)
    ? (Reflect.construct(exported, [context]) as unknown)
    : (exported as (context: PluginContext) => unknown)(context);
}

/** Also one that was compiled for engines without classes: its prototype has methods. */
function isClass(called: object): boolean {
  if (/^class\b/.test(Function.prototype.toString.call(called))) return true;
  const { prototype } = called as { readonly prototype?: object };
  return prototype !== undefined && Object.getOwnPropertyNames(prototype).length > 1;
}

const modules = new Map<string, Promise<Readonly<Record<string, unknown>>>>();
let generation = 0;

/** Forgets every module that was loaded for a plugin, so that the next one asked for is read anew. */
export function clearPluginCache(): void {
  modules.clear();
  generation++;
}

async function importPlugin({ group, name, file, export: exported, package: from }: Found): Promise<unknown> {
  const url = `${pathToFileURL(file).href}${generation === 0 ? "" : `?${generation}`}`;
  let module = modules.get(url);
  if (module === undefined) modules.set(url, (module = import(url) as Promise<Readonly<Record<string, unknown>>>));
  const where = `${group}, '${name}' of package '${from}'`;
  const names = await module.catch((cause: unknown) => {
    throw new StratigraphError("PLUGIN_INVALID", "the plugin cannot be loaded", {
      where,
      received: cause instanceof Error ? cause.message : undefined,
      data: { group, name, file },
      cause,
    });
  });
  if (Object.hasOwn(names, exported)) return names[exported];
  throw new StratigraphError("PLUGIN_INVALID", `${file} does not export '${exported}'`, {
    where,
    expected: Object.keys(names)
      .map((one) => `'${one}'`)
      .join(", "),
  });
}

function notFound(group: PluginGroup, name: string, there: readonly PluginEntry[]): StratigraphError {
  const names = there.map((entry) => entry.name);
  const guess = suggest(name, names);
  return new StratigraphError("PLUGIN_NOT_FOUND", `there is no plugin '${name}' among the ${group}`, {
    expected: names.length === 0 ? "nothing: the group is empty" : names.map((one) => `'${one}'`).join(", "),
    hint:
      guess === undefined
        ? "Install the package that has it, or name it in strata.config.ts."
        : `Did you mean '${guess}'?`,
    data: { group, name, available: names },
  });
}

function inOrder(a: PluginEntry, b: PluginEntry): number {
  return groupNames.indexOf(a.group) - groupNames.indexOf(b.group) || (a.name < b.name ? -1 : 1);
}
