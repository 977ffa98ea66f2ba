// An instance: registry, lineage, events, hooks and audit log over one backend, set up by a project's configuration.

import { resolve } from "node:path";
import type { Backend, Connection } from "../backend/backend.ts";
import { memory } from "../backend/memory/memory-backend.ts";
import type { BuildResult } from "../build/events.ts";
import type { Graph } from "../build/graph.ts";
import type { Snapshot } from "../build/snapshot.ts";
import { openWorkspace } from "../build/workspace.ts";
import { Audit } from "../changes/audit.ts";
import type { EventBus } from "../changes/event-bus.ts";
import type { Hooks } from "../changes/hooks.ts";
import type { FlushOptions, Host } from "../changes/host.ts";
import type { Environment } from "../config/environment.ts";
import { loadConfig, type Annotated } from "../config/load.ts";
import { placesOf, SETTINGS_ANNOTATION, type Places } from "../config/project.ts";
import type { GivenSettings, Settings } from "../config/settings.ts";
import { resolveBackend } from "../plugins/backend-url.ts";
import { openPlugins, type PluginShelf } from "../plugins/shelf.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import type { Clock } from "../util/clock.ts";
import type { WriterTotals } from "../util/unfinished.ts";
import { buildIn, type InstanceBuildOptions } from "./build-in.ts";
import { openFacts, type Changing, type FactsPlace } from "./open-facts.ts";
import { current } from "./scope.ts";

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
  /**
   * Brings a graph up to date: its backend and root are the instance's, and inside of it `getMLOps()` is the instance. With
   * `lineage.openLineage` its events are appended to that file. Errors: as of `Graph.build`; METADATA_FELL_BACK with `metadata.strict`.
   */
  build<G extends string, N>(graph: Graph<G, N>, options?: InstanceBuildOptions): Promise<Snapshot<G, BuildResult>>;
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
  const { settings, origins, notices } = await loadConfig({ cwd: folder, env, code });
  notices.forEach(warn);
  const places = placesOf(settings, folder);
  const shelf = await openPlugins({ folder, plugins: settings.plugins });
  shelf.warnings.forEach(warn);
  const backend = settings.enabled ? await backendOf(settings, places, shelf) : memory();
  const workspace = await openWorkspace({ backend, root: places.root, clock });
  const settingsFor = async (graph: Annotated): Promise<Settings> =>
    Object.hasOwn(graph.annotations, SETTINGS_ANNOTATION)
      ? (await loadConfig({ cwd: folder, env, code, graph })).settings
      : settings;
  try {
    return await instanceOver({ settings, origins, env, folder, ...places, shelf, workspace, warn }, settingsFor);
  } catch (error) {
    await workspace.close();
    throw error;
  }
}

async function backendOf({ backend = "sqlite" }: Settings, places: Places, shelf: PluginShelf): Promise<Backend> {
  return typeof backend === "string" ? resolveBackend(backend, { ...places, shelf }) : backend;
}

async function instanceOver(place: FactsPlace, settingsFor: (graph: Annotated) => Promise<Settings>): Promise<MLOps> {
  const { settings, workspace, shelf } = place;
  const facts = await openFacts(place);
  const { host, store, registry, lineage } = facts;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      try {
        await facts.close();
      } finally {
        await workspace.close();
      }
    })());
  // Results of builds are kept also where nothing else is.
  let building: Promise<Backend> | undefined;
  const buildBackend = async (): Promise<Backend> =>
    settings.enabled ? workspace.backend : (building ??= backendOf(settings, place, shelf));
  const instance: MLOps = {
    settings,
    backend: workspace.backend,
    connection: host.connection,
    host,
    store,
    events: host.bus,
    hooks: host.hooks,
    audit: new Audit(workspace.connection),
    registry,
    lineage,
    build: (graph, options = {}) =>
      buildIn(
        {
          ...place,
          settingsFor,
          backend: buildBackend,
          within: (work) => current.within(instance, work),
          flush: (flushing) => facts.flush(flushing),
          totals: () => facts.totals(),
        },
        graph,
        options,
      ),
    transaction: (work) => facts.transaction(work),
    flush: (flushing) => facts.flush(flushing),
    close,
    [Symbol.asyncDispose]: close,
  };
  return instance;
}

function warnProcess(sentence: string): void {
  process.emitWarning(sentence, "StratigraphWarning");
}
