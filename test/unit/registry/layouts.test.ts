// Models in the layouts of other systems: written as those expect, rebuilt with the same bytes, and read back whole.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import type { RunId } from "../../../src/backend/records.ts";
import type { ArtifactStore } from "../../../src/registry/artifact-store.ts";
import type { ImportedVersion } from "../../../src/registry/layout/imported-version.ts";
import { exportModels, findLayout, importModels, modelLayouts } from "../../../src/registry/layout/layouts.ts";
import type { ModelRows } from "../../../src/registry/layout/model-rows.ts";
import { importTauro } from "../../../src/registry/layout/tauro-import.ts";
import { modelId, projectTauro } from "../../../src/registry/layout/tauro.ts";
import { importUbunye } from "../../../src/registry/layout/ubunye-import.ts";
import { projectUbunye } from "../../../src/registry/layout/ubunye.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { modelRecord, rowsOf, versionRecord } from "../../support/model-rows.ts";

const golden = join(import.meta.dirname, "../../golden/tauro-index.parquet");

async function collect(versions: AsyncIterable<ImportedVersion>): Promise<readonly ImportedVersion[]> {
  const all: ImportedVersion[] = [];
  for await (const one of versions) all.push(one);
  return all;
}

/** Path to bytes, for comparing two trees. */
function treeOf(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "base64")]),
  );
}

/** Two models with everything a version can have: stages, tombstone, folder, file, program, aliases. */
async function sampleRows(store: ArtifactStore): Promise<readonly ModelRows[]> {
  const folder = await store.put({
    fill: async (path) => {
      mkdirSync(join(path, "empty"));
      writeFileSync(join(path, "weights.bin"), Buffer.from([0, 1, 255]));
      writeFileSync(join(path, "naïve 東京.txt"), "text");
    },
  });
  const file = await store.put({ bytes: Buffer.from("onnx"), name: "model.onnx" });
  const model = modelRecord({ gates: { min_auc: 0.85 }, labels: { team: "risk" }, description: "Fraud" });
  const versions = [
    versionRecord({
      sequence: 1,
      stage: "archived",
      artifact: folder,
      archivedAt: "2024-06-03T01:00:00.000Z",
      promotedToProductionAt: "2024-06-01T10:00:00.000Z",
      metadata: { library: "sklearn", features: ["a", "b"] },
    }),
    versionRecord({ sequence: 2, deleted: { at: "2024-06-02T12:00:00.000Z", by: "ben", why: "leaked" } }),
    versionRecord({
      sequence: 3,
      stage: "production",
      artifact: file,
      framework: "onnx",
      artifactType: "onnx",
      run: "run-1" as RunId,
      configFingerprint: "cfg",
      params: { depth: 3, names: ["x"] },
      labels: { owner: "ana" },
      dependencies: { numpy: "1.26.4", pandas: ">=2", scipy: "" },
      inputSchema: { type: "object" },
      promotedToStagingAt: "2024-06-03T00:40:00.000Z",
      promotedToProductionAt: "2024-06-03T01:00:00.000Z",
      gates: {},
      extensions: { from_the_future: [1] },
      description: "third",
    }),
    versionRecord({ sequence: 4, stage: "staging", promotedToStagingAt: "2024-06-04T01:00:00.000Z" }),
    versionRecord({ sequence: 5, artifact: folder, metrics: {} }),
  ];
  const alias = { namespace: model.namespace, name: model.name, alias: "champion", version: "1.0.2", sequence: 3 };
  const other = { namespace: "default", name: "churn" };
  return [
    { model, versions, aliases: [{ ...alias, at: "2024-07-01T00:00:00.000Z", by: "ana", why: undefined }] },
    {
      model: modelRecord(other),
      versions: [versionRecord({ ...other, version: "2.0.0-rc.1", artifact: file })],
      aliases: [],
    },
  ];
}

