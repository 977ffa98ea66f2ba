// What a module's name stands for, as the loader of graph files sees it: a file, an installed package, Node itself, or nothing.

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Jiti from "jiti";
import { counters } from "../util/counters.ts";
import { isThisPackage } from "./framework.ts";

export type Resolved =
  | { readonly kind: "file"; readonly path: string }
  | Package
  /** A package that is a link to a folder outside of node_modules: its version says nothing of an edit. */
  | { readonly kind: "linked"; readonly name: string; readonly folder: string }
  | { readonly kind: "builtin" }
  /** This package, whose version never counts. */
  | { readonly kind: "framework" }
  | { readonly kind: "missing" };

export interface Package extends Description {
  readonly kind: "package";
  readonly name: string;
  readonly folder: string;
}

/** What a package says of itself. */
interface Description {
  readonly version: string;
  /** The packages it asks for. */
  readonly needs: readonly string[];
  /** Whether it says that to load it changes nothing of others. */
  readonly selfContained: boolean;
}

/** Tried in this order after a name that is no file, as jiti does. */
const endings = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".mtsx", ".ctsx", ".json", ".jsx"];
/** What is written in an import, and what the file may be called that is meant. */
const written: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/** Answers are kept while one set of producers is looked at, and no longer: files come and go. */
export class Resolver {
  readonly #known = new Map<string, Resolved>();
  readonly #below = new Map<string, Set<string>>();
  readonly #aliases = new Map<string, ((name: string) => string | undefined) | undefined>();

  resolve(specifier: string, from: string): Resolved {
    const folder = dirname(from);
    const key = `${folder}\0${specifier}`;
    let resolved = this.#known.get(key);
    if (resolved === undefined) this.#known.set(key, (resolved = this.#find(specifier, folder)));
    return resolved;
  }

  /** The names of a package and of all that it stands on. */
  below(top: Package): ReadonlySet<string> {
    let names = this.#below.get(top.folder);
    if (names === undefined) {
      names = new Set([top.name]);
      const packages = [top];
      // What is added while it is gone through comes in its turn.
      for (const { folder, needs } of packages) {
        for (const name of needs) {
          if (names.has(name)) continue;
          names.add(name);
          const found = findPackage(name, folder);
          if (found?.kind === "package") packages.push(found);
        }
      }
      this.#below.set(top.folder, names);
    }
    return names;
  }

  #find(specifier: string, folder: string): Resolved {
    if (isThisPackage(specifier)) return { kind: "framework" };
    if (isBuiltin(specifier)) return { kind: "builtin" };
    if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === ".." || specifier.startsWith("file:")) {
      const path = specifier.startsWith("file:") ? fileURLToPath(specifier) : resolve(folder, withoutQuery(specifier));
      const file = fileAt(path);
      return file === undefined ? { kind: "missing" } : { kind: "file", path: file };
    }
    const alias = this.#aliasesIn(folder)?.(specifier);
    const name = /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)![0];
    if (alias !== undefined && !inPackages(alias)) return { kind: "file", path: alias };
    const found = specifier.startsWith("#") ? undefined : findPackage(name, folder);
    if (found !== undefined) return found;
    const other = this.#aliasesIn(folder, true)?.(specifier);
    return other === undefined ? { kind: "missing" } : { kind: "file", path: other };
  }

  /** jiti's own resolution, for path aliases in tsconfig.json and imports in package.json; it is asked only where there may be some. */
  #aliasesIn(folder: string, always = false): ((name: string) => string | undefined) | undefined {
    const key = `${folder}\0${always}`;
    if (this.#aliases.has(key)) return this.#aliases.get(key);
    const found = always || mayHaveAliases(folder) ? aliasResolver(folder) : undefined;
    this.#aliases.set(key, found);
    return found;
  }
}

function withoutQuery(specifier: string): string {
  return specifier.replace(/[?#].*$/, "");
}

/** The file that is meant by a path. */
function fileAt(path: string): string | undefined {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  const names = [
    path,
    ...(written[ending] ?? []).map((other) => stem + other),
    ...endings.map((other) => path + other),
    ...endings.map((other) => join(path, `index${other}`)),
  ];
  return names.find((name) => isFile(name));
}

function isFile(path: string): boolean {
  counters.stats += 1;
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function inPackages(path: string): boolean {
  return path.split(sep).includes("node_modules");
}

function findPackage(name: string, from: string): Resolved | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, "node_modules", ...name.split("/"));
    const found = packageAt(name, place);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) break;
  }
  // Who has no zod of their own gets the one that came with this package.
  return name === "zod"
    ? packageAt(name, dirname(createRequire(import.meta.url).resolve("zod/package.json")))
    : undefined;
}

/** The installed package that a file belongs to; `undefined` for a file of the project. */
export function packageOf(path: string): { readonly name: string; readonly version: string } | undefined {
  const parts = path.split(sep);
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return undefined;
  const end = parts[at + 1]?.startsWith("@") === true ? at + 3 : at + 2;
  return { name: parts.slice(at + 1, end).join("/"), version: descriptionIn(parts.slice(0, end).join(sep)).version };
}

function packageAt(name: string, place: string): Resolved | undefined {
  counters.stats += 1;
  if (!existsSync(place)) return undefined;
  const folder = realpathSync(place);
  if (!inPackages(folder)) return { kind: "linked", name, folder };
  return { kind: "package", name, folder, ...descriptionIn(folder) };
}

function descriptionIn(folder: string): Description {
  try {
    counters.filesRead += 1;
    const said = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Readonly<Record<string, unknown>>;
    const { version, sideEffects, dependencies, peerDependencies } = said;
    return {
      version: typeof version === "string" ? version : "none",
      needs: [dependencies, peerDependencies].flatMap((one) => Object.keys(Object(one) as object)),
      selfContained: sideEffects === false,
    };
  } catch {
    return { version: "none", needs: [], selfContained: false };
  }
}

function mayHaveAliases(from: string): boolean {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      if (/"(paths|extends|baseUrl)"/.test(readFileSync(join(folder, "tsconfig.json"), "utf8"))) return true;
    } catch {
      // none here
    }
    if (folder === dirname(folder)) return false;
  }
}

function aliasResolver(folder: string): ((name: string) => string | undefined) | undefined {
  const { createJiti } = createRequire(import.meta.url)("jiti") as typeof Jiti;
  const base = join(folder, "strata-resolve.ts");
  for (const tsconfigPaths of [true, false]) {
    try {
      const jiti = createJiti(base, { tsconfigPaths, fsCache: false });
      return (name) => {
        const url = jiti.esmResolve(name, { try: true });
        const path = url?.startsWith("file:") === true ? fileURLToPath(url) : undefined;
        return path !== undefined && isFile(path) ? path : undefined;
      };
    } catch {
      // a tsconfig.json that cannot be read: without it
    }
  }
  return undefined;
}
