// Numbered migrations, each applied once, whoever starts at the same time.

import { StratigraphError } from "../../errors.ts";
import { change, first, type Operation } from "./operation.ts";
import { sql } from "./statement.ts";

/** Never edited after its release: databases that have it do not run it again. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  /** What it brings, for people. */
  readonly title: string;
  /** Statements separated by `;`. */
  readonly text: string;
}

export function newestVersion(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

/** The schema version of a database that has a `meta` table. */
export function* readVersion(): Operation<number | undefined> {
  const row = yield* first<[value: string]>(sql`SELECT value FROM meta WHERE name = 'schema_version'`);
  return row && Number(row[0]);
}

/**
 * Those a database lacks. Throws BACKEND_NEWER for one that knows more than we do: what we would write could be wrong there.
 * Ask again under the write lock before applying: somebody else may have been first.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  version: number,
  database: string,
): readonly Migration[] {
  const newest = newestVersion(migrations);
  if (version > newest) {
    throw new StratigraphError("BACKEND_NEWER", "the database was written by a newer version of stratigraph", {
      where: database,
      expected: `schema version ${newest} or older`,
      received: `schema version ${version}`,
      hint: "Update stratigraph in this project; nothing was changed.",
    });
  }
  return migrations.filter((migration) => migration.version > version);
}

/** Say that a migration has been applied; in the transaction that applies it. */
export function* writeVersion(version: number): Operation<void> {
  yield* change(sql`
    INSERT INTO meta (name, value) VALUES ('schema_version', ${String(version)})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
}
