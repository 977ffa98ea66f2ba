// Damaged, foreign and misplaced database files: one sentence each, and nothing is written over them.

import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "../../src/backend/backend.ts";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import { isStratigraphError } from "../../src/errors.ts";
import { everything } from "../../src/testing/backend-cases/transactions.ts";
import { build, key, partition, print, refusal, run } from "../../src/testing/samples.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-damage-"));
  path = join(folder, "strata.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function fill(count: number): Promise<void> {
  await using connection = await sqlite(path).connect();
  const records = Array.from({ length: count }, (_, i) => partition({ key: key(`k${i}`) }));
  await build(connection, print("snapshot"), records);
  await connection.writeGraph({ name: "spend", fingerprint: print("graph"), description: { text: "x".repeat(6000) } });
  await connection.writeSnapshotTag({ graph: "spend", tag: "prod", snapshot: print("snapshot"), by: "ana" });
  await connection.startRuns([run()]);
}

const hash = (): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** What happens to who opens the file, reads everything and writes something. */
async function use(): Promise<string> {
  let connection: Connection | undefined;
  try {
    connection = await sqlite(path, { busyTimeout: 500 }).connect();
    await everything(connection);
    await connection.writeArtifactPartitions([partition({ key: key("new") })]);
    return "fine";
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    expect(error.message).toMatch(/^[^\n]{20,600}$/);
    return error.code;
  } finally {
    await connection?.close();
  }
}

describe("what is where the database should be", () => {
  it("and is empty is refused and stays, with the log beside it", async () => {
    writeFileSync(path, "");
    writeFileSync(`${path}-wal`, "log");

    for (const readOnly of [false, true]) {
      const error = await refusal(sqlite(path).connect({ readOnly }), "BACKEND_CORRUPT");
      expect(error.message).toContain("empty");
    }
    expect(statSync(path).size).toBe(0);
    expect(readFileSync(`${path}-wal`, "utf8")).toBe("log");
  });

  it("and is a folder, or has a file where a folder should be, is refused", async () => {
    mkdirSync(path);
    await refusal(sqlite(path).connect(), "BACKEND_CORRUPT");
    await refusal(sqlite(path).connect({ readOnly: true }), "BACKEND_CORRUPT");
    writeFileSync(join(folder, "file"), "x");
    await refusal(sqlite(join(folder, "file/strata.db")).connect(), "BACKEND_CORRUPT");

    expect(readdirSync(path)).toEqual([]);
  });

  it("and is no database is refused and stays", async () => {
    for (const bytes of ["x", "SQLite format 3", "SQLite format 3\0".padEnd(4096, "x"), "a,b,c\n".repeat(5000)]) {
      writeFileSync(path, bytes);
      const before = hash();

      await refusal(sqlite(path).connect(), "BACKEND_CORRUPT");
      await refusal(sqlite(path).connect({ readOnly: true }), "BACKEND_CORRUPT");
      expect(hash()).toBe(before);
    }
  });

  it("and is another program's database is refused and stays", async () => {
    const other = new Database(path);
    other.exec("CREATE TABLE partition (id INTEGER PRIMARY KEY); INSERT INTO partition VALUES (1)");
    other.close();
    const before = hash();

    const error = await refusal(sqlite(path).connect(), "BACKEND_UNSUPPORTED");
    await refusal(sqlite(path).connect({ readOnly: true }), "BACKEND_UNSUPPORTED");

    expect(error.message).toContain("another program");
    expect(hash()).toBe(before);
  });
});

