// strata lineage: what ran, and what came from what.

import { describe, expect, it } from "vitest";
import type { Space } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

/** What is another every time is named instead of told. */
function settled(text: string): string {
  return (
    text
      .replace(/\b[0-9a-f]{64}\b/g, "<sha256>")
      .replace(/\b[0-9a-z]{26}\b/g, "<run>")
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
      .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z| UTC|Z)?/g, "<time>")
      .replace(/\b\d+(\.\d+)? s\b/g, "<took>")
      .replace(/("duration(Sec)?": )[\d.]+/g, "$1<number>")
      // Numbers come from one counter, which claims of work that is yet to run take from too, sooner or later.
      .replace(/("(?:id|input|output)": )\d+/g, "$1<number>")
      .replace(/[^\s"]+@[^\s"]+( \d+ [\d-]+\/\d+)?/g, "<who>")
      .replace(/(UTC|<time>) by \w+/g, "$1 by <who>")
      .replace(/("(?:registeredBy|by)": ?)"[\w-]+"/g, '$1"<who>"')
      .replace(/^( {2}by +)\S+$/gm, "$1<who>")
      .replace(/stratigraph\/v\/[\d.]+/g, "stratigraph/v/<version>")
      .replace(/ +(?=\n|$)/g, "")
  );
}

const task = {
  run_id: "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0001",
  usecase: "fraud",
  package: "ingestion",
  task_name: "etl",
  profile: "dev",
  model: "etl",
  config_hash: "sha256:abc",
  started_at: "2025-03-01T10:00:00Z",
  ended_at: "2025-03-01T10:01:30Z",
  duration_sec: 90,
  status: "error",
  error: "table is gone",
  inputs: [
    { name: "source", direction: "input", format: "hive", location: "db.claims", row_count: 12, data_hash: "d1" },
  ],
  outputs: [],
  metadata: { team: "blue" },
};

/** Built twice, the second day another one the first time, which is called prod; and two runs of a task of another system. */
async function openHistory(): Promise<Space> {
  const space = await openSpend();
  // One step at a time, so that what is listed has the same order each time.
  const env = { STRATA_CONCURRENCY: "1" };
  await space.run(["build", "spend.ts", "--tag", "prod"], { env });
  space.write({
    "data/2026-01-02.json": day(5, 1),
    "old/fraud/ingestion/etl/1.json": JSON.stringify(task),
    "old/fraud/ingestion/etl/2.json": JSON.stringify({
      ...task,
      run_id: "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0002",
      status: "success",
      error: null,
      config_hash: "sha256:def",
    }),
  });
  await space.run(["build"], { env });
  await space.strata("lineage", "import", "old");
  return space;
}

