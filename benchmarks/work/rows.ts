// The rows of a database that the engine has written, to be written once more by nothing but the driver: the floor for all metadata.

import Database from "better-sqlite3";

export interface Rows {
  /** In order of creation: what makes the tables and indexes. */
  readonly schema: readonly string[];
  readonly tables: readonly { readonly insert: string; readonly rows: readonly (readonly unknown[])[] }[];
}

/** The statements that make a database's tables and indexes. */
export function readSchema(file: string): readonly string[] {
  const database = new Database(file, { readonly: true });
  try {
    return objectsOf(database).map(({ sql }) => sql);
  } finally {
    database.close();
  }
}

/** Everything in a database but SQLite's own tables. */
export function readRows(file: string): Rows {
  const database = new Database(file, { readonly: true });
  try {
    const objects = objectsOf(database);
    const tables = objects
      .filter(({ type }) => type === "table")
      .map(({ name }) => {
        const rows = database.prepare(`SELECT * FROM "${name}"`).safeIntegers().raw().all() as unknown[][];
        const columns = (database.prepare(`SELECT name FROM pragma_table_info(?)`).pluck().all(name) as string[])
          .map((column) => `"${column}"`)
          .join(", ");
        const values = columns.replace(/"[^"]+"/g, "?");
        return { insert: `INSERT INTO "${name}" (${columns}) VALUES (${values})`, rows };
      })
      .filter(({ rows }) => rows.length > 0);
    return { schema: objects.map(({ sql }) => sql), tables };
  } finally {
    database.close();
  }
}

function objectsOf(database: Database.Database): { type: string; name: string; sql: string }[] {
  return database
    .prepare(
      `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
    )
    .all() as { type: string; name: string; sql: string }[];
}

export interface Replay {
  /** Writes the next share of every table's rows in one durable transaction. */
  next(): void;
  close(): void;
}

/** Prepared statements, write-ahead log, synchronous FULL, no checks of foreign keys: the least that is as durable. */
export function replayRows(file: string, { schema, tables }: Rows, shares: number): Replay {
  const database = new Database(file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("foreign_keys = OFF");
  for (const sql of schema) database.exec(sql);
  const inserts = tables.map(({ insert, rows }) => ({ statement: database.prepare(insert), rows }));
  let share = 0;
  return {
    next() {
      database.exec("BEGIN IMMEDIATE");
      for (const { statement, rows } of inserts) {
        const end = Math.floor((rows.length * (share + 1)) / shares);
        for (let index = Math.floor((rows.length * share) / shares); index < end; index++) statement.run(rows[index]!);
      }
      database.exec("COMMIT");
      share += 1;
    },
    close: () => void database.close(),
  };
}
