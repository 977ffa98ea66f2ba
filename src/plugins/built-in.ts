// The plugins that come with the package, each loaded when it is asked for.

import type { Host } from "../changes/host.ts";
import { StratigraphError } from "../errors.ts";
import type { PluginContext } from "./declare.ts";
import type { PluginGroup } from "./groups.ts";

type BuiltIn = () => Promise<(context: PluginContext) => unknown>;

/** By group, then by name. */
export const builtIn: Readonly<Record<PluginGroup, Readonly<Record<string, BuiltIn>>>> = {
  "deploy-adapters": {},
  "registry-backends": {
    filesystem: async () => {
      const { createRegistry } = await import("../registry/registry.ts");
      const { openArtifactStore, registryFolder } = await import("../registry/store/open-store.ts");
      const { asRegistryBackend } = await import("./registry-backend.ts");
      return (context) => {
        const { root, home, settings } = context;
        const store = openArtifactStore(settings?.registry.store ?? registryFolder(home), { root });
        const initialStage = settings?.registry.initialStage;
        return asRegistryBackend(createRegistry({ host: hostOf(context), store, initialStage }));
      };
    },
  },
  "lineage-backends": {
    filesystem: async () => {
      const { createLineage } = await import("../lineage/lineage.ts");
      return (context) => createLineage({ host: hostOf(context) });
    },
  },
  "auth-backends": {},
  backends: {
    memory: async () => {
      const { memory } = await import("../backend/memory/memory-backend.ts");
      return () => memory();
    },
    sqlite: async () => {
      const { openSqlite } = await import("./backend-url.ts");
      return openSqlite;
    },
    file: async () => {
      const { openFolder } = await import("./backend-url.ts");
      return openFolder;
    },
  },
  "artifact-stores": {
    memory: async () => {
      const { memoryStore } = await import("../registry/store/memory-store.ts");
      return () => memoryStore();
    },
    file: async () => {
      const { openArtifactStore, registryFolder } = await import("../registry/store/open-store.ts");
      return ({ root, home, url }) => openArtifactStore(url ?? registryFolder(home), { root });
    },
  },
  gates: {},
  hooks: {},
};

function hostOf({ host }: PluginContext): Host {
  if (host !== undefined) return host;
  throw new StratigraphError("NOT_INITIALIZED", "the registry and the lineage of this package work on an instance", {
    hint: "Make one: await createMLOps().",
  });
}
