// How far what a part does while it is loaded may be felt. Code changes what it can name, what those names lead to, and global things:
// where it and all that it reaches leaves global things alone, only who reaches one of the others can feel it.

import { basename } from "node:path";
import type { Codebase, Module, Target } from "./codebase.ts";
import { isFramework } from "./framework.ts";
import type { ModulePart } from "./module.ts";
import type { Package } from "./resolve.ts";
import { isForgetful, isHarmlessName, isSelfContained } from "./outside.ts";

/** What can be changed and stays: a part, a module of data, or a package. Or the environment, where it is handed on as one object. */
export type Holder = ModulePart | Module | string;

/** The holder that `process.env` is. */
export const ENVIRONMENT = "environment";

export interface Extent {
  readonly holders: ReadonlySet<Holder>;
  /** What leads further than that, for people; `undefined`: nothing does. */
  readonly opens: string | undefined;
}

type Outside = Target & { readonly kind: "outside" };
type Writers = ReadonlyMap<Holder, readonly (readonly [Module, ModulePart])[]>;

export class Extents {
  readonly #codebase: Codebase;
  readonly #modules: readonly Module[];
  readonly #writers: Writers;
  #functions: ReadonlySet<ModulePart> | undefined;

  /** `writers`: asked each time, as more may become known. */
  constructor(codebase: Codebase, modules: readonly Module[], writers: Writers) {
    this.#codebase = codebase;
    this.#modules = modules;
    this.#writers = writers;
  }

  of(module: Module, part: ModulePart): Extent {
    this.#functions ??= new Set(this.#functionsWithMembers());
    const walk = new Walk(this.#codebase, this.#writers, this.#functions);
    walk.part(module, part);
    walk.run();
    return walk;
  }

  /** `total.cache`: functions and classes that somebody takes as an object. */
  *#functionsWithMembers(): Generator<ModulePart> {
    for (const module of this.#modules) {
      for (const { names } of module.facts.parts) {
        for (const text of names) {
          const [name = "", member] = text.split(".");
          if (member === undefined || /^(apply|bind|call|length|name|toString)$/.test(member)) continue;
          const target = this.#codebase.target(module, name);
          if (target?.kind === "part" && target.part.called !== undefined) yield target.part;
        }
      }
    }
  }
}

class Walk implements Extent {
  readonly holders = new Set<Holder>();
  opens: string | undefined;
  readonly #codebase: Codebase;
  readonly #writers: Writers;
  readonly #functions: ReadonlySet<ModulePart>;
  readonly #parts = new Map<ModulePart, Module>();

  constructor(codebase: Codebase, writers: Writers, functions: ReadonlySet<ModulePart>) {
    this.#codebase = codebase;
    this.#writers = writers;
    this.#functions = functions;
  }

  part(module: Module, part: ModulePart): void {
    this.#parts.set(part, module);
  }

  /** What is added to a map while it is gone through comes in its turn. */
  run(): void {
    for (const [part, module] of this.#parts) {
      const where = `${basename(module.path)}:${part.line}`;
      if (part.opens !== undefined) this.#open(`${part.opens} in ${where}`);
      if (part.environment) this.#hold(ENVIRONMENT);
      for (const name of part.exposed) {
        const target = this.#codebase.target(module, name);
        if (target?.kind === "outside") this.#exposed(target, `'${name}' in ${where}, which others use, too`);
      }
      for (const text of part.names) {
        const [name = "", member] = text.split(".");
        const target = this.#codebase.target(module, name);
        if (target?.kind === "namespace" && member !== undefined) {
          this.#target(this.#codebase.exported(target.module, member));
        } else if (target !== undefined) this.#target(target, member);
      }
      this.#writing(part);
    }
  }

  /** A module of Node as one object, this package and zod: to change them is felt by whoever uses them. */
  #exposed({ specifier, name, resolved }: Outside, text: string): void {
    const isWhole = /^(\*|default)$/.test(name);
    if (isFramework(specifier) || (isWhole && resolved.kind === "builtin")) this.#open(text);
    else if (isWhole && resolved.kind === "package") this.#package(resolved);
  }

  #package(installed: Package): void {
    for (const holder of this.#codebase.holdersOf(installed)) this.#hold(holder);
  }

  #open(text: string): void {
    this.opens ??= text;
  }

  #writing(holder: Holder): void {
    for (const [module, part] of this.#writers.get(holder) ?? []) this.part(module, part);
  }

  #hold(holder: Holder): void {
    this.holders.add(holder);
    this.#writing(holder);
  }

  #target(target: Target, member?: string): void {
    switch (target.kind) {
      case "part": {
        const { module, part } = target;
        this.part(module, part);
        const frozen = this.#codebase.isFrameworkPart(module, part);
        if (!frozen && (part.keeps || this.#functions.has(part))) this.holders.add(part);
        return;
      }
      case "module":
        if (target.module.facts.whole === "data") this.#hold(target.module);
        else this.#open(`${basename(target.module.path)}, which counts whole`);
        return;
      case "namespace":
        for (const [, one] of this.#codebase.everything(target.module)) this.#target(one);
        return;
      case "outside":
        return this.#outside(target, member);
      case "missing":
        return this.#open(`'${target.name}', which is not found`);
    }
  }

  #outside(target: Outside, member: string | undefined): void {
    const { resolved, specifier } = target;
    if (isFramework(specifier)) return;
    const name = member !== undefined && /^(\*|default)$/.test(target.name) ? member : target.name;
    if (resolved.kind === "package" && isForgetful(resolved, name)) return;
    if (resolved.kind === "package" && isSelfContained(resolved)) {
      this.#package(resolved);
    } else if (resolved.kind !== "builtin" || !isHarmlessName({ specifier, name })) {
      this.#open(`'${name}' of ${specifier}`);
    }
  }
}
