// Statistics, thresholds and quarantine on the command line.

import { describe, expect, it } from "vitest";
import { openSpace, type Space } from "../../support/space.ts";

const file = `import { z } from "zod";
import { artifact, daily, graph, local, producer } from "stratigraph";

const Row = z.object({ id: z.int(), amount: z.number() });
const Raw = artifact({ schema: z.array(Row), partitionBy: { date: daily() } });
const Clean = artifact({
  schema: z.array(Row),
  partitionBy: { date: daily() },
  thresholds: {
    some: { of: "rows", min: 1 },
    usual: { of: "amount.mean", max: 3, last: 7, severity: "warn" },
  },
});
const clean = producer({ name: "clean", version: "1.0.0", inputs: { raw: Raw }, output: Clean, build: ({ raw }) => raw.filter(({ amount }) => amount > 0) });

export const shop = graph("shop", () => {
  const raw = Raw.from(local("data/{date}.json"));
  return { raw, clean: clean({ raw }) };
});
`;

async function openShop(days: Readonly<Record<string, readonly number[]>>): Promise<Space> {
  const space = await openSpace();
  space.write({ "shop.ts": file });
  write(space, days);
  return space;
}

function write(space: Space, days: Readonly<Record<string, readonly number[]>>): void {
  for (const [day, amounts] of Object.entries(days)) {
    space.write({ [`data/2026-01-0${day}.json`]: JSON.stringify(amounts.map((amount, id) => ({ id, amount }))) });
  }
}

describe("statistics", () => {
  it("are shown with a partition, and beside those of before in a difference", async () => {
    await using space = await openShop({ 1: [1, 2], 2: [3, -1] });
    await space.strata("build", "shop.ts", "--tag", "first");
    write(space, { 1: [1, 2, 6] });
    await space.strata("build");

    const show = await space.strata("show", "clean[2026-01-01]");
    const { json } = await space.strata("show", "clean[2026-01-01]", "--json");
    const diff = await space.strata("diff", "first");
    const { json: differences } = await space.strata("diff", "first", "--json");

    expect(show.stdout).toMatch(/statistics\n(.*\n)*? +rows +3\n/);
    expect(show.stdout).toMatch(/amount\.mean +3\n/);
    expect(json.statistics).toMatchObject({ rows: 3, fields: { amount: { min: 1, max: 6, nulls: 0 } } });
    expect(diff.stdout).toMatch(/amount\.mean +1\.5 → 3\n/);
    const changed = differences.artifacts.find(({ key }: { key: string }) => key === "clean").partitions[0];
    expect(changed.statistics).toMatchObject({ rows: { before: 2, after: 3 } });
  });

  it("are drawn over the partitions", async () => {
    await using space = await openShop({ 1: [1], 2: [2, 2], 3: [3, 3, 3] });
    await space.strata("build", "shop.ts");

    const all = await space.strata("stats", "clean");
    const one = await space.strata("stats", "clean", "--of", "rows");
    const none = await space.strata("stats", "raw");

    expect(all.stdout).toMatch(/rows +1 +2 +3 +▁\S█/u);
    expect(one.stdout.trim().split("\n")).toHaveLength(3);
    expect(none.stdout).toContain("raw has no statistics");
    const mistyped = await space.strata("stats", "clean", "--of", "amount.meen");
    expect(mistyped.code).toBe(2);
    expect(mistyped.stderr).toContain("Did you mean 'amount.mean'?");
  });
});

describe("a threshold", () => {
  it("that warns is told by the build, by builds that reuse, and by show", async () => {
    await using space = await openShop({ 1: [1], 2: [10] });

    const built = await space.strata("build", "shop.ts");
    const again = await space.strata("build");
    const show = await space.strata("show", "clean[2026-01-02]");

    expect(built.code).toBe(0);
    for (const { stdout } of [built, again]) expect(stdout).toContain("threshold 'usual'");
    expect(show.code).toBe(0);
    expect(show.stdout).toMatch(/state +warning\n/);
    expect(show.stdout).toMatch(/warning +of a threshold, which every plan judges anew: strata plan\n/);
  });

  it("that blocks puts the value where it can be read, links nothing, and is met by better data", async () => {
    await using space = await openShop({ 1: [1], 2: [-1] });

    const failed = await space.strata("build", "shop.ts");
    const list = await space.strata("quarantine", "--json");
    const value = await space.strata("quarantine", "clean[2026-01-02]");
    const ls = await space.strata("ls", "clean", "--json");
    write(space, { 2: [5] });
    const mended = await space.strata("build", "--json");

    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("threshold 'some': rows is 0, less than 1");
    expect(JSON.stringify(list.json)).toContain("date=2026-01-02");
    expect(value.stdout).toMatch(/^\[\]\nthreshold .some./);
    expect(ls.json.partitions.map(({ partition }: { partition: string }) => partition)).toEqual(["date=2026-01-01"]);
    expect(mended.json).toMatchObject({ built: 1, failed: 0 });
  });

  it("that has refused everything is told by all that would show it", async () => {
    await using space = await openShop({ 1: [-1] });
    await space.strata("build", "shop.ts");

    const stats = await space.strata("stats", "clean");
    const drop = await space.strata("quarantine", "clean[2026-01-01]", "--drop");
    const again = await space.strata("quarantine", "clean[2026-01-01]", "--drop");

    expect(stats.stdout).toMatch(/^clean has no partitions in snapshot [0-9a-f]{8}\n$/);
    expect(drop.stdout).toBe("1 value let go\nnext: strata gc\n");
    expect(again.stdout).toBe("nothing of this is in quarantine\n");
  });

  it("that came later blocks what is stored, and why says just that", async () => {
    await using space = await openShop({ 1: [1] });
    await space.strata("build", "shop.ts");
    space.write({ "shop.ts": file.replace("min: 1", "min: 2") });

    const { stdout } = await space.strata("why", "clean[2026-01-01]");

    expect(stdout).toMatch(/^clean\[date=2026-01-01\] is blocked: .*rows is 1, less than 2/);
  });
});
