// An acknowledged write survives a power cut: what is on the disk then, and only that, is looked at.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { sqlite, type Durability } from "../../src/backend/sqlite/index.ts";
import { loadDriver } from "../../src/backend/sqlite/driver.ts";
import { openAgain, openForWriting, type Opening } from "../../src/backend/sqlite/open.ts";
import { migrations } from "../../src/backend/sqlite/migrations/list.ts";
import { sharedSnapshot } from "../../src/testing/child-tasks.ts";
import { allPages, snapshot } from "../../src/testing/samples.ts";
import { systemClock } from "../../src/util/clock.ts";
import { spawnProgram } from "../support/backend-subjects.ts";

const base = mkdtempSync(join(tmpdir(), "strata-durability-"));
const program = fileURLToPath(new URL("programs/backend-writer.ts", import.meta.url));
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe("every handle", () => {
  it("has the durability that was asked for, after reopening as well", async () => {
    const settings: unknown[] = [];
    for (const durability of ["full", "full", "normal", "full"] as const) {
      const opening: Opening = {
        path: join(base, "settings.db"),
        durability,
        busyTimeout: 1000,
        clock: systemClock,
        migrations,
      };
      const { Database } = await loadDriver();
      const handles = [await openForWriting(opening), openAgain(Database, opening)];
      for (const handle of handles) {
        settings.push(
          ["synchronous", "journal_mode", "foreign_keys", "busy_timeout"]
            .map((name) => handle.command(`PRAGMA ${name}`)[0])
            .flat(),
        );
        handle.close();
      }
    }

    const full = [2, "wal", 1, 0];
    const normal = [1, "wal", 1, 0];
    expect(settings).toEqual([full, full, full, full, normal, normal, full, full]);
  });
});

/** An ext4 file system in a file: copying that file at any moment is what the disk would hold after a power cut. */
class Disk implements Disposable {
  readonly image: string;
  readonly folder: string;

  constructor(name: string, image?: string) {
    this.image = join(base, `${name}.img`);
    this.folder = join(base, name);
    mkdirSync(this.folder);
    if (image === undefined) {
      writeFileSync(this.image, "");
      truncateSync(this.image, 48 * 1024 * 1024);
      execFileSync("mkfs.ext4", ["-q", this.image], { stdio: "ignore" });
    } else copyFileSync(image, this.image);
    execFileSync("mount", ["-o", "loop", this.image, this.folder], { stdio: "ignore" });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", [this.folder]);
    rmSync(this.image);
    rmSync(this.folder, { recursive: true });
  }
}

const disks = canMount();

function canMount(): boolean {
  try {
    using disk = new Disk("probe");
    return existsSync(disk.folder);
  } catch {
    return false; // needs to be root, with loop devices
  }
}

/** Cuts the power while a process writes; which of its acknowledged writes are there afterwards? */
async function cutPower(
  round: number,
  durability: Durability,
  precious: boolean,
): Promise<{ acknowledged: number; lost: number }> {
  using disk = new Disk(`before-${durability}-${round}`);
  const path = join(disk.folder, "strata.db");
  const connection = await sqlite(path, { durability }).connect();
  await connection.writeSnapshot(snapshot({ id: sharedSnapshot }));
  await connection.close();
  execFileSync("sync", ["-f", disk.folder]);
  const child = spawnProgram(program, [path, durability, precious ? "precious" : "plain"]);
  const lines: string[] = [];
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  });
  while (lines.length < 30) await wait(1);
  await wait(Math.random() * 40);
  // What was acknowledged before the copy began must be in it.
  const acknowledged = [...lines];
  using after = new Disk(`after-${durability}-${round}`, disk.image);
  child.kill("SIGKILL");
  await once(child, "close");

  await using reopened = await sqlite(join(after.folder, "strata.db")).connect();
  const partitions = await allPages((page) => reopened.readSnapshotPartitions(sharedSnapshot, "days", { page }));
  const tags = await allPages((page) => reopened.listSnapshotTags("spend", page));
  const there = new Set<string>([...partitions.map((one) => one.key as string), ...tags.map(({ tag }) => tag)]);
  await reopened.close();
  const asked = precious ? acknowledged.filter((line) => line.startsWith("tag")) : acknowledged;
  return { acknowledged: asked.length, lost: asked.filter((line) => !there.has(line)).length };
}

describe.skipIf(!disks)("after a power cut (not run where no disk image can be mounted)", () => {
  it("every acknowledged write is there", { timeout: 120_000 }, async () => {
    let acknowledged = 0;
    for (let round = 0; round < 8; round++) {
      const result = await cutPower(round, "full", false);
      expect(result.lost).toBe(0);
      acknowledged += result.acknowledged;
    }
    expect(acknowledged).toBeGreaterThan(240);
  });

  it(
    "with durability `normal` writes can be lost, which shows that this test would see it",
    { timeout: 120_000 },
    async () => {
      let lost = 0;
      for (let round = 0; round < 4 && lost === 0; round++) lost += (await cutPower(round, "normal", false)).lost;

      expect(lost).toBeGreaterThan(0);
    },
  );

  it("with durability `normal` a tag is there all the same", { timeout: 120_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      const { acknowledged, lost } = await cutPower(10 + round, "normal", true);

      expect(acknowledged).toBeGreaterThan(3);
      expect(lost).toBe(0);
    }
  });
});
