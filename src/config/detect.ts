// Which registry and which lineage backend a project means: what is said, else what the environment suggests, with the reason.

import type { Environment } from "./environment.ts";
import type { ResolvedConfig } from "./resolve.ts";

export interface Detection {
  /** The name of a plugin. */
  readonly name: string;
  /** Why, as a piece of a sentence: "STRATA_REGISTRY_BACKEND says so". */
  readonly reason: string;
  /** Whether somebody said so, rather than the surroundings. */
  readonly explicit: boolean;
}

export interface DetectionOptions {
  readonly config: ResolvedConfig;
  readonly env: Environment;
  /** Whether a plugin of that name is there. */
  readonly isThere: (name: string) => boolean;
}

/**
 * The registry: what the configuration or STRATA_REGISTRY_BACKEND says; on a Databricks cluster that has an MLflow server or a plugin
 * for one, "mlflow"; else "filesystem". What is said wins always, because a guess from the host would let the same pipeline register to
 * two places.
 */
export function detectRegistry({ config, env, isThere }: DetectionOptions): Detection {
  const said = explicit(config, "registry.backend");
  if (said !== undefined) return said;
  if (isSet(env["DATABRICKS_RUNTIME_VERSION"])) {
    const server = isSet(env["MLFLOW_TRACKING_URI"]);
    if (server || isThere("mlflow")) {
      const second = server ? "MLFLOW_TRACKING_URI is set" : "the plugin 'mlflow' is there";
      return { name: "mlflow", reason: `DATABRICKS_RUNTIME_VERSION and ${second}`, explicit: false };
    }
  }
  return { name: "filesystem", reason: "nothing says otherwise", explicit: false };
}

/** The lineage backend: what the configuration says; where a table is named, "databricks-sql"; else "filesystem". */
export function detectLineage({ config }: Pick<DetectionOptions, "config">): Detection {
  const said = explicit(config, "lineage.backend");
  if (said !== undefined) return said;
  const table = config.origins.find(({ path }) => path === "lineage.table");
  if (typeof table?.value === "string") {
    return {
      name: "databricks-sql",
      reason: `lineage.table is '${table.value}' (${table.where})`,
      explicit: false,
    };
  }
  return { name: "filesystem", reason: "nothing says otherwise", explicit: false };
}

const told = new Set<string>();

/** One line that says what was taken and why, once in a process for each; `undefined` the second time. */
export function detectionLine(what: "registry" | "lineage", { name, reason }: Detection): string | undefined {
  const line = `${what} backend '${name}': ${reason}`;
  if (told.has(line)) return undefined;
  told.add(line);
  return line;
}

function explicit({ origins }: ResolvedConfig, path: string): Detection | undefined {
  const setting = origins.find((one) => one.path === path);
  if (typeof setting?.value !== "string") return undefined;
  return { name: setting.value, reason: `${setting.where} says so`, explicit: true };
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== "";
}
