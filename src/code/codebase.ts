// The modules of a project as far as they were asked for, and what a name in one of them stands for in another.

import type { FileStamp } from "../data/file-stamp.ts";
import { isFramework, isThisPackage } from "./framework.ts";
import type { Library } from "./library.ts";
import type { Binding, ModuleFacts, ModulePart } from "./module.ts";
import { Resolver, type Package, type Resolved } from "./resolve.ts";

export interface Module {
  readonly path: string;
  readonly facts: ModuleFacts;
  readonly stamp: FileStamp;
  /** By the names it declares. */
  readonly declared: ReadonlyMap<string, ModulePart>;
}

/** What a name stands for. */
export type Target =
  | { readonly kind: "part"; readonly module: Module; readonly part: ModulePart }
  /** A module all of which counts. */
  | { readonly kind: "module"; readonly module: Module }
  /** `import * as`: the module as one object. */
  | { readonly kind: "namespace"; readonly module: Module }
  /** A name of a package, of Node or of this package. */
  | { readonly kind: "outside"; readonly specifier: string; readonly name: string; readonly resolved: Resolved }
  | { readonly kind: "missing"; readonly name: string };

export class Codebase {
  readonly #library: Library;
  readonly #resolver = new Resolver();
  readonly #modules = new Map<string, Module | undefined>();
  readonly #closures = new Map<string, readonly Module[]>();

  constructor(library: Library) {
    this.#library = library;
  }

  module(path: string): Module | undefined {
    if (this.#modules.has(path)) return this.#modules.get(path);
    const read = this.#library.read(path);
    let module: Module | undefined;
    if (read !== undefined) {
      const declared = new Map<string, ModulePart>();
      for (const part of read.facts.parts) {
        // A statement that declares a variable once more changes it, see `writes`.
        for (const name of part.declares) if (!declared.has(name)) declared.set(name, part);
      }
      module = { ...read, declared };
    }
    this.#modules.set(path, module);
    return module;
  }

  resolve(specifier: string, from: Module): Resolved {
    return this.#resolver.resolve(specifier, from.path);
  }

  /** What of a package may keep a change: itself, and all that it stands on. */
  holdersOf(installed: Package): readonly string[] {
    return [...this.#resolver.below(installed)].map((name) => `package ${name}`);
  }

  /** The module behind a specifier, where that is a file of the project. */
  follow(specifier: string, from: Module): Module | undefined {
    const resolved = this.resolve(specifier, from);
    return resolved.kind === "file" ? this.module(resolved.path) : undefined;
  }

  /** The module and all that it loads before it runs, each after what it loads. */
  closure(entry: Module): readonly Module[] {
    const known = this.#closures.get(entry.path);
    if (known !== undefined) return known;
    const order: Module[] = [];
    const seen = new Set([entry]);
    // A stack of its own: a chain of imports may be long.
    const stack = [{ module: entry, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const { facts } = top.module;
      const loads = facts.whole === undefined ? facts.loads : facts.modules;
      const specifier = loads[top.next++];
      if (specifier === undefined) {
        order.push(top.module);
        stack.pop();
        continue;
      }
      const module = this.follow(specifier, top.module);
      if (module === undefined || seen.has(module)) continue;
      seen.add(module);
      stack.push({ module, next: 0 });
    }
    this.#closures.set(entry.path, order);
    return order;
  }

  /** What a free name in a module stands for; `undefined` for a global one. */
  target(module: Module, name: string): Target | undefined {
    const part = module.declared.get(name);
    if (part !== undefined) return { kind: "part", module, part };
    const binding = Object.hasOwn(module.facts.imports, name) ? module.facts.imports[name] : undefined;
    return binding === undefined ? undefined : this.#bound(module, binding, new Set());
  }

  /** What a module exports by a name. */
  exported(module: Module, name: string, seen: Set<string> = new Set()): Target {
    const { facts } = module;
    if (facts.whole !== undefined) return { kind: "module", module };
    const key = `${name}\0${module.path}`;
    if (seen.has(key)) return { kind: "missing", name };
    seen.add(key);
    const exported = Object.hasOwn(facts.exports, name) ? facts.exports[name] : undefined;
    if (typeof exported === "object") return this.#bound(module, exported, seen);
    if (exported !== undefined) return this.target(module, exported) ?? { kind: "missing", name };
    if (name === "default") return { kind: "missing", name };
    let outside: Target | undefined;
    for (const from of facts.stars) {
      const found = this.#bound(module, { from, name }, seen);
      if (found.kind === "outside") outside ??= found;
      else if (found.kind !== "missing") return found;
    }
    return outside ?? { kind: "missing", name };
  }

  /** Every name a module exports, with what it stands for. */
  everything(module: Module, seen: Set<Module> = new Set()): readonly (readonly [name: string, target: Target])[] {
    if (seen.has(module)) return [];
    seen.add(module);
    if (module.facts.whole !== undefined) return [["*", { kind: "module", module }]];
    const all = Object.keys(module.facts.exports)
      .sort()
      .map((name) => [name, this.exported(module, name)] as const);
    for (const from of module.facts.stars) {
      const target = this.#bound(module, { from, name: "*" }, new Set());
      if (target.kind === "namespace") for (const one of this.everything(target.module, seen)) all.push(one);
      else all.push([`* ${from}`, target]);
    }
    return all;
  }

  /** Whether a name stands for something that this package or zod made: immutable, and harmless to call. */
  isFrameworkValue(module: Module, name: string, seen: Set<ModulePart> = new Set()): boolean {
    const target = this.target(module, name);
    if (target?.kind === "outside") return isFramework(target.specifier);
    return target?.kind === "part" && this.isFrameworkPart(target.module, target.part, seen);
  }

  isFrameworkPart(module: Module, part: ModulePart, seen: Set<ModulePart> = new Set()): boolean {
    if (part.made === undefined || seen.has(part)) return false;
    seen.add(part);
    return this.isFrameworkValue(module, part.made, seen);
  }

  #bound(module: Module, { from, name }: Binding, seen: Set<string>): Target {
    const resolved = this.resolve(from, module);
    if (resolved.kind === "missing") return { kind: "missing", name: `${name} of ${from}` };
    if (resolved.kind !== "file") {
      return { kind: "outside", specifier: isThisPackage(from) ? "stratigraph" : from, name, resolved };
    }
    const other = this.module(resolved.path);
    if (other === undefined) return { kind: "missing", name: `${name} of ${from}` };
    if (other.facts.whole !== undefined) return { kind: "module", module: other };
    return name === "*" ? { kind: "namespace", module: other } : this.exported(other, name, seen);
  }
}
