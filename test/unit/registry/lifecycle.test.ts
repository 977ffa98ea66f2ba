// The life of a version, on every backend: who may go where, who makes room, and what is remembered of it.

import { describe, expect, it } from "vitest";
import { auditOf, bytes, eventTypesOf, openRegistry, stagesOf } from "../../support/registry.ts";
import type { ModelRegistry } from "../../../src/registry/registry.ts";

async function versions(registry: ModelRegistry, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await registry.register({ name: "team/churn", artifact: bytes(`model ${n}`) });
}

describe.each(["memory", "sqlite"] as const)("on %s", (backend) => {
  it("a new version is in development, and production is reached in one step or two", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    const registered = await registry.register({ name: "team/churn", artifact: bytes("one") });

    const staged = await registry.promote("team/churn@1.0.0", "staging");
    const live = await registry.promote("team/churn@1.0.0", "production");
    await versions(registry, 1);
    const skipped = await registry.promote("team/churn@1.0.1", "Production");

    expect(registered.stage).toBe("development");
    expect([staged.stage, staged.changed, live.stage]).toEqual(["staging", true, "production"]);
    expect(skipped.archived.map(({ version }) => version)).toEqual(["1.0.0"]);
    expect(await stagesOf(registry, "team/churn")).toEqual(["1.0.0 archived", "1.0.1 production"]);
    expect(live.promotedToStagingAt).toBeDefined();
    expect((await registry.get("team/churn@1.0.0")).archivedAt).toBeDefined();
  });

  it("two promotions at once leave one version in production, the other archived, and two rows in the audit log", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await versions(registry, 2);
    const before = (await auditOf(connection)).length;

    await Promise.all([
      registry.promote("team/churn@1.0.0", "production"),
      registry.promote("team/churn@1.0.1", "production"),
    ]);

    const stages = (await stagesOf(registry, "team/churn")).map((text) => text.split(" ")[1]);
    expect(stages.toSorted()).toEqual(["archived", "production"]);
    expect((await auditOf(connection)).slice(before)).toEqual(["model.promote done", "model.promote done"]);
  });

  it("a promotion that takes somebody's place says archived, then promoted, with one correlation", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await versions(registry, 2);
    await registry.promote("team/churn@1.0.0", "production");

    await registry.promote("team/churn@1.0.1", "production");

    const { items } = await connection.listEvents({ types: ["model.*"] }, { limit: 2 });
    expect(items.map(({ type }) => type).reverse()).toEqual(["model.archived", "model.promoted"]);
    expect(new Set(items.map(({ correlation }) => correlation)).size).toBe(1);
  });

  it("demoting to production is refused, and nothing changes", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await versions(registry, 1);

    await expect(registry.demote("team/churn@1.0.0", "production")).rejects.toMatchObject({
      code: "INVALID_TRANSITION",
    });

    expect(await stagesOf(registry, "team/churn")).toEqual(["1.0.0 development"]);
    expect((await auditOf(connection)).at(-1)).toBe("model.demote denied");
  });

  it("demoting to archived sets the time, and who and why", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await versions(registry, 1);

    await registry.demote("team/churn@1.0.0", "archived", { by: "bo", reason: "too old" });

    expect((await registry.get("team/churn@1.0.0")).archivedAt).toBe("2026-01-01T00:00:00.000Z");
    const { items } = await registry.history("team/churn@1.0.0");
    expect(items[0]).toMatchObject({ kind: "demote", to: "archived", by: "bo", why: "too old" });
  });

  it("the archive is left by restoring and rolling back alone", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await versions(registry, 1);
    await registry.archive("team/churn@1.0.0");

    await expect(registry.promote("team/churn@1.0.0", "staging")).rejects.toMatchObject({ code: "INVALID_TRANSITION" });
    const restored = await registry.restore("team/churn@1.0.0");

    expect([restored.stage, restored.archivedAt]).toEqual(["development", undefined]);
  });

  it("going where one is already changes nothing and writes nothing", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await versions(registry, 1);
    await registry.promote("team/churn@1.0.0", "staging");
    const before = [await auditOf(connection), await eventTypesOf(connection)];

    const again = await registry.promote("team/churn@1.0.0", "staging");

    expect(again.changed).toBe(false);
    expect([await auditOf(connection), await eventTypesOf(connection)]).toEqual(before);
  });

  it("archiving what is in production says that nothing is left there", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await versions(registry, 1);
    await registry.promote("team/churn@1.0.0", "production");

    const archived = await registry.archive("team/churn@1.0.0");

    expect(archived.warnings).toEqual([expect.stringContaining("no version is in production now")]);
    await expect(registry.getByStage("team/churn", "production")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  it("of two versions in staging the one that came last is answered", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await versions(registry, 2);
    await registry.promote("team/churn@1.0.1", "staging");
    await registry.promote("team/churn@1.0.0", "staging");

    expect((await registry.getByStage("team/churn", "Staging")).version).toBe("1.0.0");
    expect((await registry.listByStage("team/churn", "staging")).map(({ version }) => version)).toEqual([
      "1.0.1",
      "1.0.0",
    ]);
  });

  it("archivePrevious same-stage archives whoever is in staging", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await versions(registry, 2);
    await registry.promote("team/churn@1.0.0", "staging");

    await registry.promote("team/churn@1.0.1", "staging", { archivePrevious: "same-stage" });

    expect(await stagesOf(registry, "team/churn")).toEqual(["1.0.0 archived", "1.0.1 staging"]);
  });

  describe("rolling back", () => {
    it("brings the version before into production and leaves two rows of kind rollback", async () => {
      await using space = await openRegistry({ backend });
      const { registry } = space;
      await versions(registry, 2);
      await registry.promote("team/churn@1.0.0", "production");
      await registry.promote("team/churn@1.0.1", "production");

      const back = await registry.rollback("team/churn", { reason: "errors" });

      expect(back.version).toBe("1.0.0");
      expect(await stagesOf(registry, "team/churn")).toEqual(["1.0.0 production", "1.0.1 archived"]);
      const { items } = await registry.history("team/churn", { limit: 2 });
      expect(items.map(({ kind }) => kind)).toEqual(["rollback", "rollback"]);
    });

    it("again and again walks further back, and ends where there is nothing before", async () => {
      await using space = await openRegistry({ backend });
      const { registry } = space;
      await versions(registry, 4);
      for (const version of ["1.0.0", "1.0.1", "1.0.2", "1.0.3"])
        await registry.promote(`team/churn@${version}`, "production");

      const walked: string[] = [];
      for (let n = 0; n < 3; n++) walked.push((await registry.rollback("team/churn")).version);

      expect(walked).toEqual(["1.0.2", "1.0.1", "1.0.0"]);
      await expect(registry.rollback("team/churn")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
      expect((await registry.getByStage("team/churn", "production")).version).toBe("1.0.0");
    });

    it("does not go back to what was taken off by hand, or deleted", async () => {
      await using space = await openRegistry({ backend });
      const { registry } = space;
      await versions(registry, 4);
      for (const version of ["1.0.0", "1.0.1", "1.0.2", "1.0.3"])
        await registry.promote(`team/churn@${version}`, "production");
      await registry.archive("team/churn@1.0.3");
      await registry.deleteVersion("team/churn@1.0.2");

      expect((await registry.rollback("team/churn")).version).toBe("1.0.1");
    });

    it("to a version that never was in production warns, and records its gates as skipped", async () => {
      await using space = await openRegistry({ backend });
      const { registry } = space;
      await versions(registry, 2);
      await registry.promote("team/churn@1.0.0", "production");
      await registry.setGates("team/churn", { min_auc: 0.9 });

      const back = await registry.rollback("team/churn", { toVersion: "1.0.1" });

      expect(back.warnings).toEqual(["team/churn v1.0.1 was never in production before"]);
      expect(back.gateResults).toMatchObject([{ gate: "min_auc", skipped: "rollback" }]);
      const { items } = await registry.history("team/churn@1.0.1", { limit: 1 });
      expect(items[0]?.gates).toMatchObject([{ gate: "min_auc", skipped: "rollback" }]);
    });
  });
});
