// What a producer's code reaches: from the call that declares it to every function, constant and module, in the order they are met.

import type { Codebase, Module, Target } from "./codebase.ts";
import type { Effects } from "./effects.ts";
import type { Hidden } from "./references.ts";
import type { ModulePart } from "./module.ts";

/** Something that counts. */
export interface Reached {
  /** For people: the name it is declared by. */
  readonly name: string;
  /** The file it is in. */
  readonly path: string;
  readonly digest: string;
  /** What it refers to: places in the list, or names of what lies outside. */
  readonly refers: readonly (readonly [name: string, to: number | string])[];
}

export interface Reach {
  readonly items: readonly Reached[];
  /** Installed versions by name. */
  readonly packages: ReadonlyMap<string, string>;
  /** Folders of linked packages. */
  readonly linked: ReadonlyMap<string, string>;
  readonly hidden: Hidden | undefined;
}

interface Draft {
  readonly module: Module;
  readonly part: ModulePart | undefined;
  readonly refers: [name: string, to: number | string][];
}

export function reach(codebase: Codebase, entry: Module, root: ModulePart, effects: Effects): Reach {
  const walk = new Walk(codebase, effects);
  walk.part(entry, root);
  for (const module of codebase.closure(entry)) walk.loads(module);
  for (const [module, part] of effects.running) walk.part(module, part);
  walk.run();
  return walk.reach();
}

class Walk {
  readonly #codebase: Codebase;
  readonly #effects: Effects;
  readonly #drafts: Draft[] = [];
  readonly #numbers = new Map<ModulePart | Module, number>();
  readonly #namespaces = new Map<Module, string>();
  readonly #packages = new Map<string, string>();
  readonly #linked = new Map<string, string>();
  #hidden: Hidden | undefined;

  constructor(codebase: Codebase, effects: Effects) {
    this.#codebase = codebase;
    this.#effects = effects;
  }

  part(module: Module, part: ModulePart): number {
    return this.#number(part, module, part);
  }

  /** What a module loads for what it does alone: `import "dotenv/config"`. Of other packages only what is used counts. */
  loads(module: Module): void {
    const { imports, exports, stars, loads } = module.facts;
    const used = new Set(stars);
    for (const binding of [...Object.values(imports), ...Object.values(exports)]) {
      if (typeof binding === "object") used.add(binding.from);
    }
    for (const specifier of loads) {
      if (used.has(specifier)) continue;
      const resolved = this.#codebase.resolve(specifier, module);
      if (resolved.kind === "file") continue;
      const target: Target =
        resolved.kind === "missing"
          ? { kind: "missing", name: specifier }
          : { kind: "outside", specifier, name: "", resolved };
      this.#drafts[0]!.refers.push(["loads", ...this.#target(target)]);
    }
  }

  /** Breadth first: what is met is numbered at once, and looked into in its turn. */
  run(): void {
    for (let index = 0; index < this.#drafts.length; index++) {
      const { module, part, refers } = this.#drafts[index]!;
      this.#hide((part ?? module.facts).hidden);
      for (const specifier of part === undefined ? module.facts.modules : part.modules) {
        refers.push([specifier, this.#whole(module, specifier)]);
      }
      for (const file of (part ?? module.facts).files) {
        refers.push([file, this.#whole(module, file)]);
      }
      if (part === undefined) continue;
      for (const name of part.names) this.#name(module, name, refers);
      for (const [writer, writing] of this.#effects.writers.get(part) ?? []) {
        refers.push(["changed by", this.part(writer, writing)]);
      }
    }
  }

  reach(): Reach {
    const items = this.#drafts.map(({ module, part, refers }): Reached => {
      const { path, facts } = module;
      return part === undefined
        ? { name: "module", path, digest: facts.digest, refers }
        : { name: part.name, path, digest: part.digest, refers };
    });
    return { items, packages: this.#packages, linked: this.#linked, hidden: this.#hidden };
  }

  #number(key: ModulePart | Module, module: Module, part: ModulePart | undefined): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.#numbers.set(key, (number = this.#drafts.length));
      this.#drafts.push({ module, part, refers: [] });
    }
    return number;
  }

  #hide(hidden: Hidden | undefined): void {
    if (hidden !== undefined && this.#hidden !== "module") this.#hidden = hidden;
  }

  #name(module: Module, text: string, refers: Draft["refers"]): void {
    const [name = "", member] = text.split(".");
    const target = this.#codebase.target(module, name);
    if (target === undefined) return; // a global: its name is part of the code
    if (target.kind === "namespace" && member !== undefined) {
      refers.push([text, ...this.#target(this.#codebase.exported(target.module, member))]);
    } else if (target.kind === "namespace") {
      for (const [one, each] of this.#codebase.everything(target.module)) {
        refers.push([`${name}.${one}`, ...this.#target(each)]);
      }
    } else refers.push([text, ...this.#target(target, member)]);
  }

  #target(target: Target, member?: string): [number | string] {
    switch (target.kind) {
      case "part":
        return [this.part(target.module, target.part)];
      case "module":
        return [this.#number(target.module, target.module, undefined)];
      case "namespace":
        return [this.#namespace(target.module)];
      case "outside": {
        const { resolved, specifier, name } = target;
        if (resolved.kind === "package") this.#packages.set(resolved.name, resolved.version);
        if (resolved.kind === "linked") this.#linked.set(resolved.name, resolved.folder);
        return [`${specifier}#${name === "*" && member !== undefined ? member : name}`];
      }
      case "missing":
        // The loader may know more than we do: then whatever it finds is part of the project.
        this.#hide("module");
        return [`missing ${target.name}`];
    }
  }

  /** A module that is handed on as one object. */
  #namespace(module: Module): string {
    let text = this.#namespaces.get(module);
    if (text === undefined) {
      this.#namespaces.set(module, "itself");
      text = JSON.stringify(this.#codebase.everything(module).map(([name, each]) => [name, ...this.#target(each)]));
      this.#namespaces.set(module, text);
    }
    return text;
  }

  /** A module that is loaded while the code runs, or a file that it reads: all of it counts. */
  #whole(module: Module, specifier: string): number | string {
    const resolved = this.#codebase.resolve(specifier, module);
    if (resolved.kind === "missing") return `missing ${specifier}`;
    if (resolved.kind !== "file") return this.#target({ kind: "outside", specifier, name: "*", resolved })[0];
    const other = this.#codebase.module(resolved.path);
    if (other === undefined) return `missing ${specifier}`;
    // With what it loads in its turn, and does meanwhile.
    for (const each of this.#codebase.closure(other)) {
      for (const one of each.facts.loads) {
        const outside = this.#codebase.resolve(one, each);
        if (outside.kind !== "file") this.#target({ kind: "outside", specifier: one, name: "*", resolved: outside });
      }
      this.#number(each, each, undefined);
    }
    return this.#number(other, other, undefined);
  }
}
