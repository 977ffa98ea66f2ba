// How often, and after what pause, a producer that failed is tried again.

import { checkOptions, invalid, isRecord } from "./option.ts";

/** A number of further attempts, or that number with the pauses between them. */
export type Retries = number | RetryOptions;

export interface RetryOptions {
  /** Further attempts after the first, 0 to 100. */
  readonly times: number;
  /** Milliseconds before the first further attempt; 1,000 unless told. */
  readonly delay?: number | undefined;
  /** What the pause is multiplied by each time; 2 unless told. */
  readonly factor?: number | undefined;
  /** The longest pause in milliseconds; 60,000 unless told. */
  readonly maxDelay?: number | undefined;
}

export interface RetryPolicy {
  readonly times: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
}

/** The pause in milliseconds after this many failed attempts, from 1. */
export function retryDelay(policy: RetryPolicy, failures: number): number {
  return Math.min(policy.delay * policy.factor ** (failures - 1), policy.maxDelay);
}

/** Throws GRAPH_INVALID. */
export function checkRetries(retries: unknown, where: string): RetryPolicy | undefined {
  if (retries === undefined) return undefined;
  const place = `${where}, retries`;
  const options: unknown = typeof retries === "number" ? { times: retries } : retries;
  if (!isRecord(options))
    invalid(place, "retries are counted", "a number, or { times, delay, factor, maxDelay }", retries);
  checkOptions(options, ["times", "delay", "factor", "maxDelay"], place);
  const { times, delay = 1_000, factor = 2, maxDelay = 60_000 } = options;
  if (!isBetween(times, 0, 100) || !Number.isInteger(times)) {
    invalid(place, "'times' counts further attempts", "a whole number from 0 to 100", times);
  }
  if (!isBetween(delay, 0, 86_400_000)) invalid(place, "'delay' is a pause", "milliseconds, at most a day", delay);
  if (!isBetween(factor, 1, 100)) invalid(place, "'factor' multiplies the pause", "a number from 1 to 100", factor);
  if (!isBetween(maxDelay, 0, 86_400_000))
    invalid(place, "'maxDelay' is a pause", "milliseconds, at most a day", maxDelay);
  return Object.freeze({ times, delay, factor, maxDelay });
}

function isBetween(value: unknown, low: number, high: number): value is number {
  return typeof value === "number" && value >= low && value <= high;
}
