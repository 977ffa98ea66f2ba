// A registry and a lineage that a plugin brings are used where somebody names them, and a name nobody has is one sentence.

import { setTimeout as wait } from "node:timers/promises";
import { definePlugins, memory, StratigraphError, type LineageBackend, type NewLineageRecord } from "stratigraph";
import { describe, expect, it } from "vitest";
import type { RunId } from "../../../src/backend/records.ts";
import { insideRun } from "../../../src/build/run-scope.ts";
import { createHost } from "../../../src/changes/host.ts";
import { asRegistryBackend } from "../../../src/plugins/registry-backend.ts";
import { createRegistry } from "../../../src/registry/registry.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import { registryBackendCases } from "../../../src/testing/index.ts";
import { failureOf } from "../../support/folder.ts";
import { instanceSpace } from "../../support/instance.ts";

const bytes = new Uint8Array([1, 2]);

/** Six calls over a place of its own, as another system would have. */
async function acmeRegistry() {
  const host = createHost({ connection: await memory().connect(), writer: false, actor: "acme" });
  return asRegistryBackend(createRegistry({ host, store: memoryStore() }));
}

const acme = { plugins: [definePlugins({ "registry-backends": { acme: acmeRegistry } })] };
const named = { ...acme, registry: { backend: "acme" } } as const;

describe("a registry of a plugin", () => {
  it("is what the instance registers to and reads from, with hooks, events and audit rows of the instance", async () => {
    await using space = instanceSpace();
    const mlops = await space.open(named);
    const hooked: string[] = [];
    mlops.hooks.pre("model.*", (_data, { action }) => void hooked.push(action));
    const { registry } = mlops;

    const first = await registry.register({ name: "team/churn", artifact: bytes, metrics: { auc: 0.9 } });
    await registry.register({ name: "team/churn", artifact: bytes, metrics: { auc: 0.8 } });
    const outcome = await registry.promote("team/churn@1.0.0", "production", { reason: "the better one" });
    const live = await registry.getByStage("team/churn", "production");
    await registry.download("team/churn@production", space.folder.at("out"));
    await registry.archive("team/churn@1.0.1");

    expect(first).toMatchObject({ version: "1.0.0", uri: "models:/team/churn/1.0.0", behind: false });
    expect(outcome).toMatchObject({ changed: true, from: "development", stage: "production" });
    expect(live.version).toBe("1.0.0");
    expect(space.folder.files("out")).toHaveLength(1);
    expect((await registry.compareVersions("team/churn", "1.0.0", "1.0.1"))["auc"]?.delta).toBe(-0.1);
    expect((await registry.listByStage("team/churn", "archived")).map(({ version }) => version)).toEqual(["1.0.1"]);
    const actions = ["model.register", "model.register", "model.promote", "model.download", "model.archive"];
    expect(hooked).toEqual(actions);
    const { items } = await mlops.audit.query();
    expect(items.map(({ action }) => action).toReversed()).toEqual(actions);
    expect(items.find(({ action }) => action === "model.promote")).toMatchObject({
      why: "the better one",
      actor: "ana",
    });
    // Rows of ours are about it, none is it.
    expect((await mlops.connection.listModels({}, { limit: 10 })).items).toEqual([]);
  });

  it("is not asked for what a hook forbids", async () => {
    await using space = instanceSpace();
    const { hooks, registry } = await space.open(named);
    await registry.register({ name: "churn", artifact: bytes });
    hooks.pre("model.promote", () => {
      throw new Error("not today");
    });

    const error = await failureOf(() => registry.promote("churn@1.0.0", "production"));

    expect(error.code).toBe("HOOK_VETO");
    expect((await registry.get("churn@1.0.0")).stage).toBe("development");
  });

  it("says in one sentence what it cannot do", async () => {
    await using space = instanceSpace();
    const { registry } = await space.open(named);

    const error = await failureOf(() => registry.setAlias("churn@1.0.0", "champion"));

    expect(error).toBeInstanceOf(StratigraphError);
    expect(error.code).toBe("PLUGIN_LACKS");
    expect(error.message).toContain("the registry 'acme' cannot set alias");
  });

  it.each(registryBackendCases.map((one) => [one.title, one] as const))("still is one: %s", async (_title, one) => {
    await using space = instanceSpace();
    const { registry } = await space.open(named);

    await one.run(asRegistryBackend(registry));
  });
});

