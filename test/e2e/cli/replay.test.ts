// Running things again: replay, verify --rebuild, bisect.

import { describe, expect, it } from "vitest";
import { openSpace, type Space } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

describe("replay", () => {
  it("runs the producer on the inputs of then, whatever the sources are now", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "first");
    space.write({ "data/2026-01-04.json": day(2) });
    await space.strata("build");

    const now = await space.strata("replay", "total");
    const then = await space.strata("replay", "total@first", "--json");

    expect(now.code).toBe(0);
    expect(now.stdout).toMatch(/^total of snapshot [0-9a-f]{8}: the same from 4 stored inputs \(/);
    expect(then.json).toMatchObject({ same: true, sameProducer: true, producer: "sum-all", differences: null });
    expect(then.json.inputs.map(({ key }: { key: string }) => key)).toEqual([
      "date=2026-01-01",
      "date=2026-01-02",
      "date=2026-01-03",
    ]);
  });

  it("stores nothing, and shows where another result differs", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const before = await space.strata("snapshots", "--json");
    space.write({
      "spend.ts": spendFile({ version: "2.0.0", build: "context.log('look'); return transactions.length * 100;" }),
    });

    const { code, stdout, stderr } = await space.strata("replay", "days[2026-01-01]", "--out", "now.json");
    const after = await space.strata("snapshots", "--json");

    expect(code).toBe(3);
    expect(stdout).toContain("the producer is not the one that made it (sum-day 1.0.0): this is what it makes now");
    expect(stdout).toMatch(/another result from 1 stored input .*\n {4}value: 19.75 → 200/);
    expect(stderr).toContain("log: look");
    expect(JSON.parse(space.read("now.json")) % 100).toBe(0);
    expect(after.json).toEqual(before.json);
  });

  it("refuses a source that is not what it was, in one sentence", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-01.json": day(99) });

    const changed = await space.strata("replay", "days[2026-01-01]");
    const source = await space.strata("replay", "vendor.transactions[2026-01-01]");
    const unknown = await space.strata("replay", "total@frist");

    expect(changed).toMatchObject({ code: 1 });
    expect(changed.stderr).toContain("the data is not what the snapshot found");
    expect(source.stderr).toContain("this cannot be replayed: it is a source");
    expect(unknown.stderr).toContain("no snapshot of graph 'spend' is called 'frist'");
  });

  it("tells a producer's own failure as a build would", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "spend.ts": spendFile({ build: "throw new Error('no');" }) });

    const { code, stderr } = await space.strata("replay", "days[2026-01-01]");

    expect(code).toBe(1);
    expect(stderr).toContain("the producer failed: no");
  });
});

describe("verify --rebuild", () => {
  it("finds what depends on more than its inputs, and says where the values differ", async () => {
    await using space = await openSpend({ build: "return transactions.length + Math.random();" });
    await space.strata("build", "spend.ts");

    const { code, stdout } = await space.strata("verify", "--rebuild");
    const { json } = await space.strata("verify", "--rebuild", "--json");

    expect(code).toBe(32);
    expect(stdout).toMatch(
      /days\[date=2026-01-01\] {2}another result {2}in snapshot [0-9a-f]{8}\n {4}value: [\d.]+ → [\d.]+/,
    );
    expect(stdout).toContain("built again: 1 result the same, 3 different");
    expect(json.rebuilt).toMatchObject({ same: 1, left: [] });
    expect(json.rebuilt.different).toHaveLength(3);
  });

  it("is content with pure producers, and leaves out those that are others now", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const pure = await space.strata("verify", "--rebuild");
    space.write({ "spend.ts": spendFile({ version: "2.0.0" }) });
    const other = await space.strata("verify", "--rebuild");

    expect(pure).toMatchObject({ code: 0 });
    expect(pure.stdout).toContain("built again: 4 results the same, none different");
    expect(other.code).toBe(0);
    expect(other.stdout).toContain("3 left because their producer is another one now");
  });
});

