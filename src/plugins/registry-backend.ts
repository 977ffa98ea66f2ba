// Our registry as the six methods that every registry has.

import type { ModelRegistry } from "../registry/registry.ts";
import type { RegistryBackend } from "./protocols.ts";

/** What it can do beyond these is left out; it stays one registry, with the same rules, hooks, events and audit rows. */
export function asRegistryBackend(registry: ModelRegistry): RegistryBackend {
  return {
    register: (version) => registry.register(version),
    async get(reference) {
      const info = await registry.get(reference);
      return { info, artifact: await registry.open(reference) };
    },
    listVersions: (model) => registry.listVersions(model),
    promote: (reference, to, options) => registry.promote(reference, to, options),
    demote: (reference, to, options) => registry.demote(reference, to, options),
    delete: (reference, options) => registry.deleteVersion(reference, options),
  };
}
