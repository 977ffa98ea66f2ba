// Events as an async iterable, with a bounded memory for those nobody asked for yet.

import { Queue } from "../util/queue.ts";

/** Events that wait to be asked for; beyond it the oldest go. */
const MOST = 10_000;

export class EventStream<Event> implements AsyncIterableIterator<Event> {
  readonly #waiting = new Queue<Event>();
  readonly #asking = new Queue<(result: IteratorResult<Event, undefined>) => void>();
  readonly #unsubscribe: () => void;
  #ended = false;
  #missed = 0;

  constructor(
    subscribe: (push: (event: Event) => void) => () => void,
    signal: AbortSignal | undefined,
    tooSlow: (missed: number) => void,
  ) {
    this.#unsubscribe = subscribe((event) => {
      const ask = this.#asking.shift();
      if (ask !== undefined) return ask({ value: event, done: false });
      this.#waiting.push(event);
      if (this.#waiting.length <= MOST) return;
      this.#waiting.shift();
      // Once each time it falls behind, not once for every event.
      if (this.#missed++ === 0) tooSlow(1);
    });
    if (signal?.aborted === true) this.#end();
    else signal?.addEventListener("abort", () => this.#end(), { once: true });
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#waiting.shift();
    if (event !== undefined) {
      if (this.#waiting.length === 0) this.#missed = 0;
      return { value: event, done: false };
    }
    if (this.#ended) return { value: undefined, done: true };
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  async return(): Promise<IteratorResult<Event, undefined>> {
    this.#end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    this.#ended = true;
    this.#unsubscribe();
    for (let ask = this.#asking.shift(); ask !== undefined; ask = this.#asking.shift()) {
      ask({ value: undefined, done: true });
    }
  }
}
