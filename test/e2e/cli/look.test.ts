// Looking at what was built: why, ls, show, read, snapshots, diff.

import { describe, expect, it } from "vitest";
import { openSpace, type Space } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

/** Built twice: the second day was another one the first time, and that snapshot is called "first". */
async function openHistory(): Promise<Space> {
  const space = await openSpend();
  await space.strata("build", "spend.ts", "--tag", "first");
  space.write({ "data/2026-01-02.json": day(5, 1), "data/2026-01-04.json": day(2) });
  await space.strata("build");
  return space;
}

describe("why", () => {
  it("says of what would be built again which input changed, and of what waits what it waits for", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(5) });

    const one = await space.strata("why", "days[2026-01-02]");
    const total = await space.strata("why", "total", "--json");

    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(/^days\[date=2026-01-02\] is stale: input 'transactions'\[date=2026-01-02\] changed\n/);
    expect(one.stdout).toMatch(/input 'transactions'\[date=2026-01-02\] {2}changed {2}[0-9a-f]{8} → [0-9a-f]{8}/);
    expect(one.stdout).toMatch(/last {2}built \d{4}-\d\d-\d\d .* sum-day 1\.0\.0/);
    expect(total.json.partitions).toMatchObject([
      {
        key: "total",
        partition: "",
        now: { state: "pending", reason: "pending" },
        causes: [{ key: "days", partition: "date=2026-01-02", state: "stale", reason: "input-changed" }],
      },
    ]);
  });

  it("names the version that changed", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "spend.ts": spendFile({ version: "2.0.0" }) });

    const { stdout } = await space.strata("why", "days[2026-01-01]");

    // Of a version from 1.0.0 on only the first number counts.
    expect(stdout).toContain("is stale: version changed from 1");
  });

  it("says when, by what and from what something that is up to date was built", async () => {
    await using space = await openHistory();

    const { stdout } = await space.strata("why", "days[2026-01-02]");
    const { json } = await space.strata("why", "days[2026-01-02]", "--json");

    expect(stdout).toMatch(/^days\[date=2026-01-02\] is up to date: nothing it depends on changed\n/);
    expect(stdout).toContain("then  input 'transactions'[date=2026-01-02] changed");
    expect(stdout).toMatch(/from {2}transactions\[date=2026-01-02\] {2}[0-9a-f]{8} {2}data\/2026-01-02\.json/);
    expect(json.partitions[0].last.builtBy).toMatchObject({
      producer: "sum-day",
      version: "1.0.0",
      state: "succeeded",
    });
  });

  it("refuses what is found and not built", async () => {
    await using space = await openSpend();

    const { code, stderr } = await space.strata("why", "vendor.transactions", "-f", "spend.ts");

    expect(code).toBe(1);
    expect(stderr).toContain("a source is found, not built");
  });
});

describe("ls", () => {
  it("lists what the graph declares before anything was built, and makes no folder", async () => {
    await using space = await openSpend();

    const { code, stdout } = await space.strata("ls", "-f", "spend.ts");

    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "spend · not built yet",
        "  vendor.transactions  source data/{date}.json  date: daily",
        "  days                 sum-day 1.0.0            date: daily",
        "  total                sum-all 1.0.0",
        "",
      ].join("\n"),
    );
    expect(space.has(".strata")).toBe(false);
  });

  it("lists artifacts with partitions and size in the latest snapshot, or another one", async () => {
    await using space = await openHistory();

    const latest = await space.strata("ls", "--json");
    const first = await space.strata("ls", "--snapshot", "first", "--json");

    expect(latest.json).toMatchObject({
      graph: "spend",
      snapshot: { state: "complete", tags: [] },
      artifacts: [
        { key: "vendor.transactions", kind: "source", partitions: 4 },
        {
          key: "days",
          kind: "produced",
          producer: "sum-day",
          version: "1.0.0",
          partitions: 4,
          description: "what was spent on a day",
        },
        { key: "total", partitions: 1 },
      ],
    });
    expect(first.json).toMatchObject({
      snapshot: { tags: ["first"] },
      artifacts: [{ partitions: 3 }, { partitions: 3 }, { partitions: 1 }],
    });
  });

  it("lists partitions page by page, none twice and none left out", async () => {
    await using space = await openHistory();
    const seen: string[] = [];

    for (let after: string[] = []; ;) {
      const { json } = await space.strata("ls", "days", "--limit", "3", "--json", ...after);
      for (const { partition } of json.partitions) seen.push(partition);
      if (json.next === null) break;
      after = ["--after", json.next];
    }

    expect(seen).toEqual(["date=2026-01-01", "date=2026-01-02", "date=2026-01-03", "date=2026-01-04"]);
  });
});

