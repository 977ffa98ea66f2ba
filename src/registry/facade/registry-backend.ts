// The registry as six calls: the smallest thing that can stand for one, and all that another registry has to offer to stand for ours.

import type { Stage } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import type { ArtifactHandle } from "../artifact-store.ts";
import type { GateSettings } from "../gate.ts";
import type { ModelVersion } from "../model-version.ts";
import type { ModelNameInput } from "../name.ts";
import type { VersionPick } from "../reference.ts";
import type { RegisterFields, RegisteredThing } from "../registering.ts";
import type { ModelRegistry } from "../registry.ts";

/** A model's name in its parts: a use case, and the name in it. */
export interface BackendModel {
  readonly namespace: string;
  readonly name: string;
}

/** What every registry can say of a version; ours says more. */
export interface ModelVersionInfo extends BackendModel {
  readonly version: string;
  readonly stage: Stage;
  readonly createdAt: string;
  /** The version of the program that wrote the record. */
  readonly engineVersion: string;
  readonly artifactPath?: string | undefined;
  readonly runId?: string | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, Json>>;
}

export type BackendRegisterInput<M> = BackendModel &
  Pick<RegisterFields, "version" | "metrics" | "metadata" | "runId" | "gates" | "inputSchema" | "outputSchema"> &
  RegisteredThing<M>;

export interface BackendPromotion extends BackendModel {
  readonly version: string;
  /** In any spelling. */
  readonly toStage: string;
  readonly gates?: GateSettings | undefined;
  readonly promotedBy?: string | undefined;
  readonly reason?: string | undefined;
  readonly force?: boolean | undefined;
}

export interface BackendDemotion extends BackendModel {
  readonly version: string;
  readonly toStage: string;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

export interface BackendDeletion extends BackendModel {
  readonly version: string;
  readonly force?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Any object with these six methods is one: no class to inherit from. Errors are those of `ModelRegistry`. */
export interface RegistryBackend {
  register<M>(input: BackendRegisterInput<M>): Promise<ModelVersionInfo>;
  /** Say which version: by number, stage or alias. The artifact is there until it is disposed. */
  get(
    model: BackendModel,
    pick: VersionPick,
  ): Promise<{ readonly artifact: ArtifactHandle; readonly info: ModelVersionInfo }>;
  /** Newest first. */
  listVersions(model: BackendModel): Promise<readonly ModelVersionInfo[]>;
  promote(promotion: BackendPromotion): Promise<ModelVersionInfo>;
  demote(demotion: BackendDemotion): Promise<ModelVersionInfo>;
  delete(deletion: BackendDeletion): Promise<void>;
}

/** The names of the six, for whoever checks that something is one. */
export const registryBackendMethods: readonly (keyof RegistryBackend)[] = [
  "register",
  "get",
  "listVersions",
  "promote",
  "demote",
  "delete",
];

export function asRegistryBackend(registry: ModelRegistry): RegistryBackend {
  return {
    register: (input) => registry.register(input),
    async get({ namespace, name }, pick) {
      // JavaScript may leave it out; the latest is nobody's wish then.
      const artifact = await registry.open({ namespace, name }, pick ?? {});
      return { artifact, info: artifact.version };
    },
    async listVersions({ namespace, name }) {
      return everyVersion(registry, { namespace, name });
    },
    promote: ({ namespace, name, version, toStage, gates, promotedBy, reason, force }) =>
      registry.promote({ namespace, name, version }, toStage, { gates, by: promotedBy, reason, force }),
    demote: ({ namespace, name, version, toStage, by, reason }) =>
      registry.demote({ namespace, name, version }, toStage, { by, reason }),
    async delete({ namespace, name, version, force, reason }) {
      await registry.deleteVersion({ namespace, name, version }, { force, reason });
    },
  };
}

/** All pages in one. */
export async function everyVersion(registry: ModelRegistry, model: ModelNameInput): Promise<readonly ModelVersion[]> {
  const found: ModelVersion[] = [];
  let cursor: string | undefined;
  do {
    const page = await registry.listVersions(model, { cursor });
    for (const version of page.items) found.push(version);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}
