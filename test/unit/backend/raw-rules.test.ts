// What the schema of an SQLite database itself refuses, to whatever program.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findAuditBreak } from "../../../src/backend/audit-chain.ts";
import type { Connection } from "../../../src/backend/backend.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { auditEntry, churn, model, task, version } from "../../../src/testing/fact-samples.ts";
import { runId } from "../../../src/testing/samples.ts";

let folder: string;
let path: string;
let connection: Connection;
let database: Database.Database;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "strata-raw-"));
  path = join(folder, "strata.db");
  connection = await sqlite(path).connect();
  await connection.writeModel(model(), undefined);
  await connection.writeVersions([1, 2].map((n) => ({ version: version(n), expected: undefined })));
  await connection.writeAudit([1, 2, 3].map((n) => auditEntry(n)));
  database = new Database(path);
});

afterEach(async () => {
  database.close();
  await connection.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a model", () => {
  it("has one version in production, also where a raw statement would make it two", () => {
    const promote = database.prepare("UPDATE model_version SET stage = 'production' WHERE sequence = ?");
    promote.run(1);

    expect(() => promote.run(2)).toThrow(/UNIQUE constraint failed/);
    const insert = database.prepare(`
      INSERT INTO model_version (id, model, version, sequence, stage, staged_at, deleted, revision, body)
      VALUES (?, (SELECT id FROM model), ?, ?, ?, 0, ?, 1, '{}')`);
    expect(() => insert.run("x", "9.0.0", 9, "production", 0)).toThrow(/UNIQUE constraint failed/);
    expect(() => insert.run("x", "9.0.0", 2, "archived", 0)).toThrow(/UNIQUE constraint failed/);
    expect(() => insert.run("x", "1.1.0", 9, "archived", 0)).toThrow(/UNIQUE constraint failed/);
    expect(() => insert.run("x", "9.0.0", 9, "live", 0)).toThrow(/CHECK constraint failed/);
    // A tombstone is not live, whatever stage it died in.
    expect(insert.run("x", "9.0.0", 9, "production", 1).changes).toBe(1);
  });

  it("gets the next number when many ask at once, because each reads and writes in one transaction", async () => {
    const sequences = await Promise.all(
      Array.from({ length: 20 }, () =>
        connection.transaction(async (tx) => {
          const { highestSequence } = await tx.readVersionNumbers(churn);
          const next = version(highestSequence + 1);
          await tx.writeVersions([{ version: next, expected: undefined }]);
          return next.sequence;
        }),
      ),
    );

    expect(sequences.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 3));
  });
});

describe("the audit log", () => {
  it("refuses to change, remove, replace, or skip a row", () => {
    const statements = [
      "UPDATE audit SET actor = 'bo' WHERE number = 2",
      "UPDATE audit SET hash = hash",
      "DELETE FROM audit WHERE number = 3",
      "DELETE FROM audit",
      "INSERT OR REPLACE INTO audit SELECT 2, at, at_ms, 'bo', action, resource, status, why, correlation, data, previous, hash FROM audit WHERE number = 2",
      "REPLACE INTO audit SELECT * FROM audit WHERE number = 3",
      "INSERT INTO audit SELECT 9, at, at_ms, actor, action, resource, status, why, correlation, data, previous, hash FROM audit WHERE number = 2",
      "INSERT INTO audit SELECT NULL, at, at_ms, actor, action, resource, status, why, correlation, data, previous, hash FROM audit WHERE number = 2",
    ];

    for (const statement of statements) expect(() => database.exec(statement), statement).toThrow(/append-only/);
    expect(database.prepare("SELECT group_concat(number || actor) FROM audit").pluck().get()).toBe("1ana,2ana,3ana");
  });

  it("shows in its chain what was done to it after its triggers were taken away", async () => {
    const check = async (): Promise<unknown> => findAuditBreak(undefined, await connection.readAudit(1, 100));
    expect(await check()).toBeUndefined();
    for (const name of ["audit_keeps_rows", "audit_keeps_values", "audit_grows_at_its_end"]) {
      database.exec(`DROP TRIGGER ${name}`);
    }

    database.exec("UPDATE audit SET data = '{\"n\":4}' WHERE number = 3");
    expect(await check()).toEqual({ number: 3, problem: "changed" });
    database.exec("UPDATE audit SET status = 'forced' WHERE number = 2");
    expect(await check()).toEqual({ number: 2, problem: "changed" });
    database.exec("DELETE FROM audit WHERE number = 1");
    expect(await check()).toEqual({ number: 1, problem: "missing" });
  });
});

describe("the file", () => {
  it("shrinks when 10,000 tasks were removed and it is compacted", async () => {
    const ended = { state: "succeeded", finishedAt: "2026-01-02T04:00:00Z" } as const;
    await connection.writeTasks(Array.from({ length: 10_000 }, (_, i) => task({ ...ended, id: runId(`run ${i}`) })));
    database.pragma("wal_checkpoint(TRUNCATE)");
    const full = statSync(path).size;

    await connection.removeTasks(Date.parse("2030-01-01T00:00:00Z"));
    const { before, after } = await connection.compact();

    expect(statSync(path).size).toBe(after);
    expect(after).toBeLessThan(full / 2);
    expect(before).toBe(full);
    expect(statSync(`${path}-wal`).size).toBe(0);
  });
});
