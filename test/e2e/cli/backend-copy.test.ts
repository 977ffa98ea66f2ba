// strata backend copy: a second database that holds the same, also when processes are killed in the middle.

import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { copyBackend } from "../../../src/operations/moving/copy-backend.ts";
import { partition, key, print } from "../../../src/testing/samples.ts";
import { fillStore, wholeStore } from "../../../src/testing/store-samples.ts";
import { openSpend } from "./spend.ts";

const program = join(import.meta.dirname, "..", "..", "..", "dist", "cli", "main.js");

describe("strata backend copy", () => {
  it("makes a database with which there is nothing to do, follows, and comes back", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "prod");
    const other = { env: { STRATA_BACKEND: "sqlite:.strata/other.db" } };

    const dry = await space.strata("backend", "copy", ".strata/other.db", "--dry-run", "--json");
    const nothing = space.has(".strata/other.db");
    const copied = await space.strata("backend", "copy", ".strata/other.db", "--json");
    const built = await space.run(["build", "spend.ts"], other);
    const tagged = await space.run(["tag", "history", "prod", "--json"], other);
    const was = await space.strata("tag", "history", "prod", "--json");
    const again = await space.strata("backend", "copy", "sqlite:.strata/other.db");
    await space.run(["tag", "there"], other);
    const refused = await space.strata("backend", "copy", ".strata/other.db");
    const back = await space.strata("backend", "copy", "sqlite:", "--from", ".strata/other.db");
    const tags = await space.strata("tag", "--json");

    expect(dry).toMatchObject({ code: 0, json: { dryRun: true, verified: false, digest: null, removed: 0 } });
    expect(nothing).toBe(false);
    expect(copied).toMatchObject({ code: 0, json: { from: "sqlite", to: "sqlite", verified: true, behind: false } });
    expect(copied.json).toMatchObject({ written: dry.json.written, records: dry.json.records, kinds: dry.json.kinds });
    expect(built.stdout).toContain("nothing to do: 4 partitions up to date");
    expect(tagged.json).toEqual(was.json);
    expect(again.stdout).toContain("0 written");
    expect(again.stdout).toContain("stay in .strata, where both look for them");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("the target was written to since it was copied");
    expect(back.stdout).toContain("2 written");
    expect(JSON.stringify(tags.json)).toContain('"there"');
  }, 120_000);

  it("says what to do about files where the other database looks elsewhere, and then there is nothing to do", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const copied = await space.strata("backend", "copy", "else/where.db");
    const [, from, to] = /cp -r (\S+) (\S+)/.exec(copied.stdout)!;
    cpSync(space.path(from!), space.path(`${to!}data`), { recursive: true });
    const built = await space.run(["build", "spend.ts"], { env: { STRATA_BACKEND: "sqlite:else/where.db" } });

    expect([from, to]).toEqual([".strata/data", "else/"]);
    expect(built.stdout).toContain("nothing to do: 4 partitions up to date");
  }, 120_000);

  it("refuses what it cannot do in one sentence", async () => {
    await using space = await openSpend();
    const unbuilt = await space.strata("backend", "copy", "x.db");
    await space.strata("build", "spend.ts");
    space.write({ "text.db": "x".repeat(2000) });
    const say = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await space.strata("backend", ...args);
      return `${code} ${stdout}${stderr.split("\n")[0]}`;
    };

    expect(unbuilt.stderr).toContain("there is no database yet");
    expect(space.has("x.db")).toBe(false);
    expect(await say("copy", ".strata/strata.db")).toContain(
      "1 error: a backend cannot be copied onto itself (COPY_REFUSED)",
    );
    expect(await say("copy", "memory:")).toContain("2 error: a copy in memory is gone when the command ends (USAGE)");
    expect(await say("copy", "nothing")).toContain("there is no backend 'nothing:' (PLUGIN_NOT_FOUND)");
    expect(await say("copy", "x.db", "--from", "missing.db")).toContain("there is no database yet (BACKEND_MISSING)");
    expect(await say("copy", "text.db")).toContain("BACKEND_CORRUPT");
    expect(await say("copi")).toContain("2 error: there is no 'strata backend copi'");
    expect(await say("copy")).toContain("2 error: ");
  }, 120_000);

  it("killed at any moment leaves all or nothing, and copied again it is the same", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": "export default {};" });
    await using big = await memory().connect();
    await fillStore(big);
    for (let n = 0; n < 40_000; n += 5000) {
      await big.writeArtifactPartitions(
        Array.from({ length: 5000 }, (_, i) => partition({ key: key(`${n + i}`), content: print(`${n + i}`) })),
      );
    }
    await using from = await sqlite(space.path(".strata", "strata.db")).connect();
    await copyBackend(big, from);
    const whole = await wholeStore(from);
    const seen: number[] = [];

    for (const delay of [400, 700, 1000, 1300, 1600, 2000, 2600]) {
      await killed(space.path(), ["backend", "copy", ".strata/other.db"], delay);
      if (!space.has(".strata/other.db")) continue;
      await using to = await sqlite(space.path(".strata", "other.db")).connect();
      const { partitions, submissions } = await wholeStore(to);
      expect([0, whole.partitions.length]).toContain(partitions.length);
      expect(submissions.length > 0).toBe(partitions.length > 0);
      seen.push(partitions.length);
    }
    const last = await space.strata("backend", "copy", ".strata/other.db", "--json");

    await using to = await sqlite(space.path(".strata", "other.db")).connect();
    expect(last.code).toBe(0);
    expect(seen).toContain(0);
    expect(await wholeStore(to)).toEqual(whole);
  }, 240_000);
});

async function killed(cwd: string, args: readonly string[], delay: number): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await wait(delay);
  child.kill("SIGKILL");
  await ended;
}
