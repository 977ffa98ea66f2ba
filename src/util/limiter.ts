// At most n at a time, in arrival order.

export interface Limiter {
  /**
   * Runs `work` as soon as fewer than n others run, and answers what it answers. With a signal: rejects with the signal's reason, without
   * having run, when it is aborted before its turn; work that has begun looks after itself.
   */
  run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T>;
  /** How many run now. */
  readonly active: number;
  /** How many wait for their turn. */
  readonly waiting: number;
}

/** Throws RangeError unless `limit` is a whole number from 1, or Infinity. */
export function createLimiter(limit: number): Limiter {
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new RangeError(`a limit is a whole number from 1, not ${limit}`);
  }
  return new CountingLimiter(limit);
}

/** One who waits; `enter` is gone once he has given up. */
interface Waiter {
  enter: (() => void) | undefined;
}

class CountingLimiter implements Limiter {
  readonly #limit: number;
  #queue: Waiter[] = [];
  /** Where in the queue the next one stands: taking the first off an array moves all others. */
  #head = 0;
  #active = 0;
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting;
  }

  async run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    // The place is taken here or handed over by `#leave`, never free in between, so nobody can overtake.
    if (this.#active < this.#limit) this.#active++;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        waiter.enter = undefined;
        this.#waiting--;
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        enter: () => {
          signal?.removeEventListener("abort", abort);
          this.#waiting--;
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiter);
      this.#waiting++;
    });
  }

  #leave(): void {
    while (this.#head < this.#queue.length) {
      const waiter = this.#queue[this.#head++];
      if (waiter?.enter === undefined) continue;
      waiter.enter();
      this.#compact();
      return;
    }
    this.#queue = [];
    this.#head = 0;
    this.#active--;
  }

  #compact(): void {
    if (this.#head < 1000 || 2 * this.#head < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}
