// Settings as variables of the environment write them: STRATA_METADATA__QUEUE_SIZE is metadata.queueSize.

import { suggest } from "../util/suggest.ts";
import type { LayerSource } from "./layer.ts";
import { put } from "./nested.ts";
import { entries, findLeaf, type Profile } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The names that stand for a setting, the strongest first. */
export function variablesOf(path: string): readonly string[] {
  const variables = findLeaf(path)?.variables;
  if (variables === null || variables === undefined) return [];
  const words = path.split(".").map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return [...new Set([...variables, `STRATA_${words.join("__")}`])];
}

/** Names that are no setting but mean something. */
const OTHERS: Readonly<Record<string, string>> = {
  STRATA_CONFIG: "The configuration file, instead of the one in the folder.",
  STRATA_ENV: "The environment that is built for and looked at, where no --env names one.",
  "STRATA_SECRET_<NAME>": "The secret `<name>`, for producers that ask for it.",
};

/** Variables of other systems, by the profile that reads them. */
export const foreignVariables: Readonly<Partial<Record<Profile, Readonly<Record<string, string>>>>> = {
  ubunye: {
    UBUNYE_METADATA_QUEUE_SIZE: "metadata.queueSize",
    UBUNYE_METADATA_FLUSH_TIMEOUT: "metadata.flushTimeout",
    UBUNYE_LINEAGE_TABLE: "lineage.table",
    UBUNYE_REGISTRY_BACKEND: "registry.backend",
  },
  tauro: {
    TAURO_MLOPS_BACKEND: "backend",
    TAURO_MLOPS_PATH: "path",
    TAURO_MLOPS_CATALOG: "registry.catalog",
    TAURO_MLOPS_SCHEMA: "registry.schema",
    TAURO_MLOPS_MAX_RETRIES: "retry.maxAttempts",
  },
};

/** Names of backends in other systems. */
export const backendNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    local: "sqlite",
    fs: "file",
    distributed: "databricks",
  }),
);

/** The settings that `STRATA_` variables hold, one layer for each variable that is set, the weakest first. */
export function environmentLayers(env: Environment): readonly LayerSource[] {
  return entries.flatMap(({ path }) =>
    variablesOf(path)
      .toReversed()
      .flatMap((name) => variableLayer(env, name, path)),
  );
}

/** Those of another system, with a sentence for each that is used. */
export function foreignLayers(
  env: Environment,
  profile: Profile,
): { readonly layers: readonly LayerSource[]; readonly notices: readonly string[] } {
  const layers = Object.entries(foreignVariables[profile] ?? {}).flatMap(([name, path]) =>
    variableLayer(env, name, path),
  );
  const notices = layers.map(({ where }) => {
    const path = foreignVariables[profile]![where]!;
    return `${where} is read for the sake of profile '${profile}'; its name here is ${variablesOf(path)[0]}.`;
  });
  return { layers, notices };
}

/** Every variable with what it says, for the documentation. */
export function describeVariables(): readonly {
  readonly name: string;
  readonly path?: string;
  readonly says: string;
}[] {
  const others = Object.entries(OTHERS).map(([name, says]) => ({ name, says }));
  return [
    ...entries.flatMap(({ path, leaf }) => variablesOf(path).map((name) => ({ name, path, says: leaf.says }))),
    ...others,
  ];
}

/** Variables that begin with STRATA_ and mean nothing: slips, each with the name that may be meant. */
export function unknownVariables(
  env: Environment,
): readonly { readonly name: string; readonly guess: string | undefined }[] {
  const known = describeVariables().map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => name.startsWith("STRATA_") && !known.includes(name) && !name.startsWith("STRATA_SECRET_"))
    .map((name) => ({ name, guess: suggest(name, known) }));
}

const warned = new Set<string>();

/** A sentence for each variable that means nothing, once in a process. */
export function variableWarnings(env: Environment): readonly string[] {
  return unknownVariables(env).flatMap(({ name, guess }) => {
    if (warned.has(name)) return [];
    warned.add(name);
    return [`${name} means nothing${guess === undefined ? "" : `; did you mean ${guess}?`}`];
  });
}

function variableLayer(env: Environment, name: string, path: string): readonly LayerSource[] {
  const given = env[name];
  // An empty variable says nothing: that is how shells unset one for a single command.
  if (given === undefined || given === "") return [];
  const text = path === "backend" ? (backendNames.get(given) ?? given) : given;
  const values = {};
  put(values, path.split("."), findLeaf(path)!.read(text));
  return [{ layer: "environment", where: name, values }];
}
