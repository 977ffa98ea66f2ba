// How far what a part does while it is loaded may be felt: it changes what its names lead to, and so do the functions that others put there.

import type { Codebase, Module } from "./codebase.ts";
import type { Holder, Leads } from "./leads.ts";
import type { ModulePart } from "./module.ts";

export interface Extent {
  readonly holders: ReadonlySet<Holder>;
  /** See `Lead`. */
  readonly opens: string | undefined;
}

export type Writers = ReadonlyMap<Holder, ReadonlyMap<ModulePart, Module>>;

export class Extents {
  readonly #codebase: Codebase;
  readonly #modules: readonly Module[];
  readonly #leads: Leads;
  readonly #writers: Writers;
  #functions: ReadonlySet<ModulePart> | undefined;

  /** `writers`: asked each time, as more may become known. */
  constructor(codebase: Codebase, modules: readonly Module[], leads: Leads, writers: Writers) {
    this.#codebase = codebase;
    this.#modules = modules;
    this.#leads = leads;
    this.#writers = writers;
  }

  of(module: Module, part: ModulePart): Extent {
    const parts = new Map([[part, module]]);
    const holders = new Set<Holder>();
    let opens: string | undefined;
    // What is added while it is gone through comes in its turn.
    for (const [one, from] of parts) {
      const lead = this.#leads.of(from, one);
      opens ??= lead.opens;
      for (const holder of lead.holders) holders.add(holder);
      for (const held of this.#functionsWithMembers()) if (lead.parts.has(held)) holders.add(held);
      for (const [holder, writing] of this.#writers) {
        if (typeof holder === "object" && "digest" in holder ? !lead.parts.has(holder) : !lead.holders.has(holder))
          continue;
        for (const [writer, at] of writing) parts.set(writer, at);
      }
    }
    return { holders, opens };
  }

  /** `total.cache`: functions and classes that somebody takes as an object. */
  #functionsWithMembers(): ReadonlySet<ModulePart> {
    if (this.#functions !== undefined) return this.#functions;
    const found = new Set<ModulePart>();
    for (const module of this.#modules) {
      for (const { names } of module.facts.parts) {
        for (const text of names) {
          const [name = "", member] = text.split(".");
          if (member === undefined || /^(apply|bind|call|length|name|toString)$/.test(member)) continue;
          const target = this.#codebase.target(module, name);
          if (target?.kind === "part" && target.part.called !== undefined) found.add(target.part);
        }
      }
    }
    return (this.#functions = found);
  }
}
