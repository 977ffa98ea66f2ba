// The facts a command works with: the project's database, or another store, with host and registry over it.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../backend/backend.ts";
import { openWorkspace, readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { createHost, type Host } from "../changes/host.ts";
import { StratigraphError } from "../errors.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import { createRegistry, type ModelRegistry } from "../registry/registry.ts";
import { localStore } from "../registry/store/local-store.ts";
import { memoryStore } from "../registry/store/memory-store.ts";
import { showValue } from "../util/show.ts";
import type { Call } from "./command.ts";
import { findProject, makeHome } from "./project.ts";

export interface Facts {
  readonly workspace: Workspace;
  readonly host: Host;
  readonly store: ArtifactStore;
  readonly registry: ModelRegistry;
}

export interface FactsOptions {
  /** A folder, `file:…` or `sqlite:…`; the project's own place unless told. */
  readonly store?: string | undefined;
  /** True unless told. */
  readonly readOnly?: boolean | undefined;
  /** Who acts. */
  readonly by?: string | undefined;
}

/** The folder beside the database in which bytes of models lie. */
const REGISTRY = "registry";

/** Opens everything, and closes it when `work` is done. What a command writes, it waits for. */
export async function withFacts<T>(
  call: Call,
  work: (facts: Facts) => Promise<T>,
  { store: place, readOnly = true, by }: FactsOptions = {},
): Promise<T> {
  await using workspace = await openPlace(call, place, readOnly);
  const { connection, storage } = workspace;
  await using host = createHost({ connection, mode: "durable", writer: false, actor: by });
  const store = storage.home === undefined ? memoryStore() : localStore(join(storage.home, REGISTRY));
  const registry = createRegistry({
    host,
    store,
    readPartition: (partition) => readPartitionBytes(workspace, undefined, partition),
    log: (line) => call.terminal.warn(line),
  });
  return await work({ workspace, host, store, registry });
}

async function openPlace(call: Call, place: string | undefined, readOnly: boolean): Promise<Workspace> {
  if (place !== undefined) return openWorkspace({ backend: await backendAt(place, call), readOnly });
  const project = await findProject(call);
  if (!readOnly && project.config.backend === undefined) makeHome(project.home);
  return project.open({ readOnly });
}

/** Error: USAGE for a kind of store nobody knows. */
async function backendAt(place: string, { cwd }: Call): Promise<Backend> {
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
