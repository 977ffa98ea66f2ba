// The MLflow mirror that the settings ask for, if they do.

import type { Environment } from "../config/environment.ts";
import type { Settings } from "../config/settings.ts";
import { StratigraphError } from "../errors.ts";
import type { MlflowMirror, MlflowMirrorOptions } from "../registry/mlflow/mirror.ts";
import { showValue } from "../util/show.ts";
import { journalHome } from "./from-settings.ts";

/** Says that the address is in MLFLOW_TRACKING_URI; that variable alone has no effect, as it is set for programs of all kinds. */
const IN_ENVIRONMENT = "env";
const VARIABLE = "MLFLOW_TRACKING_URI";

export interface MlflowPlace extends Pick<MlflowMirrorOptions, "host" | "rows" | "warn"> {
  readonly settings: Settings;
  readonly env: Environment;
  /** That of the configuration. */
  readonly folder: string;
}

/** Error: CONFIG_INVALID. */
export async function openMlflowMirror({
  settings,
  env,
  folder,
  ...place
}: MlflowPlace): Promise<MlflowMirror | undefined> {
  const { url, timeout } = settings.registry.mlflow;
  if (url === undefined || !settings.enabled) return undefined;
  const address = addressOf(url, env);
  const [{ keepMlflowMirror }, { mlflowCredentials }] = await Promise.all([
    import("../registry/mlflow/mirror.ts"),
    import("../registry/mlflow/client.ts"),
  ]);
  return keepMlflowMirror({
    ...place,
    server: { url: address, credentials: mlflowCredentials(env) },
    timeout,
    writer: { ...settings.metadata, home: journalHome(settings.metadata, folder) },
  });
}

function addressOf(said: string, env: Environment): string {
  const fromEnvironment = said === IN_ENVIRONMENT;
  const where = fromEnvironment ? VARIABLE : "registry.mlflow.url";
  const text = fromEnvironment ? env[VARIABLE] : said;
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.username !== "" || url.password !== "")) {
    throw new StratigraphError("CONFIG_INVALID", "the address of the MLflow server has credentials in it", {
      where,
      expected: "an address without them, as it is shown and kept in the journal",
      hint: "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
    });
  }
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "") return url.href;
  throw new StratigraphError("CONFIG_INVALID", "that is not the address of an MLflow server", {
    where,
    expected: `an address such as "https://mlflow.example.com", or "${IN_ENVIRONMENT}" in the settings for that in ${VARIABLE}`,
    received: text === undefined ? "nothing" : showValue(text),
  });
}
