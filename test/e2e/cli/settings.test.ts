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

function dist(file: string): string {
  return pathToFileURL(join(import.meta.dirname, "..", "..", "..", "dist", file)).href;
}