describe("show", () => {
  it("shows how an artifact is declared", async () => {
    await using space = await openHistory();

    const { json } = await space.strata("show", "days", "--json");

    expect(json).toMatchObject({
      kind: "artifact",
      graph: "spend",
      artifact: { key: "days", kind: "produced", producer: { name: "sum-day" }, schema: { json: { type: "number" } } },
      readBy: [{ producer: "sum-all", outputs: ["total"] }],
      partitions: 4,
    });
    expect((await space.strata("show", "vendor.transactions")).stdout).toMatch(/owner +ana/);
  });

  it("shows a partition: content, place, who built it when, because of what, and from what", async () => {
    await using space = await openHistory();

    const { json, code } = await space.strata("show", "days[2026-01-02]", "--json");
    const { stdout } = await space.strata("show", "days[2026-01-02]");

    expect(code).toBe(0);
    expect(json).toMatchObject({
      kind: "partition",
      artifact: "days",
      partition: { partition: "date=2026-01-02", size: 2, damaged: false },
      builtBy: { producer: "sum-day", because: "input 'transactions'[date=2026-01-02] changed" },
      inputs: [{ name: "transactions", partition: "date=2026-01-02", location: "data/2026-01-02.json" }],
    });
    expect(stdout).toMatch(/producer +sum-day 1\.0\.0/);
    expect(stdout).toMatch(/transactions\[date=2026-01-02\]/);
  });

  it("shows a snapshot by tag, by the first characters of its id, and as the latest", async () => {
    await using space = await openHistory();
    const latest = await space.strata("show", "latest", "--json");
    const { id } = latest.json.snapshot;

    const short = await space.strata("show", id.slice(0, 6), "--json");
    const tag = await space.strata("show", "first", "--json");

    expect(latest.json).toMatchObject({ kind: "snapshot", builds: [{ state: "succeeded", kind: "build" }] });
    expect(short.json).toEqual(latest.json);
    expect(tag.json).toMatchObject({ kind: "tag", tag: { name: "first" }, snapshot: { tags: ["first"] } });
    expect(tag.json.snapshot.id).not.toBe(id);
  });

  it("shows a run: what it read and wrote", async () => {
    await using space = await openHistory();
    const { run } = (await space.strata("ls", "total", "--json")).json.partitions[0];

    const { json } = await space.strata("show", run, "--json");
    const parent = await space.strata("show", json.run.parent, "--json");

    expect(json).toMatchObject({ kind: "run", run: { kind: "step", producer: "sum-all", state: "succeeded" } });
    expect(json.inputs).toHaveLength(4);
    expect(json.outputs).toHaveLength(1);
    expect(parent.json).toMatchObject({ run: { kind: "build" }, steps: { succeeded: 3 } });
  });

  it("names the nearest thing where nothing has that name", async () => {
    await using space = await openHistory();

    const { code, stderr } = await space.strata("show", "firts");

    expect(code).toBe(1);
    expect(stderr).toContain("Did you mean 'first'?");
  });
});

