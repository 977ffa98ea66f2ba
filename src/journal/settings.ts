// How the writer behaves, as the environment says it.

import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";

export interface WriterSettings {
  /** Records that may wait, for each kind of journal; 1,000 unless told. */
  readonly queueSize: number;
  /** Milliseconds that the end of the process waits for what is pending; 30,000 unless told. */
  readonly flushTimeout: number;
  /** Milliseconds that one write may take; 30,000 unless told. */
  readonly writeTimeout: number;
  /** The folder with the fallback journal in it; `~/.strata` unless told. */
  readonly home: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * From STRATA_METADATA_QUEUE_SIZE, STRATA_METADATA_FLUSH_TIMEOUT and STRATA_METADATA_WRITE_TIMEOUT (both in seconds) and STRATA_HOME.
 * What is set and makes no sense is an error, CONFIG_INVALID, never the default.
 */
export function writerSettings(env: Environment = process.env): WriterSettings {
  return {
    queueSize: numberOf(env, "STRATA_METADATA_QUEUE_SIZE", "a whole number from 1", isCount) ?? 1000,
    flushTimeout: milliseconds(env, "STRATA_METADATA_FLUSH_TIMEOUT", "seconds, 0 or more", (value) => value >= 0),
    writeTimeout: milliseconds(env, "STRATA_METADATA_WRITE_TIMEOUT", "seconds, more than 0", (value) => value > 0),
    home: fallbackHome(env),
  };
}

/** STRATA_HOME, or `.strata` in the user's own folder. */
export function fallbackHome(env: Environment = process.env): string {
  const home = env["STRATA_HOME"];
  return home === undefined || home === "" ? join(homedir(), ".strata") : resolve(home);
}

/** Throws CONFIG_INVALID unless it is a whole number from 1. */
export function checkQueueSize(value: number, where: string): number {
  if (isCount(value)) return value;
  throw new StratigraphError("CONFIG_INVALID", "the size of the metadata queue does not fit", {
    where,
    expected: "a whole number from 1",
    received: showValue(value),
  });
}

function milliseconds(env: Environment, name: string, expected: string, fits: (value: number) => boolean): number {
  const seconds = numberOf(env, name, expected, fits) ?? 30;
  // The longest a timer of Node's can be.
  return Math.min(Math.round(seconds * 1000), 2 ** 31 - 1);
}

function numberOf(
  env: Environment,
  name: string,
  expected: string,
  fits: (value: number) => boolean,
): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = /^\d{1,12}(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (fits(value)) return value;
  throw new StratigraphError("CONFIG_INVALID", "the variable does not fit", {
    where: name,
    expected,
    received: showValue(text),
  });
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= 10_000_000;
}
