// A database of the first release is brought up to date, keeps what it has, and has the schema of a new one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, it } from "vitest";
import { connectionOver } from "../../../src/backend/connection.ts";
import type { RunId } from "../../../src/backend/records.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { first } from "../../../src/backend/sqlite/migrations/0001-first.ts";
import { migrations } from "../../../src/backend/sqlite/migrations/list.ts";
import { openSession } from "../../../src/backend/sqlite/session.ts";
import { event, model, task, version } from "../../../src/testing/fact-samples.ts";
import { build, key, partition, print, run, runId } from "../../../src/testing/samples.ts";
import { systemClock } from "../../../src/util/clock.ts";

const folder = mkdtempSync(join(tmpdir(), "strata-migration-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A database as the first release made it: its schema, with rows in it. */
async function oldDatabase(name: string): Promise<string> {
  const path = join(folder, name);
  const opening = { path, durability: "normal", busyTimeout: 1000, clock: systemClock, migrations: [first] } as const;
  const connection = connectionOver(await openSession(opening));
  await build(connection, print("snapshot"), [partition(), partition({ key: key("b") })]);
  await connection.close();
  const database = new Database(path);
  const insert = database.prepare(`
    INSERT INTO run (sequence, id, parent, kind, graph, state, started_at, attempts, holder)
    VALUES (?, ?, NULL, 'step', (SELECT id FROM graph WHERE name = 'spend'), 'succeeded', ?, 1, 'ana')`);
  database.exec("UPDATE counter SET value = 103");
  insert.run(101, "r1", "2026-01-02T03:04:05.678Z");
  insert.run(102, "r2", "2026-01-02T03:04:05.679Z");
  insert.run(103, "r3", "long ago");
  const edge = database.prepare(
    "INSERT INTO run_partition (run, direction, name, partition) VALUES (101, ?, 'days', ?)",
  );
  const ids = database.prepare("SELECT id FROM partition ORDER BY id").pluck().all();
  edge.run(0, ids[0]);
  edge.run(1, ids[1]);
  database.close();
  return path;
}

it("a database of the first schema keeps its rows, and what is new works on them", async () => {
  const path = await oldDatabase("old.db");

  await using connection = await sqlite(path).connect();

  const linked = await connection.readSnapshotPartitions(print("snapshot"), "days");
  expect(linked.items.map((one) => one.key)).toEqual(["b", partition().key]);
  const ids = async (since: string): Promise<readonly RunId[]> =>
    (await connection.listRuns({ since: Date.parse(since) })).items.map(({ id }) => id);
  expect(await ids("2026-01-02T03:04:05.678Z")).toEqual(["r2", "r1"]);
  expect(await ids("2026-01-02T05:04:05.679+02:00")).toEqual(["r2"]);
  expect((await connection.listRuns()).items.length).toBe(3);
  const [from] = await connection.findPartitions([{ ...partition(), input: partition().input! }]);
  const walk = await connection.walkLineage([from!.id], { direction: "downstream" });
  expect(walk.edges.map((one) => one.run)).toEqual(["r1"]);
  await connection.startRuns([run()]);
  await connection.writeTasks([task({ id: runId("t") })]);
  await connection.writeModel(model(), undefined);
  await connection.writeVersions([{ version: version(1), expected: undefined }]);
  await connection.writeEvents([event(1)]);
  expect((await connection.listVersions()).items.length).toBe(1);
  expect((await connection.listRuns({}, { limit: 2 })).items.map(({ id }) => id)).toEqual(["t", "run"]);
});

it("a database that was migrated has the schema of a new one, and a sound file", async () => {
  const old = await oldDatabase("migrated.db");
  const fresh = join(folder, "fresh.db");
  for (const path of [old, fresh]) await (await sqlite(path).connect()).close();
  const schemas = [old, fresh].map((path) => {
    const database = new Database(path, { readonly: true });
    const schema = database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").all();
    const sound = [database.pragma("integrity_check", { simple: true }), database.pragma("foreign_key_check")];
    const numbered = database.prepare("SELECT value FROM meta WHERE name = 'schema_version'").pluck().get();
    database.close();
    return { schema, sound, numbered };
  });

  expect(schemas[0]).toEqual(schemas[1]);
  expect(schemas[0]!.sound).toEqual(["ok", []]);
  expect(schemas[0]!.numbered).toBe(String(migrations.length));
});

it("a database of the first schema is not opened for reading only, and stays as it is", async () => {
  const path = await oldDatabase("read.db");

  await expect(sqlite(path).connect({ readOnly: true })).rejects.toMatchObject({ code: "BACKEND_READ_ONLY" });

  const database = new Database(path, { readonly: true });
  expect(database.prepare("SELECT value FROM meta WHERE name = 'schema_version'").pluck().get()).toBe("1");
  database.close();
});
