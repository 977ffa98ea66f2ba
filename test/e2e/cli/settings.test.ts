// What flipping a setting changes, on the command line.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { effectOf } from "../../support/effect.ts";
import { day, openSpend, spendFile } from "./spend.ts";

const named =
  (name: string) =>
  (one: { readonly name: string }): boolean =>
    one.name === name;

describe("a setting of strata.config.ts", () => {
  effectOf("graph", "another file declares the graph", async () => {
    await using space = await openSpend();
    space.write({
      "other.ts": spendFile({ build: "return 1;" }),
      "strata.config.ts": `export default { graph: "other.ts" };`,
    });
    await space.strata("build");

    expect(JSON.parse((await space.strata("read", "total")).stdout)).toMatchObject({ total: 3 });
  });

  effectOf("root", "templates start somewhere else", async () => {
    await using space = await openSpend();
    space.write({
      "elsewhere/data/2026-01-01.json": day(1),
      "strata.config.ts": `export default { root: "elsewhere", graph: "spend.ts" };`,
    });
    await space.strata("build");

    expect(JSON.parse((await space.strata("read", "total")).stdout)).toEqual({ total: 1, days: 1 });
    expect(existsSync(space.path("elsewhere", ".strata"))).toBe(true);
  });

  effectOf("path", "the state is kept in another folder", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": `export default { path: "state", graph: "spend.ts" };` });
    await space.strata("build");

    expect([existsSync(space.path("state", "strata.db")), existsSync(space.path(".strata"))]).toEqual([true, false]);
  });

  effectOf("backend", "results are remembered elsewhere", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": `export default { backend: "sqlite:other/a.db", graph: "spend.ts" };` });
    const { code } = await space.strata("build");

    expect(code).toBe(0);
    expect([existsSync(space.path("other", "a.db")), existsSync(space.path(".strata", "strata.db"))]).toEqual([
      true,
      false,
    ]);
  });

  effectOf("concurrency", "so many steps run at once", async () => {
    const build = `
      globalThis.running = (globalThis.running ?? 0) + 1;
      globalThis.most = Math.max(globalThis.most ?? 0, globalThis.running);
      await new Promise((resolve) => setTimeout(resolve, 100));
      globalThis.running--;
      return globalThis.most;`;
    await using space = await openSpend({ build });
    const most = async (concurrency: number): Promise<number> => {
      space.write({ "strata.config.ts": `export default { concurrency: ${concurrency}, graph: "spend.ts" };` });
      await space.strata("build", "--force");
      const days = ["2026-01-01", "2026-01-02", "2026-01-03"];
      const seen = await Promise.all(
        days.map(async (date) => Number((await space.strata("read", `days[${date}]`)).stdout)),
      );
      return seen.reduce((highest, one) => Math.max(highest, one), 0);
    };

    expect(await most(1)).toBe(1);
    expect(await most(3)).toBeGreaterThan(1);
  });

  effectOf("plugins", "what is named there is found", async () => {
    await using space = await openSpend();
    space.write({
      "strata.config.ts": `import { definePlugins } from "stratigraph";
export default { plugins: [definePlugins({ gates: { has_owner: () => true } })] };`,
    });
    const { json } = await space.strata("plugins", "--json");
    const gates = json.groups.find(({ group }: { group: string }) => group === "gates");

    expect(gates.plugins).toEqual([{ name: "has_owner", from: "strata.config" }]);
  });

  effectOf("profile", "variables of another system count", async () => {
    await using space = await openSpend();
    const shown = async (profile: string): Promise<unknown> => {
      space.write({ "strata.config.ts": `export default { profile: "${profile}" };` });
      const { json } = await space.run(["config", "show", "--json"], { env: { UBUNYE_METADATA_QUEUE_SIZE: "7" } });
      return json.settings["metadata.queueSize"].value;
    };

    expect([await shown("standard"), await shown("ubunye")]).toEqual([1_000, 7]);
  });

  effectOf("registry.backend", "doctor looks for that registry", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": `export default { registry: { backend: "acme" } };` });
    const { json } = await space.strata("doctor", "--json");

    expect(json.checks.find(named("registry")).says).toBe("'acme': strata.config.ts says so; there is no such plugin");
  });

  effectOf("lineage.backend", "doctor looks for that lineage", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": `export default { lineage: { backend: "acme" } };` });
    const { json } = await space.strata("doctor", "--json");

    expect(json.checks.find(named("lineage")).says).toBe("'acme': strata.config.ts says so; there is no such plugin");
  });

  effectOf("lineage.table", "the lineage that has tables is meant", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": `export default { lineage: { table: "a.b.c" } };` });
    const { json } = await space.strata("doctor", "--json");

    expect(json.checks.find(named("lineage")).says).toContain("'databricks-sql'");
  });
});

