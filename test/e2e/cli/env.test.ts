// Environments on the command line: what they share, what a plan says of them, promotion of all graphs or none, and the way back.

import { describe, expect, it } from "vitest";
import type { Space } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

describe("build --env", () => {
  it("runs only what no environment has built, and moves that name alone", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--env", "prod");
    space.write({
      "spend.ts": spendFile({ build: "return transactions.reduce((s, t) => s + 2 * t.amount, 0);", version: "2.0.0" }),
    });

    const plan = await space.strata("plan", "--env", "dev");
    const built = await space.strata("build", "--env", "dev", "--json");
    const [dev, prod] = [
      await space.strata("read", "total", "--env", "dev"),
      await space.strata("read", "total", "--env", "prod"),
    ];
    const named = await space.run(["ls", "days", "--json"], { env: { STRATA_ENV: "prod" } });

    expect(plan.code).toBe(3);
    // Three files of the source are there already; three days and their total are to be built.
    expect(plan.stdout).toContain("environment dev is new: 0 as they are, 3 come to it without running, 4 to build");
    expect(plan.stdout).toContain("strata build --env dev");
    expect(built.json).toMatchObject({ built: 4, environment: "dev" });
    expect(JSON.parse(dev.stdout).total).toBe(2 * JSON.parse(prod.stdout).total);
    expect(named.json.snapshot).toBe((await environments(space))["prod"]!["spend"]);
  });

  it("gives an environment what another has built without running anything", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--env", "prod");

    const plan = await space.strata("plan", "--env", "dev", "--json");
    const built = await space.strata("build", "--env", "dev", "--json");
    const again = await space.strata("plan", "--env", "dev", "--json");

    expect(plan.json.environment).toEqual({
      name: "dev",
      snapshot: null,
      moves: true,
      same: 0,
      linked: 7,
      open: 0,
      gone: 0,
    });
    expect(plan.code).toBe(3);
    expect(built.json).toMatchObject({ built: 0, reused: 4 });
    expect(again).toMatchObject({ code: 0 });
    expect(again.json.environment).toMatchObject({ moves: false, same: 7, linked: 0 });
  });

  it("counts what would leave the environment", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--env", "dev");
    space.remove("data/2026-01-03.json");

    const { json } = await space.strata("plan", "--env", "dev", "--json");

    expect(json.environment).toMatchObject({ same: 4, linked: 0, open: 1, gone: 2 });
  });

  it("refuses names and combinations that mean nothing, before any work", async () => {
    await using space = await openSpend();

    const latest = await space.strata("build", "spend.ts", "--env", "latest");
    const missing = await space.strata("read", "total", "--env", "dev");
    await space.strata("build", "spend.ts");
    const both = await space.strata("read", "total", "--env", "dev", "--snapshot", "latest");
    const unknown = await space.strata("read", "total", "--env", "dev");

    expect(latest.stderr).toContain("'latest' cannot be a tag");
    expect(missing.code).not.toBe(0);
    expect(both).toMatchObject({ code: 2 });
    expect(both.stderr).toContain("--snapshot and --env exclude each other");
    expect(unknown.stderr).toContain("no snapshot of graph 'spend' is called 'dev'");
  });
});