function withoutSource(rows: readonly ModelRows[]): unknown {
  return rows
    .map(({ model, versions, aliases }) => ({
      model: { ...model },
      versions: [...versions],
      aliases: [...(aliases ?? [])],
    }))
    .map(({ versions, ...rest }) => ({
      ...rest,
      // A tombstone keeps its numbers and nothing else.
      versions: versions.map((one) => (one.deleted === undefined ? one : { ...one, stage: "archived", metrics: {} })),
    }))
    .sort((a, b) => a.model.name.localeCompare(b.model.name));
}

for (const layout of modelLayouts) {
  describe(`the ${layout} layout`, () => {
    it("exported and imported into an empty store gives the same versions, stages and bytes", async () => {
      using folder = new Folder();
      const store = memoryStore();
      const rows = await sampleRows(store);
      const models = {
        readModels: async function* () {
          yield* rows;
        },
      };

      await exportModels({ models, store, folder: folder.at("out"), layout });
      const empty = memoryStore();
      const imported = await rowsOf(importModels(folder.at("out")), empty);

      expect(await findLayout(folder.at("out"))).toBe(layout);
      expect(withoutSource(imported)).toEqual(withoutSource(rows));
      for (const { versions } of imported) {
        for (const { artifact } of versions) if (artifact !== undefined) await empty.verify(artifact);
      }
    });

    it("is exported into an empty folder only", async () => {
      using folder = new Folder();
      folder.write("out/mine.txt", "mine");
      const models = { readModels: async function* () {} };

      const error = await failureOf(() =>
        exportModels({ models, store: memoryStore(), folder: folder.at("out"), layout }),
      );

      expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
      expect(folder.files()).toEqual(["out/mine.txt"]);
    });
  });
}

for (const [name, project] of [
  ["ubunye", projectUbunye],
  ["tauro", projectTauro],
] as const) {
  describe(`the ${name} projection`, () => {
    it("is rebuilt from nothing with the same bytes, however it came about", async () => {
      using folder = new Folder();
      const store = memoryStore();
      const [fraud, churn] = (await sampleRows(store)) as [ModelRows, ModelRows];
      const early = { ...fraud, versions: fraud.versions.slice(0, 2).map((one) => ({ ...one, deleted: undefined })) };

      for (const rows of [early, churn, fraud]) await project([rows], store, folder.at("step by step"));
      await project([churn, fraud], store, folder.at("at once"), { prune: true });

      // The second version had a lower revision before it was deleted, had this been a real registry.
      expect(treeOf(folder.at("step by step"))).toEqual(treeOf(folder.at("at once")));
    });

    it("writes only what has changed", async () => {
      using folder = new Folder();
      const store = memoryStore();
      const [rows] = (await sampleRows(store)) as [ModelRows];
      await project([rows], store, folder.path);
      const before = treeOf(folder.path);

      expect(await project([rows], store, folder.path)).toEqual({ written: [], removed: [] });
      expect(await project([rows], store, folder.path, { prune: true })).toEqual({ written: [], removed: [] });
      const moved = rows.versions.map((one) =>
        one.sequence === 5 ? { ...one, stage: "staging" as const, revision: 2 } : one,
      );
      const { written, removed } = await project([{ ...rows, versions: moved }], store, folder.path);

      expect(removed).toEqual([]);
      expect(written.length).toBeLessThanOrEqual(2);
      const changed = Object.entries(treeOf(folder.path)).filter(([path, bytes]) => before[path] !== bytes);
      expect(changed.map(([path]) => path).sort()).toEqual([...written].sort());
    });

    it("removes a version that was deleted, and models that are gone when it is rebuilt", async () => {
      using folder = new Folder();
      const store = memoryStore();
      const [fraud, churn] = (await sampleRows(store)) as [ModelRows, ModelRows];
      await project([fraud, churn], store, folder.path);

      const deleted = { at: "2024-08-01T00:00:00.000Z", by: "ana", why: undefined };
      const versions = fraud.versions.map((one) => (one.sequence === 5 ? { ...one, deleted, revision: 2 } : one));
      await project([{ ...fraud, versions }], store, folder.path, { prune: true });

      const fresh = new Folder();
      await project([{ ...fraud, versions }], store, fresh.path);
      expect(treeOf(folder.path)).toEqual(treeOf(fresh.path));
      fresh[Symbol.dispose]();
    });

    it("leaves a later revision alone, and heals from damage when it is rebuilt", async () => {
      using folder = new Folder();
      const store = memoryStore();
      const [rows] = (await sampleRows(store)) as [ModelRows];
      const later = { ...rows, model: { ...rows.model, revision: 7 } };
      await project([later], store, folder.path);
      const tree = treeOf(folder.path);

      expect(await project([rows], store, folder.path)).toEqual({ written: [], removed: [] });
      for (const path of Object.keys(tree).filter((one) => /\.(json|parquet)$/.test(one)))
        folder.write(path, "{ damaged");
      rmSync(folder.at(Object.keys(tree).find((one) => one.endsWith("weights.bin"))!));
      await project([later], store, folder.path, { prune: true, rewrite: true });

      expect(treeOf(folder.path)).toEqual(tree);
    });

    it("has no name that leads out of its folder", async () => {
      using folder = new Folder();
      for (const bad of ["../x", "a/b", ".", "..", "", "/x", ".hidden"]) {
        const rows = { model: modelRecord({ name: bad }), versions: [] };
        const error = await failureOf(() => project([rows], memoryStore(), folder.at("in")));
        expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
      }
      expect(folder.files()).toEqual([]);
    });

    it("loses nothing when 8 models are projected at once", async () => {
      using folder = new Folder();
      const store = memoryStore();
      const artifact = await store.put({ bytes: Buffer.from("x") });
      const rows = Array.from({ length: 8 }, (_, i) => {
        const names = { namespace: "default", name: `model-${i}` };
        return { model: modelRecord(names), versions: [versionRecord({ ...names, artifact })] };
      });

      await Promise.all(rows.map((one) => project([one], store, folder.at("at once"))));
      await project(rows, store, folder.at("one by one"));

      expect(treeOf(folder.at("at once"))).toEqual(treeOf(folder.at("one by one")));
    });

    it("leaves another system's models alone when it is rebuilt", async () => {
      using folder = new Folder();
      const foreign =
        name === "ubunye"
          ? { "theirs/M/registry.json": JSON.stringify({ model_name: "M", use_case: "theirs", versions: {} }) }
          : { "model_registry/metadata/their-id/v1.json": "{}", "model_registry/artifacts/their-id/v1/w": "w" };
      for (const [path, text] of Object.entries(foreign)) folder.write(path, text);

      await project([], memoryStore(), folder.path, { prune: true });

      for (const [path, text] of Object.entries(foreign)) expect(folder.read(path)).toBe(text);
    });
  });
}

