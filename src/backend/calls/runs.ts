// Calls about runs.

import type { RunStore } from "../backend.ts";
import {
  checkCount,
  checkDuration,
  checkName,
  checkOneOf,
  checkOptionalFingerprint,
  checkOptionalText,
  checkText,
  checkTextRecord,
  invalid,
} from "../check.ts";
import { endStates, runKinds, runStates, type RunPartition, type RunRecord } from "../records.ts";
import type { CallsOf, TaskCallName } from "./call.ts";

export const runCalls: CallsOf<Omit<RunStore, TaskCallName>> = {
  startRuns: {
    writes: true,
    check(runs) {
      for (const run of runs) {
        checkRun(run);
        if (run.kind === "task")
          throw invalid("run's kind", "'build' or 'step', as tasks are written by `writeTasks`", run.kind);
      }
    },
    nothing: (runs) => (runs.length === 0 ? { answer: undefined } : undefined),
  },
  finishRuns: {
    writes: true,
    check(runs) {
      for (const { id, state, finishedAt, attempts, duration } of runs) {
        checkText(id, "run id");
        checkOneOf(state, endStates, "end of a run");
        checkOptionalText(finishedAt, "run's time");
        checkCount(attempts, "run's attempts");
        if (duration !== undefined) checkDuration(duration, "run's duration");
      }
    },
    nothing: (runs) => (runs.length === 0 ? { answer: [] } : undefined),
  },
  writeRunPartitions: {
    writes: true,
    check({ inputs, outputs }) {
      inputs.forEach(checkRunPartition);
      outputs.forEach(checkRunPartition);
    },
    nothing: ({ inputs, outputs }) => (inputs.length + outputs.length === 0 ? { answer: undefined } : undefined),
  },
  readRun: { writes: false, check: (id) => checkText(id, "run id") },
  readRuns: {
    writes: false,
    check: (ids) => ids.forEach((id) => checkText(id, "run id")),
    nothing: (ids) => (ids.length === 0 ? { answer: [] } : undefined),
  },
  readRunPartitions: { writes: false, check: (id) => checkText(id, "run id") },
  listRuns: {
    writes: false,
    check({ graph, parent, kind, state, snapshot, input, ...more } = {}) {
      checkOptionalText(graph, "graph name");
      checkOptionalText(parent, "run id");
      if (kind !== undefined) checkOneOf(kind, runKinds, "run's kind");
      if (state !== undefined) checkOneOf(state, runStates, "run's state");
      checkOptionalFingerprint(snapshot, "snapshot");
      checkOptionalFingerprint(input, "input");
      checkOptionalText(more.idPrefix, "beginning of a run id");
      if (more.since !== undefined) checkDuration(more.since, "time");
      checkOptionalText(more.namespace, "namespace");
      checkOptionalText(more.name, "task's name");
      checkTextRecord(more.labels ?? {}, "label");
      for (const version of more.engineVersions ?? []) checkText(version, "engine version");
      checkOptionalText(more.content, "content");
      for (const one of more.kinds ?? []) checkOneOf(one, runKinds, "run's kind");
      for (const one of more.states ?? []) checkOneOf(one, runStates, "run's state");
      checkOptionalText(more.artifact, "name or location of something read or written");
    },
    nothing: ({ engineVersions, kinds, states } = {}) =>
      [engineVersions, kinds, states].some((list) => list?.length === 0)
        ? { answer: { items: [], next: undefined } }
        : undefined,
  },
};

export function checkRun(run: RunRecord): void {
  checkName(run.id, "run id");
  checkOptionalText(run.parent, "run id");
  checkOneOf(run.kind, runKinds, "run's kind");
  checkName(run.graph, "graph name");
  checkOptionalFingerprint(run.snapshot, "snapshot");
  checkOptionalText(run.producer, "producer's name");
  checkOptionalText(run.version, "producer's version");
  checkOptionalText(run.key, "partition key");
  checkOptionalFingerprint(run.input, "input");
  checkOneOf(run.state, runStates, "run's state");
  checkText(run.startedAt, "run's time");
  checkOptionalText(run.finishedAt, "run's time");
  checkCount(run.attempts, "run's attempts");
  if (run.duration !== undefined) checkDuration(run.duration, "run's duration");
  checkText(run.holder, "run's holder");
}

function checkRunPartition({ run, name, partition }: RunPartition): void {
  checkText(run, "run id");
  checkText(name, "name of an input or output");
  checkCount(partition, "partition id");
}
