// Where a database stands: the highest number given, and what the last copy into it left.

import { decodeJson } from "../../json-text.ts";
import type { CopyMark, CopyState } from "../../kept-records.ts";
import type { SqlContext } from "../context.ts";
import { change, first, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";

export function* readCopyState(context: SqlContext): Operation<CopyState> {
  const counter = yield* first<[value: number]>(sql`SELECT value FROM counter WHERE name = 'sequence'`);
  const row = yield* first<[value: string]>(sql`SELECT value FROM meta WHERE name = 'copied'`);
  const copied = row === undefined ? undefined : (decodeJson(row[0], "mark of a copy") as unknown as CopyMark);
  const id = yield* first<[value: string]>(sql`SELECT value FROM meta WHERE name = 'project'`);
  return { store: context.store(), id: id?.[0] ?? "", given: counter![0], copied };
}

export function* writeCopyState(
  _: SqlContext,
  { given, copied: { from, here } }: { readonly given: number; readonly copied: CopyMark },
): Operation<void> {
  yield* change(sql`UPDATE counter SET value = ${given} WHERE name = 'sequence' AND value < ${given}`);
  yield* change(sql`
    INSERT INTO meta (name, value) VALUES ('copied', ${JSON.stringify({ from, here })})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
}