describe("the ubunye projection after one register", () => {
  it("is four files, with the keys of that system and no others in a version", async () => {
    using folder = new Folder();
    const store = memoryStore();
    const artifact = await store.put({ bytes: Buffer.from("[1,2]"), name: "weights.json" });
    const record = versionRecord({ artifact, run: "run-1" as RunId, metadata: { library: "none" } });

    await projectUbunye([{ model: modelRecord(), versions: [record] }], store, folder.path);

    const base = "fraud_detection/FraudRiskModel";
    expect(folder.files()).toEqual([
      `${base}/registry.json`,
      `${base}/versions/1.0.0/metadata.json`,
      `${base}/versions/1.0.0/metrics.json`,
      `${base}/versions/1.0.0/model/weights.json`,
    ]);
    const registry = JSON.parse(folder.read(`${base}/registry.json`));
    expect(registry).toMatchObject({
      model_name: "FraudRiskModel",
      use_case: "fraud_detection",
      revision: 2,
      schemaVersion: 1,
    });
    expect(registry.versions).toEqual({
      "1.0.0": {
        version: "1.0.0",
        stage: "development",
        registered_at: "2024-06-01T00:30:00.000Z",
        promoted_to_staging: null,
        promoted_to_prod: null,
        archived_at: null,
        metrics: { auc: 0.9 },
        metadata: { library: "none" },
        lineage_run_id: "run-1",
        config_hash: null,
        promoted_by: "ana",
      },
    });
    expect(JSON.parse(folder.read(`${base}/versions/1.0.0/metrics.json`))).toEqual({ auc: 0.9 });
    expect(JSON.parse(folder.read(`${base}/versions/1.0.0/metadata.json`))).toEqual({ library: "none" });
  });

  it("is never seen half: a reader that polls it parses every version of registry.json", async () => {
    using folder = new Folder();
    const store = memoryStore();
    const path = folder.at("fraud_detection/FraudRiskModel/registry.json");
    let isDone = false;
    let reads = 0;
    const reader = (async () => {
      while (!isDone) {
        try {
          expect(JSON.parse(readFileSync(path, "utf8")).model_name).toBe("FraudRiskModel");
          reads += 1;
        } catch (error) {
          if ((error as { code?: string }).code !== "ENOENT") throw error;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();

    for (let revision = 1; revision <= 40; revision++) {
      const versions = [versionRecord({ revision, description: "x".repeat(200_000) })];
      await projectUbunye([{ model: modelRecord(), versions }], store, folder.path);
    }
    isDone = true;
    await reader;

    expect(reads).toBeGreaterThan(40);
  });
});

describe("the tauro projection after one register", () => {
  it("is an index, a JSON file and a folder, all under the model's id", async () => {
    using folder = new Folder();
    const store = memoryStore();
    const artifact = await store.put({ bytes: Buffer.from("[1,2]"), name: "weights.json" });
    const names = { namespace: "default", name: "churn" };
    const record = versionRecord({
      ...names,
      artifact,
      params: { depth: 3 },
      labels: { team: "risk" },
      stage: "staging",
    });

    await projectTauro([{ model: modelRecord(names), versions: [record] }], store, folder.path);

    const id = modelId(names);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(folder.files()).toEqual([
      `model_registry/artifacts/${id}/v1/weights.json`,
      `model_registry/metadata/${id}/v1.json`,
      "model_registry/models/index.parquet",
    ]);
    const document = JSON.parse(folder.read(`model_registry/metadata/${id}/v1.json`));
    expect(Object.keys(document).sort()).toEqual([
      "artifact_type", "artifact_uri", "created_at", "experiment_run_id", "metadata", "model_id", "size_bytes",
      "updated_at", "version",
    ]); // prettier-ignore
    expect(document).toMatchObject({
      version: 1,
      artifact_uri: `model_registry/artifacts/${id}/v1`,
      size_bytes: 5,
      metadata: { name: "churn", version: 1, stage: "Staging", hyperparameters: { depth: 3 }, tags: { team: "risk" } },
    });
    const bytes = readFileSync(folder.at("model_registry/models/index.parquet"));
    expect(await parquetReadObjects({ file: new Uint8Array(bytes).buffer })).toEqual([
      { model_id: id, name: "churn", version: 1n, created_at: "2024-06-01T00:30:00.000Z" },
    ]);
  });

  it("comes back with identical rows when its index was deleted and is rebuilt", async () => {
    using folder = new Folder();
    const store = memoryStore();
    const rows = await sampleRows(store);
    await projectTauro(rows, store, folder.path);
    const index = folder.at("model_registry/models/index.parquet");
    const before = readFileSync(index);
    rmSync(index);

    await projectTauro(rows, store, folder.path, { prune: true });

    expect(readFileSync(index).equals(before)).toBe(true);
    expect(statSync(index).size).toBeLessThan(10_000);
  });

  it("refuses two models of one name", async () => {
    using folder = new Folder();
    const rows = [
      { namespace: "default", name: "a.b" },
      { namespace: "a", name: "b" },
    ].map((names) => ({ model: modelRecord(names), versions: [versionRecord(names)] }));

    const error = await failureOf(() => projectTauro(rows, memoryStore(), folder.path));

    expect(error.message).toContain("two models would both be called 'a.b'");
  });
});

describe("a tauro projection whose writer was killed between its index and the files of a deleted version", () => {
  it("is read as if those files were gone", async () => {
    using folder = new Folder();
    const store = memoryStore();
    const [fraud] = (await sampleRows(store)) as [ModelRows];
    await projectTauro([fraud], store, folder.path);
    const before = treeOf(folder.path);
    const deleted = { at: "2024-08-01T00:00:00.000Z", by: "ana", why: undefined };
    const versions = fraud.versions.map((one) => (one.sequence === 5 ? { ...one, deleted, revision: 2 } : one));
    await projectTauro([{ ...fraud, versions }], store, folder.path);
    const expected = await collect(importTauro(folder.path));
    const path = Object.keys(before).find((one) => one.endsWith("/v5.json"))!;

    folder.write(path, before[path]);

    expect(await collect(importTauro(folder.path))).toEqual(expected);
    expect(expected.find(({ sequence }) => sequence === 5)?.deleted).toBeDefined();
  });
});

describe("an original Ubunye store", () => {
  const entry = (change: object): object => ({
    stage: "development",
    registered_at: "2024-06-01T00:30:00.123456+00:00",
    promoted_to_staging: null,
    promoted_to_prod: null,
    archived_at: null,
    metrics: { auc: 0.9 },
    metadata: { library: "sklearn", library_version: "1.4.0", features: ["a"], params: { C: 1 } },
    lineage_run_id: null,
    config_hash: null,
    promoted_by: null,
    ...change,
  });

  function write(folder: Folder, versions: object, more: object = {}): void {
    const base = "fraud/Risk";
    folder.write(
      `${base}/registry.json`,
      JSON.stringify({ model_name: "Risk", use_case: "fraud", versions, ...more }, null, 2),
    );
    for (const version of Object.keys(versions)) folder.write(`${base}/versions/${version}/model/model.pkl`, version);
  }

  it("is imported whole", async () => {
    using folder = new Folder();
    write(
      folder,
      {
        "1.0.0": entry({ version: "1.0.0", stage: "archived", archived_at: "2024-06-05T00:00:00+02:00" }),
        "1.0.1": entry({
          version: "1.0.1",
          stage: "production",
          registered_at: "2024-06-02T00:30:00",
          promoted_to_prod: "2024-06-03T00:00:00+00:00",
          lineage_run_id: "abc",
          promoted_by: "thabang",
        }),
      },
      { promotion_gates: { min_auc: 0.85 } },
    );

    const [first, second, ...rest] = await collect(importUbunye(folder.path));

    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      namespace: "fraud",
      name: "Risk",
      version: "1.0.0",
      sequence: undefined,
      stage: "archived",
      createdAt: "2024-06-01T00:30:00.123Z",
      archivedAt: "2024-06-04T22:00:00.000Z",
      metrics: { auc: 0.9 },
      notes: [],
      extensions: {},
      model: { gates: { min_auc: 0.85 } },
    });
    expect(first!.metadata["library_version"]).toBe("1.4.0");
    expect(readFileSync(join(first!.artifactPath!, "model.pkl"), "utf8")).toBe("1.0.0");
    expect(second).toMatchObject({
      stage: "production",
      createdAt: "2024-06-02T00:30:00.000Z",
      runId: "abc",
      createdBy: "thabang",
      promotedToProductionAt: "2024-06-03T00:00:00.000Z",
    });
  });

  it("with two versions in production keeps the one promoted last, archives the other, and says so", async () => {
    using folder = new Folder();
    write(folder, {
      "1.0.0": entry({ stage: "production", promoted_to_prod: "2024-07-02T00:00:00+00:00" }),
      "1.0.1": entry({ stage: "production", promoted_to_prod: "2024-07-01T00:00:00+00:00" }),
      "1.0.2": entry({ stage: "staging" }),
    });

    const versions = await collect(importUbunye(folder.path));

    expect(versions.map(({ version, stage }) => [version, stage])).toEqual([
      ["1.0.0", "production"],
      ["1.0.1", "archived"],
      ["1.0.2", "staging"],
    ]);
    expect(versions[1]).toMatchObject({
      archivedAt: "2024-07-02T00:00:00.000Z",
      notes: ["1.0.1 was in production beside 1.0.0, which was promoted later: 1.0.0 stays, 1.0.1 is archived"],
    });
  });

  it("keeps keys it does not know, and says what it could not keep as it was", async () => {
    using folder = new Folder();
    write(
      folder,
      { v3: entry({ reviewer: "ana", metrics: { auc: 0.9, curve: [1, 2], loss: "NAN" } }) },
      { retention: "long" },
    );
    const path = "fraud/Risk/registry.json";
    folder.write(path, folder.read(path).replace('"NAN"', "NaN")); // as Python writes it
    rmSync(folder.at("fraud/Risk/versions/v3"), { recursive: true });

    const [one] = await collect(importUbunye(folder.path));

    expect(one).toMatchObject({
      version: "3.0.0",
      metrics: { auc: 0.9 },
      artifactPath: undefined,
      extensions: { reviewer: "ana", originalVersion: "v3", metrics: { curve: [1, 2], loss: null } },
      model: { extensions: { retention: "long" } },
    });
    expect(one!.notes).toEqual([
      "metric 'curve' is no finite number and is kept under extensions.metrics",
      "metric 'loss' is no finite number and is kept under extensions.metrics",
      'version "v3" is no semantic version and is imported as 3.0.0',
      "its files are not there",
    ]);
  });

  it("with damaged JSON is refused with file, line and column; with a wrong value, with its key", async () => {
    using folder = new Folder();
    write(folder, { "1.0.0": entry({}) });
    const path = "fraud/Risk/registry.json";
    const text = folder.read(path);

    folder.write(path, text.slice(0, text.indexOf('"promoted_by"')));
    const cut = await failureOf(() => collect(importUbunye(folder.path)));
    expect(cut).toMatchObject({ code: "VALIDATION_FAILED" });
    expect(cut.message).toMatch(/registry\.json, line \d+, column \d+/);

    folder.write(path, text.replace('"development"', "7"));
    const wrong = await failureOf(() => collect(importUbunye(folder.path)));
    expect(wrong.message).toMatch(/registry\.json, versions, 1\.0\.0, stage: .*received 7/);

    folder.write(path, text.replace('"development"', '"live"'));
    expect((await failureOf(() => collect(importUbunye(folder.path)))).message).toContain("this is not a stage");
  });

  it("cannot point outside of itself", async () => {
    using folder = new Folder();
    folder.write("secret/model/key", "secret");
    const versions = { "../../../secret": entry({}) };
    folder.write("store/fraud/Risk/registry.json", JSON.stringify({ model_name: "Risk", use_case: "fraud", versions }));

    expect(await failureOf(() => collect(importUbunye(folder.at("store"))))).toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });

  it("with two versions that come out with one number is refused", async () => {
    using folder = new Folder();
    write(folder, { "1.0.0": entry({}), "v1.0": entry({}) });

    expect((await failureOf(() => collect(importUbunye(folder.path)))).message).toContain("would both be 1.0.0");
  });
});

describe("an original Tauro store", () => {
  const id = "3f2b8c1e-1111-4222-8333-444455556666";

  function write(folder: Folder, version: number, change: object = {}, metadata: object = {}): void {
    const document = {
      model_id: id,
      version,
      metadata: {
        name: "churn",
        framework: "sklearn",
        version,
        created_at: `2024-06-0${version}T00:00:00.000001+00:00`,
        description: "",
        hyperparameters: { depth: 3 },
        metrics: { auc: 0.9 },
        tags: { team: "risk" },
        stage: "Staging",
        input_schema: { a: "float" },
        output_schema: null,
        dependencies: ["scikit-learn==1.4.0", "numpy>=1.2", "scipy"],
        ...metadata,
      },
      artifact_uri: `model_registry/artifacts/${id}/v${version}`,
      artifact_type: "sklearn",
      created_at: `2024-06-0${version}T00:00:00.000001+00:00`,
      updated_at: `2024-06-0${version}T00:00:00.000001+00:00`,
      experiment_run_id: null,
      size_bytes: 3,
      ...change,
    };
    folder.write(`model_registry/metadata/${id}/v${version}.json`, JSON.stringify(document, null, 2));
  }

  /** Written by PyArrow, which that system writes with: three rows of this model, as pandas has them. */
  function writeIndex(folder: Folder): void {
    folder.write("model_registry/models/index.parquet", readFileSync(golden));
    for (const part of ["models", "versions", "artifacts", "metadata"])
      folder.write(`model_registry/${part}/.registry_marker.json`, "{}");
  }

  it("is imported whole, with files and folders, and deleted numbers stay taken", async () => {
    using folder = new Folder();
    write(folder, 1, { updated_at: "2024-07-01T00:00:00+00:00" }, { stage: "Archived" });
    write(folder, 3, { experiment_run_id: "run-9" }, { future: true });
    writeIndex(folder);
    folder.write(`model_registry/artifacts/${id}/v1`, "a single file");
    folder.write(`model_registry/artifacts/${id}/v3/model.pkl`, "in a folder");

    const [first, second, third, ...rest] = await collect(importTauro(folder.path));

    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      namespace: "default",
      name: "churn",
      version: "1.0.0",
      sequence: 1,
      stage: "archived",
      archivedAt: "2024-07-01T00:00:00.000Z",
      framework: "sklearn",
      params: { depth: 3 },
      labels: { team: "risk" },
      inputSchema: { a: "float" },
      outputSchema: undefined,
      dependencies: { "scikit-learn": "1.4.0", numpy: ">=1.2", scipy: "" },
      description: undefined,
      notes: ["version 1 is imported as 1.0.0"],
    });
    expect(readFileSync(first!.artifactPath!, "utf8")).toBe("a single file");
    expect(second).toMatchObject({
      version: "2.0.0",
      sequence: 2,
      deleted: { by: "unknown" },
      artifactPath: undefined,
    });
    expect(third).toMatchObject({ sequence: 3, stage: "staging", runId: "run-9", extensions: { future: true } });
    expect(readFileSync(join(third!.artifactPath!, "model.pkl"), "utf8")).toBe("in a folder");
  });

  it("with two versions in production keeps the one promoted last", async () => {
    using folder = new Folder();
    write(folder, 1, { updated_at: "2024-07-02T00:00:00+00:00" }, { stage: "Production" });
    write(folder, 2, { updated_at: "2024-07-01T00:00:00+00:00" }, { stage: "Production" });

    const versions = await collect(importTauro(folder.path));

    expect(versions.map(({ sequence, stage }) => [sequence, stage])).toEqual([
      [1, "production"],
      [2, "archived"],
    ]);
    expect(versions[1]!.notes.at(-1)).toContain("2.0.0 was in production beside 1.0.0");
  });

  it("that was projected by us and promoted by them has the stage they gave it", async () => {
    using folder = new Folder();
    const store = memoryStore();
    const names = { namespace: "default", name: "churn" };
    await projectTauro([{ model: modelRecord(names), versions: [versionRecord(names)] }], store, folder.path);
    const path = `model_registry/metadata/${modelId(names)}/v1.json`;
    expect((await collect(importTauro(folder.path)))[0]).toMatchObject({ stage: "development", version: "1.0.0" });

    folder.write(path, folder.read(path).replace('"Staging"', '"Production"'));

    expect((await collect(importTauro(folder.path)))[0]).toMatchObject({ stage: "production" });
  });

  it("with damaged files is refused with file and position", async () => {
    using folder = new Folder();
    write(folder, 1);
    folder.write(`model_registry/metadata/${id}/v1.json`, '{\n  "model_id": tru');
    const json = await failureOf(() => collect(importTauro(folder.path)));
    expect(json.message).toMatch(/v1\.json, line 2, column 15/);

    write(folder, 1);
    folder.write("model_registry/models/index.parquet", "PAR1 not really PAR1");
    const parquet = await failureOf(() => collect(importTauro(folder.path)));
    expect(parquet.message).toMatch(/index\.parquet: the index of models cannot be read/);
  });
});

describe("a folder without models", () => {
  it("is said to have none", async () => {
    using folder = new Folder();
    folder.write("notes.txt", "");

    expect((await failureOf(() => findLayout(folder.path))).message).toContain("there are no models in this folder");
    expect(await failureOf(() => collect(importModels(folder.at("nowhere"))))).toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });
});
