// Which of two records of one task stays, so that any order of telling has one result.

import { canonicalText } from "../util/canonical.ts";
import { compareText } from "../util/text-order.ts";
import { copyJson } from "./json-text.ts";
import { decodeTask, encodeTask } from "./record-text.ts";
import { momentOf } from "./run-filter.ts";
import type { RunRecord, TaskRecord } from "./records.ts";

/**
 * Whether `given` takes the place of `stored`: where it is further on (scheduled, running, ended), or as far and recorded later. Of two
 * that were recorded in one millisecond the one with the greater text stays, as some order must decide.
 */
export function replacesTask(given: TaskRecord, stored: TaskRecord): boolean {
  const difference = phase(given) - phase(stored) || moment(given) - moment(stored);
  return difference === 0 ? compareText(canonicalText(given), canonicalText(stored)) > 0 : difference > 0;
}

function phase({ state }: TaskRecord): number {
  return state === "scheduled" ? 0 : state === "running" ? 1 : 2;
}

function moment({ task }: TaskRecord): number {
  return momentOf(task.recordedAt) ?? 0;
}

/** A task as it will be read: only what is ours, in the form in which it is kept. */
export function keptTask(given: TaskRecord): TaskRecord {
  const { id, parent, kind, graph, snapshot, producer, version, key, input } = given;
  const { state, startedAt, finishedAt, attempts, duration, holder } = given;
  return {
    ...{ id, parent, kind, graph, snapshot, producer, version, key, input },
    ...{ state, startedAt, finishedAt, attempts, duration, holder },
    reason: copyJson(given.reason, "run's reason"),
    error: copyJson(given.error, "run's error"),
    task: decodeTask(encodeTask(given.task)),
  };
}

/** When a task ended, in milliseconds since 1970; when it began, where nobody said; `undefined` while it has not ended. */
export function taskEnd({
  state,
  startedAt,
  finishedAt,
}: Pick<RunRecord, "state" | "startedAt" | "finishedAt">): number | undefined {
  if (state === "scheduled" || state === "running") return undefined;
  return momentOf(finishedAt) ?? momentOf(startedAt);
}