describe("gc", () => {
  it(
    "deletes archived versions beyond retention.maxVersions, and never the one in production",
    { timeout: 120_000 },
    async () => {
      await using space = await openSpend();
      space.write({
        "strata.config.ts": `export default { graph: "spend.ts", retention: { maxVersions: 3 } };`,
        "fill.mjs": `
import { sqlite } from "stratigraph/sqlite";
import { createHost } from "${dist("changes/host.js")}";
import { createRegistry } from "${dist("registry/registry.js")}";
import { localStore } from "${dist("registry/store/local-store.js")}";

const connection = await sqlite(".strata/strata.db").connect();
const registry = createRegistry({ host: createHost({ connection, mode: "durable", writer: false }), store: localStore(".strata/registry") });
for (let n = 0; n < 6; n++) {
  const { version } = await registry.register({ name: "churn", artifact: new Uint8Array([n]) });
  if (n === 0) await registry.promote("churn@" + version, "production");
  else await registry.archive("churn@" + version);
}
await connection.close();
`,
      });
      await space.strata("build");
      execFileSync(process.execPath, ["fill.mjs"], { cwd: space.folder });

      const looked = await space.strata("gc", "--json");
      const applied = await space.strata("gc", "--apply", "--json");
      const again = await space.strata("gc", "--json");
      const uris = ["1.0.1", "1.0.2", "1.0.3"].map((version) => `models:/default/churn/${version}`);

      expect(looked.json.versions.map(({ uri }: { uri: string }) => uri)).toEqual(uris);
      expect(applied.json).toMatchObject({ deleted: true });
      expect(applied.json.versions).toHaveLength(3);
      expect(again.json.versions).toEqual([]);
    },
  );
});

describe("gc of bytes", () => {
  it("deletes what no version has, and leaves alone a store that others may use", { timeout: 120_000 }, async () => {
    await using space = await openSpend();
    space.write({ "a.bin": "kept", "b.bin": "gone", "c.bin": "never" });
    await space.strata("build", "spend.ts");
    await space.strata("models", "register", "a.bin", "-m", "churn");
    await space.strata("models", "register", "b.bin", "-m", "churn");
    // Put twice, so that deleting the version leaves them there.
    const put = `
      import { localStore } from "${dist("registry/store/local-store.js")}";
      for (const path of ["b.bin", "c.bin"]) await localStore(".strata/registry").put({ path });`;
    execFileSync(process.execPath, ["--input-type=module", "-e", put], { cwd: space.folder });
    await space.strata("models", "delete", "-m", "churn", "-v", "1.0.1");

    const young = await space.strata("gc", "--json");
    const looked = await space.strata("gc", "--grace", "0", "--json");
    const said = await space.strata("gc", "--grace", "0");
    space.write({ "strata.config.ts": `export default { registry: { store: ".strata/registry" } };` });
    const shared = await space.strata("gc", "--grace", "0", "--delete");
    const deleted = await space.strata("gc", "--grace", "0", "--delete", "--shared-store", "--json");
    const got = await space.strata("models", "download", "out", "-m", "churn", "-v", "1.0.0");

    expect(young.json.store).toEqual({ artifacts: [], objects: 0, bytes: 0, deleted: false });
    expect(looked.json.store).toMatchObject({ objects: 2, bytes: 9, deleted: false });
    const referrers = looked.json.store.artifacts.map(
      ({ lastReferrer }: { lastReferrer: { resource: string } | null }) => lastReferrer?.resource,
    );
    expect(referrers.toSorted()).toEqual(["model:default/churn@1.0.1", undefined]);
    expect(said.stdout).toMatch(/last of model:default\/churn@1\.0\.1, deleted 20/);
    expect(said.stdout).toContain("could go: 2 stored artifacts without a version, 2 files, 9 B");
    expect(shared.stdout).toContain("add --shared-store");
    expect(deleted.json.store).toEqual({ ...looked.json.store, deleted: true });
    expect(got.code).toBe(0);
    expect((await space.strata("gc", "--grace", "0")).stdout).toContain("nothing to delete");
  });
});

