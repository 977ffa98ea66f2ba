// What is known of code outside of the project: which of it changes nothing in the program that calls it, or only itself.

import type { Package } from "./resolve.ts";

/** Modules of Node whose functions change nothing in the program that calls them. */
const HARMLESS = /^(node:)?(crypto|os|path|perf_hooks|url|util)(\/(posix|win32))?$/;
const FILES = /^(node:)?fs(\/promises)?$/;
const READING = /^(access|exists|lstat|readFile|readdir|realpath|stat)(Sync)?$/;

/** Packages whose functions keep nothing of what they are given. */
const FORGETFUL =
  /^(@date-fns\/.+|d3-(array|collection|format|interpolate|scale|shape|time)|date-fns(-tz)?|es-toolkit|fp-ts|just-.+|lodash(-es|\..+)?|ramda|remeda)$/;
const KEEPING = /^(\*|default|mixin|runInContext|setDefaultOptions|templateSettings)$/;

/** Packages that do not say `"sideEffects": false`, and yet change nothing but themselves when they are called. */
const KNOWN =
  /^(big\.js|bignumber\.js|csv-parse|csv-stringify|dayjs|debug|decimal\.js|fast-deep-equal|lodash(\..+)?|lru-cache|moment|ms|pg|pino|semver|slugify|uuid|winston)$/;

export interface OutsideName {
  readonly specifier: string;
  readonly name: string;
}

/** Whether a name of a module of Node stands for what changes nothing: `join` of node:path. */
export function isHarmlessName({ specifier, name }: OutsideName): boolean {
  return HARMLESS.test(specifier) || (FILES.test(specifier) && READING.test(name));
}

/** Whether what a package does when it is called is felt by those alone who use it, or something it stands on. */
export function isSelfContained({ name, selfContained }: Package): boolean {
  return selfContained || KNOWN.test(name) || FORGETFUL.test(name);
}

/** Whether a function of a package leaves nothing behind when it is called. */
export function isForgetful({ name: installed }: Package, name: string): boolean {
  return FORGETFUL.test(installed) && !KEEPING.test(name);
}
