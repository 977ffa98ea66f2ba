// Work that is tried again where trying again may help.

import { isRetryable } from "../journal/failure.ts";
import type { Retry } from "./hooks.ts";

export interface RetryOptions {
  /** The first attempt included; 3 unless told. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds before the second attempt; 100 unless told. */
  readonly initialDelay?: number | undefined;
  /** Milliseconds; 10,000 unless told. */
  readonly maxDelay?: number | undefined;
  /** By which each delay is longer than the one before; 2 unless told. */
  readonly factor?: number | undefined;
  /** The part of a delay that is left to chance, in both directions; 0.25 unless told. */
  readonly jitter?: number | undefined;
  /** Locks, time limits and the network, unless told. */
  readonly retryable?: ((error: unknown) => boolean) | undefined;
  /** Called before each repetition's delay. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** For `onRetry`: what is tried; "work" unless told. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A number from 0 to 1; `Math.random` unless told. */
  readonly random?: (() => number) | undefined;
}

/** Runs `work` until it succeeds, fails for good, or has been tried often enough; then the last error is thrown. */
export async function withRetry<T>(work: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { maxAttempts = 3, initialDelay = 100, maxDelay = 10_000, factor = 2, jitter = 0.25 } = options;
  const { retryable = isRetryable, onRetry, name = "work", signal, random = Math.random } = options;
  try {
    // Nearly always that is all, and nothing needs to be loaded for it.
    return await work();
  } catch (error) {
    if (maxAttempts <= 1 || !retryable(error)) throw error;
    const { retry, handleWhen, DelegateBackoff } = await import("cockatiel");
    const backoff = new DelegateBackoff(({ attempt }: { readonly attempt: number }) => {
      const delay = Math.min(initialDelay * factor ** (attempt - 1), maxDelay);
      return Math.min(delay * (1 + jitter * (2 * random() - 1)), maxDelay);
    });
    const policy = retry(handleWhen(retryable), { maxAttempts: maxAttempts - 1, backoff });
    policy.onRetry((reason) => {
      onRetry?.({
        call: name,
        attempt: reason.attempt,
        delay: reason.delay,
        error: "error" in reason ? reason.error : undefined,
      });
    });
    let first: { readonly error: unknown } | undefined = { error };
    return policy.execute(async () => {
      const failed = first;
      first = undefined;
      if (failed !== undefined) throw failed.error;
      return work();
    }, signal);
  }
}
