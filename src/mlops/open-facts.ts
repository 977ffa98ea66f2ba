// Host, artifact store, registry and lineage over an open database, as the settings of a project say: one way, for programs and commands.

import { resolve } from "node:path";
import { readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { createHost, type FlushOptions, type Host } from "../changes/host.ts";
import { defaultNamespace, type ResolvedConfig } from "../config/resolve.ts";
import type { Environment } from "../config/environment.ts";
import type { Settings } from "../config/settings.ts";
import { createLineage, type Lineage } from "../lineage/lineage.ts";
import type { PluginContext } from "../plugins/declare.ts";
import type { Replayable } from "../changes/sync.ts";
import { lineageOver } from "../plugins/foreign-lineage.ts";
import { registryOver } from "../plugins/foreign-registry.ts";
import type { PluginShelf } from "../plugins/shelf.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import type { RegistryOptions } from "../registry/core.ts";
import { createRegistry, type ModelRegistry } from "../registry/registry.ts";
import { memoryStore } from "../registry/store/memory-store.ts";
import { openArtifactStore, registryFolder, schemeOfStore } from "../registry/store/open-store.ts";
import type { WriterTotals } from "../util/unfinished.ts";
import { chooseLineage, chooseRegistry } from "./choose.ts";
import { openMlflowMirror } from "./open-mlflow.ts";
import { hostSettings, journalHome, registrySettings } from "./from-settings.ts";
import { keepProjections } from "./projections.ts";

export interface FactsPlace {
  readonly settings: Settings;
  /** Whose word each setting is. */
  readonly origins: ResolvedConfig["origins"];
  readonly env: Environment;
  /** The folder of the configuration, absolute. */
  readonly folder: string;
  /** What relative places start from, absolute. */
  readonly root: string;
  /** The state folder, absolute; where the database has a folder of its own, that one counts. */
  readonly home: string;
  readonly shelf: PluginShelf;
  /** Stays the caller's to close, after the facts. */
  readonly workspace: Workspace;
  /** Told of what is worth a sentence. */
  readonly warn: (sentence: string) => void;
  /** Where a blocked promotion says which gates failed; `warn` unless told. */
  readonly log?: ((line: string) => void) | undefined;
}

/** What can be done inside one transaction. */
export interface Changing {
  readonly registry: ModelRegistry;
  readonly lineage: Lineage;
}

export interface OpenFacts extends Changing {
  readonly host: Host;
  readonly store: ArtifactStore;
  /** What the registry was made with. */
  readonly registryOptions: RegistryOptions;
  /** All that `work` changes through what it is given, or nothing if it throws: rows, events and audit rows. */
  transaction<T>(work: (changing: Changing) => Promise<T>): Promise<T>;
  /** What a sync does in another way than with rows of ours. */
  readonly replays: readonly Replayable[];
  totals(): WriterTotals;
  flush(options?: FlushOptions): Promise<WriterTotals>;
  /** Waits for what is under way; what cannot be written in time goes to the fallback journal. */
  close(): Promise<WriterTotals>;
}

/** Errors: CONFIG_INVALID for a place or a gate that cannot be; PLUGIN_…. */
export async function openFacts(place: FactsPlace): Promise<OpenFacts> {
  const { settings, origins, env, folder, root, shelf, workspace, warn, log = warn } = place;
  const { connection, clock, backend } = workspace;
  const home = backend.home === undefined ? undefined : resolve(backend.home);
  const host = createHost({ connection, clock, warn, ...hostSettings(settings, folder) });
  const context: PluginContext = { root, home: home ?? place.home, settings, host };
  const store = await openStore(home, context, place);
  const { loaded: gates, warnings } = await shelf.loadAll("gates", context);
  const { loaded: registrars, warnings: more } = await shelf.loadAll("hooks", context);
  for (const sentence of [...warnings, ...more]) warn(sentence);
  for (const register of registrars.values()) register(host.hooks);

  const registryOptions: RegistryOptions = {
    host,
    store,
    gates: Object.fromEntries(gates),
    readPartition: (partition) => readPartitionBytes(workspace, undefined, partition),
    log,
    namespace: defaultNamespace(settings.registry),
    ...registrySettings(settings),
  };
  const choice = { config: { settings, origins }, env, shelf, context };
  // Where nothing is kept, nothing is kept elsewhere either.
  const registryPlugin = settings.enabled ? await chooseRegistry(choice) : undefined;
  const lineagePlugin = settings.enabled ? await chooseLineage(choice) : undefined;
  const { enabled } = settings.lineage;
  const elsewhere =
    lineagePlugin === undefined
      ? undefined
      : lineageOver(lineagePlugin.name, lineagePlugin.backend, {
          ...{ host, enabled, warn },
          writer: { ...settings.metadata, home: journalHome(settings.metadata, folder) },
        });
  const changing = (over: Host): Changing => {
    const options = { ...registryOptions, host: over };
    return {
      registry:
        registryPlugin === undefined
          ? createRegistry(options)
          : registryOver(registryPlugin.name, registryPlugin.backend, options),
      lineage: elsewhere?.over(over) ?? createLineage({ host: over, enabled }),
    };
  };
  // What is kept elsewhere is elsewhere's to tell.
  const mlflow =
    registryPlugin === undefined
      ? await openMlflowMirror({ settings, env, folder, host, rows: connection, warn })
      : undefined;
  if (registryPlugin !== undefined && settings.registry.mlflow.url !== undefined)
    warn(`the registry is the plugin '${registryPlugin.name}', so registry.mlflow.url has no effect`);
  const layouts = settings.enabled ? settings.registry.projections : [];
  const projecting = keepProjections(layouts, { host, store, folder: context.home });
  return {
    host,
    store,
    registryOptions,
    ...changing(host),
    replays: [elsewhere, mlflow].flatMap((one) => (one === undefined ? [] : [one.replay])),
    totals: () => [elsewhere, mlflow].reduce((sum, one) => added(sum, one?.totals() ?? NOTHING), host.totals()),
    async flush(options) {
      const more = (await elsewhere?.flush(options)) ?? NOTHING;
      const totals = added(await host.flush(options), more);
      // Last: what was just written is what it is told of.
      return added(totals, (await mlflow?.flush(options)) ?? NOTHING);
    },
    transaction: (work) => host.transaction((inner) => work(changing(inner))),
    async close() {
      const more = (await elsewhere?.close()) ?? NOTHING;
      const totals = await host.close();
      await projecting.close();
      return added(added(totals, more), (await mlflow?.close()) ?? NOTHING);
    },
  };
}

const NOTHING: WriterTotals = { written: 0, fallback: 0, dropped: 0, lost: 0, pending: 0 };

function added(a: WriterTotals, b: WriterTotals): WriterTotals {
  return {
    written: a.written + b.written,
    fallback: a.fallback + b.fallback,
    dropped: a.dropped + b.dropped,
    lost: a.lost + b.lost,
    pending: a.pending + b.pending,
  };
}

/** Where nothing is kept, bytes are not either. */
async function openStore(
  home: string | undefined,
  context: PluginContext,
  { settings, root, shelf, workspace: { clock } }: FactsPlace,
): Promise<ArtifactStore> {
  const { store } = settings.registry;
  if (!settings.enabled || (store === undefined && home === undefined)) return memoryStore({ clock });
  const place = store ?? registryFolder(home!);
  const scheme = schemeOfStore(place);
  return scheme !== undefined && shelf.has("artifact-stores", scheme)
    ? shelf.load("artifact-stores", scheme, { ...context, url: place })
    : openArtifactStore(place, { root, clock });
}
