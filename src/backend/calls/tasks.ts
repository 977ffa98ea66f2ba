// Calls about tasks: runs outside of any build.

import type { RunStore } from "../backend.ts";
import {
  checkCount,
  checkDuration,
  checkName,
  checkOneOf,
  checkOptionalText,
  checkOptionalTime,
  checkText,
  checkTextRecord,
  checkTime,
} from "../check.ts";
import type { TaskRecord } from "../records.ts";
import type { CallsOf, TaskCallName } from "./call.ts";
import { checkRun } from "./runs.ts";

export const taskCalls: CallsOf<Pick<RunStore, TaskCallName>> = {
  writeTasks: {
    writes: true,
    check: (tasks) => tasks.forEach(checkTask),
    nothing: (tasks) => (tasks.length === 0 ? { answer: [] } : undefined),
  },
  listEngineVersions: { writes: false, check: () => undefined },
  removeTasks: { writes: true, check: (before) => checkDuration(before, "time") },
};

function checkTask(run: TaskRecord): void {
  checkRun(run);
  checkOneOf(run.kind, ["task"], "task's kind");
  checkTime(run.startedAt, "task's start");
  checkOptionalTime(run.finishedAt, "task's end");
  const { namespace, name, target, recordedAt, engineVersion, io, labels, config } = run.task;
  checkName(namespace, "namespace");
  checkName(name, "task's name");
  checkText(target, "task's target");
  checkTime(recordedAt, "time of a record");
  checkText(engineVersion, "engine version");
  checkTextRecord(labels, "label");
  checkOptionalText(config, "fingerprint of a configuration");
  for (const { direction, name: what, location, format, rows, content } of io) {
    checkOneOf(direction, ["input", "output"], "direction of what a task read or wrote");
    checkText(what, "name of an input or output");
    checkText(location, "location");
    checkOptionalText(format, "format");
    if (rows !== undefined) checkCount(rows, "number of rows");
    checkOptionalText(content, "content");
  }
}
