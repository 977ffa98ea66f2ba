// The schema of an SQLite database is what is pinned, whichever way it came about.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, it } from "vitest";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { migrations } from "../../../src/backend/sqlite/migrations/list.ts";

const folder = mkdtempSync(join(tmpdir(), "strata-schema-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function dump(database: Database.Database): string {
  const rows = database
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    .pluck()
    .all() as string[];
  return `${rows.map((text) => `${text};`).join("\n\n")}\n`;
}

it("a new database has the pinned schema", async () => {
  const path = join(folder, "strata.db");
  await (await sqlite(path).connect()).close();
  using closing = new Closing(new Database(path, { readonly: true }));

  await expect(dump(closing.database)).toMatchFileSnapshot("../../golden/schema.sqlite.sql");
});

it("migrations are numbered from 1 without gaps", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
});

it("a new database names its schema version and has an identity of its own", async () => {
  const projects = new Set<unknown>();
  for (const name of ["a.db", "b.db"]) {
    const path = join(folder, name);
    await (await sqlite(path).connect()).close();
    using closing = new Closing(new Database(path, { readonly: true }));
    const meta = closing.database.prepare("SELECT name, value FROM meta ORDER BY name").raw().all() as [
      string,
      string,
    ][];

    expect(meta.map(([key]) => key)).toEqual(["project", "schema_version"]);
    expect(meta[1]![1]).toBe(String(migrations.length));
    projects.add(meta[0]![1]);
  }
  expect(projects.size).toBe(2);
});

class Closing {
  readonly database: Database.Database;
  constructor(database: Database.Database) {
    this.database = database;
  }
  [Symbol.dispose](): void {
    this.database.close();
  }
}
