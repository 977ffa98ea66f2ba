// The coarser answer, where a producer's functions cannot be told apart from the rest: every file that is loaded counts.

import { existsSync, readdirSync, type Dirent } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { compareText } from "../util/text-order.ts";
import type { Codebase, Module } from "./codebase.ts";
import { isCode } from "./plain-module.ts";
import { packageOf, type Resolved } from "./resolve.ts";

export interface Files {
  /** By a name relative to the folder of the first one, or within a linked package. */
  readonly modules: ReadonlyMap<string, Module>;
  readonly packages: ReadonlyMap<string, string>;
}

/** All that these files load, at any time; `everything`: and all other code of the project, where nobody knows what is loaded. */
export function filesOf(codebase: Codebase, paths: readonly string[], everything: boolean): Files {
  const base = dirname(paths[0]!);
  const modules = new Map<string, Module>();
  const packages = new Map<string, string>();
  const queue: Module[] = [];
  let all = everything;
  const add = (path: string, name = relativeName(base, path)): void => {
    const module = codebase.module(path);
    if (module === undefined || modules.has(name)) return;
    modules.set(name, module);
    queue.push(module);
  };
  const count = (resolved: Resolved): void => {
    if (resolved.kind === "file") add(resolved.path);
    else if (resolved.kind === "package") packages.set(resolved.name, resolved.version);
    else if (resolved.kind === "linked") addLinked(resolved, add);
    else if (resolved.kind === "missing") all = true;
  };
  const drain = (): void => {
    for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
      const { loads, modules: named, files, hidden } = module.facts;
      for (const specifier of [...loads, ...named]) count(codebase.resolve(specifier, module));
      for (const file of files) {
        const resolved = codebase.resolve(file, module);
        if (resolved.kind === "file") add(resolved.path); // a folder, or a file that is made later, is no code
      }
      if (hidden === "module") all = true;
    }
  };
  for (const path of paths) {
    const installed = packageOf(path);
    if (installed === undefined) add(path);
    else packages.set(installed.name, installed.version);
  }
  drain();
  if (all) {
    for (const path of codeIn(projectOf(base))) add(path);
    drain();
  }
  return { modules, packages };
}

/** A linked package counts by its files. */
export function addLinked(
  { name, folder }: { readonly name: string; readonly folder: string },
  add: (path: string, name: string) => void,
): void {
  for (const path of codeIn(folder)) add(path, `${name}/${relativeName(folder, path)}`);
}

export function relativeName(base: string, path: string): string {
  return relative(base, path).split(sep).join("/");
}

/** The folder of the nearest package.json, or the folder itself. */
function projectOf(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

/**
 * Files of code below a folder, in order; not those of packages, nor in folders whose names begin with a dot. JSON is left out: it may be
 * what builds read and write, and each would make another version of the code.
 */
function* codeIn(folder: string): Generator<string> {
  for (const entry of entriesIn(folder)) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* codeIn(path);
    else if (entry.isFile() && isCode(path)) yield path;
  }
}

/** Nothing in a folder that cannot be read can be loaded either. */
function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => compareText(a.name, b.name));
  } catch {
    return [];
  }
}
