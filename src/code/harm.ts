// Whether what a part does while it is loaded changes nothing at all: the call that is looked at leads to functions that are harmless, too.

import type { Codebase, Module } from "./codebase.ts";
import type { Evaluation } from "./evaluation.ts";
import type { ModulePart } from "./module.ts";
import { isHarmlessName } from "./outside.ts";

export class Harm {
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
    if (target?.kind === "outside" && isHarmlessName(target)) return true;
    if (this.#codebase.isFrameworkValue(module, name)) return true;
    if (target?.kind !== "part" || how === "of ") return false;
    const { part } = target;
    // A text or a number that is handed on.
    if (how === "" && part.called === undefined && !part.keeps) return true;
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