/** Six snapshots: from the fourth on the total is over the limit, because a day was booked wrongly. */
async function openDrift(): Promise<Space> {
  const file = spendFile().replace(
    "z.object({ total: z.number(), days: z.int() }) });",
    "z.object({ total: z.number(), days: z.int() }), checks: { positive: () => true } });",
  );
  const space = await openSpace();
  space.write({ "spend.ts": file, "data/2026-01-01.json": day(1) });
  for (let n = 1; n <= 6; n++) {
    space.write({ [`data/2026-01-0${n}.json`]: n === 4 ? day(-100) : day(n) });
    await space.strata("build", "spend.ts", ...(n === 1 ? ["--tag", "start"] : []));
  }
  // The check that nobody had thought of then.
  space.write({
    "spend.ts": file.replace("positive: () => true", "positive: ({ total }) => total > 0 || `the total is ${total}`"),
  });
  return space;
}

describe("bisect", () => {
  it("finds the snapshot that broke a check, and the source that changed there", async () => {
    await using space = await openDrift();
    const all = (await space.strata("snapshots", "--json")).json.snapshots as { id: string }[];

    const { code, stdout, stderr } = await space.strata("bisect", "total", "--check", "positive");
    const { json } = await space.strata("bisect", "total", "--json");

    expect(code).toBe(0);
    expect(json).toMatchObject({ good: all[3]!.id, bad: all[2]!.id, wrong: "check 'positive': the total is -94" });
    expect(stdout).toContain("total is bad since snapshot");
    expect(stdout).toMatch(/vendor\.transactions\[date=2026-01-04\] {2}added/);
    expect(stdout).not.toContain("2026-01-05");
    expect(stderr).toContain("good");
    expect(json.looks.length).toBeLessThanOrEqual(4);
  });

  it("asks a program, which may say that it cannot tell", async () => {
    await using space = await openDrift();
    const all = (await space.strata("snapshots", "--json")).json.snapshots as { id: string }[];
    space.write({
      "ask.mjs": `let text = ""; for await (const part of process.stdin) text += part;
        const { days, total } = JSON.parse(text); process.exit(days === 3 ? 125 : total > 0 ? 0 : 1);`,
    });

    const { json } = await space.strata("bisect", "total", "--good", "start", "--run", "node ask.mjs", "--json");

    expect(json).toMatchObject({ good: all[4]!.id, bad: all[2]!.id, unknown: [all[3]!.id] });
  });

  it("goes back beyond a rename", async () => {
    await using space = await openDrift();
    const all = (await space.strata("snapshots", "--json")).json.snapshots as { id: string }[];
    const renamed = space
      .read("spend.ts")
      .replace("days, total };", "days, sum: total };")
      .replace(/\}\);\n$/, '}, { was: { sum: "total" } });\n');
    space.write({ "spend.ts": renamed });
    await space.strata("build");

    const { json, stdout } = await space.strata("bisect", "sum", "--json");
    const several = await space.strata("bisect", "days");

    expect(json, stdout).toMatchObject({ good: all[3]!.id, bad: all[2]!.id });
    expect(json.artifacts.map(({ key }: { key: string }) => key)).toContain("vendor.transactions");
    expect(several.stderr).toContain("'days' has more than one partition: name the one");
  });

  it("says which end is not what it must be", async () => {
    await using space = await openDrift();

    const good = await space.strata("bisect", "total", "--bad", "start");
    const none = await space.strata("bisect", "days[2026-01-01]");
    const wrong = await space.strata("bisect", "total", "--check", "positiv");
    const single = await space.strata("bisect", "total", "--good", "start", "--bad", "start", "--run", "false");

    expect(single.stderr.match(/^ *[0-9a-f]{8} .*exit code 1$/gm)).toHaveLength(1);
    expect(good.stderr).toContain("there is no change to be found: it is good in");
    expect(none).toMatchObject({ code: 2 });
    expect(none.stderr).toContain("artifact 'days' has no checks");
    expect(wrong.stderr).toContain("Did you mean 'positive'?");
  });
});
