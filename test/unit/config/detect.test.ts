// Which registry and lineage backend a project means, for every combination of what could say so.

import { describe, expect, it } from "vitest";
import { detectLineage, detectRegistry, detectionLine, type Detection } from "../../../src/config/detect.ts";
import { environmentLayers } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";

const yes = [true, false];

interface Surroundings {
  readonly config: boolean;
  readonly variable: boolean;
  readonly cluster: boolean;
  readonly server: boolean;
  readonly plugin: boolean;
}

function registryIn({ config, variable, cluster, server, plugin }: Surroundings): Detection {
  const env = {
    ...(variable ? { STRATA_REGISTRY_BACKEND: "from-variable" } : {}),
    ...(cluster ? { DATABRICKS_RUNTIME_VERSION: "15.4" } : {}),
    ...(server ? { MLFLOW_TRACKING_URI: "http://mlflow" } : {}),
  };
  const layers = config
    ? [{ layer: "code", where: "the call", values: { registry: { backend: "from-config" } } } as const]
    : [];
  const resolved = resolveConfig([...layers, ...environmentLayers(env)]);
  return detectRegistry({ config: resolved, env, isThere: (name) => plugin && name === "mlflow" });
}

describe("the registry", () => {
  const matrix = yes.flatMap((config) =>
    yes.flatMap((variable) =>
      yes.flatMap((cluster) =>
        yes.flatMap((server) => yes.map((plugin): Surroundings => ({ config, variable, cluster, server, plugin }))),
      ),
    ),
  );

  it.each(matrix)("is what is said, else what the cluster suggests, else files: %j", (surroundings) => {
    const { config, variable, cluster, server, plugin } = surroundings;
    const expected = config
      ? ["from-config", "the call says so"]
      : variable
        ? ["from-variable", "STRATA_REGISTRY_BACKEND says so"]
        : cluster && server
          ? ["mlflow", "DATABRICKS_RUNTIME_VERSION and MLFLOW_TRACKING_URI is set"]
          : cluster && plugin
            ? ["mlflow", "DATABRICKS_RUNTIME_VERSION and the plugin 'mlflow' is there"]
            : ["filesystem", "nothing says otherwise"];
    const { name, reason, explicit } = registryIn(surroundings);

    expect([name, reason]).toEqual(expected);
    expect(explicit).toBe(config || variable);
  });
});

describe("the lineage backend", () => {
  const matrix = yes.flatMap((config) => yes.flatMap((variable) => yes.map((table) => ({ config, variable, table }))));

  it.each(matrix)("is what is said, else the one that has the table, else files: %j", ({ config, variable, table }) => {
    const env = {
      ...(variable ? { STRATA_LINEAGE_BACKEND: "from-variable" } : {}),
      ...(table ? { STRATA_LINEAGE_TABLE: "main.ops.runs" } : {}),
    };
    const layers = config
      ? [{ layer: "code", where: "the call", values: { lineage: { backend: "from-config" } } } as const]
      : [];
    const resolved = resolveConfig([...layers, ...environmentLayers(env)]);

    expect(detectLineage({ config: resolved }).name).toBe(
      config ? "from-config" : variable ? "from-variable" : table ? "databricks-sql" : "filesystem",
    );
    // Whoever is made gets the table's name, however it was chosen.
    expect(resolved.settings.lineage.table).toBe(table ? "main.ops.runs" : undefined);
  });
});

describe("the choice", () => {
  it("is told once, with its reason", () => {
    const choice: Detection = { name: "mlflow", reason: "for this test", explicit: false };

    expect(detectionLine("registry", choice)).toBe("registry backend 'mlflow': for this test");
    expect(detectionLine("registry", choice)).toBe(undefined);
  });
});
