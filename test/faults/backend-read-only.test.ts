// Databases that may be read and not written.

import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import { print, refusal, snapshot } from "../../src/testing/samples.ts";
import { spawnProgram } from "../support/backend-subjects.ts";

const program = fileURLToPath(new URL("programs/backend-reader.ts", import.meta.url));

let base: string;
let folder: string;
let path: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "strata-read-only-"));
  chmodSync(base, 0o755);
  folder = join(base, "folder");
  mkdirSync(folder);
  path = join(folder, "strata.db");
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(base, { recursive: true, force: true });
});

async function write(count: number): Promise<void> {
  await using connection = await sqlite(path).connect();
  for (let i = 0; i < count; i++) await connection.writeSnapshot(snapshot({ id: print(`s${i}`) }));
}

interface Report {
  readonly reading: number | string;
  readonly writing: number | string;
  readonly before: string[];
  readonly after: string[];
}

/** As somebody else than the owner: permissions do not hold for root. */
async function readAsOther(): Promise<Report> {
  const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawnProgram(program, [path], other);
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  expect(text).toMatch(/^\{.*\}\n$/);
  return JSON.parse(text) as Report;
}

describe("reading a database", () => {
  it("that nobody has open makes no file and changes none", async () => {
    await write(3);
    const before = readFileSync(path);

    await using connection = await sqlite(path).connect({ readOnly: true });
    expect((await connection.listSnapshots(undefined)).items).toHaveLength(3);

    expect(readdirSync(folder)).toEqual(["strata.db"]);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("sees what others write meanwhile, whether they were there before or come and go", async () => {
    await write(1);
    await using reader = await sqlite(path).connect({ readOnly: true });
    const count = async (): Promise<number> => (await reader.listSnapshots(undefined)).items.length;
    expect(await count()).toBe(1);

    await write(2);
    expect(await count()).toBe(2);
    const writer = await sqlite(path).connect();
    await writer.writeSnapshot(snapshot({ id: print("more") }));
    expect(await count()).toBe(3);
    await writer.transaction(async (tx) => {
      await tx.writeSnapshot(snapshot({ id: print("even more") }));
      expect(await count()).toBe(3);
    });
    expect(await count()).toBe(4);
    await writer.close();
    expect(await count()).toBe(4);
    await write(6);
    expect(await count()).toBe(8);
  });

  it("in a folder that cannot be written works, and writing is refused in one sentence", async () => {
    await write(3);
    chmodSync(path, 0o444);
    chmodSync(folder, 0o555);

    const { reading, writing, before, after } = await readAsOther();

    expect(reading).toBe(3);
    expect(writing).toMatch(/^BACKEND_READ_ONLY: .*cannot be written\. Give this user write permission/);
    expect(after).toEqual(before);
  });

  it("while its owner writes works as well", async () => {
    await write(2);
    await using owner = await sqlite(path).connect();
    await owner.writeSnapshot(snapshot({ id: print("third") }));
    for (const name of ["", "-wal", "-shm"]) chmodSync(path + name, 0o644);
    chmodSync(folder, 0o555);

    const { reading, before, after } = await readAsOther();

    expect(reading).toBe(3);
    expect(after).toEqual(before);
  });

  it("whose last changes are still in a log that a crash left is exact, or refused in one sentence", async () => {
    await write(2);
    await using owner = await sqlite(path).connect();
    await owner.writeSnapshot(snapshot({ id: print("third") }));
    const crashed = join(base, "crashed");
    mkdirSync(crashed);
    for (const name of ["", "-wal"]) {
      copyFileSync(path + name, join(crashed, `strata.db${name}`));
      chmodSync(join(crashed, `strata.db${name}`), 0o444);
    }
    chmodSync(crashed, 0o555);
    path = join(crashed, "strata.db");

    const { reading, before, after } = await readAsOther();
    chmodSync(crashed, 0o755);

    if (reading !== 3) expect(reading).toMatch(/^BACKEND_READ_ONLY: .*can only be read by who may write it/);
    expect(after).toEqual(before);
  });

  it("of an older version is refused: nothing is migrated by who only reads", async () => {
    await write(1);
    const { default: Database } = await import("better-sqlite3");
    const older = new Database(path);
    older.prepare("UPDATE meta SET value = '0' WHERE name = 'schema_version'").run();
    older.close();

    const error = await refusal(sqlite(path).connect({ readOnly: true }), "BACKEND_READ_ONLY");

    expect(error.message).toContain("Open it once for writing");
  });
});
