// A disk that fills up: one sentence, nothing that was acknowledged is lost, and it goes on once there is room.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import type { Fingerprint } from "../../src/identity/fingerprint.ts";
import { allPages, key, partition, print, refusal } from "../../src/testing/samples.ts";
import { isStratigraphError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "strata-full-"));
const mounted = mount();

function mount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false; // needs to be root
  }
}

/** Takes all room but so many bytes. */
function fillUp(leave: number): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, "ballast"), Buffer.alloc(Math.max(0, bavail * bsize - leave)));
}

beforeAll(() => {
  if (!mounted) console.warn("not run: a small disk cannot be mounted here");
});
afterAll(() => {
  if (mounted) execFileSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!mounted)("a full disk (not run where none can be mounted)", () => {
  it("under a new database is named, and nothing is left of it", async () => {
    fillUp(16_384);

    const error = await refusal(sqlite(join(folder, "new.db")).connect(), "BACKEND_FULL");

    expect(error.message).toContain("the disk is full");
    expect(readdirSync(folder)).toEqual(["ballast"]);
    rmSync(join(folder, "ballast"));
  });

  it("under a database that is opened is named, and the database stays as it is", async () => {
    const path = join(folder, "opened.db");
    await using kept = await sqlite(path).connect();
    await kept.writeManifests([{ fingerprint: print("m"), text: "{}" }]);
    await kept.close();
    fillUp(0);

    const error = await refusal(sqlite(path, { busyTimeout: 500 }).connect(), "BACKEND_FULL");
    rmSync(join(folder, "ballast"));

    expect(error.hint).toContain(folder);
    await using connection = await sqlite(path).connect();
    expect((await connection.readManifests([print("m")]))[0]).toBeDefined();
    await connection.close();
    rmSync(path);
  });

  it("in the middle of writing loses no acknowledged write, and the same connection goes on once there is room", async () => {
    const path = join(folder, "strata.db");
    await using connection = await sqlite(path).connect();
    fillUp(2_000_000);
    const acknowledged: Fingerprint[] = [];
    let refused: unknown;
    for (let i = 0; refused === undefined && i < 2000; i++) {
      const content = print(`c${i}`);
      const record = partition({ key: key(`k${i}`), content, value: new Uint8Array(3000).fill(i) });
      try {
        await connection.transaction(async (tx) => {
          await tx.writeArtifactPartitions([record]);
          await tx.writeManifests([{ fingerprint: content, text: "x".repeat(2000) }]);
        });
        acknowledged.push(content);
      } catch (error) {
        refused = error;
      }
    }

    expect(isStratigraphError(refused) && refused.code).toBe("BACKEND_FULL");
    expect(acknowledged.length).toBeGreaterThan(20);
    const stored = await allPages((page) => connection.readArtifactPartitions(partition().artifact, { page }), 100);
    expect(new Set(stored.map(({ content }) => content))).toEqual(new Set(acknowledged));
    expect((await connection.readManifests(acknowledged)).every((one) => one !== undefined)).toBe(true);

    rmSync(join(folder, "ballast"));
    await connection.writeManifests([{ fingerprint: print("after"), text: "{}" }]);
    await connection.close();
    await using reopened = await sqlite(path).connect();
    expect(await reopened.readManifests([print("after")])).toHaveLength(1);
    expect((await allPages((page) => reopened.readArtifactPartitions(partition().artifact, { page }))).length).toBe(
      acknowledged.length,
    );
  });
});
