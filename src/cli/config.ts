// strata.config.ts: what a project says about itself, and what the environment says instead.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../backend/backend.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";

/** What strata.config.ts exports as its default. */
export interface Config {
  /** The file that declares the graph, relative to the configuration's folder. */
  readonly graph?: string | undefined;
  /** Where results are remembered; SQLite in `.strata/strata.db` unless told. */
  readonly backend?: Backend | undefined;
  /** The folder relative templates start from and `.strata/` lies in, relative to the configuration's folder; that folder unless told. */
  readonly root?: string | undefined;
  /** Steps that run at once; as many as there are processors unless told. */
  readonly concurrency?: number | undefined;
}

const CHECKS: {
  readonly [Name in keyof Config]-?: { readonly fits: (value: unknown) => boolean; readonly expected: string };
} = {
  graph: { fits: isName, expected: "the path of a file" },
  backend: { fits: isBackend, expected: 'a backend, like sqlite(".strata/strata.db")' },
  root: { fits: isName, expected: "the path of a folder" },
  concurrency: { fits: isCount, expected: "a whole number of at least 1" },
};

/** The variables of the environment that stand for a setting; they win over the file. */
export const variables = {
  STRATA_GRAPH: "graph",
  STRATA_ROOT: "root",
  STRATA_CONCURRENCY: "concurrency",
} as const;

const NAMES = ["strata.config.ts", "strata.config.mts", "strata.config.js", "strata.config.mjs"];

/** The configuration file of a folder: only of that folder, never of one above it, which might be somebody else's. */
export function findConfigFile(folder: string): string | undefined {
  return NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/** Why one should look twice before running this file, as a sentence; `undefined` where all is well. */
export function configConcern(path: string): string | undefined {
  const { mode, uid } = statSync(path);
  if ((mode & 0o002) !== 0) return `${path} can be written by everybody on this machine`;
  const own = process.getuid?.();
  return own === undefined || uid === own || uid === 0 || own === 0
    ? undefined
    : `${path} belongs to another user (${uid})`;
}

/** What a configuration file exported, checked. Error: CONFIG_INVALID. */
export function parseConfig(exported: Readonly<Record<string, unknown>>, path: string): Config {
  const value: unknown = exported["default"];
  if (typeof value !== "object" || value === null) {
    throw new StratigraphError("CONFIG_INVALID", "the configuration must be the default export", {
      where: path,
      expected: "export default { … }",
      received: value === undefined ? "no default export" : showValue(value),
    });
  }
  for (const [key, given] of Object.entries(value)) {
    const check = isSetting(key) ? CHECKS[key] : undefined;
    if (check === undefined) throw unknownKey(key, path);
    if (given !== undefined && !check.fits(given)) {
      throw new StratigraphError("CONFIG_INVALID", `'${key}' does not fit`, {
        where: path,
        expected: check.expected,
        received: showValue(given),
      });
    }
  }
  return value;
}

/** The settings the environment holds. Error: CONFIG_INVALID. */
export function environmentConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const { STRATA_GRAPH, STRATA_ROOT, STRATA_CONCURRENCY } = env;
  const concurrency = present(STRATA_CONCURRENCY) ? Number(STRATA_CONCURRENCY) : undefined;
  if (concurrency !== undefined && !isCount(concurrency)) {
    throw new StratigraphError("CONFIG_INVALID", "the variable does not fit", {
      where: "STRATA_CONCURRENCY",
      expected: CHECKS.concurrency.expected,
      received: showValue(STRATA_CONCURRENCY),
    });
  }
  return {
    ...(present(STRATA_GRAPH) ? { graph: STRATA_GRAPH } : {}),
    ...(present(STRATA_ROOT) ? { root: STRATA_ROOT } : {}),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function unknownKey(key: string, path: string): StratigraphError {
  const known = Object.keys(CHECKS);
  const guess = suggest(key, known);
  return new StratigraphError("CONFIG_INVALID", `there is no setting '${key}'`, {
    where: path,
    expected: known.map((name) => `'${name}'`).join(", "),
    hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
  });
}

function present(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

function isSetting(key: string): key is keyof Config {
  return Object.hasOwn(CHECKS, key);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isBackend(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as Partial<Backend>).connect === "function";
}