describe("read", () => {
  it("prints the value as JSON", async () => {
    await using space = await openHistory();

    expect((await space.strata("read", "total")).stdout).toBe('{\n  "total": 61.25,\n  "days": 4\n}\n');
    expect((await space.strata("read", "days[2026-01-02]")).stdout).toBe("6\n");
    expect((await space.strata("read", "days[date=2026-01-02]", "--snapshot", "first")).stdout).toBe("4.75\n");
  });

  it("prints a text as it stands, so that a report can be read", async () => {
    await using space = await openSpace();
    space.write({
      "page.ts": `import { z } from "zod";
import { artifact, graph, producer, text } from "stratigraph";
const Page = artifact({ schema: z.string(), format: text() });
const write = producer({ name: "write", version: "1.0.0", inputs: {}, output: Page, build: () => "a title\\n\\n  12 °C\\n" });
export const page = graph("page", () => ({ page: write({}) }));
`,
    });
    await space.strata("build", "page.ts");

    expect((await space.strata("read", "page")).stdout).toBe("a title\n\n  12 °C\n");
    expect((await space.strata("read", "page", "--json")).json.value).toBe("a title\n\n  12 °C\n");
  });

  it("prints the bytes as they are stored, and with --json what is known about the value", async () => {
    await using space = await openHistory();

    expect((await space.strata("read", "total", "--raw")).stdout).toBe('{"days":4,"total":61.25}\n');
    expect((await space.strata("read", "total", "--json")).json).toMatchObject({
      graph: "spend",
      artifact: "total",
      partition: "",
      size: 25,
      value: { total: 61.25, days: 4 },
    });
  });

  it("reads without the graph's file, as the value was written", async () => {
    await using space = await openHistory();
    space.remove("spend.ts");

    const { code, stdout } = await space.strata("read", "total");

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ total: 61.25, days: 4 });
  });

  it("refuses bytes that are not the ones recorded", async () => {
    await using space = await openHistory();
    const [file] = space.list(".strata/data/total");
    space.remove(`.strata/data/total/${file}`);
    space.write({ [`.strata/data/total/${file}`]: '{"total":99999,"days":4}' });

    const { code, stdout, stderr } = await space.strata("read", "total", "--snapshot", "latest");
    const other = await space.strata("read", "total", "--snapshot", "first");

    // Which of the two results was changed is not known here; one of them is refused.
    expect([code, other.code].sort()).toEqual([0, 1]);
    const refused = code === 1 ? { stdout, stderr } : other;
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toContain("DATA_DAMAGED");
  });

  it.each([
    [["read", "days"], 2, "more than one partition"],
    [["read", "days[2026-13-01]"], 1, "PARTITION_KEY_INVALID"],
    [["read", "days[2027-01-01]"], 1, "there is no days[date=2027-01-01]"],
    [["read", "dayz"], 1, "Did you mean 'days'?"],
    [["read", "total", "--snapshot", "nope"], 1, "SNAPSHOT_UNKNOWN"],
    [["read", "total", "--raw", "--json"], 2, "exclude each other"],
  ])("%j ends with %d and says why", async (args, expected, message) => {
    await using space = await openHistory();

    const { code, stdout, stderr } = await space.run(args);

    expect(code).toBe(expected);
    expect(stdout + stderr).toContain(message);
  });
});

describe("snapshots", () => {
  it("come newest first, with state, tags and size, page by page", async () => {
    await using space = await openHistory();

    const { json } = await space.strata("snapshots", "--json");
    const page = await space.strata("snapshots", "--limit", "1", "--json");
    const next = await space.strata("snapshots", "--limit", "1", "--after", page.json.next, "--json");

    expect(json.snapshots).toMatchObject([
      { state: "complete", tags: [], partitions: 9 },
      { state: "complete", tags: ["first"], partitions: 7 },
    ]);
    expect(json.next).toBe(null);
    expect([...page.json.snapshots, ...next.json.snapshots]).toEqual(json.snapshots);
  });

  it("are none before the first build", async () => {
    await using space = await openSpend();

    const { code, json } = await space.strata("snapshots", "-f", "spend.ts", "--json");

    expect(code).toBe(0);
    expect(json).toEqual({ graph: "spend", snapshots: [], next: null });
  });
});

