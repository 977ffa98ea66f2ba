// Importing into a registry: numbers, stages and bytes stay, history tells what was, and nothing is there twice.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RegistryCore } from "../../../src/registry/core.ts";
import { importVersions, type ImportReport } from "../../../src/registry/importing.ts";
import { exportModels, importModels, type ModelLayout } from "../../../src/registry/layout/layouts.ts";
import { modelReader } from "../../../src/registry/layout/read-models.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { auditOf, bytes, eventTypesOf, openRegistry, stagesOf, type RegistryOpened } from "../../support/registry.ts";

function coreOf({ host, store }: RegistryOpened): RegistryCore {
  return new RegistryCore({ host, store });
}

async function importFrom(space: RegistryOpened, folder: string): Promise<readonly ImportReport[]> {
  const reports: ImportReport[] = [];
  for await (const report of importVersions(coreOf(space), importModels(folder), { durable: true }))
    reports.push(report);
  return reports;
}

async function exportTo(space: RegistryOpened, folder: string, layout: ModelLayout): Promise<void> {
  await exportModels({ models: modelReader(space.connection), store: space.store, folder, layout });
}

/** Three versions: one archived by the next, one in production with an alias, one deleted; and gates. */
async function fill({ registry, clock }: RegistryOpened): Promise<void> {
  const name = "team/churn";
  for (const [n, auc] of [0.8, 0.9, 0.7].entries()) {
    clock.advance(1000);
    await registry.register({ name, artifact: bytes(`model ${n}`), metrics: { auc }, labels: { n: String(n) } });
  }
  await registry.setGates(name, { min_auc: 0.75 });
  for (const version of ["1.0.0", "1.0.1"]) {
    clock.advance(1000);
    await registry.promote(`${name}@${version}`, "production");
  }
  await registry.setAlias(`${name}@1.0.1`, "champion");
  clock.advance(1000);
  await registry.deleteVersion(`${name}@1.0.2`, { reason: "leaked" });
}

describe.each(["memory", "sqlite"] as const)("on %s", (backend) => {
  it.each(["native", "ubunye", "tauro"] as const)(
    "what was exported in layout %s is imported with its numbers, stages, alias, bytes and gates",
    async (layout) => {
      using folder = new Folder();
      await using from = await openRegistry({ backend });
      await using to = await openRegistry({ backend });
      await fill(from);

      await exportTo(from, folder.at("out"), layout);
      const [report] = await importFrom(to, folder.at("out"));

      expect(report).toMatchObject({ namespace: "team", name: "churn", skipped: [], notes: [] });
      expect(await stagesOf(to.registry, "team/churn")).toEqual(await stagesOf(from.registry, "team/churn"));
      const live = await to.registry.get("team/churn@champion");
      expect(live).toMatchObject({ version: "1.0.1", sequence: 2, metrics: { auc: 0.9 }, labels: { n: "1" } });
      expect(live.digest).toBe((await from.registry.get("team/churn@champion")).digest);
      await using opened = await to.registry.open("team/churn@production");
      expect(readFileSync(opened.path, "utf8")).toBe("model 1");
      const blocked = await failureOf(async () => {
        await to.registry.register({ name: "team/churn", artifact: bytes("worse"), metrics: { auc: 0.1 } });
        await to.registry.promote("team/churn@latest", "staging");
      });
      expect(blocked).toMatchObject({ code: "PROMOTION_BLOCKED" });
    },
  );

  it("deleted numbers stay taken, and a rollback finds who was in production before", async () => {
    using folder = new Folder();
    await using from = await openRegistry({ backend });
    await using to = await openRegistry({ backend });
    await fill(from);
    await exportTo(from, folder.at("out"), "ubunye");

    await importFrom(to, folder.at("out"));

    const next = await to.registry.register({ name: "team/churn", artifact: bytes("next") });
    expect(next).toMatchObject({ version: "1.0.3", sequence: 4 });
    expect(await to.registry.rollback("team/churn")).toMatchObject({ version: "1.0.0", stage: "production" });
  });

  it("an import that is made again changes nothing", async () => {
    using folder = new Folder();
    await using from = await openRegistry({ backend });
    await using to = await openRegistry({ backend });
    await fill(from);
    await exportTo(from, folder.at("out"), "native");
    await importFrom(to, folder.at("out"));
    const events = await eventTypesOf(to.connection);

    const [again] = await importFrom(to, folder.at("out"));

    expect(again).toMatchObject({ imported: [], skipped: ["1.0.0", "1.0.1", "1.0.2"] });
    expect(await eventTypesOf(to.connection)).toEqual(events);
  });

  it("each version has an audit row, and each that is not deleted an event", async () => {
    using folder = new Folder();
    await using from = await openRegistry({ backend });
    await using to = await openRegistry({ backend });
    await fill(from);
    await exportTo(from, folder.at("out"), "native");

    await importFrom(to, folder.at("out"));

    expect((await eventTypesOf(to.connection)).filter((type) => type.startsWith("model.")).sort()).toEqual([
      "model.created",
      "model.registered",
      "model.registered",
    ]);
    expect((await auditOf(to.connection)).filter((row) => row.includes("model.import"))).toHaveLength(3);
  });
});

