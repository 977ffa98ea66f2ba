// What a plan will cost, and a budget for it.

import { describe, expect, it } from "vitest";
import { day, openSpend } from "./spend.ts";

const slow = { build: "await new Promise((done) => setTimeout(done, 120)); return transactions.length;" };

describe("plan --price", () => {
  it("says what the same steps took and stored before, and judges a new one by its siblings", async () => {
    await using space = await openSpend(slow);
    const unknown = await space.strata("plan", "spend.ts", "--price", "--json");
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(5), "data/2026-01-04.json": day(2) });

    const { json } = await space.strata("plan", "--price", "--json");
    const { stdout } = await space.strata("plan", "--price");
    const plain = await space.strata("plan", "--json");
    await space.strata("build");
    await space.strata("build");
    const nothing = await space.strata("plan", "--price", "--json");

    expect(unknown.json.expected).toEqual({ duration: 0, bytes: 0, unknown: 1 + 3 });
    const changed = json.steps.filter(
      ({ key, state }: { key: string; state: string }) => key === "days" && state !== "up-to-date",
    );
    expect(changed).toHaveLength(2);
    for (const { expected } of changed) {
      expect(expected.duration).toBeGreaterThan(100);
      expect(expected.bytes).toBeGreaterThan(0);
    }
    expect(json.expected.unknown).toBe(0);
    expect(json.expected.duration).toBeGreaterThan(200);
    expect(stdout).toMatch(/\nexpected: \d+\.\d+ s of work, \d+ B\n/);
    expect(plain.json).not.toHaveProperty("expected");
    expect(nothing.json.expected).toEqual({ duration: 0, bytes: 0, unknown: 0 });
  });
});

describe("build --budget", () => {
  it("starts nothing that is expected to take longer, and names what is dear", async () => {
    await using space = await openSpend(slow);
    await space.strata("build", "spend.ts", "--budget", "1ms");
    space.write({ "data/2026-01-02.json": day(5) });

    const refused = await space.strata("build", "--budget", "50ms");
    const still = await space.strata("plan", "--json");
    const done = await space.strata("build", "--budget", "10m", "--json");
    const wrong = await space.strata("build", "--budget", "soon");

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("this would take more than its budget, so nothing was started");
    expect(refused.stderr).toMatch(/expected\s+at most 50ms of work/);
    expect(refused.stderr).toContain("days[date=2026-01-02]");
    expect(still.json.changes).toBe(true);
    expect(done.json).toMatchObject({ built: 1 });
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain("a time such as 90s, 10m or 2h");
  });
});
