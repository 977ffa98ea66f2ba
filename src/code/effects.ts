// What modules do besides declaring things: statements that may change what others see, and parts that change the state of another.

import type { Codebase, Module } from "./codebase.ts";
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
  const harmless = new Map<ModulePart, boolean>();
  for (const module of modules) {
    for (const part of module.facts.parts) {
      if (part.effect || !part.calls.every((name) => isHarmless(codebase, module, name, harmless))) {
        running.push([module, part]);
      }
      for (const name of part.writes) {
        const target = codebase.target(module, name);
        // What this package makes is frozen: `Purchases.from(…)` changes nothing.
        if (target?.kind !== "part" || codebase.isFrameworkPart(target.module, target.part)) continue;
        const known = writers.get(target.part);
        if (known === undefined) writers.set(target.part, [[module, part]]);
        else known.push([module, part]);
      }
    }
  }
  return { running, writers };
}

/** Whether to call what a name stands for, or a method of it, changes nothing. */
function isHarmless(codebase: Codebase, module: Module, call: string, known: Map<ModulePart, boolean>): boolean {
  const isNew = call.startsWith("new ");
  const name = isNew ? call.slice("new ".length) : call;
  const target = codebase.target(module, name);
  if (target?.kind === "outside" && HARMLESS.test(target.specifier)) return true;
  if (codebase.isFrameworkValue(module, name)) return true;
  if (target?.kind !== "part") return false;
  const { part } = target;
  if (part.isClass !== isNew) return false;
  let harmless = known.get(part);
  if (harmless === undefined) {
    // One that calls itself is as harmless as the rest of it.
    known.set(part, true);
    const { called } = part;
    harmless =
      called !== undefined &&
      !called.effect &&
      called.calls.every((one) => isHarmless(codebase, target.module, one, known));
    known.set(part, harmless);
  }
  return harmless;
}
