// Opens a database with one more migration than it has, and says which version it found and which it left. argv: file.

import { all } from "../../../src/backend/sql/operation.ts";
import { sql } from "../../../src/backend/sql/statement.ts";
import { openForWriting } from "../../../src/backend/sqlite/open.ts";
import { migrations } from "../../../src/backend/sqlite/migrations/list.ts";
import { systemClock } from "../../../src/util/clock.ts";

const next = {
  version: migrations.length + 1,
  title: "a table, and a row that a second run would add again",
  text: "CREATE TABLE migrated (process TEXT) STRICT; INSERT INTO migrated VALUES ('once'); UPDATE counter SET value = value + 1000;",
};
const handle = await openForWriting({
  path: process.argv[2]!,
  durability: "full",
  busyTimeout: 30_000,
  clock: systemClock,
  migrations: [...migrations, next],
});
const rows = handle.run(all(sql`SELECT count(*) FROM migrated`));
process.stdout.write(`${JSON.stringify(rows)}\n`);
handle.close();
