// YAML files: places in errors, variables filled in, and the spellings of other systems.

import { describe, expect, it } from "vitest";
import { loadConfig, type LoadedConfig } from "../../../src/config/load.ts";
import { isStratigraphError, type StratigraphError } from "../../../src/errors.ts";
import { Folder } from "../../support/folder.ts";

async function load(
  text: string,
  env: Readonly<Record<string, string>> = {},
  name = "strata.yaml",
): Promise<LoadedConfig> {
  using folder = new Folder();
  folder.write(name, text);
  return await loadConfig({ cwd: folder.path, env });
}

async function refusal(text: string, env: Readonly<Record<string, string>> = {}): Promise<StratigraphError> {
  try {
    await load(text, env);
  } catch (error) {
    if (isStratigraphError(error)) return error;
  }
  throw new Error("accepted");
}

describe("a YAML file", () => {
  it("says settings in our spelling or in snake case, times in seconds", async () => {
    const text =
      "metadata:\n  queue_size: 7\n  flushTimeout: 5\n  writeTimeout: 250ms\nregistry:\n  gates: {min_auc: 0.9}\n";
    const { settings, origins, files } = await load(text);

    expect(settings.metadata).toMatchObject({ queueSize: 7, flushTimeout: 5_000, writeTimeout: 250 });
    expect(settings.registry.gates).toEqual({ min_auc: 0.9 });
    expect(origins.find(({ path }) => path === "metadata.queueSize")?.where).toBe("strata.yaml:2:15");
    expect(files).toHaveLength(1);
  });

  it("may be empty", async () => {
    expect((await load("# nothing yet\n")).settings.enabled).toBe(true);
  });

  it("is refused with file, line, column and path", async () => {
    expect(await refusal("metadata:\n  queue_size: many\n")).toMatchObject({
      code: "CONFIG_INVALID",
      where: "strata.yaml:2:15, 'metadata.queueSize'",
      expected: "a whole number of at least 1",
    });
    expect(await refusal("metadata:\n  quue_size: 7\n")).toMatchObject({
      where: "strata.yaml:2:14",
      hint: "Did you mean 'metadata.queueSize'?",
    });
    expect((await refusal("a: [1\nb: 2\n")).where).toMatch(/^strata\.yaml:\d+:\d+$/);
    expect((await refusal("enabled: true\nenabled: false\n")).message).toContain("strata.yaml:2:1");
    expect((await refusal("- enabled\n")).expected).toBe("settings by name");
    expect((await refusal("__proto__: {enabled: false}\n")).code).toBe("CONFIG_INVALID");
  });

  it("beside a strata.config.ts is one too many", async () => {
    using folder = new Folder();
    folder.write("strata.yaml", "enabled: true\n");
    folder.write("strata.config.ts", "export default {};\n");

    await expect(loadConfig({ cwd: folder.path })).rejects.toThrow("two configurations");
  });

  it("with more values than a configuration has is no configuration", async () => {
    const layers = Array.from({ length: 8 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}*l${n}]`);

    expect((await refusal(`l0: &l0 x\n${layers.join("\n")}\n`)).message).toMatch(/more than|alias/i);
  });
});

describe("a variable in a YAML file", () => {
  it("is filled in, as a number where it stands alone", async () => {
    const text = 'actor: "${WHO}"\nmetadata:\n  queueSize: ${SIZE}\nregistry: {store: "file:${HOME_DIR}/models"}\n';
    const { settings } = await load(text, { WHO: "7", SIZE: "12", HOME_DIR: "/data" });

    expect([settings.actor, settings.metadata.queueSize, settings.registry.store]).toEqual([
      "7",
      12,
      "file:/data/models",
    ]);
  });

  it("has a default, and a dollar sign is written twice", async () => {
    const { settings } = await load('actor: "${WHO:-ana}"\nregistry: {namespace: "a$$b"}\n', { WHO: "" });

    expect([settings.actor, settings.registry.namespace]).toEqual(["ana", "a$b"]);
  });

  it("that is not set is an error with its place", async () => {
    expect(await refusal("actor: ${WHOM}\n", { WHO: "ana" })).toMatchObject({
      where: "strata.yaml:1:8",
      what: "the variable WHOM is not set",
      hint: "Did you mean WHO?",
    });
    expect((await refusal('actor: "${W H O}"\n')).expected).toContain("${NAME}");
    expect((await refusal('actor: "${WHO"\n')).expected).toContain("${NAME}");
  });
});

const mlInfo = `mlops:
  enabled: true
  backend: "local"
  experiment:
    name: "customer-churn-prediction"
    description: "Customer churn prediction model"
  model_registry:
    catalog: "main"
    schema: "ml_models"
  tracking:
    catalog: "main"
    schema: "ml_experiments"
  auto_log: true

  cache:
    enabled: true
    max_size: 500
    default_ttl: 60

  health:
    enabled: true
    memory_threshold: 0.85
    disk_threshold: 0.90
`;

describe("an ml_info.yaml", () => {
  it("is taken as it is, and what it has of parts that do not exist is one sentence each", async () => {
    const { settings, notices } = await load(mlInfo);

    expect(settings).toMatchObject({
      enabled: true,
      backend: "sqlite",
      registry: { catalog: "main", schema: "ml_models" },
      cache: { enabled: true, maxSize: 500, defaultTtl: 60_000 },
    });
    expect(notices.map((notice) => /'(\w+)' belongs to ([\w ]+),/.exec(notice)?.slice(1))).toEqual([
      ["experiment", "experiment tracking"],
      ["tracking", "experiment tracking"],
      ["auto_log", "experiment tracking"],
      ["health", "health checks"],
    ]);
  });

  it("is found by profile 'tauro' where that system keeps it, below the project's own file", async () => {
    using folder = new Folder();
    folder.write("config/ml_info.yaml", mlInfo);
    folder.write("strata.yaml", "profile: tauro\ncache: {max_size: 9}\n");
    const { settings, files } = await loadConfig({ cwd: folder.path });

    expect(settings.cache).toMatchObject({ maxSize: 9, defaultTtl: 60_000 });
    expect(files).toEqual([folder.at("config/ml_info.yaml"), folder.at("strata.yaml")]);
  });

  it("keeps its slips to itself no more than another file", async () => {
    expect(await refusal("mlops:\n  cache: {max_sise: 5}\n")).toMatchObject({ hint: "Did you mean 'cache.maxSize'?" });
  });
});

describe("a Ubunye task", () => {
  const task = `MODEL: train
VERSION: "1.0.0"
CONFIG:
  inputs: {claims: {format: delta}}
  transform:
    type: model
    params:
      action: train
      model_class: "model.FraudRiskModel"
      registry:
        store: ".ubunye/model_store"
        use_case: "fraud_detection"
        auto_version: true
        promote_to: staging
        promotion_gates:
          min_auc: 0.85
          require_drift_check: true
  lineage: {enabled: true, table: main.ops.lineage}
`;

  it("says where its models and its lineage are", async () => {
    const { settings, notices } = await load(task);

    expect(settings.registry).toMatchObject({
      store: ".ubunye/model_store",
      namespace: "fraud_detection",
      gates: { min_auc: 0.85, require_drift_check: true },
    });
    expect(settings.lineage).toMatchObject({ enabled: true, table: "main.ops.lineage" });
    expect(notices.join("\n")).toContain("'auto_version' is said by the producer");
    expect(notices.join("\n")).toContain("only 'CONFIG' is read here, not 'MODEL', 'VERSION'");
  });

  it("may be named by STRATA_CONFIG wherever it is", async () => {
    const { settings } = await load(task, { STRATA_CONFIG: "tasks/train/config.yaml" }, "tasks/train/config.yaml");

    expect(settings.registry.namespace).toBe("fraud_detection");
    await expect(load("", { STRATA_CONFIG: "nowhere.yaml" })).rejects.toThrow("there is no file nowhere.yaml");
  });
});