describe("diff", () => {
  it("tells what was added, removed and changed, with old and new content", async () => {
    await using space = await openHistory();

    const { code, json } = await space.strata("diff", "first", "latest", "--json");
    const back = await space.strata("diff", "latest", "first", "--json");

    expect(code).toBe(0);
    expect(json).toMatchObject({ graph: "spend", added: 2, removed: 0, changed: 3, same: 4, declarations: [] });
    const days = json.artifacts.find((artifact: { key: string }) => artifact.key === "days");
    expect(days).toMatchObject({
      change: "changed",
      added: 1,
      changed: 1,
      same: 2,
      partitions: [
        { partition: "date=2026-01-02", change: "changed", before: { size: 5 }, after: { size: 2 } },
        { partition: "date=2026-01-04", change: "added", before: null },
      ],
    });
    expect(back.json).toMatchObject({ added: 0, removed: 2, changed: 3, same: 4 });
  });

  it("shows small values that changed", async () => {
    await using space = await openHistory();

    const { stdout } = await space.strata("diff", "first", "--values");

    expect(stdout).toMatch(/^spend: first \([0-9a-f]{8}\) → latest \([0-9a-f]{8}\)\n/);
    expect(stdout).toContain("    value: 4.75 → 6\n");
    expect(stdout).toContain("    total: 58 → 61.25\n    days: 3 → 4\n");
    expect(stdout).toMatch(/\n3 changed, 2 added, 0 removed, 4 the same\n$/);
  });

  it("names producers whose version changed", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "old");
    space.write({ "spend.ts": spendFile({ version: "2.0.0" }) });
    await space.strata("build");

    const { stdout } = await space.strata("diff", "old");
    const { json } = await space.strata("diff", "old", "--json");

    expect(json.declarations).toEqual([
      { kind: "producer", name: "sum-day", part: "version", change: "changed", before: "1.0.0", after: "2.0.0" },
    ]);
    expect(json).toMatchObject({ changed: 0, same: 7 });
    expect(stdout).toContain("producer 'sum-day'  version 1.0.0 → 2.0.0");
  });

  it("of a snapshot with itself is nothing", async () => {
    await using space = await openHistory();

    expect((await space.strata("diff", "latest", "latest", "--json")).json).toMatchObject({
      added: 0,
      removed: 0,
      changed: 0,
      same: 9,
    });
  });
});

describe("a name that nothing has", () => {
  it("is answered with the nearest that is one, by every command in the same words", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "prod");

    for (const [typed, meant] of [
      ["ls dais", "days"],
      ["ls transaction", "vendor.transactions"],
      ["ls vendor", "vendor.transactions"],
      ["read totl", "total"],
      ["why dais", "days"],
      ["why transaction", "vendor.transactions"],
      ["plan +totl", "total"],
      ["plan days[dat=2026-01-01]", "date"],
      ["build --force dais", "days"],
      ["tag next prd", "prod"],
      ["tag history prd", "prod"],
      ["diff prd", "prod"],
      ["diff prod lates", "latest"],
      ["show prd", "prod"],
      ["show transaction", "vendor.transactions"],
      ["show tagg:prod", "tag:prod"],
      ["verify prd", "prod"],
      ["ls --snapshot prd", "prod"],
      ["snapshots --graph spnd", "spend"],
      ["read total --graph spnd", "spend"],
    ] as const) {
      const { json, code } = await space.strata(...typed.split(" "), "--json");
      expect([typed, json.error.hint]).toEqual([typed, `Did you mean '${meant}'?`]);
      expect(code, typed).toBeGreaterThan(0);
    }
    const { json } = await space.strata("plan", "nothing", "--json");
    expect(json.error.hint).toBe("Its artifacts are 'vendor.transactions', 'days', 'total'.");
  }, 90_000);
});

it("reads a renamed artifact of an earlier snapshot by either name, and says what its first one became", async () => {
  await using space = await openSpend();
  await space.strata("build", "spend.ts", "--tag", "prod");
  const renamed = space
    .read("spend.ts")
    .replace("days, total };", "days, sum: total };")
    .replace(/\}\);\n$/, '}, { was: { sum: "total" } });\n');
  space.write({ "spend.ts": renamed });
  await space.strata("build");

  const now = await space.strata("read", "sum", "--snapshot", "prod");
  const then = await space.strata("read", "total", "--snapshot", "prod");
  const gone = await space.strata("read", "total");

  expect(JSON.parse(now.stdout)).toMatchObject({ days: 3 });
  expect(JSON.parse(then.stdout)).toEqual(JSON.parse(now.stdout));
  expect(gone.stderr).toContain("It is called 'sum' now.");

  for (const words of [["show"], ["ls"], ["stats"], ["lineage", "trace"]]) {
    const { stderr } = await space.strata(...words, "total");
    const { code, stderr: wrong } = await space.strata(...words, "sum", "--snapshot", "prod");

    expect(stderr, words[0]).toContain("It is called 'sum' now.");
    expect(code, wrong).toBe(0);
  }
  for (const verb of ["why", "plan", "replay", "bisect"]) {
    expect((await space.strata(verb, "total")).stderr, verb).toContain("It is called 'sum' now.");
  }
  for (const name of ["sum", "total"]) {
    expect((await space.strata("replay", `${name}@prod`)).stdout).toContain("sum of snapshot");
  }
}, 60_000);
