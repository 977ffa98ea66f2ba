// Commands that change what names mean and what is kept, killed in the middle: real processes, real SIGKILL.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import { day, openSpend, spendFile } from "../e2e/cli/spend.ts";
import type { Space } from "../support/space.ts";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const GRAPHS = ["spend", "other"];

/** Runs a command, and kills it as soon as `now` says so, if it is not over by then. */
async function killed(space: Space, args: readonly string[], now: (elapsed: number) => boolean): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { cwd: space.folder, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const started = performance.now();
  while (child.exitCode === null && !now(performance.now() - started)) await wait(1);
  child.kill("SIGKILL");
  await ended;
}

async function done(space: Space, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await space.strata(...args);
  expect(code, `strata ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
}

describe("a command that is killed", () => {
  it("has promoted all graphs or none", async () => {
    await using space = await openSpend();
    space.write({ "other.ts": spendFile().replace('graph("spend"', 'graph("other"') });
    const build = async (env: string): Promise<void> => {
      for (const file of ["spend.ts", "other.ts"]) await done(space, "build", file, "--env", env);
    };
    await build("prod");
    space.write({ "data/2026-01-01.json": day(7) });
    await build("dev");
    const snapshots = async (tag: string): Promise<string> => {
      await using connection = await sqlite(space.path(".strata", "strata.db")).connect({ readOnly: true });
      const tags = await Promise.all(GRAPHS.map((graph) => connection.readSnapshotTag(graph, tag)));
      return tags.map((one) => one!.snapshot).join(" ");
    };
    const [before, after] = [await snapshots("prod"), await snapshots("dev")];
    const promote = ["env", "promote", "dev", "prod"];
    const started = performance.now();
    await done(space, ...promote);
    const whole = performance.now() - started;

    for (const part of [0.5, 0.65, 0.8, 0.9]) {
      if ((await snapshots("prod")) === after) await done(space, "env", "rollback", "prod");
      expect(await snapshots("prod")).toBe(before);
      await killed(space, promote, (elapsed) => elapsed > part * whole);
      expect([before, after]).toContain(await snapshots("prod"));
    }
    await done(space, ...promote);

    expect(await snapshots("prod")).toBe(after);
    await done(space, "verify");
  }, 120_000);

  it("has collected nothing that is still needed, and collects the rest when it is run again", async () => {
    await using space = await openSpend();
    const days = 200;
    for (let n = 0; n < days; n++) {
      const date = new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
      space.write({ [`data/${date}.json`]: day(n) });
    }
    const stored = (): number => space.list(".strata/data").length;
    const collect = ["gc", "--keep", "1", "--grace", "0", "--delete"];
    await done(space, "build", "spend.ts");
    const kept = stored();

    let inTheMiddle = 0;
    // A run that was over before the kill says nothing of one that was not.
    for (let round = 2; round < 8 && inTheMiddle < 2; round++) {
      space.write({
        "spend.ts": spendFile({ version: `${round}.0.0`, build: `return ${round} + transactions.length;` }),
      });
      await done(space, "build");
      const before = stored();
      expect(before).toBeGreaterThan(kept + days / 2);
      const some = inTheMiddle === 0 ? 1 : (before - kept) / 2;
      await killed(space, collect, () => stored() <= before - some);
      if (stored() > kept) inTheMiddle++;
      await done(space, "verify");
      await done(space, ...collect);
      expect(stored()).toBe(kept);
      await done(space, "verify");
    }
    expect(inTheMiddle).toBeGreaterThan(0);
    await done(space, "doctor");
  }, 120_000);
});
