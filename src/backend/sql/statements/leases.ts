// Leases with fencing tokens.

import type { Fence, LeaseAnswer } from "../../records.ts";
import { pad, toJsonList } from "../column.ts";
import { takeSequence, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";

export function* acquireLeases(
  { clock }: SqlContext,
  names: readonly string[],
  options: {
    readonly holder: string;
    readonly ttl: number;
    readonly isDead?: ((holder: string) => boolean) | undefined;
  },
): Operation<readonly LeaseAnswer[]> {
  const { holder, ttl, isDead } = options;
  const now = clock.now();
  const distinct = [...new Set(names)];
  const held = yield* all<[ordinal: number, holder: string, expiresAt: number]>(sql`
    SELECT q.key, l.holder, l.expires_at FROM json_each(${toJsonList(distinct)}) q CROSS JOIN lease l ON l.name = q.value`);
  const answers = new Map<string, LeaseAnswer>();
  for (const [ordinal, other, expiresAt] of held) {
    if (other === holder || expiresAt <= now || isDead?.(other) === true) continue;
    const name = distinct[ordinal]!;
    answers.set(name, { granted: false, name, holder: other, expiresAt });
  }
  const free = distinct.filter((name) => !answers.has(name));
  if (free.length > 0) {
    const base = yield* takeSequence(free.length);
    const fences = free.map((name, index): Fence => ({ name, token: base + index }));
    const expiresAt = Math.ceil(now + ttl);
    for (const chunk of eachChunk(fences)) {
      yield* change(sql`
        INSERT INTO lease (name, token, holder, expires_at)
        VALUES ${rows(chunk.map(({ name, token }) => [name, token, holder, expiresAt]))}
        ON CONFLICT (name) DO UPDATE SET token = excluded.token, holder = excluded.holder, expires_at = excluded.expires_at`);
    }
    for (const fence of fences) answers.set(fence.name, { granted: true, fence });
  }
  return names.map((name) => answers.get(name)!);
}

export function* checkLeases(_: SqlContext, fences: readonly Fence[]): Operation<readonly boolean[]> {
  const holds = new Array<boolean>(fences.length).fill(false);
  const found = yield* all<[ordinal: number]>(sql`
    SELECT q.key FROM json_each(${fenceList(fences)}) q
    CROSS JOIN lease l ON l.name = substr(q.value, 17) WHERE l.token = CAST(substr(q.value, 1, 16) AS INTEGER)`);
  for (const [ordinal] of found) holds[ordinal] = true;
  return holds;
}

export function* renewLeases(
  context: SqlContext,
  fences: readonly Fence[],
  ttl: number,
): Operation<readonly boolean[]> {
  const holds = yield* checkLeases(context, fences);
  const kept = fences.filter((_, index) => holds[index]);
  if (kept.length > 0) {
    yield* change(sql`
      UPDATE lease SET expires_at = ${Math.ceil(context.clock.now() + ttl)}
      WHERE name IN (SELECT q.value FROM json_each(${toJsonList(kept.map(({ name }) => name))}) q)`);
  }
  return holds;
}

export function* releaseLeases(context: SqlContext, fences: readonly Fence[]): Operation<void> {
  const holds = yield* checkLeases(context, fences);
  const kept = fences.filter((_, index) => holds[index]);
  if (kept.length === 0) return;
  yield* change(sql`
    DELETE FROM lease WHERE name IN (SELECT q.value FROM json_each(${toJsonList(kept.map(({ name }) => name))}) q)`);
}

function fenceList(fences: readonly Fence[]): string {
  return toJsonList(fences.map(({ name, token }) => pad(token) + name));
}
