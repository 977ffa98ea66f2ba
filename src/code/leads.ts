// What the names in a part lead to. Code changes what it can name, what those names lead to, and global things: where it and all that it
// reaches leave global things alone, only who reaches one of the others can feel it.

import { basename } from "node:path";
import type { Codebase, Module, Target } from "./codebase.ts";
import { isFramework } from "./framework.ts";
import type { ModulePart } from "./module.ts";
import { isForgetful, isHarmlessName, isSelfContained } from "./outside.ts";
import type { Package } from "./resolve.ts";

/** What can be changed and stays: a part, a module of data, or a package. Or the environment, where it is handed on as one object. */
export type Holder = ModulePart | Module | string;

/** The holder that `process.env` is. */
export const ENVIRONMENT = "environment";

export interface Lead {
  readonly parts: ReadonlySet<ModulePart>;
  readonly holders: ReadonlySet<Holder>;
  /** What leads further than to those, for people; `undefined`: nothing does. */
  readonly opens: string | undefined;
}

/** Asked for the same parts again and again, once for each file that declares producers. */
export class Leads {
  readonly #codebase: Codebase;
  readonly #known = new Map<ModulePart, Lead>();
  readonly #steps = new Map<ModulePart, Step>();

  constructor(codebase: Codebase) {
    this.#codebase = codebase;
  }

  of(module: Module, part: ModulePart): Lead {
    let lead = this.#known.get(part);
    if (lead === undefined) this.#known.set(part, (lead = this.#find(module, part)));
    return lead;
  }

  #find(module: Module, part: ModulePart): Lead {
    const parts = new Set([part]);
    const holders = new Set<Holder>();
    const queue: (readonly [Module, ModulePart])[] = [[module, part]];
    let opens: string | undefined;
    // What is added while it is gone through comes in its turn.
    for (const [from, one] of queue) {
      let step = this.#steps.get(one);
      if (step === undefined) this.#steps.set(one, (step = new Step(this.#codebase, from, one)));
      opens ??= step.opens;
      for (const holder of step.holders) holders.add(holder);
      for (const [to, next] of step.parts) {
        if (parts.has(next)) continue;
        parts.add(next);
        queue.push([to, next]);
      }
    }
    return { parts, holders, opens };
  }
}

type Outside = Target & { readonly kind: "outside" };

/** The names of one part. */
class Step {
  readonly parts: (readonly [Module, ModulePart])[] = [];
  readonly holders = new Set<Holder>();
  opens: string | undefined;
  readonly #codebase: Codebase;

  constructor(codebase: Codebase, module: Module, part: ModulePart) {
    this.#codebase = codebase;
    const where = `${basename(module.path)}:${part.line}`;
    if (part.opens !== undefined) this.#open(`${part.opens} in ${where}`);
    if (part.environment) this.holders.add(ENVIRONMENT);
    for (const name of part.exposed) {
      const target = codebase.target(module, name);
      if (target?.kind === "outside") this.#exposed(target, `'${name}' in ${where}, which others use, too`);
    }
    for (const text of part.names) {
      const [name = "", member] = text.split(".");
      const target = codebase.target(module, name);
      if (target?.kind === "namespace" && member !== undefined) {
        this.#target(codebase.exported(target.module, member));
      } else if (target !== undefined) this.#target(target, member);
    }
  }

  /** A module of Node as one object, this package and zod: to change them is felt by whoever uses them. */
  #exposed({ specifier, name, resolved }: Outside, text: string): void {
    const isWhole = /^(\*|default)$/.test(name);
    if (isFramework(specifier) || (isWhole && resolved.kind === "builtin")) this.#open(text);
    else if (isWhole && resolved.kind === "package") this.#package(resolved);
  }

  #package(installed: Package): void {
    for (const holder of this.#codebase.holdersOf(installed)) this.holders.add(holder);
  }

  #open(text: string): void {
    this.opens ??= text;
  }

  #target(target: Target, member?: string): void {
    switch (target.kind) {
      case "part": {
        const { module, part } = target;
        this.parts.push([module, part]);
        if (part.keeps && !this.#codebase.isFrameworkPart(module, part)) this.holders.add(part);
        return;
      }
      case "module":
        if (target.module.facts.whole === "data") this.holders.add(target.module);
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
