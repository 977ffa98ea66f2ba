// Work that is given up after a time, as the place it is done in may never answer.

import { StratigraphError } from "../errors.ts";

export class TimeLimit {
  readonly #milliseconds: number;
  readonly #running = new Set<(error: StratigraphError) => void>();

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Rejects with BACKEND_TIMEOUT when the time is over; what the work does afterwards nobody looks at. Keeps no process alive. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let giveUp: ((error: StratigraphError) => void) | undefined;
    const given = new Promise<never>((_, reject) => (giveUp = reject));
    const expire = (error: StratigraphError): void => giveUp?.(error);
    const timer = setTimeout(() => {
      expire(
        new StratigraphError("BACKEND_TIMEOUT", "the backend did not answer in time", {
          expected: `an answer within ${this.#milliseconds} ms`,
        }),
      );
    }, this.#milliseconds).unref();
    this.#running.add(expire);
    const working = Promise.resolve().then(work);
    working.catch(() => undefined);
    try {
      return await Promise.race([working, given]);
    } finally {
      clearTimeout(timer);
      this.#running.delete(expire);
    }
  }

  /** Gives up everything that runs now. */
  expire(error: StratigraphError): void {
    for (const expire of this.#running) expire(error);
  }
}
