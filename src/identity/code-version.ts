// The version of a producer that follows its code: where it was declared, and, once somebody has looked, what its code is.

import { fileURLToPath } from "node:url";
import { StratigraphError } from "../errors.ts";
import { systemClock } from "../util/clock.ts";
import type { SealedManifest } from "./manifest.ts";
import type { VersionDescription } from "./version.ts";

/** Where `producer()` was called. */
export interface CallSite {
  /** Absolute; the user's files that were running, the one that called first. */
  readonly files: readonly string[];
  /** When the file may have been loaded at the earliest, and when the call was, in milliseconds since 1970. */
  readonly since: number;
}

/** What a producer's code is, as `src/code/` found it. */
export interface KnownCode {
  readonly manifest: SealedManifest;
  /** The file of each item of the manifest, for people: where a file lies is no part of what it says. */
  readonly files: readonly string[];
  /** Of each item that no name leads to: why it counts, for people. */
  readonly because: readonly (string | undefined)[];
  /** A file was saved while it was loaded: nobody can say which of the two texts runs, so this version is never met again. */
  readonly unsettled: boolean;
}

/** Not plain data: it is looked up when it is first needed, and then stays, as the code that was loaded does. */
export class CodeVersion implements VersionDescription {
  readonly kind = "code";
  readonly site: CallSite;
  #known: KnownCode | undefined;
  #text: string | undefined;

  constructor(site: CallSite) {
    this.site = site;
  }

  get known(): KnownCode | undefined {
    return this.#known;
  }

  /** Once: code that was loaded does not change any more. `mark`: what tells an unsettled version from every other one. */
  settle(known: KnownCode, mark: string): void {
    if (this.#known !== undefined) return;
    this.#known = known;
    const { fingerprint } = known.manifest;
    this.#text = known.unsettled ? `${fingerprint} ${mark}` : fingerprint;
  }

  get counts(): string {
    return `code ${this.#settled()}`;
  }

  get text(): string {
    return `code ${this.#settled().slice(0, 12)}`;
  }

  #settled(): string {
    if (this.#text !== undefined) return this.#text;
    throw new StratigraphError("VERSION_INVALID", "the code of this producer has not been looked at yet", {
      where: this.site.files[0],
      hint: "Plan or build the graph first: that looks at the code of all its producers.",
    });
  }
}

/** This package's own files: neither they nor those of Node are the user's. */
const OWN = fileURLToPath(new URL("..", import.meta.url));
/** A module that is loaded later than this after the process began was not loaded with it. */
const STARTING = 60_000;
/** The longest time that is taken for loading a module later on. */
const LOADING = 10_000;

let loading: number | undefined;

/** Tells when the load of modules began that declare producers; `undefined`: it is over. */
export function loadingSince(moment: number | undefined): void {
  loading = moment;
}

/** Where the user's code is that called. Error: VERSION_INVALID where it is in no file. */
export function callSite(where: string): CallSite {
  const files = new Set<string>();
  for (const name of callers()) {
    const path = pathOf(name);
    // Of packages only the one that calls counts: loaders and test runners are below every file.
    if (path === undefined || path.startsWith(OWN) || (files.size > 0 && /[\\/]node_modules[\\/]/.test(path))) continue;
    files.add(path);
  }
  if (files.size > 0) return { files: [...files], since: loadedSince() };
  throw new StratigraphError("VERSION_INVALID", "the code of this producer is in no file, so nobody can follow it", {
    where,
    expected: 'a version such as version: "1.0.0"',
    received: "code that was typed in or made while running",
  });
}

function loadedSince(): number {
  if (loading !== undefined) return loading;
  const now = systemClock.now();
  const started = Math.floor(performance.timeOrigin);
  return now - started < STARTING ? started : now - LOADING;
}

function pathOf(name: string): string | undefined {
  // What is given to `node -e` or typed in has the name of a file that is none.
  if (/[\\/]\[\w+\]$/.test(name)) return undefined;
  if (name.startsWith("file:")) return fileURLToPath(name.replace(/[?#].*$/, ""));
  return /^(\/|[A-Za-z]:[\\/])/.test(name) ? name : undefined;
}

function callers(): readonly string[] {
  const { stackTraceLimit } = Error;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only put back
  const prepare = Error.prepareStackTrace;
  try {
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName() ?? "");
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callSite);
    return holder.stack as string[];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepare;
  }
}