describe("a database", () => {
  it("of a newer version is refused for reading and writing, and stays", async () => {
    await fill(3);
    const newer = new Database(path);
    newer.prepare("UPDATE meta SET value = '999' WHERE name = 'schema_version'").run();
    newer.close();
    const before = hash();

    for (const readOnly of [false, true]) {
      const error = await refusal(sqlite(path).connect({ readOnly }), "BACKEND_NEWER");
      expect(error.message).toMatch(/received schema version 999\. Update stratigraph/);
    }
    expect(hash()).toBe(before);
  });

  it("that somebody made newer while it was open refuses writes from then on", async () => {
    await fill(1);
    await using connection = await sqlite(path).connect();
    const newer = new Database(path);
    newer.prepare("UPDATE meta SET value = '999' WHERE name = 'schema_version'").run();
    newer.close();

    await refusal(connection.writeManifests([{ fingerprint: print("m"), text: "{}" }]), "BACKEND_NEWER");
    await refusal(
      connection.transaction(async (tx) => tx.writeManifests([{ fingerprint: print("m"), text: "{}" }])),
      "BACKEND_NEWER",
    );

    expect(await connection.readManifests([print("m")])).toEqual([undefined]);
  });

  it("that was cut short anywhere is refused, or answers what is still whole; it is never made anew", async () => {
    await fill(400);
    const whole = readFileSync(path);
    const outcomes = new Map<string, number>();
    for (let cut = 0; cut < 60; cut++) {
      writeFileSync(path, whole);
      const size = Math.floor((whole.length * cut) / 60) + (cut % 7);
      truncateSync(path, size);

      const outcome = await use();

      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      expect(statSync(path).size, `cut at ${size}`).toBe(size);
      for (const name of ["-wal", "-shm"]) rmSync(path + name, { force: true });
    }
    expect([...outcomes.keys()]).toEqual(["BACKEND_CORRUPT"]);
  });

  it(
    "with bytes changed at 200 places is refused, or answers; nothing else happens, and it is never made anew",
    { timeout: 60_000 },
    async () => {
      await fill(400);
      const whole = readFileSync(path);
      const outcomes = new Map<string, number>();
      for (let round = 0; round < 200; round++) {
        const damaged = Buffer.from(whole);
        // Every page header and the file header among them.
        const at =
          round < 100
            ? round
            : round < 150
              ? ((round - 100) * 4096 + (round % 12)) % whole.length
              : (round * 104_729) % whole.length;
        for (let i = 0; i < 4; i++) damaged[(at + i) % whole.length]! ^= 0xa5;
        writeFileSync(path, damaged);

        const outcome = await use();

        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(statSync(path).size).toBeGreaterThan(4096);
        for (const name of ["-wal", "-shm"]) rmSync(path + name, { force: true });
      }
      const allowed = new Set(["fine", "BACKEND_CORRUPT", "BACKEND_UNSUPPORTED", "BACKEND_NEWER"]);
      expect([...outcomes.keys()].filter((outcome) => !allowed.has(outcome))).toEqual([]);
      expect(outcomes.get("BACKEND_CORRUPT") ?? 0).toBeGreaterThan(50);
    },
  );

  it("that is moved away while it is open refuses to write, and what took its place stays as it is", async () => {
    await fill(1);
    await using connection = await sqlite(path).connect();
    await connection.listGraphs();
    copyFileSync(path, join(folder, "copy"));
    rmSync(path);
    copyFileSync(join(folder, "copy"), path);

    const before = hash();
    const writing = connection.writeManifests([{ fingerprint: print("m"), text: "{}" }]);
    await writing.catch((error: unknown) => expect(isStratigraphError(error)).toBe(true));

    expect(hash()).toBe(before);
  });
});

describe("a log that was damaged by a crash", () => {
  it("gives what was committed before the damage, and no more", async () => {
    const connection = await sqlite(path).connect();
    for (let i = 0; i < 20; i++) await connection.writeManifests([{ fingerprint: print(`m${i}`), text: "{}" }]);
    copyFileSync(path, join(folder, "crashed.db"));
    copyFileSync(`${path}-wal`, join(folder, "crashed.db-wal"));
    await connection.close();
    const log = join(folder, "crashed.db-wal");
    const file = openSync(log, "r+");
    writeSync(file, Buffer.alloc(100, 0x5a), 0, 100, Math.floor(statSync(log).size / 2));
    closeSync(file);

    await using reopened = await sqlite(join(folder, "crashed.db")).connect();
    const found = await reopened.readManifests(Array.from({ length: 20 }, (_, i) => print(`m${i}`)));

    const kept = found.filter((one) => one !== undefined).length;
    expect(kept).toBeGreaterThan(3);
    expect(kept).toBeLessThan(20);
    expect(found.slice(0, kept).every((one) => one !== undefined)).toBe(true);
  });
});

describe("a place where nothing can be made", () => {
  it.skipIf(!existsSync("/proc/self"))("is named in one sentence (not run without /proc)", async () => {
    const error = await refusal(sqlite("/proc/strata/deep/strata.db").connect(), "BACKEND_FAILED");

    expect(error.message).toContain("/proc/strata/deep/strata.db: the database cannot be created");
  });
});
