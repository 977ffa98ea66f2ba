// What every command needs of the configuration, found without loading what checks the rest of it.

import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Backend } from "../backend/backend.ts";
import { StratigraphError } from "../errors.ts";
import { parseDuration, type DurationText } from "../util/duration.ts";
import type { SecretProvider } from "../util/secret.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";
import type { GivenSettings } from "./settings.ts";

/** What strata.config.ts exports as its default. */
export type Config = GivenSettings;

/** The settings that are used before any other is. */
export interface ProjectConfig {
  /** The file that declares the graph, relative to the configuration's folder. */
  readonly graph?: string | undefined;
  /** Where results are remembered; SQLite in `.strata/strata.db` unless told. */
  readonly backend?: string | Backend | undefined;
  /** The folder relative templates start from and `.strata/` lies in, relative to the configuration's folder; that folder unless told. */
  readonly root?: string | undefined;
  /** The state folder, relative to the configuration's folder; `.strata` in the root unless told. */
  readonly path?: string | undefined;
  /** Steps that run at once; as many as there are processors unless told. */
  readonly concurrency?: number | undefined;
  /** Silence after which another process may take over what this one holds: milliseconds, or a text with a unit. */
  readonly leaseTime?: number | DurationText | undefined;
  /** Values for params of producers. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** How many steps may be in a pool at once. */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /** Answers secrets that no variable of the environment holds. */
  readonly secrets?: SecretProvider | undefined;
  readonly plugins?: readonly unknown[] | undefined;
}

const CHECKS: {
  readonly [Name in keyof ProjectConfig]-?: { readonly fits: (value: unknown) => boolean; readonly expected: string };
} = {
  graph: { fits: isName, expected: "the path of a file" },
  backend: { fits: isBackend, expected: 'a backend like sqlite(".strata/strata.db"), or a URL like "memory:"' },
  root: { fits: isName, expected: "the path of a folder" },
  path: { fits: isName, expected: "the path of a folder" },
  concurrency: { fits: isCount, expected: "a whole number of at least 1" },
  leaseTime: { fits: isLeaseTime, expected: 'a time of at least a second, such as "90s" or "10m"' },
  params: { fits: isRecord, expected: "values by name, such as { rate: 0.2 }" },
  pools: { fits: isRecord, expected: "whole numbers of at least 1 by name, such as { gpu: 1 }" },
  secrets: { fits: (value) => typeof value === "function", expected: "a function from a name to a text or undefined" },
  plugins: { fits: Array.isArray, expected: "a list" },
};

/** Settings and groups of settings that are checked only where one of them is there. */
export const furtherNames = [
  "enabled",
  "profile",
  "actor",
  "metadata",
  "registry",
  "lineage",
  "retry",
  "breaker",
  "cache",
  "retention",
] as const;

/** The variables of the environment that stand for one of these settings; they win over the file, the first of two over the second. */
export const variables = {
  STRATA_GRAPH: "graph",
  STRATA_ROOT: "root",
  STRATA_PATH: "path",
  STRATA_DATABASE_URL: "backend",
  STRATA_BACKEND: "backend",
  STRATA_CONCURRENCY: "concurrency",
  STRATA_LEASE_TIME: "leaseTime",
} as const;

const MODULES = ["strata.config.ts", "strata.config.mts", "strata.config.js", "strata.config.mjs"];
const YAML = ["strata.yaml", "strata.yml"];
/** The state folder's name, in the root. */
export const STATE = ".strata";
/** The annotation of a graph or producer that holds settings. */
export const SETTINGS_ANNOTATION = "strata";

/**
 * The configuration file: the one STRATA_CONFIG names, or that of the folder; never one of a folder above it, which might be somebody
 * else's. Error: CONFIG_INVALID where there are two, or where the named one is not there.
 */
