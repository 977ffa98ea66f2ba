// Records in the fallback journal that later ones of their kind wait for.

import type { Clock } from "../util/clock.ts";
import type { Waiting } from "./backlog.ts";
import type { JournalKind } from "./intent.ts";

/**
 * Records of these rely on those before them. Once one is in the fallback journal the later ones wait behind it, in the journal too,
 * until it was written after all; otherwise a promotion would be tried, and refused for ever, whose registration is still to come.
 */
export const orderedKinds: ReadonlySet<JournalKind> = new Set<JournalKind>(["registry", "mirror"]);

export class Held<Entry> {
  readonly #lists = new Map<JournalKind, Waiting<Entry>[]>();
  readonly #retryAt = new Map<JournalKind, number>();
  /** Kinds that hold too many to go on in order: what comes goes to the journal until the process ends. */
  readonly #overfull = new Set<JournalKind>();
  readonly #options: { readonly capacity: number; readonly retryAfter: number; readonly clock: Clock };

  constructor(options: { readonly capacity: number; readonly retryAfter: number; readonly clock: Clock }) {
    this.#options = options;
  }

  of(kind: JournalKind): readonly Waiting<Entry>[] {
    return this.#lists.get(kind) ?? [];
  }

  /** Whether what comes now must wait behind it. */
  blocks(kind: JournalKind): boolean {
    return this.#overfull.has(kind) || this.of(kind).length > 0;
  }

  /** Whether it is time to try them again. */
  isDue(kind: JournalKind): boolean {
    return this.of(kind).length > 0 && this.#options.clock.monotonic() >= (this.#retryAt.get(kind) ?? 0);
  }

  add(one: Waiting<Entry>): void {
    if (!orderedKinds.has(one.kind)) return;
    let list = this.#lists.get(one.kind);
    if (list === undefined) this.#lists.set(one.kind, (list = []));
    if (list.length === 0) this.postpone(one.kind);
    if (list.length < this.#options.capacity && !this.#overfull.has(one.kind)) list.push(one);
    else this.#overfull.add(one.kind);
  }

  postpone(kind: JournalKind): void {
    this.#retryAt.set(kind, this.#options.clock.monotonic() + this.#options.retryAfter);
  }

  removeFirst(kind: JournalKind): void {
    this.#lists.get(kind)?.shift();
  }
}
