// Runs in a database, and what they read and wrote, as they are copied.

import { encodeTask } from "../../record-text.ts";
import { directions } from "../../kept-records.ts";
import type { PartitionId, TaskRecord } from "../../records.ts";
import { keptOrphan } from "../../refusals.ts";
import { taskEnd } from "../../task-order.ts";
import { pad, toJsonList } from "../column.ts";
import { all, change, first } from "../operation.ts";
import { eachChunk, rows, sql, type Value } from "../statement.ts";
import { runColumns, runRow, toRun, type RunRow } from "../statements/runs.ts";
import { writeContents } from "../statements/tasks.ts";
import type { KeptOf } from "./kept.ts";

export const keptRuns: KeptOf<"runs" | "runPartitions"> = {
  runs: {
    *list(_, after, limit) {
      const found = yield* all<RunRow>(sql`
        SELECT ${runColumns} FROM run r CROSS JOIN graph g ON g.id = r.graph WHERE r.sequence > ${after?.[0] ?? -1}
        ORDER BY r.sequence LIMIT ${limit}`);
      return found.map((row) => ({ ...toRun(row), sequence: row[17] }));
    },
    *put(context, records) {
      for (const chunk of eachChunk(records)) {
        const list: (readonly (Value | undefined)[])[] = [];
        for (const { sequence, ...run } of chunk) {
          const { kind, task } = run;
          const common = yield* runRow(context, run, sequence);
          const told = [task?.namespace, task?.name, task?.engineVersion, task && encodeTask(task)];
          list.push([...common, kind === "task" ? taskEnd(run) : undefined, ...told]);
        }
        yield* change(sql`
          INSERT INTO run (sequence, id, parent, kind, graph, snapshot, producer, version, key, input, state, reason, started_at,
            finished_at, attempts, duration, error, holder, started_ms, ended_ms, namespace, name, engine, task)
          VALUES ${rows(list)}
          ON CONFLICT (sequence) DO UPDATE SET id = excluded.id, parent = excluded.parent, kind = excluded.kind, graph = excluded.graph,
            snapshot = excluded.snapshot, producer = excluded.producer, version = excluded.version, key = excluded.key,
            input = excluded.input, state = excluded.state, reason = excluded.reason, started_at = excluded.started_at,
            finished_at = excluded.finished_at, attempts = excluded.attempts, duration = excluded.duration,
            error = excluded.error, holder = excluded.holder, started_ms = excluded.started_ms, ended_ms = excluded.ended_ms,
            namespace = excluded.namespace, name = excluded.name, engine = excluded.engine, task = excluded.task`);
      }
      const tasks = records.filter(({ task }) => task !== undefined);
      if (tasks.length > 0) yield* writeContents(tasks as unknown as readonly TaskRecord[]);
    },
    *drop(_, records) {
      const list = toJsonList(records.map(({ sequence }) => sequence));
      yield* change(sql`DELETE FROM task_content WHERE run IN (SELECT q.value FROM json_each(${list}) q)`);
      yield* change(sql`DELETE FROM run_partition WHERE run IN (SELECT q.value FROM json_each(${list}) q)`);
      yield* change(sql`DELETE FROM run WHERE sequence IN (SELECT q.value FROM json_each(${list}) q)`);
    },
  },
  runPartitions: {
    *list(_, after, limit) {
      const [run, direction, name, partition] = after ?? [-1, 0, "", 0];
      const found = yield* all<[sequence: number, direction: 0 | 1, name: string, partition: PartitionId]>(sql`
        SELECT e.run, e.direction, e.name, e.partition FROM run_partition e
        WHERE (e.run, e.direction, e.name, e.partition) > (${run}, ${direction}, ${name}, ${partition})
        ORDER BY e.run, e.direction, e.name, e.partition LIMIT ${limit}`);
      return found.map(([sequence, way, as, id]) => ({
        sequence,
        direction: directions[way],
        name: as,
        partition: id,
      }));
    },
    *put(_, records) {
      const runs = toJsonList([...new Set(records.map(({ sequence }) => sequence))]);
      const unknown = yield* first<[sequence: number]>(sql`
        SELECT q.value FROM json_each(${runs}) q LEFT JOIN run r ON r.sequence = q.value WHERE r.sequence IS NULL LIMIT 1`);
      if (unknown !== undefined) throw keptOrphan("runPartitions", `run ${unknown[0]}`);
      for (const chunk of eachChunk(records)) {
        const list = chunk.map(({ sequence, direction, name, partition }) => {
          return [sequence, directions.indexOf(direction), name, partition];
        });
        yield* change(sql`
          INSERT INTO run_partition (run, direction, name, partition) VALUES ${rows(list)}
          ON CONFLICT (run, direction, name, partition) DO NOTHING`);
      }
    },
    *drop(_, records) {
      const list = records.map(({ sequence, direction, name, partition }) => {
        return pad(sequence) + pad(partition) + String(directions.indexOf(direction)) + name;
      });
      yield* change(sql`
        DELETE FROM run_partition WHERE (run, direction, name, partition) IN (
          SELECT CAST(substr(q.value, 1, 16) AS INTEGER), CAST(substr(q.value, 33, 1) AS INTEGER), substr(q.value, 34),
            CAST(substr(q.value, 17, 16) AS INTEGER)
          FROM json_each(${toJsonList(list)}) q)`);
    },
  },
};