const records: NewLineageRecord[] = [];
let trouble: "none" | "fails" | "hangs" = "none";
const lines: LineageBackend = {
  async record(record) {
    if (trouble === "hangs") await new Promise(() => undefined);
    if (trouble === "fails") throw new StratigraphError("BACKEND_FAILED", "the warehouse is closed");
    records.push(record);
  },
  async getRun(runId) {
    throw new StratigraphError("RUN_UNKNOWN", `no run '${runId}'`);
  },
  search: async () => ({ items: [], next: undefined }),
  compact: async () => ({ before: 3, after: 2 }),
};
const warehouse = {
  plugins: [definePlugins({ "lineage-backends": { acme: () => lines } })],
  lineage: { backend: "acme" },
} as const;
const score = { runId: "run-1", usecase: "fraud", pipeline: "nightly", task: "score", status: "success" } as const;

describe("a lineage of a plugin", () => {
  it("gets the records, awaited or behind, and tells events of them", async () => {
    await using space = instanceSpace();
    records.length = 0;
    trouble = "none";
    const mlops = await space.open(warehouse);
    const told: string[] = [];
    mlops.events.subscribe("lineage.recorded", ({ subject }) => void told.push(subject));

    await mlops.lineage.record(score);
    await insideRun("build-1" as RunId, () => mlops.lineage.record({ ...score, runId: "run-2" }));
    await mlops.flush();

    expect(records.map(({ runId, task, status }) => [runId, task, status])).toEqual([
      ["run-1", "score", "success"],
      ["run-2", "score", "success"],
    ]);
    expect(told).toEqual(["run:run-1", "run:run-2"]);
    expect(await mlops.connection.readRun("run-1" as RunId)).toBe(undefined);
    expect(await mlops.lineage.compact()).toEqual({ before: 3, after: 2, removed: 0 });
  });

  it("that hangs or fails holds nothing up, and its records are in the journal", async () => {
    await using space = instanceSpace();
    records.length = 0;
    trouble = "hangs";
    const mlops = await space.open({
      ...warehouse,
      metadata: { home: "journal", writeTimeout: 20, flushTimeout: 500 },
    });

    const began = performance.now();
    await insideRun("build-1" as RunId, () => mlops.lineage.record(score));
    const took = performance.now() - began;
    await wait(0);
    const { fallback } = await mlops.flush();
    trouble = "fails";
    const awaited = await failureOf(() => mlops.lineage.record(score));

    expect(took).toBeLessThan(500);
    expect(fallback).toBe(1);
    expect(space.folder.files("journal").some((file) => file.endsWith("lineage.jsonl"))).toBe(true);
    expect([awaited.code, records]).toEqual(["BACKEND_FAILED", []]);
  });
});

describe("a name nobody has is one sentence, with the nearest and whose word it is", () => {
  it.each([
    ["registry", { ...acme, registry: { backend: "acmee" } }],
    ["lineage", { ...warehouse, lineage: { backend: "acne" } }],
  ] as const)("%s", async (_what, options) => {
    await using space = instanceSpace();

    const error = await failureOf(() => space.open(options));

    expect(error.code).toBe("PLUGIN_NOT_FOUND");
    expect(error.message).toContain("the call says so");
    expect(error.message).toContain("Did you mean 'acme'?");
  });

  it("also where a variable says it", async () => {
    await using space = instanceSpace();

    const error = await failureOf(() => space.open({ ...acme, env: { STRATA_REGISTRY_BACKEND: "acmee" } }));

    expect(error.message).toContain("STRATA_REGISTRY_BACKEND says so");
  });
});
