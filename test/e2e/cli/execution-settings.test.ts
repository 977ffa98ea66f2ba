// Settings of execution: what a producer is given, how many run at once, and where secrets come from.

import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { effectOf } from "../../support/effect.ts";
import { openSpace, type Space } from "../../support/space.ts";
import { openSpend } from "./spend.ts";

const file = `import { z } from "zod";
import { artifact, graph, literal, producer } from "stratigraph";

const Number_ = artifact({ schema: z.number() });
const Text = artifact({ schema: z.string() });
const scale = producer({
  name: "scale",
  version: "1.0.0",
  params: { factor: z.number().default(1) },
  inputs: { value: Number_ },
  output: Number_,
  build: ({ value }, { params }) => value * params.factor,
});
const ask = producer({
  name: "ask",
  version: "1.0.0",
  pool: "door",
  inputs: { value: Number_ },
  output: Text,
  build: async ({ value }, { secret }) => String((await secret("token")).reveal().length + value),
});

export const shop = graph("shop", () => {
  const value = Number_.from(literal(2));
  return { value, scaled: scale({ value }), asked: ask({ value }) };
});
`;

async function openShop(config: string): Promise<Space> {
  const space = await openSpace();
  space.write({ "shop.ts": file, "strata.config.ts": `export default { graph: "shop.ts", ${config} };\n` });
  return space;
}

describe("the configuration", () => {
  effectOf("params", "producers are given them, and another value is another result", async () => {
    await using three = await openShop("pools: { door: 1 }, params: { factor: 3 }");
    await using standard = await openShop("pools: { door: 1 }");

    await three.strata("build", "scaled");
    await standard.strata("build", "scaled");
    const given = await three.strata("build", "scaled", "-p", "factor=5", "--json");

    expect((await standard.strata("read", "scaled")).stdout.trim()).toBe("2");
    expect(given.json).toMatchObject({ built: 1 });
    expect((await three.strata("read", "scaled")).stdout.trim()).toBe("10");
    expect((await three.strata("graph", "scaled", "-p", "factor=5", "--json")).json.states).toEqual({ current: 1 });
    expect((await three.strata("graph", "scaled", "-p", "factor=4", "--json")).json.states).toEqual({
      "will-build": 1,
    });
    await three.strata("build", "scaled");
    expect((await three.strata("read", "scaled")).stdout.trim()).toBe("6");
  });

  effectOf("pools", "a pool has a limit, or its steps do not run", async () => {
    await using limited = await openShop('pools: { door: 1 }, secrets: () => "abc"');
    await using without = await openShop('secrets: () => "abc"');

    const built = await limited.strata("build", "asked");
    const refused = await without.strata("build", "asked");

    expect(built.code).toBe(0);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr + refused.stdout).toContain("POOL_INVALID");
  });

  effectOf("secrets", "a function answers what no variable holds, and a variable comes first", async () => {
    await using space = await openShop('pools: { door: 1 }, secrets: (name) => (name === "token" ? "abc" : undefined)');

    await space.strata("build", "asked");
    const fromConfig = await space.strata("read", "asked");
    await space.run(["build", "asked", "--force"], { env: { STRATA_SECRET_TOKEN: "abcdefg" } });
    const fromVariable = await space.strata("read", "asked");

    expect(fromConfig.stdout.trim()).toBe("5");
    expect(fromVariable.stdout.trim()).toBe("9");
  });

  effectOf("leaseTime", "what a silent process holds is held for so long", async () => {
    await using space = await openSpend({ build: "await new Promise((done) => setTimeout(done, 2_000)); return 1;" });
    space.write({ "strata.config.ts": `export default { leaseTime: "10m", graph: "spend.ts" };` });
    const left = async (env: object): Promise<number> => {
      const build = space.run(["build", "days", "--force"], { env: { ...env } });
      let expires: number | null = null;
      while (expires === null) {
        await new Promise((done) => setTimeout(done, 50));
        expires = heldUntil(space.path(".strata", "strata.db"));
      }
      const time = expires - Date.now();
      await build;
      return time / 60_000;
    };

    expect(await left({})).toBeCloseTo(10, 0);
    expect(await left({ STRATA_LEASE_TIME: "90" })).toBeCloseTo(1.5, 0);
    const { code, stderr } = await space.run(["build"], { env: { STRATA_LEASE_TIME: "10ms" } });
    expect([code, stderr]).toEqual([1, expect.stringContaining("expected  a time of at least a second")]);
  });

  it("secrets hold too where verify runs producers again", async () => {
    await using space = await openShop('pools: { door: 1 }, secrets: () => "abc"');
    await space.strata("build");

    const { json } = await space.strata("verify", "--rebuild", "--json");

    expect(json.rebuilt).toEqual({ same: 2, different: [], left: [] });
  });

  it("secrets and pools hold too where verify repairs", async () => {
    await using space = await openShop('pools: { door: 1 }, secrets: () => "abc"');
    await space.strata("build");
    space.remove(".strata/data");

    const { code, json, stderr } = await space.strata("verify", "--repair", "--json");

    expect(stderr).toBe("");
    expect(json).toMatchObject({ missing: 0, repaired: 2, findings: [] });
    expect(code).toBe(0);
  });

  it("no more steps than it says run at once where verify repairs", async () => {
    const build = `
      globalThis.running = (globalThis.running ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return globalThis.running--;`;
    await using space = await openSpend({ build });
    space.write({ "strata.config.ts": `export default { concurrency: 1, graph: "spend.ts" };` });
    await space.strata("build");
    space.remove(".strata/data");

    const { json } = await space.strata("verify", "--repair", "--json");

    expect(json).toMatchObject({ missing: 0, repaired: 4 });
    expect(JSON.parse((await space.strata("read", "total")).stdout)).toEqual({ total: 3, days: 3 });
  });
});

/** When the last of the leases ends that are held now; `null` while there is none. */
function heldUntil(file: string): number | null {
  if (!existsSync(file)) return null;
  const database = new Database(file, { readonly: true, timeout: 5_000 });
  try {
    return (
      database
        .prepare<[number], number | null>("SELECT max(expires_at) FROM lease WHERE expires_at > ?")
        .pluck()
        .get(Date.now()) ?? null
    );
  } catch {
    return null; // the file is there before its tables are
  } finally {
    database.close();
  }
}
