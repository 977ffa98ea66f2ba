// The registry in other systems' words, and at the end of a training.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asNumberedRegistry } from "../../../src/registry/facade/numbered-registry.ts";
import { asRegistryBackend, registryBackendMethods } from "../../../src/registry/facade/registry-backend.ts";
import { jsonCodec } from "../../../src/registry/codec.ts";
import { train } from "../../../src/registry/train.ts";
import { bytes, openRegistry, stagesOf } from "../../support/registry.ts";

describe("the six calls", () => {
  const model = { namespace: "fraud", name: "risk" };

  it("are all there is, and do it all", async () => {
    await using space = await openRegistry();
    const backend = asRegistryBackend(space.registry);
    expect(Object.keys(backend).sort()).toEqual([...registryBackendMethods].sort());

    const first = await backend.register({ ...model, artifact: bytes("1"), metrics: { auc: 0.9 }, runId: "run-1" });
    await backend.register({ ...model, version: "1.3.0", artifact: bytes("2") });
    await backend.promote({ ...model, version: "1.0.0", toStage: "production", promotedBy: "bo" });
    await backend.promote({ ...model, version: "1.3.0", toStage: "production" });
    await backend.demote({ ...model, version: "1.3.0", toStage: "development" });
    await backend.delete({ ...model, version: "1.0.0" });

    expect(first).toMatchObject({ version: "1.0.0", stage: "development", runId: "run-1" });
    expect((await backend.listVersions(model)).map(({ version, stage }) => [version, stage])).toEqual([
      ["1.3.0", "development"],
    ]);
  });

  it("get answers the artifact and what is known, and wants to be told which version", async () => {
    await using space = await openRegistry();
    const backend = asRegistryBackend(space.registry);
    await backend.register({ ...model, artifact: bytes("1") });

    const { artifact, info } = await backend.get(model, { version: "1.0.0" });
    await using _open = artifact;

    expect([info.version, artifact.isFolder]).toEqual(["1.0.0", false]);
    await expect(backend.get(model, undefined as never)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    await expect(backend.get(model, {} as never)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    await expect(backend.get(model, { stage: "production" })).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });
});

describe("numbers instead of semantic versions", () => {
  it("begin in Staging with profile tauro, and production has one version only", async () => {
    await using space = await openRegistry({ profile: "tauro" });
    const registry = asNumberedRegistry(space.registry);

    const first = await registry.registerModel({
      name: "credit",
      artifact: bytes("1"),
      artifactType: "sklearn",
      framework: "scikit-learn",
      hyperparameters: { n: 100 },
      metrics: { accuracy: 0.9 },
      tags: { team: "risk" },
    });
    await registry.registerModel({ name: "credit", artifact: bytes("2") });
    const promoted = await registry.promoteModel("credit", 1, "Production");
    await registry.promoteModel("credit", 2, "production");

    expect(first).toMatchObject({ version: 1, stage: "Staging", framework: "sklearn", tags: { team: "risk" } });
    expect(promoted.stage).toBe("Production");
    expect((await registry.listModelVersions("credit")).map(({ version, stage }) => [version, stage])).toEqual([
      [2, "Production"],
      [1, "Archived"],
    ]);
    expect((await registry.getModelByStage("credit", "Production")).version).toBe(2);
    expect((await registry.getModelVersion("credit")).version).toBe(2);
    expect((await registry.getModelVersion("credit", 1)).version).toBe(1);
    expect(await registry.listModels()).toEqual(["credit"]);
    await expect(registry.promoteModel("credit", 2, "Live")).rejects.toThrow(
      /development, staging, production, archived/,
    );
    await expect(registry.getModelVersion("nonexistent")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  });

  it("keep tags, delete with a tombstone, and go on counting", async () => {
    await using space = await openRegistry({ profile: "tauro" });
    const registry = asNumberedRegistry(space.registry);
    for (let n = 0; n < 3; n++) await registry.registerModel({ name: "credit", artifact: bytes(`${n}`) });

    await registry.setTag("credit", 1, "a", "1");
    await registry.setTag("credit", 1, "b", "2");
    await registry.removeTag("credit", 1, "a");
    await registry.deleteModelVersion("credit", 2);

    expect((await registry.getModelVersion("credit", 1)).tags).toEqual({ b: "2" });
    expect((await registry.listModelVersions("credit")).map(({ version }) => version)).toEqual([3, 1]);
    expect((await registry.registerModel({ name: "credit", artifact: bytes("x") })).version).toBe(4);
  });
});

describe("a training", () => {
  const codec = jsonCodec(z.object({ weight: z.number() }));
  const fit = () => ({ model: { weight: 2 }, metrics: { auc: 0.9, loss: 0.2, f1: 0.8 } });

  it("that passes its gates ends in staging", async () => {
    await using space = await openRegistry();
    const { registry } = space;

    const { version, promotion } = await train({
      into: registry,
      registry: {
        model: "churn",
        use_case: "team",
        auto_version: true,
        promote_to: "staging",
        promotion_gates: { min_auc: 0.85 },
      },
      codec,
      train: fit,
    });

    expect([version.version, promotion?.stage]).toEqual(["1.0.0", "staging"]);
    expect(await stagesOf(registry, "team/churn")).toEqual(["1.0.0 staging"]);
  });

  it("that fails three of four gates says three lines and throws, with the version registered in development", async () => {
    await using space = await openRegistry();
    const { registry, lines } = space;
    const promotionGates = { min_auc: 0.95, max_loss: 0.1, require_drift_check: true, min_f1: 0.5 };
    const target = { model: "churn", promoteTo: "staging", promotionGates };

    await expect(train({ into: registry, registry: target, codec, train: fit })).rejects.toMatchObject({
      code: "PROMOTION_BLOCKED",
      message: expect.stringContaining("3 of 4") as string,
    });
    expect(lines).toHaveLength(3);
    const logged = await train({ into: registry, registry: { ...target, onBlocked: "log" }, codec, train: fit });

    expect(logged.promotion?.changed).toBe(false);
    expect(await stagesOf(registry, "churn")).toEqual(["1.0.0 development", "1.0.1 development"]);
  });

  it.each([
    [{ model: "churn", auto_version: false }, "VALIDATION_FAILED"],
    [{ model: "churn", promotion_gates: { mim_auc: 0.9 } }, "GATE_INVALID"],
    [{ model: "churn", promote_to: "prod" }, "VALIDATION_FAILED"],
    [{ model: "churn", promoteto: "staging" }, "VALIDATION_FAILED"],
    [{ model: "../x" }, "VALIDATION_FAILED"],
  ])("configured as %j is refused before it starts", async (target, code) => {
    await using space = await openRegistry();
    let started = false;

    await expect(
      train({
        into: space.registry,
        registry: target,
        codec,
        train: () => {
          started = true;
          return fit();
        },
      }),
    ).rejects.toMatchObject({ code });
    expect(started).toBe(false);
  });

  it("with a pinned version takes that one, and no other", async () => {
    await using space = await openRegistry();
    const target = { model: "churn", auto_version: false, version: "2.0.0" };

    const { version } = await train({ into: space.registry, registry: target, codec, train: fit });

    expect(version.version).toBe("2.0.0");
    await expect(train({ into: space.registry, registry: target, codec, train: fit })).rejects.toMatchObject({
      code: "VERSION_EXISTS",
    });
  });
});
