// Deciding about stored results: pin, unpin, taint, --force --why.

import { describe, expect, it } from "vitest";
import { day, openSpend, spendFile } from "./spend.ts";

describe("taint", () => {
  it("makes the next build make the result anew, and says why", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const tainted = await space.strata("taint", "days[2026-01-02]", "--why", "rates were missing");
    const plan = await space.strata("plan");
    const why = await space.strata("why", "days[2026-01-02]", "--json");
    const built = await space.strata("build", "--json");
    const again = await space.strata("build", "--json");
    const list = await space.strata("taint", "--json");

    expect(tainted.stdout).toContain("1 result tainted: days[date=2026-01-02]");
    expect(plan.code).toBe(3);
    expect(plan.stdout).toContain("tainted: rates were missing");
    expect(why.json.partitions[0].now).toMatchObject({ state: "stale", reason: "tainted" });
    // It comes out the same, so nothing below it runs.
    expect(built.json).toMatchObject({ built: 1, failed: 0 });
    expect(again.json).toMatchObject({ built: 0, changes: false });
    expect(list.json.tainted).toMatchObject([{ key: "days", partition: "date=2026-01-02", why: "rates were missing" }]);
  });

  it("does not let an old taint speak of later damage", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    await space.strata("taint", "total", "--why", "doubt");
    await space.strata("build");
    const { json } = await space.strata("ls", "total", "--json");
    space.write({ [`.strata/${json.partitions[0].location}`]: "0" });

    const { json: plan } = await space.strata("plan", "--verify", "--json");

    expect(plan.steps.find(({ key }: { key: string }) => key === "total")).toMatchObject({ reason: "output-damaged" });
  });

  it("wants a reason and something that was built", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const noReason = await space.strata("taint", "total");
    const source = await space.strata("taint", "vendor.transactions", "--why", "x");
    const unknown = await space.strata("taint", "totl", "--why", "x");
    const partition = await space.strata("taint", "days[2027-01-01]", "--why", "x");

    expect(noReason).toMatchObject({ code: 2 });
    expect(noReason.stderr).toContain("say why");
    expect(source.stderr).toContain("a source is found, not built");
    expect(unknown.stderr).toContain("Did you mean 'total'?");
    expect(partition.stderr).toContain("there is no days[date=2027-01-01]");
  });
});

describe("pin", () => {
  it("keeps a result while its source changes, and what is below is built from it; unpin ends that", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "prod");
    const before = await space.strata("read", "total");
    space.write({ "data/2026-01-02.json": day(1000) });

    await space.strata("pin", "days[2026-01-02]@prod", "--why", "the vendor resends on Monday");
    const pinned = await space.strata("build", "--json");
    const held = await space.strata("read", "total");
    const why = await space.strata("why", "days[2026-01-02]");
    const list = await space.strata("pin");
    await space.strata("unpin", "days");
    const let_go = await space.strata("build", "--json");
    const after = await space.strata("read", "total");

    expect(
      pinned.json.steps.find(({ partition }: { partition: string }) => partition === "date=2026-01-02"),
    ).toMatchObject({
      state: "reused",
      reason: "pinned",
      because: "pinned: the vendor resends on Monday",
    });
    expect(held.stdout).toBe(before.stdout);
    expect(why.stdout).toContain("up to date: pinned: the vendor resends on Monday");
    expect(list.stdout).toContain("days[date=2026-01-02]");
    expect(let_go.json).toMatchObject({ built: 2 });
    expect(after.stdout).not.toBe(before.stdout);
    expect(let_go.json.snapshot).not.toBe(pinned.json.snapshot);
  });

  it("is let go by the name that it is listed with, also once its artifact is called otherwise or gone", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    await space.strata("pin", "total", "days[2026-01-02]", "--why", "checked by hand");
    const renamed = spendFile().replace("transactions }, days, total };", "transactions }, each: days };");
    space.write({ "spend.ts": renamed.replace(/\}\);\n$/, '}, { was: { each: "days" } });\n') });

    const list = await space.strata("pin");
    const unknown = await space.strata("unpin", "totl");
    const now = await space.strata("unpin", "each");
    const gone = await space.strata("unpin", "total", "--json");
    const rest = await space.strata("pin");

    expect(list.stdout).toMatch(/^total .*\ndays\[date=2026-01-02\] /);
    expect(unknown.stderr).toContain("(SELECTOR_UNKNOWN)");
    expect(now.stdout).toContain("1 result no longer pinned: days[date=2026-01-02]");
    expect(gone.json.unpinned).toMatchObject([{ key: "total", partition: "" }]);
    expect(rest.stdout).toContain("nothing is pinned");
  });

  it("keeps the bytes from gc, and says when they are gone all the same", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const [{ location }] = (await space.strata("ls", "total", "--json")).json.partitions;
    await space.strata("pin", "total", "--why", "audit");
    for (const amount of [5, 6, 7]) {
      space.write({ "data/2026-01-02.json": day(amount) });
      await space.strata("build");
    }
    await space.strata("gc", "--delete", "--keep", "1", "--grace", "0");
    const kept = space.read(`.strata/${location}`);
    space.remove(`.strata/${location}`);

    const { code, stderr } = await space.strata("build");

    expect(kept).toContain("total");
    expect(code).toBe(1);
    expect(stderr).toContain("the pinned result cannot be used: its stored bytes are gone");
    expect(stderr).toContain("strata unpin 'total'");
  });

  it("keeps the result from being tainted, as a tainted one cannot be pinned", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    await space.strata("pin", "total", "--why", "audit");

    const tainted = await space.strata("taint", "total", "--why", "wrong");
    await space.strata("unpin", "total");
    await space.strata("taint", "total", "--why", "wrong");
    const pinned = await space.strata("pin", "total", "--why", "audit");

    expect(tainted).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("a pinned result cannot be tainted") as string,
    });
    expect(tainted.stderr).toContain("Let it go first: strata unpin 'total'");
    expect(pinned.stderr).toContain("a result that is damaged or tainted cannot be pinned");
    expect((await space.strata("build")).code).toBe(0);
  });

  it("refuses a result of another schema once the graph has changed", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    await space.strata("pin", "total", "--why", "audit");
    space.write({ "spend.ts": space.read("spend.ts").replaceAll("days: z.int()", "days: z.number()") });

    const { code, stderr } = await space.strata("build");

    expect(code).toBe(1);
    expect(stderr).toContain("it has another schema, format or producer than declared");
    expect((await space.strata("unpin", "days")).stderr).toContain("nothing that is named is pinned");
  });
});

describe("--force", () => {
  it("keeps the reason with what ran", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    await space.strata("build", "--force", "total", "--why", "a new machine");
    const why = await space.strata("why", "total");
    const alone = await space.strata("build", "--why", "x");

    expect(why.stdout).toContain("then  forced: a new machine");
    expect(alone.code).toBe(2);
  });
});
