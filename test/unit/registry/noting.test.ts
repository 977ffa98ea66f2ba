// What people say of models later: labels, notes, aliases, descriptions; and deleting and handing out.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { auditOf, bytes, eventTypesOf, openRegistry } from "../../support/registry.ts";

describe.each(["memory", "sqlite"] as const)("on %s", (backend) => {
  it("labels are set and taken off, on models and versions, and the audit log knows", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m"), labels: { a: "1" } });

    expect({ ...(await registry.setLabels("m@1.0.0", { b: "2" })) }).toEqual({ a: "1", b: "2" });
    expect({ ...(await registry.removeLabels("m@1.0.0", ["a"])) }).toEqual({ b: "2" });
    await registry.setLabels("m", { team: "x" }, { by: "bo" });

    expect((await registry.get("m@1.0.0")).labels).toEqual({ b: "2" });
    expect((await registry.getModel("m")).labels).toEqual({ team: "x" });
    expect((await auditOf(connection)).slice(1)).toEqual(["model.label done", "model.label done", "model.label done"]);
    expect((await connection.listAudit({ actor: "bo" })).items).toHaveLength(1);
  });

  it("the 101st label is refused", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`l${n}`, "x"]));
    await registry.register({ name: "m", artifact: bytes("m"), labels });

    await expect(registry.setLabels("m@1.0.0", { more: "x" })).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
  });

  it("a note stays through a promotion, with author and time", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m") });
    await registry.annotate("m@1.0.0", { author: "bo", text: "checked by hand" });
    await registry.promote("m@1.0.0", "production");
    await registry.annotate("m", "about the whole");

    expect((await registry.listAnnotations("m@1.0.0")).items).toMatchObject([
      { author: "bo", text: "checked by hand", at: "2026-01-01T00:00:00.000Z", version: "1.0.0" },
    ]);
    expect((await registry.listAnnotations("m")).items.map(({ author }) => author)).toEqual(["ana", "bo"]);
  });

  it("an alias moves by compare-and-set, and its history tells from where", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    for (let n = 0; n < 2; n++) await registry.register({ name: "m", artifact: bytes(`${n}`) });
    await registry.setAlias("m@1.0.0", "champion", { expected: null });

    await expect(registry.setAlias("m@1.0.1", "champion", { expected: null })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    await registry.setAlias("m@1.0.1", "champion", { expected: "1.0.0", reason: "better", by: "bo" });

    expect((await registry.listAliases("m")).items).toMatchObject([
      { alias: "champion", version: "1.0.1", why: "better" },
    ]);
    expect((await registry.aliasHistory("m", "champion")).items).toMatchObject([
      { version: "1.0.1", previous: "1.0.0", by: "bo" },
      { version: "1.0.0", previous: undefined },
    ]);
    await registry.removeAlias("m", "champion");
    await expect(registry.get("m@champion")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await expect(registry.removeAlias("m", "champion")).rejects.toMatchObject({ code: "ALIAS_NOT_FOUND" });
    expect((await eventTypesOf(connection)).filter((type) => type.startsWith("alias."))).toEqual([
      "alias.set",
      "alias.set",
      "alias.removed",
    ]);
  });

  it.each(["production", "latest", "7", "1.0.0", "a b", "../x"])("%s cannot be an alias", async (alias) => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m") });

    await expect(registry.setAlias("m@1.0.0", alias)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
  });

  it("a deleted version leaves a tombstone: the list goes on without it, its alias is gone, its number stays taken", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    for (let n = 0; n < 3; n++) await registry.register({ name: "m", artifact: bytes(`${n}`) });
    await registry.setAlias("m#2", "champion");

    const gone = await registry.deleteVersion("m#2", { reason: "wrong file" });

    expect(gone.deleted).toMatchObject({ by: "ana", why: "wrong file" });
    expect((await registry.listVersions("m")).items.map(({ sequence }) => sequence)).toEqual([3, 1]);
    expect((await registry.listVersions("m", { deleted: true })).items).toHaveLength(3);
    expect((await registry.get("m")).sequence).toBe(3);
    expect((await registry.listAliases("m")).items).toEqual([]);
    expect((await registry.register({ name: "m", artifact: bytes("x") })).sequence).toBe(4);
    await expect(registry.get("m@1.0.1")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  it("what is in production is deleted by force only, with a reason", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m") });
    await registry.promote("m@1.0.0", "production");

    await expect(registry.deleteVersion("m@1.0.0")).rejects.toMatchObject({ code: "INVALID_TRANSITION" });
    await expect(registry.deleteVersion("m@1.0.0", { force: true })).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    });
    await registry.deleteVersion("m@1.0.0", { force: true, reason: "leaked data" });

    await expect(registry.getByStage("m", "production")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    expect((await auditOf(connection)).slice(-3)).toEqual([
      "model.delete denied",
      "model.delete denied",
      "model.delete forced",
    ]);
  });

  it("bytes go with the last version that has them", async () => {
    await using space = await openRegistry({ backend });
    const { registry, store } = space;
    const own = await registry.register({ name: "m", artifact: bytes("own") });
    const shared = await registry.register({ name: "m", artifact: bytes("shared") });
    await registry.register({ name: "other", artifact: bytes("shared") });
    const stored = ({ digest, artifactPath, size, files }: typeof own) =>
      store.exists({ digest: digest!, location: artifactPath!, size: size!, files: files! });
    space.clock.advance(2 * 3600_000);

    await registry.deleteVersion("m@1.0.0");
    await registry.deleteVersion("m@1.0.1");

    expect([await stored(own), await stored(shared)]).toEqual([false, true]);
    await using opened = await registry.open("other@1.0.0");
    expect(existsSync(opened.path)).toBe(true);
  });

  it("a download is an event and an audit row, and leaves a full folder alone", async () => {
    await using space = await openRegistry({ backend });
    const { registry, folder, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m") });

    const { folder: place } = await registry.download("m@latest", join(folder, "out"), { by: "bo" });
    await expect(registry.download("m@latest", join(folder, "out"))).rejects.toThrow();

    expect(readdirSync(place)).toHaveLength(1);
    expect((await eventTypesOf(connection)).at(-1)).toBe("model.downloaded");
    expect((await connection.listAudit({ action: "model.download", status: "done" })).items).toMatchObject([
      { actor: "bo" },
    ]);
  });

  it("a description and gates are changed, and setting the same again changes nothing", async () => {
    await using space = await openRegistry({ backend });
    const { registry, connection } = space;
    await registry.register({ name: "m", artifact: bytes("m") });
    await registry.describe("m", "who leaves");
    await registry.setGates("m", { min_auc: 0.9 });
    const { revision } = await registry.getModel("m");

    await registry.setGates("m", { min_auc: 0.9 });

    expect(await registry.getModel("m")).toMatchObject({
      description: "who leaves",
      gates: { min_auc: 0.9 },
      revision,
    });
    expect((await eventTypesOf(connection)).filter((type) => type === "model.updated")).toHaveLength(2);
    await registry.setGates("m", null);
    expect(await registry.showGates("m")).toEqual({ model: undefined, version: undefined, effective: {} });
  });
});
