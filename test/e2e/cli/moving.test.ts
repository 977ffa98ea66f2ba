// A snapshot as a folder, on the command line, and with processes killed in the middle.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSpend } from "./spend.ts";

const program = join(import.meta.dirname, "..", "..", "..", "dist", "cli", "main.js");

describe("snapshots export and import", () => {
  it("move a snapshot to another project, which then has nothing to build", async () => {
    await using here = await openSpend();
    await using there = await openSpend();
    await here.strata("build", "spend.ts", "--tag", "prod");
    const folder = here.path("moved");

    const exported = await here.strata("snapshots", "export", "prod", "moved", "--tags", "--json");
    const wrong = await there.strata("snapshots", "import", folder, "--digest", "0".repeat(64));
    const nothing = there.has(".strata/data");
    const imported = await there.strata("snapshots", "import", folder, "--digest", exported.json.digest);
    const plan = await there.strata("plan", "spend.ts");
    const read = await there.strata("read", "total", "--snapshot", "prod", "--json");
    const verified = await there.strata("verify", "prod");
    const why = await there.strata("why", "total", "-f", "spend.ts");

    expect(exported).toMatchObject({ code: 0, json: { partitions: 7, runs: 5, whole: true, tags: ["prod"] } });
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toContain("this is not the export that was named (EXPORT_INVALID)");
    expect(nothing).toBe(false);
    expect(imported.stdout).toContain("7 partitions, 7 files written, 153 B, tagged prod");
    expect(plan.code).toBe(0);
    expect(read.json.value).toEqual({ total: 58, days: 3 });
    expect(verified.code).toBe(0);
    expect(why.stdout).toContain("up to date");
  }, 120_000);

  it("leave nothing half-done when they are killed, and can be made again", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    await space.strata("snapshots", "export", "latest", "moved");
    const states = new Set<string>();

    for (const delay of [200, 500, 700, 900, 1200, 1500]) {
      space.remove("copy");
      space.remove("other");
      space.write({ "other/strata.config.ts": "export default {};" });
      await killed(space.path(), ["snapshots", "export", "latest", "copy"], delay);
      await killed(space.path("other"), ["snapshots", "import", "../moved"], delay);

      // Under its name there is all of it, or there is no such name.
      expect([0, space.list("moved").length]).toContain(space.list("copy").length);
      const found = await space.run(["snapshots", "--json", "--graph", "spend"], { cwd: "other" });
      const rows = found.code === 0 ? found.json.snapshots : [];
      states.add(rows.map(({ state, partitions }: { state: string; partitions: number }) => `${state} ${partitions}`).join()); // prettier-ignore
      const again = await space.run(["snapshots", "import", "../moved"], { cwd: "other" });
      expect(again).toMatchObject({ code: 0 });
    }

    expect([...states].filter((state) => state !== "" && state !== "complete 7")).toEqual([]);
    expect((await space.strata("snapshots", "export", "latest", "last")).code).toBe(0);
    expect(space.list(".").filter((name) => name.startsWith(".strata-tmp"))).toEqual([]);
  }, 240_000);
});

async function killed(cwd: string, args: readonly string[], delay: number): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  await Promise.race([ended, wait(delay)]);
  child.kill("SIGKILL");
  await ended;
}
