// Plugins that a project's packages bring along: said in their package.json, found without loading any of their code.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { isPluginGroup, type PluginGroup } from "./groups.ts";

/** A plugin of a package, as its package.json says. */
export interface Found {
  readonly group: PluginGroup;
  readonly name: string;
  readonly package: string;
  /** The module, absolute. */
  readonly file: string;
  /** The name it is exported by. */
  readonly export: string;
}

export interface Discovery {
  readonly found: readonly Found[];
  /** What is declared wrongly, a sentence each; the other plugins are found all the same. */
  readonly warnings: readonly string[];
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly stratigraph?: { readonly plugins?: unknown };
}

/**
 * Looks into the package.json of every direct dependency of the project in this folder for
 * `"stratigraph": { "plugins": { "lineage-backends": { "acme": "./dist/lineage.js#AcmeLineage" } } }`. Dependencies of dependencies are
 * not looked at: what may change how a project works is named by the project.
 */
export function discoverPlugins(folder: string): Discovery {
  const warnings: string[] = [];
  const own = readJson(join(folder, "package.json"), warnings);
  if (own === undefined) return { found: [], warnings };
  const names = [own.dependencies, own.devDependencies, own.optionalDependencies, own.peerDependencies]
    .flatMap((group) => Object.keys(group ?? {}))
    .toSorted();
  const found = [...new Set(names)].flatMap((name) => {
    const home = findPackage(folder, name);
    return home === undefined ? [] : packagePlugins(name, home, warnings);
  });
  return { found, warnings };
}

/** Where a package is installed for a folder, without asking its `exports`, which may not have its package.json. */
function findPackage(folder: string, name: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const home = join(at, "node_modules", name);
    if (existsSync(join(home, "package.json"))) return home;
    if (dirname(at) === at) return undefined;
  }
}

function packagePlugins(name: string, home: string, warnings: string[]): readonly Found[] {
  const declared = readJson(join(home, "package.json"), warnings)?.stratigraph?.plugins;
  if (declared === undefined) return [];
  const wrong = (what: string): readonly Found[] => {
    warnings.push(`package '${name}': ${what}`);
    return [];
  };
  if (!isRecord(declared)) return wrong("'stratigraph.plugins' is not an object");
  return Object.entries(declared).flatMap(([group, plugins]) => {
    if (!isPluginGroup(group)) return wrong(`there is no group of plugins '${group}'`);
    if (!isRecord(plugins)) return wrong(`'${group}' is not an object`);
    return Object.entries(plugins).flatMap(([plugin, target]) => {
      const [path = "", exported = "default"] = typeof target === "string" ? target.split("#") : [];
      const file = resolve(home, path);
      // A package speaks for its own files only.
      const inside = path !== "" && !relative(home, file).startsWith(`..${sep}`) && relative(home, file) !== "..";
      if (!inside) return wrong(`'${group}', '${plugin}' is not like "./dist/lineage.js#AcmeLineage"`);
      return [{ group, name: plugin, package: name, file, export: exported }];
    });
  });
}

function readJson(path: string, warnings: string[]): PackageJson | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    warnings.push(`${path} is no JSON`);
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
