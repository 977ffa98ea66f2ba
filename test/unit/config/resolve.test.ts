// Layers of settings: the innermost word counts, and says whose it was.

import { describe, expect, it } from "vitest";
import { environmentLayers } from "../../../src/config/environment.ts";
import type { LayerName, LayerSource } from "../../../src/config/layer.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { defaultNamespace, resolveConfig } from "../../../src/config/resolve.ts";
import { entries, settings } from "../../../src/config/settings.ts";
import { isStratigraphError, type StratigraphError } from "../../../src/errors.ts";
import { Folder } from "../../support/folder.ts";

const said = (layer: LayerName, values: unknown): LayerSource => ({ layer, where: `the ${layer}`, values });

function refusal(layer: LayerSource): StratigraphError {
  try {
    resolveConfig([layer]);
  } catch (error) {
    if (isStratigraphError(error)) return error;
  }
  throw new Error("accepted");
}

describe("a key that every layer says", () => {
  const layers: LayerSource[] = [
    said("file", { metadata: { queueSize: 2 } }),
    ...environmentLayers({ STRATA_METADATA__QUEUE_SIZE: "3" }),
    said("code", { metadata: { queueSize: 4 } }),
    said("graph", { metadata: { queueSize: 5 } }),
    said("producer", { metadata: { queueSize: 6 } }),
  ];
  const wheres = ["default", "the file", "STRATA_METADATA__QUEUE_SIZE", "the code", "the graph", "the producer"];

  it("has the word of the innermost, which its origin names, whatever the order they are given in", () => {
    for (let count = 0; count <= layers.length; count++) {
      const { settings: resolved, origins } = resolveConfig(layers.slice(0, count).toReversed());
      const origin = origins.find(({ path }) => path === "metadata.queueSize");

      expect(resolved.metadata.queueSize).toBe(count === 0 ? 1_000 : count + 1);
      expect(origin?.where).toBe(wheres[count]);
    }
  });

  it("leaves its neighbours to the layers below", () => {
    const { settings: resolved } = resolveConfig([...layers, said("file", { metadata: { strict: true } })]);

    expect(resolved.metadata).toMatchObject({ queueSize: 6, strict: true, writes: "auto" });
  });
});

describe("settings", () => {
  it("fit their own defaults, every one", () => {
    const wrong = entries.filter(
      ({ leaf }) => leaf.standard !== undefined && !leaf.schema.safeParse(leaf.standard).success,
    );

    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("are frozen", () => {
    const { settings: resolved } = resolveConfig([]);

    expect(() => Object.assign(resolved.metadata, { queueSize: 1 })).toThrow(TypeError);
  });

  it("take times in milliseconds or with a unit", () => {
    const { settings: resolved } = resolveConfig([
      said("code", { metadata: { flushTimeout: "5m" }, retry: { initialDelay: 250 }, cache: { defaultTtl: "1.5s" } }),
    ]);

    expect([resolved.metadata.flushTimeout, resolved.retry.initialDelay, resolved.cache.defaultTtl]).toEqual([
      300_000, 250, 1_500,
    ]);
  });

  it("refuse a name that does not exist, with the place and the nearest one", () => {
    expect(refusal(said("code", { backnd: "local" }))).toMatchObject({
      code: "CONFIG_INVALID",
      where: "the code",
      hint: "Did you mean 'backend'?",
    });
    expect(refusal(said("file", { metadata: { queuesize: 1 } })).hint).toBe("Did you mean 'metadata.queueSize'?");
    expect(refusal(said("file", { registry: { defaultTtl: 1 } })).hint).toBe("Did you mean 'cache.defaultTtl'?");
    expect(refusal(said("file", JSON.parse('{ "__proto__": 1 }'))).code).toBe("CONFIG_INVALID");
  });

  it("refuse values that do not fit, saying what would", () => {
    const wrong: [unknown, string][] = [
      [{ metadata: { queueSize: 0 } }, "a whole number of at least 1"],
      [{ metadata: { flushTimeout: "soon" } }, 'a time such as "250ms"'],
      [{ metadata: { flushTimeout: -1 } }, 'a time such as "250ms"'],
      [{ retry: { jitter: 2 } }, "a number from 0 to 1"],
      [{ registry: { archivePrevious: "always" } }, '"production" or "same-stage" or "never"'],
      [{ retention: { audit: "90d" } }, '"never"'],
      [{ registry: "models" }, "settings by name"],
      [{ enabled: "yes" }, "true or false"],
    ];
    for (const [values, expected] of wrong) expect(refusal(said("file", values)).expected).toContain(expected);
  });

  it("have a sentence each for the documentation", () => {
    expect(entries.filter(({ leaf }) => !/^[A-Z`].*\.$/.test(leaf.says)).map(({ path }) => path)).toEqual([]);
    expect(entries.length).toBeGreaterThan(Object.keys(settings).length);
  });
});

describe("a profile", () => {
  it("sets defaults that every other layer may overrule", () => {
    const tauro = resolveConfig([said("file", { profile: "tauro" })]);
    const own = resolveConfig([said("file", { profile: "tauro", registry: { initialStage: "development" } })]);

    expect(tauro.settings.registry.initialStage).toBe("staging");
    expect(tauro.origins.find(({ path }) => path === "registry.initialStage")?.where).toBe("profile tauro");
    expect(own.settings.registry.initialStage).toBe("development");
  });

  it("'strict-seed' drops what overflows, for every kind", () => {
    const usual = resolveConfig([]).settings.metadata.overflow;
    const strict = resolveConfig([said("code", { profile: "strict-seed" })]).settings.metadata.overflow;

    expect(usual).toEqual({ lineage: "drop-oldest", registry: "spill", audit: "spill", mirror: "spill" });
    expect(new Set(Object.values(strict))).toEqual(new Set(["drop-oldest"]));
  });
});

describe("the namespace of models named without one", () => {
  it("is the one that is set, else catalog and schema, else 'default'", () => {
    const namespace = (registry: object): string =>
      defaultNamespace(resolveConfig([said("code", { registry })]).settings.registry);

    expect(namespace({})).toBe("default");
    expect(namespace({ catalog: "main", schema: "ml" })).toBe("main.ml");
    expect(namespace({ catalog: "main", schema: "ml", namespace: "risk" })).toBe("risk");
  });
});

describe("a whole configuration", () => {
  it("reads the annotation 'strata' of graph and producer", async () => {
    using folder = new Folder();
    const { settings: resolved, origins } = await loadConfig({
      cwd: folder.path,
      graph: { name: "spend", annotations: { owner: "ana", strata: { lineage: { enabled: false }, actor: "graph" } } },
      producer: { name: "train", annotations: { strata: { actor: "trainer" } } },
    });

    expect([resolved.lineage.enabled, resolved.actor]).toEqual([false, "trainer"]);
    expect(origins.find(({ path }) => path === "lineage.enabled")).toMatchObject({
      layer: "graph",
      where: "graph 'spend'",
    });
  });

  it("refuses a program's own slip", async () => {
    using folder = new Folder();

    await expect(loadConfig({ cwd: folder.path, code: { backnd: "local" } as object })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: "Did you mean 'backend'?",
    });
  });
});
