// strata graph: the graph in the terminal and as JSON, in every state it can be in.

import { describe, expect, it } from "vitest";
import { day, openSpend, spendFile } from "./spend.ts";

const lines = (text: string): string[] => text.trimEnd().split("\n");

describe("graph", () => {
  it("shows what was never built, what is current, and after an edit what will be built and why", async () => {
    await using space = await openSpend();

    const fresh = await space.strata("graph", "spend.ts");
    await space.strata("build", "spend.ts");
    const built = await space.strata("graph");
    space.write({ "data/2026-01-02.json": day(5) });
    const edited = await space.strata("graph");

    expect(fresh.code).toBe(0);
    expect(lines(fresh.stdout)).toEqual([
      "spend: 3 artifacts · 1 will build · 1 may build · 1 current",
      "  vendor.transactions  3 partitions  current     data/{date}.json",
      "  └─ days              3 partitions  will build  never built  sum-day 1.0.0",
      expect.stringMatching(/^ {5}└─ total {24}may build {3}waits for days\[date=2026-01-01\], .* sum-all 1\.0\.0$/),
    ]);
    expect(lines(built.stdout)).toEqual([
      "spend: 3 artifacts · 3 current",
      "  vendor.transactions  3 partitions  current  data/{date}.json",
      "  └─ days              3 partitions  current  sum-day 1.0.0",
      "     └─ total                        current  sum-all 1.0.0",
    ]);
    expect(edited.stdout).toContain("1 will build, 2 current  input 'transactions'[date=2026-01-02] changed");
    expect(edited.stdout).toContain("may build                waits for days[date=2026-01-02]");
  });

  it("shows what failed last time and with which words, until it is built", async () => {
    await using space = await openSpend({
      build: 'if (context.key.date === "2026-01-02") throw new Error("no rates"); return 1;',
    });
    await space.strata("build", "spend.ts");

    const failed = await space.strata("graph", "--json");
    const told = await space.strata("graph");
    space.write({ "spend.ts": spendFile({ version: "2.0.0" }) });
    const mended = await space.strata("graph", "--json");
    await space.strata("build", "spend.ts");
    const after = await space.strata("graph", "--json");

    expect(failed.json.states).toEqual({ failed: 1, "may-build": 1, current: 1 });
    expect(failed.json.nodes[1]).toMatchObject({ state: "failed", counts: { failed: 1, current: 2 } });
    expect(told.stdout).toContain("1 failed, 2 current  failed last time: the producer failed: no rates");
    // It failed and was not tried since, whatever was edited.
    expect(mended.json.nodes[1]).toMatchObject({ state: "failed", counts: { failed: 1, "will-build": 2 } });
    expect(after.json.states).toEqual({ current: 3 });
  });

  it("shows a source without data and what cannot be built for it, where a plan would be an error", async () => {
    await using space = await openSpend();
    space.remove("data");

    const { code, stdout, json } = await space.strata("graph", "spend.ts", "--json");

    expect(code, stdout).toBe(0);
    expect(json.nodes.map(({ key, state, reasons }: any) => [key, state, reasons])).toEqual([
      ["vendor.transactions", "missing-source", []],
      ["days", "blocked", ["source 'vendor.transactions' has no data"]],
      ["total", "blocked", ["source 'vendor.transactions' has no data"]],
    ]);
    expect((await space.strata("plan", "spend.ts")).stderr).toContain("SOURCE_MISSING");
  });

  it("shows with --no-plan what is declared, and looks at neither sources nor database", async () => {
    await using space = await openSpend();
    space.remove("data");

    const { code, stdout } = await space.strata("graph", "spend.ts", "--no-plan");
    const { json } = await space.strata("graph", "spend.ts", "--no-plan", "--json");

    expect(code).toBe(0);
    expect(lines(stdout)[0]).toBe("spend: 3 artifacts · only what is declared");
    expect(json).toMatchObject({ planned: false, states: { declared: 3 } });
    expect(json.edges).toEqual([
      { from: "vendor.transactions", to: "days", input: "transactions", edge: "same", optional: false },
      { from: "days", to: "total", input: "days", edge: "all", optional: false },
    ]);
    expect(space.has(".strata")).toBe(false);
  });

  it("shows what the selectors choose and nothing else, one partition where one is meant", async () => {
    await using space = await openSpend();

    const some = await space.strata("graph", "spend.ts", "days[2026-01-02]", "vendor", "--json");
    const up = await space.strata("graph", "spend.ts", "+days", "--json");
    const none = await space.strata("graph", "spend.ts", "dayz");

    expect(some.json.nodes.map(({ key, partitions }: any) => [key, partitions])).toEqual([
      ["vendor.transactions", 3],
      ["days", 1],
    ]);
    expect(some.json.edges).toHaveLength(1);
    expect(up.json.nodes.map(({ key }: any) => key)).toEqual(["vendor.transactions", "days"]);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("Did you mean 'days'?");
  });

  it("says how many lines are left out, and colours only for a terminal", async () => {
    await using space = await openSpend();

    const cut = await space.strata("graph", "spend.ts", "--limit", "1");
    const coloured = await space.run(["graph", "spend.ts"], { env: { FORCE_COLOR: "1", NO_COLOR: "" } });

    expect(lines(cut.stdout)).toHaveLength(3);
    expect(cut.stdout).toContain("and 2 more artifacts; see --limit");
    expect(cut.stdout).not.toContain("\u001b");
    expect(coloured.stdout).toContain("\u001b[33mwill build\u001b[39m");
  });

  it("says why a picture cannot be written where it is told to", async () => {
    await using space = await openSpend();
    const drawn = (path: string): ReturnType<typeof space.strata> =>
      space.strata("graph", "spend.ts", "--no-plan", "--svg", path, "--json");

    const belowFile = await drawn("spend.ts/graph.svg");
    const folder = await drawn("data");
    const nowhere = process.platform === "linux" ? await drawn("/proc/strata/graph.svg") : undefined;

    expect(belowFile.json).toMatchObject({
      error: { message: expect.stringContaining("a file is where a folder should be") as unknown },
    });
    expect(folder.json).toMatchObject({
      error: { message: expect.stringContaining("a folder is where a file should be") as unknown },
    });
    // It used to try for ever.
    if (nowhere !== undefined) expect(nowhere.json).toMatchObject({ error: { code: "STORAGE_FAILED" } });
  });

  it("draws into the files it is told, or onto standard output, and never two things there", async () => {
    await using space = await openSpend();

    const both = await space.strata("graph", "spend.ts", "--svg", "out/a.svg", "--html", "out/a.html", "--json");
    const printed = await space.strata("graph", "spend.ts", "--svg", "-");
    const refused = await space.strata("graph", "spend.ts", "--svg", "-", "--html", "-");
    const mixed = await space.strata("graph", "spend.ts", "--html", "-", "--json");
    const crowded = await space.strata("graph", "spend.ts", "--svg", "b.svg", "--limit", "2");

    expect(both.json).toMatchObject({ svg: "out/a.svg", html: "out/a.html", states: { current: 1 } });
    expect(space.read("out/a.svg")).toMatch(/^<svg xmlns=.*<title>Graph spend<\/title>/s);
    expect(space.read("out/a.html")).toMatch(/^<!doctype html>\n/);
    expect(printed.stdout).toBe(space.read("out/a.svg"));
    expect([refused.code, mixed.code, crowded.code]).toEqual([2, 2, 2]);
    expect(refused.stderr).toContain("--svg - and --html - exclude each other");
    expect(crowded.stderr).toContain("received  3 artifacts under 3 outermost names");
    expect(space.has("b.svg")).toBe(false);
  });
});
