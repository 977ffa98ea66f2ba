// The facts a command works with: the project's database, or another store, with host and registry over it.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../backend/backend.ts";
import { openWorkspace, type Workspace } from "../build/workspace.ts";
import { defaultNamespace } from "../config/resolve.ts";
import type { Settings } from "../config/settings.ts";
import { StratigraphError } from "../errors.ts";
import { openFacts, type OpenFacts } from "../mlops/open-facts.ts";
import { showValue } from "../util/show.ts";
import type { Call } from "./command.ts";
import { finishedLines } from "./metadata.ts";
import { findProject, makeHome, type Project } from "./project.ts";

export interface Facts extends OpenFacts {
  readonly project: Project;
  readonly settings: Settings;
  readonly workspace: Workspace;
  /** Of models that are named without one. */
  readonly namespace: string;
}

export interface FactsOptions {
  /** A folder, `file:…` or `sqlite:…`; the project's own place unless told. */
  readonly store?: string | undefined;
  /** True unless told. */
  readonly readOnly?: boolean | undefined;
  /** Who acts. */
  readonly by?: string | undefined;
}

/** Opens everything as the project's settings say, and closes it when `work` is done. Error: CONFIG_INVALID for a change where nothing is kept. */
export async function withFacts<T>(
  call: Pick<Call, "cwd" | "env" | "options" | "terminal">,
  work: (facts: Facts) => Promise<T>,
  { store: place, readOnly = true, by }: FactsOptions = {},
): Promise<T> {
  const { terminal } = call;
  const note = (sentence: string): void => terminal.warn(terminal.colors.yellow(`note: ${sentence}`));
  const project = await findProject(call);
  const { settings: said, origins, notices } = await project.settings();
  notices.forEach(note);
  const settings = settingsFor(said, { place, by });
  if (!readOnly && !settings.enabled) throw nothingKept();
  await using workspace = await openPlace(call, project, place, readOnly);
  const { folder, root, home } = project;
  const shelf = await project.plugins();
  shelf.warnings.forEach(note);
  const log = (line: string): void => terminal.warn(line);
  // Another place is a registry of ours.
  const words =
    place === undefined ? origins : origins.filter(({ path }) => !/^(registry|lineage)\.(backend|table)$/.test(path));
  const env = place === undefined ? call.env : {};
  const facts = await openFacts({
    settings,
    origins: words,
    env,
    folder,
    root,
    home,
    shelf,
    workspace,
    warn: note,
    log,
  });
  const { namespace = defaultNamespace(settings.registry) } = facts.registryOptions;
  try {
    return await work({ ...facts, project, settings, workspace, namespace });
  } finally {
    terminal.warn(...finishedLines(await facts.close()));
  }
}

/** Another place is another registry: the project's store of bytes is not that one's, and nobody mirrors it. */
function settingsFor(
  settings: Settings,
  { place, by }: { readonly place: string | undefined; readonly by: string | undefined },
): Settings {
  const { registry, actor } = settings;
  return {
    ...settings,
    actor: by ?? actor,
    registry:
      place === undefined
        ? registry
        : { ...registry, store: undefined, mlflow: { ...registry.mlflow, url: undefined } },
  };
}

function nothingKept(): StratigraphError {
  return new StratigraphError("CONFIG_INVALID", "nothing about models and runs is kept here", {
    where: "'enabled'",
    expected: "true, to change anything",
    received: "false",
    hint: "Whose word that is: strata config show --origin",
  });
}

async function openPlace(
  call: Pick<Call, "cwd">,
  project: Project,
  place: string | undefined,
  readOnly: boolean,
): Promise<Workspace> {
  if (place !== undefined) return openWorkspace({ backend: await backendAt(place, call), readOnly });
  if (!readOnly && project.config.backend === undefined) makeHome(project.home);
  return project.open({ readOnly });
}

/** Error: USAGE for a kind of store nobody knows. */
async function backendAt(place: string, { cwd }: Pick<Call, "cwd">): Promise<Backend> {
  const { sqlite } = await import("../backend/sqlite/index.ts");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(place)?.[1]?.toLowerCase();
  const path = scheme === undefined ? place : pathOf(place, scheme);
  if (scheme === "sqlite") return sqlite(resolve(cwd, path));
  if (scheme === undefined || scheme === "file") {
    const folder = resolve(cwd, path);
    // A project's folder stands for the state folder in it.
    const state = join(folder, ".strata");
    return sqlite(join(existsSync(join(state, "strata.db")) ? state : folder, "strata.db"));
  }
  throw new StratigraphError("USAGE", "there is no store of that kind", {
    where: "--store",
    expected: "a folder, file:<folder>, or sqlite:<file>",
    received: showValue(place),
  });
}

function pathOf(place: string, scheme: string): string {
  if (place.startsWith("file://")) return fileURLToPath(place);
  return place.slice(scheme.length + 1).replace(/^\/\/(?=\/)/, "");
}
