// A backend from a text: "sqlite:strata.db", "memory:", "file:state", or the scheme of a plugin.

import { join, resolve } from "node:path";
import type { Backend } from "../backend/backend.ts";
import { sqlite } from "../backend/sqlite/index.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { PluginContext } from "./declare.ts";
import { openPlugins, type PluginShelf } from "./shelf.ts";

export interface ResolveBackendOptions {
  /** What relative paths start from; the working directory unless told. */
  readonly root?: string | undefined;
  /** The state folder; `.strata` in the root unless told. */
  readonly home?: string | undefined;
  /** Those of the configuration. */
  readonly plugins?: readonly unknown[] | undefined;
  /** Where plugins are looked for, instead of in the root and `plugins`. */
  readonly shelf?: PluginShelf | undefined;
}

/**
 * `sqlite:<file>`, `memory:`, `file:<folder>` (SQLite in a folder of its own), or `<name>:…` where a plugin of the group `backends` has
 * that name; the name alone stands for the default place. Errors: PLUGIN_NOT_FOUND, naming those there are; what the plugin throws.
 */
export async function resolveBackend(text: string, options: ResolveBackendOptions = {}): Promise<Backend> {
  const root = resolve(options.root ?? ".");
  const home = options.home ?? join(root, ".strata");
  const name = schemeOf(text);
  const shelf = options.shelf ?? (await openPlugins({ folder: root, plugins: options.plugins ?? [] }));
  try {
    return await shelf.load("backends", name, { root, home, url: text.includes(":") ? text : `${text}:` });
  } catch (error) {
    if (!isStratigraphError(error) || error.code !== "PLUGIN_NOT_FOUND") throw error;
    throw new StratigraphError("PLUGIN_NOT_FOUND", `there is no backend '${name}:'`, {
      expected: error.expected,
      // Not the whole text: it may hold a password.
      received: `'${name}:…'`,
      hint: error.hint,
      data: error.data,
    });
  }
}

/** The plugin's name in a URL: what stands before the colon, or all of it. */
export function schemeOf(text: string): string {
  return /^[^:]*/.exec(text)![0].toLowerCase();
}

export function openSqlite({ root, home, url = "sqlite:" }: PluginContext): Backend {
  const path = pathOf(url);
  return sqlite(path === "" ? join(home, "strata.db") : resolve(root, path));
}

export function openFolder({ root, home, url = "file:" }: PluginContext): Backend {
  const path = pathOf(url);
  return sqlite(join(path === "" ? home : resolve(root, path), "strata.db"));
}

/** Of "sqlite:a.db", "sqlite:/a.db" and "sqlite:///a.db". */
function pathOf(url: string): string {
  return url.replace(/^[^:]*:(\/\/(?=\/))?/, "");
}
