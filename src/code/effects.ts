// What modules do besides declaring things: statements that may change what others see, and parts that change the state of another.

import type { Codebase, Module } from "./codebase.ts";
import { Extents, type Writers } from "./extents.ts";
import { Harm } from "./harm.ts";
import type { Holder, Leads } from "./leads.ts";
import type { ModulePart } from "./module.ts";

export interface Effects {
  /** Parts that run when the modules are loaded and may be felt anywhere, in the order in which they run; and by what, for people. */
  readonly running: readonly (readonly [Module, ModulePart, because: string])[];
  /** By what can be changed: the parts that change it, or may do so while they are loaded. */
  readonly writers: Writers;
}

export function effectsOf(codebase: Codebase, modules: readonly Module[], leads: Leads): Effects {
  const harmful: [Module, ModulePart][] = [];
  const writers = new Map<Holder, Map<ModulePart, Module>>();
  const loading = new Map<Holder, Map<ModulePart, Module>>();
  const harm = new Harm(codebase, modules);
  for (const module of modules) {
    for (const part of module.facts.parts) {
      if (!harm.isHarmless(module, part)) harmful.push([module, part]);
      for (const name of part.writes) {
        const target = codebase.target(module, name);
        if (target?.kind !== "part" || target.part === part) continue;
        // What this package makes is frozen: `Purchases.from(…)` changes nothing.
        if (!codebase.isFrameworkPart(target.module, target.part)) add(writers, target.part, module, part);
      }
    }
  }
  // A function that changes something does so at first where one of these calls it, and then that one leads there.
  const extents = new Extents(codebase, modules, leads, loading);
  // What two of them may change can hold the functions of both: each reaches then what the other one does.
  for (let growing = harmful.length > 0; growing;) {
    growing = false;
    for (const [module, part] of harmful) {
      for (const holder of extents.of(module, part).holders) {
        growing = add(loading, holder, module, part) || growing;
        add(writers, holder, module, part);
      }
    }
  }
  const running = harmful.flatMap(([module, part]): [Module, ModulePart, string][] => {
    const { opens } = extents.of(module, part);
    return opens === undefined ? [] : [[module, part, opens]];
  });
  return { running, writers };
}

function add(writers: Map<Holder, Map<ModulePart, Module>>, holder: Holder, module: Module, part: ModulePart): boolean {
  const known = writers.get(holder);
  if (known?.has(part) === true) return false;
  if (known === undefined) writers.set(holder, new Map([[part, module]]));
  else known.set(part, module);
  return true;
}