describe("gc of events", () => {
  const fill = `
import { sqlite } from "stratigraph/sqlite";
const connection = await sqlite(".strata/strata.db").connect();
const at = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
await connection.writeEvents([500, 40, 1].map((days) => ({
  id: "e" + days, type: "model.registered", at: at(days), actor: "ana", subject: "model:m", run: undefined, correlation: "c", data: {},
})));
await connection.writeAudit([{
  at: at(5_000), actor: "ana", action: "model.register", resource: "model:m", status: "done", why: undefined, correlation: "c", data: {},
}]);
await connection.close();
`;

  async function openFilled(config: string): Promise<Awaited<ReturnType<typeof openSpend>>> {
    const space = await openSpend();
    space.write({ "strata.config.ts": `export default ${config};`, "fill.mjs": fill });
    await space.strata("build");
    execFileSync(process.execPath, ["fill.mjs"], { cwd: space.folder });
    return space;
  }

  effectOf("retention.eventDays", "events go after so many days", async () => {
    await using space = await openFilled(`{ graph: "spend.ts", retention: { eventDays: 30 } }`);

    const yearly = await space.run(["gc", "--json"], { env: { STRATA_RETENTION__EVENT_DAYS: "365" } });
    const looked = await space.strata("gc", "--json");
    const said = await space.strata("gc");
    const deleted = await space.strata("gc", "--delete", "--json");
    const events = await space.strata("events", "--type", "model.registered", "--json");

    expect([yearly.json.events.count, looked.json.events.count, deleted.json.events.count]).toEqual([1, 2, 2]);
    expect(said.stdout).toMatch(/could go: 2 events from before 20\d\d-/);
    expect(said.stdout).toContain("the same command with --delete");
    expect(events.json.events.map(({ id }: { id: string }) => id)).toEqual(["e1"]);
    expect((await space.strata("gc")).stdout).toContain("nothing to delete");
  });

  effectOf("retention.audit", "the log stays whole, and no other word is taken", async () => {
    await using space = await openFilled(`{ graph: "spend.ts", retention: { eventDays: 0 } }`);

    await space.strata("gc", "--delete");
    const { json } = await space.strata("audit", "--json");
    const verified = await space.strata("audit", "verify");
    space.write({ "strata.config.ts": `export default { graph: "spend.ts", retention: { audit: 30 } };` });
    const refused = await space.strata("gc");

    expect(json.rows.map(({ action }: { action: string }) => action)).toEqual(["events.forget", "model.register"]);
    expect(json.rows[0].data.removed).toBe(3);
    expect(verified.code).toBe(0);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('expected  "never"')]);
  });
});

function dist(file: string): string {
  return pathToFileURL(join(import.meta.dirname, "..", "..", "..", "dist", file)).href;
}