describe("strata lineage", () => {
  it(
    "says of every verb what test/golden/lineage.txt pins, for people and for programs",
    { timeout: 180_000 },
    async () => {
      await using space = await openHistory();
      let told = "";
      const say = async (...args: string[]): Promise<void> => {
        const typed = [args, [...args, "--json"]];
        // Those that write do so one after the other: the second finds what the first has done.
        const writes = ["export", "import", "compact"].includes(args[0] ?? "");
        const first = space.strata("lineage", ...typed[0]!);
        if (writes) await first;
        const answers = await Promise.all([first, space.strata("lineage", ...typed[1]!)]);
        answers.forEach(({ code, stdout, stderr }, index) => {
          told += `$ strata lineage ${typed[index]!.join(" ")}\n${settled(stdout + stderr)}exit ${String(code)}\n\n`;
        });
      };
      await space.strata(
        "models",
        "register",
        "--from",
        "total",
        "--graph",
        "spend",
        "-m",
        "team/spend",
        "--metric",
        "mae=0.5",
      );

      await say();
      await say("list", "-n", "1");
      await say("search", "--task", "etl", "--status", "error", "--label", "team=blue");
      await say("search", "--since", "2025-03-01T11:00:00+01:00", "--kind", "task");
      await say("show", "--run-id", "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0001");
      await say("trace", "total");
      await say("trace", "days[2026-01-02]", "--downstream");
      await say("trace", "data/2026-01-02.json", "--partitions");
      await say("trace", "--model", "team/spend@latest");
      await say("compare", "prod", "latest");
      await say("compare", "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0001", "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0002");
      await say("gate", "prod", "--write", "prod.receipt.json");
      await say("gate", "--against", "prod.receipt.json");
      await say("gate", "--against", "prod.receipt.json", "--allow", "inputs,outputs", "--summary", "-");
      await say("openlineage", "--run-id", "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0001");
      await say("export", "tree");
      await say("import", "old");
      await say("compact", "--older-than", "2025-01-01");

      const pinned = told.replaceAll(space.folder, "<folder>").replace(/\d+(\.\d+)? kB/g, "<size>");
      await expect(pinned.replace(/"(before|after)": \d+/g, '"$1": <bytes>')).toMatchFileSnapshot(
        "../../golden/lineage.txt",
      );
    },
  );

  it("shows a step, a build and a task by the run's id alone, and by how it begins", async () => {
    await using space = await openHistory();
    const { json } = await space.strata("lineage", "list", "--kind", "build", "--json");
    const id = json.runs[0].runId as string;

    const whole = await space.strata("lineage", "show", "--run-id", id);
    const begun = await space.strata("lineage", "show", id.slice(0, 22), "--json");
    const unknown = await space.strata("lineage", "show", "--run-id", "01zzzzzzzz");
    const short = await space.strata("lineage", "show", id.slice(0, 4));

    expect(whole.code).toBe(0);
    expect(whole.stdout).toMatch(/read {3}vendor\.transactions\[date=2026-01-01\] {2}[0-9a-f]{8}/);
    expect(begun.json.run).toBe(id);
    expect([unknown.code, short.code]).toEqual([1, 1]);
    expect(unknown.stderr).toContain("RUN_UNKNOWN");
    expect(short.stderr).toContain("at least its first 6 characters");
  });

  it("draws a picture that holds everything it says", async () => {
    await using space = await openHistory();

    const { code, stdout } = await space.strata("lineage", "trace", "total", "--svg", "pictures/total.svg");

    expect(code).toBe(0);
    expect(stdout).toContain("drawn into pictures/total.svg");
    const svg = space.read("pictures/total.svg");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    for (const word of ["vendor.transactions", "days", "total", "sum-day 1.0.0", "sum-all 1.0.0"])
      expect(svg).toContain(word);
  });

  it("says which producer changed between a receipt and now, and passes what is allowed", async () => {
    await using space = await openHistory();
    await space.strata("lineage", "gate", "latest", "--write", "kept.json");
    space.write({ "spend.ts": spendFile({ version: "2.0.0" }) });
    await space.strata("build");

    const refused = await space.strata("lineage", "gate", "--against", "kept.json", "--summary", "summary.md");
    const passed = await space.strata("lineage", "gate", "--against", "kept.json", "--allow", "producers,config");

    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/changed {2}producers {2}sum-day {2}1\.0\.0 → 2\.0\.0/);
    expect(space.read("summary.md")).toContain("| producers | sum-day | changed | 1.0.0 | 2.0.0 | **refused** |");
    expect(passed.code).toBe(0);
  });

  it("refuses what it cannot understand as a usage error or with the nearest name", async () => {
    await using space = await openHistory();
    const say = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await space.strata("lineage", ...args);
      return `${String(code)} ${stderr}`;
    };

    expect(await say("trace")).toMatch(/^2 .*nothing is named to trace/s);
    expect(await say("trace", "totl")).toMatch(/^1 .*Did you mean 'total'/s);
    expect(await say("trace", "nowhere/file.json")).toMatch(/^1 .*PARTITION_UNKNOWN/s);
    expect(await say("trace", "--model", "team/none@1.0.0")).toMatch(/^1 .*MODEL_NOT_FOUND/s);
    expect(await say("compare", "prod")).toMatch(/^2 /);
    expect(await say("gate", "--against", "prod", "--allow", "everything")).toMatch(/^1 .*GATE_INVALID/s);
    expect(await say("search", "--since", "2026-01-01T00:00:00")).toMatch(/^1 .*Say the zone/s);
    expect(await say("search", "--label", "team=red", "--label", "team=blue")).toMatch(/^2 .*'red' and 'blue'/s);
    expect(await say("openlineage")).toMatch(/^2 /);
  });

  it("writes nothing and makes no folder where nothing was built", async () => {
    await using space = await openSpend();

    const { code, stdout } = await space.strata("lineage", "list");

    expect(code).toBe(0);
    expect(stdout).toContain("nothing was recorded that fits");
    expect(space.has(".strata")).toBe(false);
  });
});
