// Plugins as a project names them in its configuration, typed by group.

import type { Host } from "../changes/host.ts";
import type { Settings } from "../config/settings.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";
import { groupNames, isPluginGroup, type PluginGroup, type PluginTypes } from "./groups.ts";

/** What a plugin is made with. */
export interface PluginContext {
  /** The project's folder, absolute. */
  readonly root: string;
  /** The state folder, absolute. */
  readonly home: string;
  /** Of the group `backends`: what was asked for, "acme://host/db". */
  readonly url?: string | undefined;
  /** Every setting; a table, for example, is `settings.lineage.table`. Absent where nothing but a database is opened. */
  readonly settings?: Settings | undefined;
  /** What changes of facts go through; there where an instance makes its registry and lineage. */
  readonly host?: Host | undefined;
}

/** A class, a function that makes one, or the thing itself; of gates and hooks the function itself. */
export type Plugin<Made> = Made extends (...args: never[]) => unknown
  ? Made
  : (new (context: PluginContext) => Made) | ((context: PluginContext) => Made | Promise<Made>) | Made;

/** Plugins by group, then by name. */
export type PluginDeclarations = {
  readonly [Group in PluginGroup]?: Readonly<Record<string, Plugin<PluginTypes[Group]>>>;
};

/** One declared plugin. */
export interface Declared {
  readonly group: PluginGroup;
  readonly name: string;
  readonly plugin: unknown;
}

/**
 * What `plugins` in a configuration comes to: declarations, modules that have some as their default export or as `plugins`, and promises
 * of either. Error: CONFIG_INVALID.
 */
export async function readDeclarations(entries: readonly unknown[], where: string): Promise<readonly Declared[]> {
  const found: Declared[] = [];
  for (const [index, entry] of entries.entries()) {
    const place = `${where}, 'plugins[${index}]'`;
    for (const [group, named] of Object.entries<unknown>({ ...declarationsOf(await entry, place) })) {
      if (!isPluginGroup(group)) throw unknownGroup(group, place);
      if (typeof named !== "object" || named === null) throw noDeclarations(`${place}, '${group}'`, named);
      for (const [name, plugin] of Object.entries(named)) found.push({ group, name, plugin });
    }
  }
  return found;
}

function declarationsOf(entry: unknown, place: string): object {
  if (typeof entry !== "object" || entry === null) throw noDeclarations(place, entry);
  // A namespace object of a module, or what a bundler made of one.
  const { default: standard, plugins } = entry as { readonly default?: unknown; readonly plugins?: unknown };
  const declarations = plugins ?? standard ?? entry;
  if (typeof declarations !== "object" || declarations === null) throw noDeclarations(place, declarations);
  return declarations;
}

export function unknownGroup(group: string, where: string): StratigraphError {
  const guess = suggest(group, groupNames);
  return new StratigraphError("CONFIG_INVALID", `there is no group of plugins '${group}'`, {
    where,
    expected: groupNames.map((name) => `'${name}'`).join(", "),
    hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
  });
}

function noDeclarations(where: string, received: unknown): StratigraphError {
  return new StratigraphError("CONFIG_INVALID", "plugins are named by group", {
    where,
    expected: 'something like definePlugins({ "lineage-backends": { acme: AcmeLineage } })',
    received: showValue(received),
  });
}
