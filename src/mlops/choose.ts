// Which registry and which lineage an instance or a command works with, as somebody says or the surroundings suggest.

import { detectLineage, detectRegistry, type Detection } from "../config/detect.ts";
import type { Environment } from "../config/environment.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { PluginContext } from "../plugins/declare.ts";
import type { PluginTypes } from "../plugins/groups.ts";
import type { PluginShelf } from "../plugins/shelf.ts";

/** Ours, which keeps everything in the database. */
const OURS = "filesystem";

type Choosable = "registry-backends" | "lineage-backends";

export interface ChosenPlugin<Group extends Choosable> {
  readonly name: string;
  readonly backend: PluginTypes[Group];
}

export interface Choice {
  readonly config: ResolvedConfig;
  readonly env: Environment;
  readonly shelf: PluginShelf;
  readonly context: PluginContext;
}

/** `undefined`: ours. Errors: PLUGIN_NOT_FOUND with the nearest name and whose word it is; PLUGIN_INVALID. */
export async function chooseRegistry(choice: Choice): Promise<ChosenPlugin<"registry-backends"> | undefined> {
  const { config, env, shelf } = choice;
  const isThere = (name: string): boolean => shelf.has("registry-backends", name);
  return load("registry-backends", detectRegistry({ config, env, isThere }), choice);
}

/** The same for lineage. */
export async function chooseLineage(choice: Choice): Promise<ChosenPlugin<"lineage-backends"> | undefined> {
  return load("lineage-backends", detectLineage(choice), choice);
}

async function load<Group extends Choosable>(
  group: Group,
  { name, reason, explicit }: Detection,
  { shelf, context }: Choice,
): Promise<ChosenPlugin<Group> | undefined> {
  if (name === OURS) return undefined;
  try {
    return { name, backend: await shelf.load(group, name, context) };
  } catch (error) {
    if (!isStratigraphError(error) || error.code !== "PLUGIN_NOT_FOUND") throw error;
    const { what, expected, data } = error;
    const setting = group === "registry-backends" ? "registry.backend" : "lineage.backend";
    // Nobody named it: who means ours can say so.
    const hint = explicit ? error.hint : `Install the package that has it, or say ${setting}: "${OURS}".`;
    throw new StratigraphError("PLUGIN_NOT_FOUND", what, { where: reason, expected, hint, data });
  }
}
