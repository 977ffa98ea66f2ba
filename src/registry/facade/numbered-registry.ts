// The registry with numbers instead of semantic versions and stages with a capital, as programs expect that come from such a one.

import type { Json } from "../../backend/records.ts";
import type { ModelVersion } from "../model-version.ts";
import type { ArtifactSource } from "../artifact-store.ts";
import type { RegisterFields } from "../registering.ts";
import type { ModelRegistry } from "../registry.ts";
import type { PartitionRef } from "../source-partition.ts";
import { capitalStage, parseStage } from "../stage.ts";
import { stepTowards, type StepOptions } from "../stepping.ts";
import { everyVersion } from "./registry-backend.ts";

/** A version as such programs know it. */
export interface NumberedVersion {
  readonly name: string;
  /** 1, 2, 3, …: what is called `sequence` elsewhere. */
  readonly version: number;
  /** "1.3.0": the other number. */
  readonly semver: string;
  /** "Development", "Staging", "Production" or "Archived". */
  readonly stage: string;
  readonly artifactType: string | undefined;
  readonly framework: string | undefined;
  readonly hyperparameters: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly inputSchema: Json | undefined;
  readonly outputSchema: Json | undefined;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly runId: string | undefined;
  readonly createdAt: string;
  /** Bytes. */
  readonly size: number | undefined;
}

export interface RegisterModelInput extends Omit<RegisterFields, "labels" | "version" | "bump" | "namespace"> {
  /** A path, bytes, or a built partition. */
  readonly artifact: string | Uint8Array | ArtifactSource | PartitionRef;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** Thin calls of the same engine: gates, history, events and audit rows are those of `ModelRegistry`, and so are errors. */
export interface NumberedRegistry {
  registerModel(input: RegisterModelInput): Promise<NumberedVersion>;
  /** Up, or into the archive. */
  promoteModel(name: string, version: number, stage: string, options?: StepOptions): Promise<NumberedVersion>;
  getModelByStage(name: string, stage: string): Promise<NumberedVersion>;
  /** The latest where no version is given. */
  getModelVersion(name: string, version?: number): Promise<NumberedVersion>;
  listModels(): Promise<readonly string[]>;
  /** Newest first. */
  listModelVersions(name: string): Promise<readonly NumberedVersion[]>;
  downloadArtifact(name: string, version: number, folder: string): Promise<string>;
  deleteModelVersion(
    name: string,
    version: number,
    options?: { readonly force?: boolean | undefined; readonly reason?: string | undefined },
  ): Promise<void>;
  setTag(name: string, version: number, key: string, value: string): Promise<void>;
  removeTag(name: string, version: number, key: string): Promise<void>;
}

/** Versions begin in staging where the registry was made with profile "tauro". */
export function asNumberedRegistry(registry: ModelRegistry): NumberedRegistry {
  return {
    async registerModel({ artifact, tags, ...rest }) {
      const fields = { ...rest, ...(tags === undefined ? {} : { labels: tags }) };
      const isPartition = typeof artifact === "object" && "artifact" in artifact;
      return numbered(await registry.register(isPartition ? { ...fields, from: artifact } : { ...fields, artifact }));
    },
    async promoteModel(name, version, stage, options = {}) {
      const to = parseStage(stage, "promoteModel");
      const { stage: from } = await registry.get(name, version);
      const ref = `${name}#${version}`;
      // Going down is refused as a promotion, in its own words.
      const step =
        stepTowards(from, to) === "archive" ? registry.archive(ref, options) : registry.promote(ref, to, options);
      return numbered(await step);
    },
    getModelByStage: async (name, stage) => numbered(await registry.getByStage(name, stage)),
    getModelVersion: async (name, version) =>
      numbered(await (version === undefined ? registry.get(name) : registry.get(name, version))),
    async listModels() {
      const { items } = await registry.listModels({ limit: 10_000 });
      return items.map(plainName);
    },
    async listModelVersions(name) {
      return (await everyVersion(registry, name)).map(numbered);
    },
    async downloadArtifact(name, version, folder) {
      return (await registry.download(`${name}#${version}`, folder)).folder;
    },
    async deleteModelVersion(name, version, options = {}) {
      await registry.deleteVersion(`${name}#${version}`, options);
    },
    async setTag(name, version, key, value) {
      await registry.setLabels(`${name}#${version}`, { [key]: value });
    },
    async removeTag(name, version, key) {
      await registry.removeLabels(`${name}#${version}`, [key]);
    },
  };
}

function numbered(version: ModelVersion): NumberedVersion {
  return {
    name: plainName(version),
    version: version.sequence,
    semver: version.version,
    stage: capitalStage(version.stage),
    artifactType: version.artifactType,
    framework: version.framework,
    hyperparameters: version.hyperparameters,
    metrics: version.metrics,
    tags: version.labels,
    description: version.description,
    inputSchema: version.signature?.input,
    outputSchema: version.signature?.output,
    dependencies: version.dependencies,
    runId: version.runId,
    createdAt: version.createdAt,
    size: version.size,
  };
}

/** "churn" in namespace "default", "catalog.schema.churn" in namespace "catalog.schema", else with a slash. */
function plainName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  if (namespace === "default") return name;
  const catalog = namespace.split(".").length === 2 && !name.includes(".");
  return catalog ? `${namespace}.${name}` : `${namespace}/${name}`;
}
