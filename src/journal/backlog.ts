// What waits to be written: a bounded queue for each kind of journal, and what was taken out of them and is not settled yet.

import { StratigraphError } from "../errors.ts";
import { journalKinds, type Intent, type JournalKind } from "./intent.ts";
import { Ring } from "./ring.ts";

export interface Waiting<Entry> {
  readonly entry: Entry;
  readonly kind: JournalKind;
  /** In the order of submission, over all kinds. */
  readonly order: number;
  /** `queued`; `taken` by the loop that writes; `given` up by it, as the time was over; `settled`: whoever submitted it was told. */
  state: "queued" | "taken" | "given" | "settled";
}

export class Backlog<Entry extends { readonly intent: Intent }> {
  readonly #queues: ReadonlyMap<JournalKind, Ring<Waiting<Entry>>>;
  readonly #taken = new Set<Waiting<Entry>>();
  #order = 0;

  constructor(capacity: number) {
    this.#queues = new Map(journalKinds.map((kind) => [kind, new Ring<Waiting<Entry>>(capacity)]));
  }

  /** How many are not settled. */
  get size(): number {
    let count = this.#taken.size;
    for (const queue of this.#queues.values()) count += queue.length;
    return count;
  }

  /** Answers the record that had to go for it, which counts as taken. */
  push(entry: Entry): Waiting<Entry> | undefined {
    const kind = entry.intent.journal;
    const evicted = this.#queue(kind).push({ entry, kind, order: this.#order++, state: "queued" });
    if (evicted !== undefined) this.#take(evicted);
    return evicted;
  }

  /** The oldest over all kinds. */
  next(): Waiting<Entry> | undefined {
    let oldest: Ring<Waiting<Entry>> | undefined;
    for (const queue of this.#queues.values()) {
      const order = queue.peek()?.order;
      if (order !== undefined && order < (oldest?.peek()?.order ?? Infinity)) oldest = queue;
    }
    const one = oldest?.shift();
    if (one !== undefined) this.#take(one);
    return one;
  }

  isQueued(kind: JournalKind): boolean {
    return this.#queue(kind).length > 0;
  }

  /** Of a kind, oldest first. */
  of(kind: JournalKind): readonly Waiting<Entry>[] {
    const waiting = [...this.#taken].filter((one) => one.kind === kind);
    for (const one of this.#queue(kind)) waiting.push(one);
    return waiting.sort((a, b) => a.order - b.order);
  }

  /** Everything that is not settled, oldest first, taken out of the loop's hands. */
  giveUp(): readonly Waiting<Entry>[] {
    while (this.next() !== undefined);
    const all = [...this.#taken].filter(({ state }) => state === "taken").sort((a, b) => a.order - b.order);
    for (const one of all) one.state = "given";
    return all;
  }

  /** True the first time. */
  settle(one: Waiting<Entry>): boolean {
    if (one.state === "settled") return false;
    one.state = "settled";
    this.#taken.delete(one);
    return true;
  }

  #take(one: Waiting<Entry>): void {
    one.state = "taken";
    this.#taken.add(one);
  }

  #queue(kind: JournalKind): Ring<Waiting<Entry>> {
    const queue = this.#queues.get(kind);
    if (queue === undefined) {
      throw new StratigraphError("RECORD_INVALID", "there is no journal of that kind", { received: kind });
    }
    return queue;
  }
}
