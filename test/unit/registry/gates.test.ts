// Gates: what they say of numbers and checks, and that nothing gets past them.

import { describe, expect, it } from "vitest";
import { askGates, parseGates, type GateInput, type GateSettings } from "../../../src/registry/gate.ts";
import { auditOf, bytes, eventTypesOf, openRegistry, stagesOf } from "../../support/registry.ts";
import { asNumberedRegistry } from "../../../src/registry/facade/numbered-registry.ts";
import { asRegistryBackend } from "../../../src/registry/facade/registry-backend.ts";

const now = Date.parse("2026-01-10T00:00:00Z");

async function ask(settings: GateSettings, input: Partial<GateInput>, custom = {}): Promise<[boolean, string]> {
  const gates = parseGates(settings, custom);
  const [result] = await askGates(gates, { metrics: {}, metadata: {}, checks: {}, now, ...input });
  return [result!.passed, result!.message];
}

describe("a gate", () => {
  it.each([
    [{ min_auc: 0.85 }, { auc: 0.85 }, true],
    [{ min_auc: 0.85 }, { auc: 0.8499 }, false],
    [{ max_loss: 0.3 }, { loss: 0.3 }, true],
    [{ max_loss: 0.3 }, { loss: 0.31 }, false],
    [{ min_auc: 0.85 }, { auc: Number.NaN }, false],
    [{ max_loss: 0.3 }, { loss: Number.NaN }, false],
  ])("%j for %j: %s", async (settings, metrics, passed) => {
    expect((await ask(settings, { metrics }))[0]).toBe(passed);
  });

  it.each([{ min_auc: 0.85 }, { max_auc: 0.85 }])("%j without the metric fails with a message", async (settings) => {
    expect(await ask(settings, {})).toEqual([false, "metric 'auc' not found"]);
  });

  it.each([
    [true, true],
    ["true", true],
    ["false", false],
    [false, false],
    [1, false],
    ["yes", false],
    [undefined, false],
  ])("require_drift_check with metadata %j: %s", async (flag, passed) => {
    const metadata = flag === undefined ? {} : { drift_check_passed: flag };

    expect((await ask({ require_drift_check: true }, { metadata }))[0]).toBe(passed);
  });

  it("require_drift_check: false asks nothing", () => {
    expect(parseGates({ require_drift_check: false }).parsed).toEqual([]);
  });

  it.each([
    [{ status: "passed", at: "2026-01-09T00:00:00Z" }, true],
    [{ status: "passed", at: "2026-01-01T00:00:00Z" }, false],
    [{ status: "failed", at: "2026-01-09T00:00:00Z" }, false],
  ] as const)("with max_drift_age 7d, a drift check that came to %j: %s", async (result, passed) => {
    const said = await ask({ require_drift_check: true, max_drift_age: "7d" }, { checks: { drift_check: result } });

    expect(said[0]).toBe(passed);
  });

  it.each([
    ["mim_auc", "min_auc"],
    ["maxx_loss", "max_loss"],
    ["requires_drift_check", "require_drift_check"],
  ])("%s is refused when it is loaded, and %s is suggested", (key, suggestion) => {
    expect(() => parseGates({ [key]: 1 })).toThrow(
      expect.objectContaining({
        code: "GATE_INVALID",
        hint: `Did you mean '${suggestion}'?`,
      }) as Error,
    );
  });

  it.each([
    { min_auc: "0.85" },
    { min_auc: null },
    { require_drift_check: 1 },
    { max_drift_age: "soon", require_drift_check: true },
    { max_drift_age: "7d" },
    { min_: 1 },
    [],
    null,
  ])("%j is refused", (settings) => {
    expect(() => parseGates(settings)).toThrow(expect.objectContaining({ code: "GATE_INVALID" }) as Error);
  });

  it("of one's own says true or a sentence; anything else, and an error, is a no", async () => {
    const custom = {
      fair: (_input: GateInput, setting: unknown) => (setting === 1 ? (true as const) : "not fair"),
      bare: () => false as never,
      broken: () => {
        throw new Error("no answer");
      },
    };

    expect(await ask({ fair: 1 }, {}, custom)).toEqual([true, "fair passed"]);
    expect(await ask({ fair: 2 }, {}, custom)).toEqual([false, "not fair"]);
    expect((await ask({ bare: 1 }, {}, custom))[0]).toBe(false);
    expect(await ask({ broken: 1 }, {}, custom)).toEqual([false, "the gate failed: no answer"]);
  });
});

