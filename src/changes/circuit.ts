// A circuit breaker: leaves a backend alone that failed again and again, and tries it carefully after a while.

import { StratigraphError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";

export interface CircuitOptions {
  /** Failures without a success between them that open it; 5 unless told. */
  readonly failureThreshold?: number | undefined;
  /** Successes that close it again; 2 unless told. */
  readonly successThreshold?: number | undefined;
  /** Milliseconds it stays open; 30,000 unless told. */
  readonly timeout?: number | undefined;
  /** Calls at the same time while it is tried; 3 unless told. */
  readonly halfOpenMax?: number | undefined;
}

export type CircuitState = "closed" | "open" | "half_open";

/** cockatiel's breaker closes at the first success and tries one call at a time; here both are numbers. */
export class Circuit {
  readonly #options: Required<{ [Name in keyof CircuitOptions]: number }>;
  readonly #clock: Clock;
  readonly #changed: (state: CircuitState, failures: number) => void;
  #state: CircuitState = "closed";
  #failures = 0;
  #successes = 0;
  #trying = 0;
  #openedAt = 0;

  constructor(options: CircuitOptions, clock: Clock, changed: (state: CircuitState, failures: number) => void) {
    const { failureThreshold = 5, successThreshold = 2, timeout = 30_000, halfOpenMax = 3 } = options;
    this.#options = { failureThreshold, successThreshold, timeout, halfOpenMax };
    this.#clock = clock;
    this.#changed = changed;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Runs the work, or throws CIRCUIT_OPEN without running it. `isFailure`: whether an error says something about the backend. */
  async run<T>(work: () => Promise<T>, isFailure: (error: unknown) => boolean): Promise<T> {
    this.#enter();
    const trial = this.#state === "half_open";
    if (trial) this.#trying++;
    try {
      const result = await work();
      this.#succeeded();
      return result;
    } catch (error) {
      if (isFailure(error)) this.#failed();
      // The backend answered, if not what was hoped for.
      else this.#succeeded();
      throw error;
    } finally {
      if (trial) this.#trying--;
    }
  }

  #enter(): void {
    const { timeout, halfOpenMax } = this.#options;
    if (this.#state === "closed") return;
    const left = this.#openedAt + timeout - this.#clock.monotonic();
    if (this.#state === "open" && left <= 0) {
      this.#successes = 0;
      this.#become("half_open");
    }
    if (this.#state === "half_open" && this.#trying < halfOpenMax) return;
    throw new StratigraphError("CIRCUIT_OPEN", "the backend failed so often that it is left alone for a while", {
      hint: left > 0 ? `It is tried again in ${Math.ceil(left / 1000)} s.` : "It is being tried just now.",
      data: { failures: this.#failures },
    });
  }

  #succeeded(): void {
    if (this.#state === "closed") this.#failures = 0;
    else if (this.#state === "half_open" && ++this.#successes >= this.#options.successThreshold) {
      this.#failures = 0;
      this.#become("closed");
    }
  }

  #failed(): void {
    this.#failures++;
    if (this.#state === "closed" && this.#failures < this.#options.failureThreshold) return;
    // Calls that began before it opened and fail now change nothing any more.
    if (this.#state === "open") return;
    this.#openedAt = this.#clock.monotonic();
    this.#become("open");
  }

  #become(state: CircuitState): void {
    this.#state = state;
    this.#changed(state, this.#failures);
  }
}
