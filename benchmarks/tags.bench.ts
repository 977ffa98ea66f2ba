// What do reading and moving a tag cost?

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Fingerprint } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import type { Bench } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { readRows, replayRows } from "./work/rows.ts";

const GRAPH = "work";
const TAG = "prod";
const snapshots = ["a", "b"].map((character) => character.repeat(32) as Fingerprint);

export const bench: Bench = {
  question: "What do reading and moving a tag cost?",

  async *run({ space, quick, result }) {
    const calls = quick ? 200 : 1_000;
    const folder = space.folder("tags");
    for (const name of ["ours", "raw"]) mkdirSync(join(folder, name));
    const own = join(folder, "ours", "strata.db");
    const connection = await sqlite(own).connect();
    for (const id of snapshots) {
      await connection.writeSnapshot({
        id,
        graph: GRAPH,
        graphFingerprint: id,
        state: "complete",
        createdAt: "2026-01-01T00:00:00Z",
      });
    }
    let moves = 0;
    const move = async (): Promise<unknown> =>
      connection.writeSnapshotTag({
        graph: GRAPH,
        tag: TAG,
        snapshot: snapshots[moves++ % 2]!,
        by: "bench",
        expected: "any",
      });
    await move();

    const rawFile = join(folder, "raw", "raw.db");
    const replay = replayRows(rawFile, readRows(own), 1);
    replay.next();
    replay.close();
    const raw = new Database(rawFile);
    raw.pragma("synchronous = FULL");
    const read = raw.prepare(`
      SELECT lower(hex(s.fingerprint)), t.sequence, t.changed_at, t.changed_by, t.why FROM tag t
      JOIN snapshot s ON s.id = t.snapshot WHERE t.graph = (SELECT id FROM graph WHERE name = ?) AND t.tag = ?`);
    const bump = raw.prepare("UPDATE counter SET value = value + 1 WHERE name = 'sequence' RETURNING value").pluck();
    const find = raw.prepare("SELECT id, fingerprint FROM snapshot WHERE fingerprint = ?");
    const upsert = raw.prepare(`
      INSERT INTO tag (graph, tag, snapshot, sequence, changed_at, changed_by) VALUES (1, ?, ?, ?, ?, 'bench')
      ON CONFLICT (graph, tag) DO UPDATE SET snapshot = excluded.snapshot, sequence = excluded.sequence, changed_at = excluded.changed_at`);
    const append = raw.prepare(`
      INSERT INTO tag_change (sequence, graph, tag, snapshot, previous, changed_at, changed_by) VALUES (?, 1, ?, ?, ?, ?, 'bench')`);
    const rawMove = raw.transaction((snapshot: Fingerprint) => {
      const now = new Date().toISOString();
      const { id, fingerprint } = find.get(Buffer.from(snapshot, "hex")) as { id: number; fingerprint: Buffer };
      read.raw().get(GRAPH, TAG);
      const sequence = bump.get();
      upsert.run(TAG, id, sequence, now);
      append.run(sequence, TAG, fingerprint, fingerprint, now);
    });

    const counts = await counted(() => connection.readSnapshotTag(GRAPH, TAG));
    yield result({
      case: "read: statements",
      n: 1,
      unit: "count",
      against: "2",
      target: 1,
      gate: 1,
      count: { ours: counts.statements, theirs: 2 },
      counters: counts,
    });
    const reads = await inTurn(
      {
        ours: timed(async () => {
          for (let call = 0; call < calls; call++) await connection.readSnapshotTag(GRAPH, TAG);
        }),
        theirs: timed(() => {
          for (let call = 0; call < calls; call++) read.raw().get(GRAPH, TAG);
        }),
      },
      quick ? 9 : 31,
    );
    const each = (times: readonly number[], count: number): number[] => times.map((time) => (time * 1000) / count);
    yield result({
      case: "read",
      n: calls,
      unit: "µs",
      against: "a prepared get",
      target: 1.5,
      gate: 2.5,
      pair: { ours: each(reads.ours, calls), theirs: each(reads.theirs, calls) },
    });

    const writes = await inTurn(
      {
        ours: timed(async () => {
          for (let call = 0; call < calls / 10; call++) await move();
        }),
        theirs: timed(() => {
          for (let call = 0; call < calls / 10; call++) rawMove.immediate(snapshots[call % 2]!);
        }),
      },
      quick ? 9 : 31,
    );
    yield result({
      case: "moved, durable",
      n: calls / 10,
      unit: "µs",
      against: "a prepared transaction of the same rows",
      target: 1.3,
      gate: 2,
      pair: { ours: each(writes.ours, calls / 10), theirs: each(writes.theirs, calls / 10) },
    });
    await connection.close();
    raw.close();
  },
};
