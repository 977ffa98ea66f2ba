// The places where a plugin may stand, and what is asked of it there.

import type { Backend } from "../backend/backend.ts";
import type { Hooks } from "../changes/hooks.ts";
import type { LineageBackend } from "../lineage/lineage.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import type { CustomGate } from "../registry/gate.ts";
import type { RegistryBackend } from "./protocols.ts";

/** What a plugin of each group comes to, once it is made. */
export interface PluginTypes {
  "deploy-adapters": object;
  "registry-backends": RegistryBackend;
  "lineage-backends": LineageBackend;
  "auth-backends": object;
  backends: Backend;
  "artifact-stores": ArtifactStore;
  /** `true`, or the sentence that says why not. */
  gates: CustomGate;
  /** Called once with the hooks of an instance, to register its own. */
  hooks: (hooks: Hooks) => void;
}

export type PluginGroup = keyof PluginTypes;

/** What a group asks: methods with the number of arguments they are called with at most, or one function. */
export type Demand =
  | { readonly kind: "object"; readonly says: string; readonly methods: Readonly<Record<string, number>> }
  | { readonly kind: "function"; readonly says: string; readonly arguments: number };

export const groups: Readonly<Record<PluginGroup, Demand>> = {
  "deploy-adapters": {
    kind: "object",
    says: "brings a task to a remote place",
    methods: { deploy: 3, validateTarget: 1, getJobUrl: 2 },
  },
  "registry-backends": {
    kind: "object",
    says: "keeps models and their versions",
    methods: { register: 1, get: 2, listVersions: 2, promote: 3, demote: 3, delete: 2 },
  },
  "lineage-backends": {
    kind: "object",
    says: "keeps records of what ran",
    methods: { record: 2, getRun: 1, search: 1, compact: 0 },
  },
  "auth-backends": { kind: "object", says: "finds credentials", methods: { resolve: 2, validate: 1 } },
  backends: { kind: "object", says: "remembers everything", methods: { connect: 1 } },
  "artifact-stores": {
    kind: "object",
    says: "keeps the bytes of models",
    methods: {
      claim: 4,
      release: 2,
      put: 2,
      open: 1,
      download: 2,
      exists: 1,
      verify: 1,
      list: 0,
      remove: 1,
      sweep: 1,
      stats: 0,
    },
  },
  gates: { kind: "function", says: "allows or forbids a promotion", arguments: 2 },
  hooks: { kind: "function", says: "registers functions that run around changes", arguments: 1 },
};

export const groupNames: readonly PluginGroup[] = Object.keys(groups) as PluginGroup[];

export function isPluginGroup(name: string): name is PluginGroup {
  return Object.hasOwn(groups, name);
}
