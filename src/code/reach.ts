// What a producer's code reaches: from the call that declares it to every function, constant and module, in the order they are met.

import { basename } from "node:path";
import type { Codebase, Module, Target } from "./codebase.ts";
import type { Effects } from "./effects.ts";
import { ENVIRONMENT, type Holder } from "./leads.ts";
import type { Hidden } from "./references.ts";
import type { ModulePart } from "./module.ts";
import type { Package } from "./resolve.ts";

/** Something that counts. */
export interface Reached {
  /** For people: the name it is declared by. */
  readonly name: string;
  /** The file it is in. */
  readonly path: string;
  readonly digest: string;
  /** Why it counts where no name leads to it, for people. */
  readonly because: string | undefined;
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
  readonly because: string | undefined;
  readonly refers: [name: string, to: number | string][];
}

export function reach(codebase: Codebase, entry: Module, root: ModulePart, effects: Effects): Reach {
  const walk = new Walk(codebase, effects);
  walk.part(entry, root);
  for (const module of codebase.closure(entry)) walk.loads(module);
  walk.run();
  for (const [module, part, because] of effects.running) walk.runs(module, part, because);
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
  readonly #installed = new Set<Package>();
  #environment = false;
  /** The holders outside of the modules that were looked at. */
  readonly #felt = new Set<string>();
  #next = 0;
  /** Why what is met now counts. */
  #because: string | undefined;
  #hidden: Hidden | undefined;

  constructor(codebase: Codebase, effects: Effects) {
    this.#codebase = codebase;
    this.#effects = effects;
  }

  part(module: Module, part: ModulePart): number {
    return this.#number(part, module, part);
  }

  /** A part that may be felt anywhere, with all that it needs. */
  runs(module: Module, part: ModulePart, because: string): void {
    this.#because = `runs in line ${part.line} while it is loaded and may be felt anywhere, by ${because}`;
    this.part(module, part);
    this.#because = `${titleOf(module, part)} needs, and that may be felt anywhere, by ${because}`;
    this.run();
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
    for (;;) {
      for (; this.#next < this.#drafts.length; this.#next++) this.#look(this.#drafts[this.#next]!);
      // What was done to packages at first is felt by who uses them.
      for (const holder of this.#held()) {
        this.#felt.add(holder);
        this.#changes(holder, this.#drafts[0]!.refers);
      }
      if (this.#next === this.#drafts.length) return;
    }
  }

  #look({ module, part, refers }: Draft): void {
    this.#hide((part ?? module.facts).hidden);
    for (const specifier of part === undefined ? module.facts.modules : part.modules) {
      refers.push([specifier, this.#whole(module, specifier)]);
    }
    for (const file of (part ?? module.facts).files) {
      refers.push([file, this.#whole(module, file)]);
    }
    if (part !== undefined) {
      for (const name of part.names) this.#name(module, name, refers);
      return this.#changes(part, refers);
    }
    for (const one of [module, ...module.facts.parts]) this.#changes(one, refers);
  }

  #changes(holder: Holder, refers: Draft["refers"]): void {
    for (const [writing, module] of this.#effects.writers.get(holder) ?? []) {
      refers.push(["changed by", this.part(module, writing)]);
    }
  }

  /** What others may have changed outside of the modules, of which this code uses some, and which were not looked at yet. */
  #held(): string[] {
    const changed = [...this.#effects.writers.keys()].filter((one) => typeof one === "string" && !this.#felt.has(one));
    if (changed.length === 0) return [];
    const used = new Set(this.#environment ? [ENVIRONMENT] : []);
    for (const installed of this.#installed) for (const one of this.#codebase.holdersOf(installed)) used.add(one);
    // What a linked package uses is not looked at.
    return (changed as string[]).filter((one) => this.#linked.size > 0 || used.has(one));
  }

  reach(): Reach {
    const items = this.#drafts.map(({ module, part, refers, because }): Reached => {
      const { path, facts } = module;
      return part === undefined
        ? { name: "module", path, digest: facts.digest, because, refers }
        : { name: part.name, path, digest: part.digest, because, refers };
    });
    return { items, packages: this.#packages, linked: this.#linked, hidden: this.#hidden };
  }

  #number(key: ModulePart | Module, module: Module, part: ModulePart | undefined): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.#numbers.set(key, (number = this.#drafts.length));
      this.#drafts.push({ module, part, because: this.#because, refers: [] });
    }
    return number;
  }

  #hide(hidden: Hidden | undefined): void {
    if (hidden !== undefined && this.#hidden !== "module") this.#hidden = hidden;
  }

  #name(module: Module, text: string, refers: Draft["refers"]): void {
    const [name = "", member] = text.split(".");
    const target = this.#codebase.target(module, name);
    if (target === undefined) {
      // A global: its name is part of the code.
      if (text === "process" || text === "process.env") this.#environment = true;
      return;
    }
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
        if (resolved.kind === "package") {
          this.#packages.set(resolved.name, resolved.version);
          this.#installed.add(resolved);
        }
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

function titleOf({ path }: Module, { name, line }: ModulePart): string {
  return `${name === "top level" ? "the statement" : `'${name}'`} in ${basename(path)}:${line}`;
}
