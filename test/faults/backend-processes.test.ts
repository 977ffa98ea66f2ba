// SQLite among processes, threads and copies: locks that hold, migrations that run once, backups of one moment.

import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backup, sqlite } from "../../src/backend/sqlite/index.ts";
import { everything } from "../../src/testing/backend-cases/transactions.ts";
import { sharedSnapshot } from "../../src/testing/child-tasks.ts";
import { allPages, build, key, partition, print, refusal, snapshot } from "../../src/testing/samples.ts";
import { backendChild, spawnProgram } from "../support/backend-subjects.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-processes-"));
  path = join(folder, "strata.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const programs = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

async function outputOf(program: string, ...args: string[]): Promise<string> {
  const child = spawnProgram(program, args);
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  expect(code, text).toBe(0);
  return text;
}

describe("the locks of a database", () => {
  it("hold whatever this process does with it: no write of another process is lost", { timeout: 60_000 }, async () => {
    const setUp = await sqlite(path).connect();
    await setUp.writeSnapshot(snapshot({ id: sharedSnapshot }));
    await setUp.close();
    const child = spawnProgram(backendChild, [path, "write", "other", "500"]);
    const acknowledged: string[] = [];
    child
      .stdout!.setEncoding("utf8")
      .on("data", (text: string) => acknowledged.push(...text.split("\n").filter((line) => line !== "")));
    let running = true;
    const ended = once(child, "close").then(() => (running = false));

    let rounds = 0;
    for (; running; rounds++) {
      const backend = sqlite(path);
      const [one, two, reader] = [
        await backend.connect(),
        await backend.connect(),
        await backend.connect({ readOnly: true }),
      ];
      await everything(one);
      await everything(reader);
      await Promise.all([
        build(one, print(`s${rounds}`), [partition({ key: key(`mine-${rounds}-1`) })]),
        two.transaction(async (tx) => {
          await build(tx, print(`t${rounds}`), [partition({ key: key(`mine-${rounds}-2`) })]);
          await everything(one);
          await wait(1);
        }),
      ]);
      await backup(path, join(folder, `copy-${rounds}.db`));
      backend.stamp?.();
      await refusal(backup(path, join(folder, `copy-${rounds}.db`)), "BACKEND_FAILED");
      for (const connection of [reader, one, two]) await connection.close();
    }
    await ended;

    expect(rounds).toBeGreaterThan(2);
    expect(acknowledged).toHaveLength(500);
    await using connection = await sqlite(path).connect();
    const linked = await allPages((page) => connection.readSnapshotPartitions(sharedSnapshot, "test", { page }));
    expect(new Set(linked.map((one) => one.key as string))).toEqual(new Set(acknowledged));
    const mine = await allPages((page) => connection.readArtifactPartitions(partition().artifact, { page }));
    expect(mine).toHaveLength(2 * rounds);
    const check = new Database(path, { readonly: true });
    expect(check.pragma("integrity_check", { simple: true })).toBe("ok");
    check.close();
  });

  it("are given back by a thread that ends in the middle of a transaction", { timeout: 60_000 }, async () => {
    await using connection = await sqlite(path).connect();
    const worker = new Worker(programs("backend-worker.mjs"), { workerData: path });
    await once(worker, "message");

    await refusal(
      (await sqlite(path, { busyTimeout: 50 }).connect()).writeManifests([{ fingerprint: print("m"), text: "{}" }]),
      "BACKEND_BUSY",
    );
    await worker.terminate();
    const before = performance.now();
    await connection.writeManifests([{ fingerprint: print("m"), text: "{}" }]);

    expect(performance.now() - before).toBeLessThan(1000);
    expect((await connection.readManifests(["0".repeat(32) as never]))[0]).toBeUndefined();
  });

  it.skipIf(!existsSync("/proc/locks"))(
    "name the process that holds them (not run without /proc/locks)",
    { timeout: 60_000 },
    async () => {
      const child = spawnProgram(backendChild, [path, "hold"]);
      await once(child.stdout!, "data");

      const error = await refusal(
        sqlite(path, { busyTimeout: 50 })
          .connect()
          .then((connection) => connection.writeManifests([{ fingerprint: print("m"), text: "{}" }])),
        "BACKEND_BUSY",
      );
      child.kill("SIGKILL");
      await once(child, "close");

      expect(error.message).toContain(`process ${child.pid} (`);
      expect(error.message).toContain("backend-child");
    },
  );
});

describe("a migration", () => {
  it(
    "runs once when 8 processes open an older database at once, and an older program is refused afterwards",
    { timeout: 60_000 },
    async () => {
      await using older = await sqlite(path).connect();
      await older.writeManifests([{ fingerprint: print("kept"), text: "{}" }]);

      const answers = await Promise.all(
        Array.from({ length: 8 }, () => outputOf(programs("backend-migrate.ts"), path)),
      );

      expect(answers).toEqual(new Array(8).fill("[[1]]\n"));
      await refusal(older.writeManifests([{ fingerprint: print("m"), text: "{}" }]), "BACKEND_NEWER");
      await refusal(sqlite(path).connect(), "BACKEND_NEWER");
      await refusal(sqlite(path).connect({ readOnly: true }), "BACKEND_NEWER");
      expect((await older.readManifests([print("kept")]))[0]).toBeDefined();
    },
  );
});

describe("a backup", () => {
  it("taken while others write is the database at one moment", { timeout: 60_000 }, async () => {
    const setUp = await sqlite(path).connect();
    await setUp.writeSnapshot(snapshot({ id: sharedSnapshot }));
    await setUp.close();
    const child = spawnProgram(backendChild, [path, "write", "w", "Infinity"]);
    await once(child.stdout!, "data");

    const sizes: number[] = [];
    for (let i = 0; i < 5; i++) {
      const copy = join(folder, `backup-${i}.db`);
      await backup(path, copy);
      await using connection = await sqlite(copy).connect({ readOnly: true });
      const counts = await connection.countSnapshotPartitions(sharedSnapshot);
      expect(counts.get("train")).toBe(counts.get("test"));
      sizes.push(counts.get("test")!);
      expect((statSync(copy).mode & 0o777).toString(8)).toBe("600");
    }
    child.kill("SIGKILL");
    await once(child, "close");

    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(sizes.at(-1)).toBeGreaterThan(sizes[0]!);
    expect(readdirSync(folder).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  it("replaces nothing, and of nothing is refused", async () => {
    await refusal(backup(path, join(folder, "copy.db")), "BACKEND_MISSING");
    await (await sqlite(path).connect()).close();
    writeFileSync(join(folder, "there"), "x");

    await refusal(backup(path, join(folder, "there")), "BACKEND_FAILED");

    expect(readdirSync(folder).sort()).toEqual(["strata.db", "there"]);
  });
});

describe("a process without a driver", () => {
  it("is told how to get one, and can use the memory backend", { timeout: 60_000 }, async () => {
    const missing = await outputOf(programs("backend-no-driver.mjs"), path, "missing");
    const unbuilt = await outputOf(programs("backend-no-driver.mjs"), path, "unbuilt");

    expect(missing).toMatch(
      /^BACKEND_MISSING_DRIVER: .*not installed\. Run `npm install better-sqlite3@12`, or use `memory\(\)`\.\n0\n$/,
    );
    expect(unbuilt).toMatch(/^BACKEND_MISSING_DRIVER: .*cannot be loaded\. Run `npm rebuild better-sqlite3`.*\n0\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
