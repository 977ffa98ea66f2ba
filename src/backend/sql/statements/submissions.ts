// Submissions: which were taken already.

import { toJsonList } from "../column.ts";
import type { SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";

export function* takeSubmissions({ clock }: SqlContext, keys: readonly string[]): Operation<readonly boolean[]> {
  const taken = yield* all<[key: string]>(sql`
    INSERT INTO submission (key, taken_at) SELECT q.value, ${Math.floor(clock.now())} FROM json_each(${toJsonList(keys)}) q
    WHERE true ON CONFLICT (key) DO NOTHING RETURNING key`);
  const left = new Set(taken.map(([key]) => key));
  // Of equal keys the first is the one that took it.
  return keys.map((key) => left.delete(key));
}

export function* removeSubmissions(_: SqlContext, before: number): Operation<number> {
  return yield* change(sql`DELETE FROM submission WHERE taken_at < ${before}`);
}