describe("env", () => {
  it("promotes every graph or none, exactly what was looked at, and takes it back together", async () => {
    await using space = await openTwo();
    await space.strata("build", "spend.ts", "--graph", "spend", "--env", "prod");
    await space.strata("build", "spend.ts", "--graph", "other", "--env", "prod");
    const before = await environments(space);
    space.write({ "data/2026-01-03.json": day(1000) });
    await space.strata("build", "spend.ts", "--graph", "spend", "--env", "dev");
    await space.strata("build", "spend.ts", "--graph", "other", "--env", "dev");

    const plan = await space.strata("env", "promote", "dev", "prod", "--plan", "--json");
    const diff = await space.strata("env", "diff", "prod", "dev", "--json");
    const wrong = await space.strata("env", "promote", "dev", "prod", "--expect", "000000000000");
    const promoted = await space.strata(
      "env",
      "promote",
      "dev",
      "prod",
      "--expect",
      plan.json.token,
      "--why",
      "checked",
    );
    const after = await environments(space);
    const back = await space.strata("env", "rollback", "prod", "--why", "not yet", "--json");
    const history = await space.strata("env", "history", "prod", "--json");

    expect(plan).toMatchObject({ code: 3, json: { done: false, unchanged: 0 } });
    expect(plan.json.moves.map(({ graph }: { graph: string }) => graph)).toEqual(["other", "spend"]);
    expect(diff.json.graphs[1]).toMatchObject({ graph: "spend", changed: 3, added: 0, removed: 0, same: 4 });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("this is not the change that was looked at");
    expect(promoted.code).toBe(0);
    expect(after["prod"]).toEqual(after["dev"]);
    expect(back.json.moves).toHaveLength(2);
    expect((await environments(space))["prod"]).toEqual(before["prod"]);
    expect(history.json.history.map(({ why }: { why: string | null }) => why)).toEqual(["not yet", "not yet", "checked", "checked", null, null]); // prettier-ignore
  });

  it("takes back one graph's own change without the others", async () => {
    await using space = await openTwo();
    await space.strata("build", "spend.ts", "--graph", "spend", "--env", "prod");
    await space.strata("build", "spend.ts", "--graph", "other", "--env", "prod");
    const before = await environments(space);
    space.write({ "data/2026-01-03.json": day(1000) });
    await space.strata("build", "spend.ts", "--graph", "other", "--env", "prod");

    const back = await space.strata("env", "rollback", "prod", "--json");

    expect(back.json).toMatchObject({ unchanged: 1 });
    expect((await environments(space))["prod"]).toEqual(before["prod"]);
  });

  it("goes back to what an environment had at a moment", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--env", "prod");
    const first = (await environments(space))["prod"];
    const moment = new Date().toISOString();
    for (const amount of [10, 20]) {
      space.write({ "data/2026-01-03.json": day(amount) });
      await space.strata("build", "--env", "prod");
    }

    const bad = await space.strata("env", "rollback", "prod", "--to", "yesterday");
    await space.strata("env", "rollback", "prod", "--to", moment);

    expect(bad).toMatchObject({ code: 2 });
    expect((await environments(space))["prod"]).toEqual(first);
  });

  it("does not promote a part, nor what is not there", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "days", "--env", "dev");

    const part = await space.strata("env", "promote", "dev", "prod");
    const unknown = await space.strata("env", "promote", "dve", "prod");
    const itself = await space.strata("env", "promote", "dev", "dev");
    const reserved = await space.strata("env", "promote", "dev", "latest");

    expect(part.stderr).toContain("only a part of the graph was built for this environment");
    expect(part.stderr).toContain("strata build --env dev");
    expect(unknown.stderr).toContain("Did you mean 'dev'?");
    expect(itself.stderr).toContain("cannot be promoted to itself");
    expect(reserved.stderr).toContain("'latest' cannot be a tag");
    for (const answer of [part, unknown, itself, reserved]) expect(answer.code).toBe(1);
    expect(Object.keys(await environments(space))).toEqual(["dev"]);
  });
});

/** Two graphs over the same files, in one file. */
async function openTwo(): Promise<Space> {
  const space = await openSpend();
  space.write({
    "spend.ts":
      spendFile() +
      spendFile().split("export const spend")[1]!.replace(' = graph("spend"', 'export const other = graph("other"'),
  });
  return space;
}

/** Snapshots by environment, by graph. */
async function environments(space: Space): Promise<Record<string, Record<string, string>>> {
  const { json } = await space.strata("env", "--json");
  const listed = json.environments as { name: string; graphs: { graph: string; snapshot: string }[] }[];
  return Object.fromEntries(
    listed.map(({ name, graphs }) => [
      name,
      Object.fromEntries(graphs.map(({ graph, snapshot }) => [graph, snapshot])),
    ]),
  );
}
