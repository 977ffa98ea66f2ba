// The door of code versions: looks at the code of producers, all of them at once, and settles their versions.

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { isRacy, type FileStamp } from "../data/file-stamp.ts";
import type { CallSite, CodeVersion, KnownCode } from "../identity/code-version.ts";
import { systemClock } from "../util/clock.ts";
import { createId } from "../util/id.ts";
import { compareText } from "../util/text-order.ts";
import { Codebase, type Module } from "./codebase.ts";
import { effectsOf, type Effects } from "./effects.ts";
import { addLinked, filesOf, relativeName, type Files } from "./files.ts";
import { Leads } from "./leads.ts";
import { Library } from "./library.ts";
import { sealCode, type CodeItem, type WholeReason } from "./manifest.ts";
import { reach } from "./reach.ts";

export interface Followed {
  readonly name: string;
  readonly version: CodeVersion;
}

export interface FollowOptions {
  /** The project's state folder, where what was found in files is kept. */
  readonly home: string | undefined;
  /** Make that folder where there is none. */
  readonly make: boolean;
  /** For tests. */
  readonly library?: Library;
}

/** Settles the versions that are not settled yet. What cannot be read is missing, as it is for whoever loads it. */
export function followCode(producers: readonly Followed[], { home, make, library }: FollowOptions): void {
  const shelf = library ?? new Library(home);
  const follower = new Follower(new Codebase(shelf));
  for (const { name, version } of producers) {
    if (version.known === undefined) version.settle(follower.follow(name, version.site), createId(systemClock));
  }
  if (make || (home !== undefined && existsSync(home))) shelf.save();
}

class Follower {
  readonly #codebase: Codebase;
  readonly #leads: Leads;
  readonly #effects = new Map<Module, Effects>();

  constructor(codebase: Codebase) {
    this.#codebase = codebase;
    this.#leads = new Leads(codebase);
  }

  follow(name: string, site: CallSite): KnownCode {
    const entry = this.#codebase.module(site.files[0]!);
    const whole = entry === undefined ? "unfollowed" : reasonOf(entry);
    if (entry === undefined || whole !== undefined) return this.#files(site, whole ?? "unfollowed");
    const at = Object.hasOwn(entry.facts.producers, name) ? entry.facts.producers[name] : undefined;
    if (at === undefined) return this.#files(site, "unfollowed");
    const { items, packages, linked, hidden } = reach(
      this.#codebase,
      entry,
      entry.facts.parts[at]!,
      this.#effectsOf(entry),
    );
    if (hidden !== undefined) return this.#files(site, `hidden-${hidden}`);
    const base = dirname(entry.path);
    const numbered: CodeItem[] = items.map(({ name: one, digest, refers }) => [one, digest, refers]);
    const files = items.map(({ path }) => relativeName(base, path));
    const because = items.map((item) => item.because);
    const stamps = items.map(({ path }) => this.#codebase.module(path)!.stamp);
    for (const { stamp } of this.#codebase.closure(entry)) stamps.push(stamp);
    for (const [one, folder] of linked) {
      addLinked({ name: one, folder }, (path, shown) => {
        const module = this.#codebase.module(path);
        if (module === undefined) return;
        numbered.push([shown, module.facts.digest, []]);
        files.push(shown);
        stamps.push(module.stamp);
      });
    }
    const manifest = sealCode({ counted: "functions", because: null, items: numbered, packages: inOrder(packages) });
    return { manifest, files, because, unsettled: isUnsettled(stamps, site) };
  }

  #files(site: CallSite, because: WholeReason): KnownCode {
    const { modules, packages }: Files = filesOf(this.#codebase, site.files, because === "hidden-module");
    const sorted = [...modules].sort(([a], [b]) => compareText(a, b));
    const items = sorted.map(([name, { facts }]): CodeItem => [name, facts.digest, []]);
    const manifest = sealCode({ counted: "files", because, items, packages: inOrder(packages) });
    const stamps = sorted.map(([, { stamp }]) => stamp);
    // Of a file that is gone, or never was, nobody can say what was in it.
    const gone = site.files.some((path) => this.#codebase.module(path) === undefined);
    return { manifest, files: sorted.map(([name]) => name), because: [], unsettled: gone || isUnsettled(stamps, site) };
  }

  #effectsOf(entry: Module): Effects {
    let effects = this.#effects.get(entry);
    if (effects === undefined) {
      effects = effectsOf(this.#codebase, this.#codebase.closure(entry), this.#leads);
      this.#effects.set(entry, effects);
    }
    return effects;
  }
}

/** Why a module's parts cannot be told apart. */
function reasonOf({ facts: { whole } }: Module): WholeReason | undefined {
  return whole === undefined ? undefined : whole === "unparsed" ? "no-parser" : "unreadable";
}

function inOrder(packages: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...packages].sort(([a], [b]) => compareText(a, b));
}

/** Whether a file may have been saved after it was loaded. */
function isUnsettled(stamps: readonly FileStamp[], { since }: CallSite): boolean {
  return stamps.some((stamp) => isRacy(stamp, since));
}
