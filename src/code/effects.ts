// What modules do besides declaring things: statements that may change what others see, and parts that change the state of another.

import type { Codebase, Module } from "./codebase.ts";
import type { Evaluation } from "./evaluation.ts";
import type { ModulePart } from "./module.ts";

/** Modules of Node whose functions change nothing in the program that calls them. */
const HARMLESS = /^(node:)?(crypto|os|path|perf_hooks|url|util)$/;

export interface Effects {
  /** Parts that run when the modules are loaded, and that may be felt elsewhere, in the order in which they run. */
  readonly running: readonly (readonly [Module, ModulePart])[];
  /** By part: those that change it. */
  readonly writers: ReadonlyMap<ModulePart, readonly (readonly [Module, ModulePart])[]>;
}

export function effectsOf(codebase: Codebase, modules: readonly Module[]): Effects {
  const running: [Module, ModulePart][] = [];
  const writers = new Map<ModulePart, [Module, ModulePart][]>();
  const harm = new Harm(codebase, modules);
  for (const module of modules) {
    for (const part of module.facts.parts) {
      if (!harm.isHarmless(module, part)) running.push([module, part]);
      for (const name of part.writes) {
        const target = codebase.target(module, name);
        if (target?.kind !== "part" || target.part === part) continue;
        // What this package makes is frozen: `Purchases.from(…)` changes nothing.
        if (codebase.isFrameworkPart(target.module, target.part)) continue;
        const known = writers.get(target.part);
        if (known === undefined) writers.set(target.part, [[module, part]]);
        else known.push([module, part]);
      }
    }
  }
  return { running, writers };
}

class Harm {
  readonly #codebase: Codebase;
  readonly #known = new Map<ModulePart, boolean>();
  /** Names of methods that change nothing elsewhere, and may do so here: `store.replace(rates)`. */
  readonly #methods = new Set<string>();

  constructor(codebase: Codebase, modules: readonly Module[]) {
    this.#codebase = codebase;
    // One that calls another of them makes that one count, and then itself.
    for (let before = -1; before < this.#methods.size;) {
      before = this.#methods.size;
      this.#known.clear();
      for (const module of modules) {
        for (const method of module.facts.methods) {
          if (!this.isHarmless(module, method)) this.#methods.add(method.name);
        }
      }
    }
    this.#known.clear();
  }

  isHarmless(module: Module, { effect, calls, methods }: Evaluation): boolean {
    return (
      !effect &&
      !methods.some((method) => this.#methods.has(method)) &&
      calls.every((call) => this.#isHarmlessCall(module, call))
    );
  }

  /** Whether to call what a name stands for, or a method of it, changes nothing. */
  #isHarmlessCall(module: Module, call: string): boolean {
    const [, how = "", name = ""] = /^(new |of |)(.*)$/s.exec(call)!;
    const target = this.#codebase.target(module, name);
    if (target?.kind === "outside" && HARMLESS.test(target.specifier)) return true;
    if (this.#codebase.isFrameworkValue(module, name)) return true;
    if (target?.kind !== "part" || how === "of ") return false;
    const { part } = target;
    if (part.isClass !== (how === "new ")) return false;
    let harmless = this.#known.get(part);
    if (harmless === undefined) {
      // One that calls itself is as harmless as the rest of it.
      this.#known.set(part, true);
      harmless = part.called !== undefined && this.isHarmless(target.module, part.called);
      this.#known.set(part, harmless);
    }
    return harmless;
  }
}
