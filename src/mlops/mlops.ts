// An instance: registry, lineage, events, hooks and audit log over one backend, set up by a project's configuration.

import { join, resolve } from "node:path";
import type { Backend, Connection } from "../backend/backend.ts";
import { memory } from "../backend/memory/memory-backend.ts";
import { openWorkspace, readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { Audit } from "../changes/audit.ts";
import type { EventBus } from "../changes/event-bus.ts";
import type { Hooks } from "../changes/hooks.ts";
import { createHost, type FlushOptions, type Host } from "../changes/host.ts";
import type { Environment } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import { defaultNamespace } from "../config/resolve.ts";
import type { GivenSettings, Settings } from "../config/settings.ts";
import { createLineage, type Lineage } from "../lineage/lineage.ts";
import { resolveBackend } from "../plugins/backend-url.ts";
import { openPlugins, type PluginShelf } from "../plugins/shelf.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import { createRegistry, type ModelRegistry } from "../registry/registry.ts";
import { memoryStore } from "../registry/store/memory-store.ts";
import { openArtifactStore } from "../registry/store/open-store.ts";
import type { Clock } from "../util/clock.ts";
import type { WriterTotals } from "../util/unfinished.ts";
import { hostSettings, registrySettings } from "./from-settings.ts";
import { keepProjections } from "./projections.ts";

/** Settings as strata.config.ts has them, which win over it, and what only a program can hand over. */
export interface MLOpsOptions extends GivenSettings {
  /** The project's folder, with its strata.config.ts; the working directory unless told. */
  readonly cwd?: string | undefined;
  /** Variables that count; those of the process unless told. */
  readonly env?: Environment | undefined;
  readonly clock?: Clock | undefined;
  /** Told of what is worth a sentence; `process.emitWarning` unless told. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** What can be done inside one transaction. */
export interface Changing {
  readonly registry: ModelRegistry;
  readonly lineage: Lineage;
}

/** Everything that can be said about what was built. Two instances share nothing but what is in the backend. */
export interface MLOps extends Changing, AsyncDisposable {
  readonly settings: Settings;
  readonly backend: Backend;
  readonly connection: Connection;
  readonly host: Host;
  readonly store: ArtifactStore;
  readonly events: EventBus;
  readonly hooks: Hooks;
  readonly audit: Audit;
  /** All that `work` changes through what it is given, or nothing if it throws: rows, events and audit rows. */
  transaction<T>(work: (changing: Changing) => Promise<T>): Promise<T>;
  /** Waits for records that are written behind; what is left after the time goes to the fallback journal. */
  flush(options?: FlushOptions): Promise<WriterTotals>;
  /** Flushes, then closes what was opened. Closing twice does nothing. */
  close(): Promise<void>;
}

/**
 * Opens the backend the configuration names (SQLite in `.strata/` unless it names another) and sets everything up over it. With
 * `enabled: false` nothing outlives the process. Errors: CONFIG_INVALID, with the nearest name; PLUGIN_NOT_FOUND; BACKEND_….
 */
export async function createMLOps(options: MLOpsOptions = {}): Promise<MLOps> {
  const { cwd, env = process.env, clock, warn = warnProcess, ...code } = options;
  const folder = resolve(cwd ?? ".");
  const { settings, notices } = await loadConfig({ cwd: folder, env, code });
  notices.forEach(warn);
  const root = resolve(folder, settings.root ?? ".");
  const home = resolve(root, settings.path ?? ".strata");
  const shelf = await openPlugins({ folder, plugins: settings.plugins });
  shelf.warnings.forEach(warn);
  const backend = await backendOf(settings, { root, home, shelf });
  const workspace = await openWorkspace({ backend, root, clock });
  try {
    return await setUp({ settings, shelf, workspace, root, home, clock, warn });
  } catch (error) {
    await workspace.close();
    throw error;
  }
}

interface Place {
  readonly root: string;
  readonly home: string;
  readonly shelf: PluginShelf;
}

function backendOf({ enabled, backend = "sqlite" }: Settings, place: Place): Backend | Promise<Backend> {
  if (!enabled) return memory();
  return typeof backend === "string" ? resolveBackend(backend, place) : backend;
}

async function setUp(
  place: Place & {
    readonly settings: Settings;
    readonly workspace: Workspace;
    readonly clock: Clock | undefined;
    readonly warn: (sentence: string) => void;
  },
): Promise<MLOps> {
  const { settings, shelf, workspace, root, clock, warn } = place;
  const { backend, connection } = workspace;
  const home = backend.home === undefined ? undefined : resolve(backend.home);
  const store =
    settings.registry.store !== undefined
      ? openArtifactStore(placeIn(root, settings.registry.store))
      : home === undefined
        ? memoryStore()
        : openArtifactStore(join(home, "registry"));
  const host = createHost({ connection, clock, warn, ...hostSettings(settings) });
  const context = { root, home: home ?? place.home };
  const { loaded: gates, warnings } = await shelf.loadAll("gates", context);
  const { loaded: registrars, warnings: more } = await shelf.loadAll("hooks", context);
  for (const sentence of [...warnings, ...more]) warn(sentence);
  for (const register of registrars.values()) register(host.hooks);

  const changing = (over: Host): Changing => ({
    registry: createRegistry({
      host: over,
      store,
      gates: Object.fromEntries(gates),
      readPartition: (partition) => readPartitionBytes(workspace, undefined, partition),
      log: warn,
      namespace: defaultNamespace(settings.registry),
      ...registrySettings(settings),
    }),
    lineage: createLineage({ host: over }),
  });
  const projecting = keepProjections(settings.registry.projections, { host, store, folder: context.home });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      await host.close();
      await projecting.close();
      await workspace.close();
    })());
  return {
    settings,
    backend,
    connection: host.connection,
    host,
    store,
    events: host.bus,
    hooks: host.hooks,
    audit: new Audit(connection),
    ...changing(host),
    transaction: (work) => host.transaction((inner) => work(changing(inner))),
    flush: (flushing) => host.flush(flushing),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A path counts from the project's root; a URL is one already. */
function placeIn(root: string, place: string): string {
  return /^[A-Za-z][A-Za-z0-9+.-]+:/.test(place) ? place : resolve(root, place);
}

function warnProcess(sentence: string): void {
  process.emitWarning(sentence, "StratigraphWarning");
}
