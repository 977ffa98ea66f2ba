// Runs of kind "task" in memory.

import { compareText } from "../../util/text-order.ts";
import type { TaskRecord } from "../records.ts";
import { keptTask, replacesTask, taskEnd } from "../task-order.ts";
import { frozen } from "./frozen.ts";
import { toRow, toRun } from "./runs.ts";
import type { MemoryState, RunRow } from "./state.ts";

export function writeTasks(state: MemoryState, tasks: readonly TaskRecord[]): readonly boolean[] {
  return tasks.map((given) => {
    const stored = state.runs.get(given.id);
    const kept = keptTask(given);
    if (stored !== undefined && (stored.task === undefined || !replacesTask(kept, toRun(stored) as TaskRecord)))
      return false;
    const row: RunRow = { ...toRow(kept, stored?.sequence ?? state.nextSequence()), task: frozen(kept.task) };
    state.set(state.runs, given.id, row);
    if (stored === undefined) state.set(state.runOrder, row.sequence, given.id);
    return true;
  });
}

export function listEngineVersions(state: MemoryState): readonly string[] {
  const versions = new Set<string>();
  for (const { task } of state.runs.values()) if (task !== undefined) versions.add(task.engineVersion);
  return [...versions].sort(compareText);
}

export function removeTasks(state: MemoryState, before: number): number {
  const old = [...state.runs.values()].filter(
    ({ record, task }) => task !== undefined && (taskEnd(record) ?? Infinity) < before,
  );
  for (const { record, sequence } of old) {
    state.delete(state.runs, record.id);
    state.delete(state.runOrder, sequence);
    state.delete(state.runInputs, record.id);
    state.delete(state.runOutputs, record.id);
  }
  return old.length;
}