describe("an import", () => {
  it("leaves the version that is in production here where it is, and aliases too, and says so", async () => {
    using folder = new Folder();
    await using from = await openRegistry();
    await using to = await openRegistry();
    await from.registry.register({ name: "team/churn", version: "2.0.0", artifact: bytes("theirs") });
    await from.registry.promote("team/churn@2.0.0", "production");
    await from.registry.setAlias("team/churn@2.0.0", "champion");
    await from.registry.setAlias("team/churn@2.0.0", "theirs");
    await exportTo(from, folder.at("out"), "ubunye");
    const registry = folder.at("out/team/churn/registry.json");
    folder.write(
      "out/team/churn/registry.json",
      readFileSync(registry, "utf8").replace('"sequence": 1', '"sequence": 9'),
    );
    await to.registry.register({ name: "team/churn", artifact: bytes("ours") });
    await to.registry.promote("team/churn@1.0.0", "production");
    await to.registry.setAlias("team/churn@1.0.0", "champion");

    const [report] = await importFrom(to, folder.at("out"));

    expect(report!.notes).toEqual([
      "2.0.0: it was in production, as 1.0.0 is here, which stays; it is archived",
      "2.0.0: alias 'champion' is another version's here, and stays",
    ]);
    expect(await to.registry.get("team/churn@champion")).toMatchObject({ version: "1.0.0" });
    expect(await to.registry.get("team/churn@theirs")).toMatchObject({ version: "2.0.0" });
    expect(await stagesOf(to.registry, "team/churn")).toEqual(["1.0.0 production", "2.0.0 archived"]);
  });

  it("refuses another version of a number that is taken, and bytes that were changed, and then writes nothing", async () => {
    using folder = new Folder();
    await using from = await openRegistry();
    await using to = await openRegistry();
    await fill(from);
    await exportTo(from, folder.at("out"), "native");
    const model = join(
      "out/team/churn/versions/1.0.1",
      folder.files("out/team/churn/versions/1.0.1")[0]!.split("/").at(-1)!,
    );
    folder.write(model, "changed");

    expect(await failureOf(() => importFrom(to, folder.at("out")))).toMatchObject({ code: "ARTIFACT_CORRUPTED" });
    expect(await failureOf(() => to.registry.getModel("team/churn"))).toMatchObject({ code: "MODEL_NOT_FOUND" });

    // The claims were given back, so the same numbers can be imported once the file is right.
    folder.write(model, "model 1");
    expect((await importFrom(to, folder.at("out")))[0]!.imported).toEqual(["1.0.0", "1.0.1", "1.0.2"]);

    await using other = await openRegistry();
    await other.registry.register({ name: "team/churn", artifact: bytes("something else") });
    expect(await failureOf(() => importFrom(other, folder.at("out")))).toMatchObject({ code: "VERSION_EXISTS" });
  });

  it("of an original Ubunye store numbers versions by their age and leaves out gates nobody understands", async () => {
    using folder = new Folder();
    await using to = await openRegistry();
    const entry = (registered_at: string): object => ({
      stage: "development",
      registered_at,
      metrics: {},
      metadata: {},
    });
    const versions = { "1.1.0": entry("2024-02-01T00:00:00"), "1.0.0": entry("2024-01-01T00:00:00") };
    const registry = { model_name: "Risk", use_case: "fraud", versions, promotion_gates: { mim_auc: 0.9 } };
    folder.write("fraud/Risk/registry.json", JSON.stringify(registry));
    for (const version of Object.keys(versions)) folder.write(`fraud/Risk/versions/${version}/model/m.pkl`, version);

    const [report] = await importFrom(to, folder.path);

    expect(report!.imported).toEqual(["1.0.0", "1.1.0"]);
    expect(report!.notes).toHaveLength(1);
    expect(report!.notes[0]).toMatch(/^the model: its gates are left out: .*mim_auc/);
    expect(await to.registry.get("fraud/Risk#2")).toMatchObject({
      version: "1.1.0",
      createdAt: "2024-02-01T00:00:00.000Z",
    });
  });
});