describe("a promotion", () => {
  const failing = { min_auc: 0.95, max_loss: 0.1, require_drift_check: true, min_f1: 0.5 };
  const metrics = { auc: 0.9, loss: 0.2, f1: 0.8 };

  it("that three of four gates block lists all three with actual value and threshold, and has all four in its data", async () => {
    await using space = await openRegistry();
    const { registry, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });
    await registry.setGates("m", failing);

    const error: any = await registry.promote("m@1.0.0", "staging").catch((thrown: unknown) => thrown);

    expect(error.code).toBe("PROMOTION_BLOCKED");
    expect(error.message).toContain("3 of 4 gates");
    expect(error.message).toContain("min_auc: auc 0.9 < 0.95 (actual 0.9, threshold 0.95)");
    expect(error.message).not.toContain("min_f1");
    expect(error.data.results).toHaveLength(4);
    expect(await stagesOf(registry, "m")).toEqual(["1.0.0 development"]);
    expect((await auditOf(connection)).at(-1)).toBe("model.promote denied");
    expect((await eventTypesOf(connection)).at(-1)).toBe("gate.failed");
  });

  it("with onBlocked log says a line for each failing gate, and goes on", async () => {
    await using space = await openRegistry();
    const { registry, lines } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });

    const outcome = await registry.promote("m@1.0.0", "staging", { gates: failing, onBlocked: "log" });

    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain("max_loss");
    expect([outcome.changed, outcome.stage]).toEqual([false, "development"]);
  });

  it("explicit gates count instead of the stored ones, and an empty record does not take those away", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });
    await registry.setGates("m", failing);

    await expect(registry.promote("m@1.0.0", "staging", { gates: {} })).rejects.toMatchObject({
      code: "PROMOTION_BLOCKED",
    });
    const outcome = await registry.promote("m@1.0.0", "staging", { gates: { min_f1: 0.5 } });

    expect(outcome.gateResults.map(({ gate, passed }) => [gate, passed])).toEqual([["min_f1", true]]);
  });

  it("gates of a version count instead of the model's", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });
    await registry.setGates("m", failing);
    await registry.setGates("m@1.0.0", { min_auc: 0.5 });

    expect(await registry.showGates("m@1.0.0")).toEqual({
      model: failing,
      version: { min_auc: 0.5 },
      effective: { min_auc: 0.5 },
    });
    expect((await registry.promote("m@1.0.0", "production")).stage).toBe("production");
  });

  it("by force needs a reason, and is remembered in the audit log, the history and the version", async () => {
    await using space = await openRegistry();
    const { registry, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });
    await registry.setGates("m", failing);

    await expect(registry.promote("m@1.0.0", "staging", { force: true })).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    });
    const outcome = await registry.promote("m@1.0.0", "staging", { force: true, reason: "outage", by: "bo" });

    expect(outcome.forced).toBe(true);
    expect(outcome.metadata).toMatchObject({
      promotion_forced: true,
      promotion_gates_skipped: ["min_auc", "max_loss", "require_drift_check", "min_f1"],
    });
    const { items } = await connection.listAudit({ status: "forced" });
    expect(items).toMatchObject([{ actor: "bo", action: "model.promote", why: "outage" }]);
    expect((await registry.history("m@1.0.0")).items[0]).toMatchObject({ forced: true, by: "bo" });
  });

  it("as a dry run asks the gates, and writes nothing", async () => {
    await using space = await openRegistry();
    const { registry, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });
    const before = await auditOf(connection);

    const outcome = await registry.promote("m@1.0.0", "staging", { gates: failing, dryRun: true });

    expect(outcome.gateResults.filter(({ passed }) => !passed)).toHaveLength(3);
    expect([outcome.changed, outcome.stage]).toEqual([false, "development"]);
    expect(await auditOf(connection)).toEqual(before);
  });

  it("is blocked by stored gates through every façade", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics });
    await registry.setGates("m", failing);
    const blocked = { code: "PROMOTION_BLOCKED" };

    await expect(registry.promote("m@1.0.0", "production")).rejects.toMatchObject(blocked);
    await expect(asNumberedRegistry(registry).promoteModel("m", 1, "Production")).rejects.toMatchObject(blocked);
    await expect(
      asRegistryBackend(registry).promote({ namespace: "default", name: "m", version: "1.0.0", toStage: "staging" }),
    ).rejects.toMatchObject(blocked);
    expect(await stagesOf(registry, "m")).toEqual(["1.0.0 development"]);
  });

  it("asks the results of checks, and gates of one's own", async () => {
    await using space = await openRegistry({
      checks: async ({ version }) => ({
        bias: { status: version === "1.0.0" ? "passed" : "failed", at: "2026-01-01T00:00:00Z" },
      }),
      gates: { small: ({ metrics: { size = 0 } }, most) => size <= Number(most) || `${size} bytes are too many` },
    });
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m"), metrics: { size: 5 } });
    await registry.register({ name: "m", artifact: bytes("m"), metrics: { size: 5 } });
    await registry.setGates("m", { require_bias: true, small: 10 });

    expect((await registry.promote("m@1.0.0", "staging")).changed).toBe(true);
    await expect(registry.promote("m@1.0.1", "staging")).rejects.toThrow(/check 'bias' came to 'failed'/);
    await expect(registry.setGates("m", { smal: 10 })).rejects.toMatchObject({ hint: "Did you mean 'small'?" });
  });
});
