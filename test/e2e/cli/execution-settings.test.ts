// Settings of execution: what a producer is given, how many run at once, and where secrets come from.

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
