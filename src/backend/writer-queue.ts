// Writers of one session, one after the other, each within its time.

import { setTimeout as wait } from "node:timers/promises";
import { StratigraphError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";
import { Queue } from "../util/queue.ts";

/** What the queue needs from a store. Nothing here blocks the event loop; where the store is busy it says so. */
export interface WritableStore {
  /** Takes the store's write lock and begins a transaction; false where another process or session has the lock. */
  begin(): boolean;
  /** False where it is busy and the commit may be tried again. */
  commit(): boolean;
  rollback(): void;
  /** Who has the lock, if that can be told: "process 123 (node build.js)". */
  holder?(): string | undefined;
}

export interface QueueOptions {
  /** For error messages: which store. */
  readonly name: string;
  /** Milliseconds that a writer waits for those before it and for the lock, together. */
  readonly budget: number;
  readonly clock: Clock;
}

/** Every write is a transaction of its own turn. In order of arrival, so that none starves within a session. */
export class WriterQueue {
  readonly #store: WritableStore;
  readonly #options: QueueOptions;
  readonly #waiting = new Queue<{ start: () => void; given: boolean }>();
  #busy = false;

  constructor(store: WritableStore, options: QueueOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Begins, works, commits; rolls back when `work` throws. Throws BACKEND_BUSY when the time is over before it began. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    const deadline = this.#options.clock.monotonic() + this.#options.budget;
    if (this.#busy) await this.#turn();
    else this.#busy = true;
    try {
      // No await where none is needed: a write of one call begins and commits without giving way to anybody.
      if (!this.#store.begin()) await this.#beginLater(deadline);
      try {
        const working = work();
        const result = working instanceof Promise ? await working : working;
        if (!this.#store.commit()) await this.#commitLater(deadline);
        return result;
      } catch (error) {
        this.#store.rollback();
        throw error;
      }
    } finally {
      this.#next();
    }
  }

  /** Resolves when nothing is running or waiting any more, or when the time is over. */
  async idle(): Promise<void> {
    if (!this.#busy) return;
    await this.#turn().then(
      () => this.#next(),
      () => undefined,
    );
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        entry.given = true;
        reject(
          this.#tooLong("another transaction of this connection has been open all that time", {
            hint: "Use only `tx` inside a transaction, and do slow work before it.",
          }),
        );
      }, this.#options.budget);
      const entry = {
        given: false,
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiting.push(entry);
    });
  }

  #next(): void {
    for (let entry = this.#waiting.shift(); entry !== undefined; entry = this.#waiting.shift()) {
      if (!entry.given) return entry.start();
    }
    this.#busy = false;
  }

  async #beginLater(deadline: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (this.#options.clock.monotonic() >= deadline) {
        const holder = this.#store.holder?.();
        throw this.#tooLong(`${holder ?? "another session"} has its write lock`, {
          hint: "Wait for the other command to finish, or end it.",
          holder,
        });
      }
      await wait(pause(attempt));
      if (this.#store.begin()) return;
    }
  }

  async #commitLater(deadline: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (this.#options.clock.monotonic() >= deadline) throw this.#tooLong("it could not be committed", {});
      await wait(pause(attempt));
      if (this.#store.commit()) return;
    }
  }

  #tooLong(why: string, { hint, holder }: { hint?: string; holder?: string | undefined }): StratigraphError {
    const { name, budget } = this.#options;
    return new StratigraphError("BACKEND_BUSY", `the database stayed locked for ${seconds(budget)}: ${why}`, {
      where: name,
      hint,
      data: { budget, holder },
    });
  }
}

/**
 * Milliseconds before the next attempt: at random, so that many waiters do not ask in step, and never long, so that a lock that is
 * given back and taken again at once by a busy writer is met in one of the gaps.
 */
export function pause(attempt: number): number {
  return (0.25 + 0.75 * Math.random()) * Math.min(1.5 ** attempt, 20);
}

function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 100) / 10} s`;
}