export function findConfigFile(
  folder: string,
  env: Readonly<Record<string, string | undefined>> = {},
): string | undefined {
  const { STRATA_CONFIG: named } = env;
  if (present(named)) {
    const path = resolve(folder, named);
    if (existsSync(path)) return path;
    throw new StratigraphError("CONFIG_INVALID", `there is no file ${named}`, { where: "STRATA_CONFIG" });
  }
  const [found, other] = [...MODULES, ...YAML].filter((name) => existsSync(join(folder, name)));
  if (found === undefined) return undefined;
  if (other === undefined) return join(folder, found);
  throw new StratigraphError("CONFIG_INVALID", `there are two configurations, ${found} and ${other}`, {
    where: folder,
    hint: "Keep one of them.",
  });
}

export interface Places {
  /** Absolute; what relative templates, and the places of databases and stores, start from. */
  readonly root: string;
  /** The state folder, absolute. */
  readonly home: string;
}

/** Where a project is and keeps its state: both count from the configuration's folder; `standardRoot`: the root where nobody names one. */
export function placesOf(
  { root, path }: Pick<ProjectConfig, "root" | "path">,
  folder: string,
  standardRoot: string = folder,
): Places {
  const base = root === undefined ? standardRoot : resolve(folder, root);
  return { root: base, home: path === undefined ? join(base, STATE) : resolve(folder, path) };
}

export function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/** How steps run, wherever any are run: all of it belongs together. The lease time is in milliseconds. */
export function executionOf({ concurrency, pools, leaseTime, secrets }: ProjectConfig): Pick<
  ProjectConfig,
  "concurrency" | "pools" | "secrets"
> & {
  readonly leaseTime: number | undefined;
} {
  return {
    concurrency,
    pools,
    leaseTime: typeof leaseTime === "string" ? parseDuration(leaseTime) : leaseTime,
    secrets,
  };
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

/** The default export of a configuration file, its settings checked as far as `ProjectConfig` goes. Error: CONFIG_INVALID. */
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
    if (isSetting(key)) check(key, given, path);
    else if (!isFurther(key)) throw unknownKey(key, path);
  }
  return value;
}

/** Whether there is anything that `ProjectConfig` does not have. */
export function saysMore(config: object): boolean {
  return Object.keys(config).some(isFurther);
}

/** The settings the environment holds. Error: CONFIG_INVALID. */
export function environmentConfig(env: Readonly<Record<string, string | undefined>>): ProjectConfig {
  const config: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(variables)) {
    const text = env[name];
    if (!present(text) || Object.hasOwn(config, key)) continue;
    const value = key === "concurrency" ? Number(text) : text;
    if (!CHECKS[key].fits(value)) {
      throw new StratigraphError("CONFIG_INVALID", "the variable does not fit", {
        where: name,
        expected: CHECKS[key].expected,
        received: showValue(text),
      });
    }
    config[key] = value;
  }
  return config;
}

function check(key: keyof ProjectConfig, given: unknown, path: string): void {
  if (given === undefined || CHECKS[key].fits(given)) return;
  throw new StratigraphError("CONFIG_INVALID", `'${key}' does not fit`, {
    where: path,
    expected: CHECKS[key].expected,
    received: showValue(given),
  });
}

function unknownKey(key: string, path: string): StratigraphError {
  const known = [...Object.keys(CHECKS), ...furtherNames];
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

function isSetting(key: string): key is keyof ProjectConfig {
  return Object.hasOwn(CHECKS, key);
}

function isFurther(key: string): boolean {
  return (furtherNames as readonly string[]).includes(key);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** Renewed a few times within it: with less than a second a busy process would lose what it holds. */
function isLeaseTime(value: unknown): boolean {
  const time = typeof value === "string" ? parseDuration(value) : value;
  return typeof time === "number" && Number.isFinite(time) && time >= 1_000;
}

function isBackend(value: unknown): boolean {
  return (
    isName(value) || (typeof value === "object" && typeof (value as Partial<Backend> | null)?.connect === "function")
  );
}
