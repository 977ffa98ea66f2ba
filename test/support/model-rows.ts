// Rows of models as a registry would have them, and back from what was imported.

import {
  versionFacts,
  type ModelRecord,
  type StoredArtifact,
  type VersionId,
  type VersionRecord,
} from "../../src/backend/model-records.ts";
import type { RunId } from "../../src/backend/records.ts";
import type { ArtifactStore } from "../../src/registry/artifact-store.ts";
import type { ImportedVersion } from "../../src/registry/layout/imported-version.ts";
import type { ModelRows } from "../../src/registry/layout/model-rows.ts";

export function modelRecord(change: Partial<ModelRecord> = {}): ModelRecord {
  return {
    namespace: "fraud_detection",
    name: "FraudRiskModel",
    description: undefined,
    labels: {},
    gates: undefined,
    createdAt: "2024-05-01T00:00:00.000Z",
    createdBy: "ana",
    revision: 1,
    ...change,
  };
}

export function versionRecord(change: Partial<VersionRecord> = {}): VersionRecord {
  const sequence = change.sequence ?? 1;
  return {
    namespace: "fraud_detection",
    name: "FraudRiskModel",
    id: `version-${sequence}` as VersionId,
    version: `1.0.${sequence - 1}`,
    sequence,
    stage: "development",
    stagedAt: sequence,
    createdAt: `2024-06-${String(sequence).padStart(2, "0")}T00:30:00.000Z`,
    createdBy: "ana",
    engineVersion: "0.1.0",
    run: undefined,
    source: undefined,
    artifact: undefined,
    ...versionFacts({ metrics: { auc: 0.9 } }),
    deleted: undefined,
    revision: 1,
    ...change,
  };
}

/** What an empty registry has after an import, for comparing; ids are those of `versionRecord`. */
export async function rowsOf(
  imported: AsyncIterable<ImportedVersion>,
  store: ArtifactStore,
): Promise<readonly ModelRows[]> {
  const models = new Map<string, { model: ModelRecord; versions: VersionRecord[]; aliases: [string, string][] }>();
  for await (const one of imported) {
    const { namespace, name } = one;
    const id = `${namespace}/${name}`;
    const rows = models.get(id) ?? {
      model: modelRecord({
        namespace,
        name,
        description: one.model.description,
        labels: one.model.labels,
        gates: one.model.gates,
        ...(one.model.createdAt === undefined ? {} : { createdAt: one.model.createdAt }),
      }),
      versions: [],
      aliases: [],
    };
    models.set(id, rows);
    const artifact: StoredArtifact | undefined =
      one.artifactPath === undefined ? undefined : await store.put({ path: one.artifactPath });
    if (artifact !== undefined && one.digest !== undefined && artifact.digest !== one.digest)
      throw new Error(`${one.version} has other bytes than were exported`);
    const { version, stage, createdAt, createdBy = "?", artifactType, framework, description, metrics, params } = one;
    rows.versions.push(
      versionRecord({
        namespace,
        name,
        version,
        sequence: one.sequence ?? rows.versions.length + 1,
        stage,
        createdAt,
        createdBy,
        run: one.runId as RunId | undefined,
        artifact,
        artifactType,
        framework,
        description,
        metrics,
        params,
        metadata: one.metadata,
        labels: one.labels,
        inputSchema: one.inputSchema,
        outputSchema: one.outputSchema,
        dependencies: one.dependencies,
        configFingerprint: one.configFingerprint,
        gates: one.gates,
        promotedToStagingAt: one.promotedToStagingAt,
        promotedToProductionAt: one.promotedToProductionAt,
        archivedAt: one.archivedAt,
        deleted: one.deleted,
        extensions: one.extensions,
      }),
    );
    for (const alias of one.aliases) rows.aliases.push([alias, version]);
  }
  return [...models.values()].map(({ model, versions, aliases }) => ({
    model,
    versions,
    aliases: aliases.map(([alias, version]) => ({
      namespace: model.namespace,
      name: model.name,
      alias,
      version,
      sequence: versions.find((one) => one.version === version)!.sequence,
      at: "2024-07-01T00:00:00.000Z",
      by: "ana",
      why: undefined,
    })),
  }));
}
