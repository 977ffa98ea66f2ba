// Runs of kind "task".

import { encodeTask } from "../../record-text.ts";
import type { RunId, TaskRecord } from "../../records.ts";
import { keptTask, replacesTask, taskEnd } from "../../task-order.ts";
import { toJsonList } from "../column.ts";
import { takeSequence, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Value } from "../statement.ts";
import { knownRuns, runRow } from "./runs.ts";

export function* writeTasks(context: SqlContext, tasks: readonly TaskRecord[]): Operation<readonly boolean[]> {
  const ids = [...new Set(tasks.map(({ id }) => id))];
  const stored = yield* knownRuns(ids);
  const changed = new Map<RunId, TaskRecord>();
  const answers = tasks.map((given) => {
    const task = keptTask(given);
    const known = stored.get(given.id);
    if (known !== undefined && (known.task === undefined || !replacesTask(task, known as TaskRecord))) return false;
    stored.set(given.id, task);
    changed.set(given.id, task);
    return true;
  });
  if (changed.size > 0) yield* upsert(context, [...changed.values()]);
  return answers;
}

function* upsert(context: SqlContext, tasks: readonly TaskRecord[]): Operation<void> {
  let sequence = yield* takeSequence(tasks.length);
  for (const chunk of eachChunk(tasks)) {
    const list: (readonly (Value | undefined)[])[] = [];
    for (const task of chunk) {
      const { namespace, name, engineVersion } = task.task;
      const common = yield* runRow(context, task, sequence++);
      list.push([...common, taskEnd(task), namespace, name, engineVersion, encodeTask(task.task)]);
    }
    yield* change(sql`
      INSERT INTO run (sequence, id, parent, kind, graph, snapshot, producer, version, key, input, state, reason, started_at,
        finished_at, attempts, duration, error, holder, started_ms, ended_ms, namespace, name, engine, task)
      VALUES ${rows(list)}
      ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, graph = excluded.graph, snapshot = excluded.snapshot,
        producer = excluded.producer, version = excluded.version, key = excluded.key, input = excluded.input,
        state = excluded.state, reason = excluded.reason, started_at = excluded.started_at,
        finished_at = excluded.finished_at, attempts = excluded.attempts, duration = excluded.duration,
        error = excluded.error, holder = excluded.holder, started_ms = excluded.started_ms, ended_ms = excluded.ended_ms,
        namespace = excluded.namespace, name = excluded.name, engine = excluded.engine, task = excluded.task`);
  }
  yield* writeContents(tasks);
}

export function* writeContents(tasks: readonly TaskRecord[]): Operation<void> {
  yield* change(sql`
    DELETE FROM task_content
    WHERE run IN (SELECT r.sequence FROM json_each(${toJsonList(tasks.map(({ id }) => id))}) q CROSS JOIN run r ON r.id = q.value)`);
  const told = tasks.flatMap(({ id, task }) => {
    const contents = task.io.map(({ content }) => content).filter((content) => content !== undefined);
    return [...new Set(contents)].map((content) => [id, content]);
  });
  if (told.length === 0) return;
  yield* change(sql`
    INSERT INTO task_content (run, content) SELECT r.sequence, json_extract(q.value, '$[1]') FROM json_each(${JSON.stringify(told)}) q
    CROSS JOIN run r ON r.id = json_extract(q.value, '$[0]')`);
}

export function* listEngineVersions(_: SqlContext): Operation<readonly string[]> {
  const found = yield* all<[engine: string]>(sql`
    WITH RECURSIVE v (engine) AS (
      SELECT min(engine) FROM run WHERE engine IS NOT NULL
      UNION ALL SELECT (SELECT min(r.engine) FROM run r WHERE r.engine > v.engine) FROM v WHERE v.engine IS NOT NULL)
    SELECT engine FROM v WHERE engine IS NOT NULL`);
  return found.map(([engine]) => engine);
}

export function* removeTasks(_: SqlContext, before: number): Operation<number> {
  const old = yield* all<[sequence: number]>(sql`
    SELECT r.sequence FROM run r WHERE r.ended_ms IS NOT NULL AND r.ended_ms < ${before}`);
  if (old.length === 0) return 0;
  const list = toJsonList(old.map(([sequence]) => sequence));
  yield* change(sql`DELETE FROM task_content WHERE run IN (SELECT q.value FROM json_each(${list}) q)`);
  yield* change(sql`DELETE FROM run_partition WHERE run IN (SELECT q.value FROM json_each(${list}) q)`);
  return yield* change(sql`DELETE FROM run WHERE sequence IN (SELECT q.value FROM json_each(${list}) q)`);
}
