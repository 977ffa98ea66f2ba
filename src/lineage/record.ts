// A lineage record: what a task that ran outside of any graph tells of itself, usually twice, as it starts and as it ends.

import { z } from "zod";
import {
  runStates,
  type Json,
  type RunId,
  type RunRecord,
  type RunState,
  type TaskIO,
  type TaskRecord,
} from "../backend/records.ts";
import { defineRecord, type RecordDefinition, type RecordEnvelope } from "../changes/record.ts";
import { parseMoment } from "../util/moment.ts";
import { parseState, statusOf, type LineageStatus } from "./status.ts";

/** One record; a build is shown as one as well, with what it has of these. */
export interface LineageRecord extends RecordEnvelope {
  readonly runId: string;
  /** When the record was made, as ISO time with zone; not when the task started. */
  readonly recordedAt: string;
  /** The use case, team or project; of a build "". */
  readonly usecase: string;
  readonly pipeline: string;
  readonly task: string;
  /** Where it was aimed at: "dev", "prod", a table; "" where nobody said. */
  readonly target: string;
  readonly status: LineageStatus;
  /** The same, told apart: "warning" is a success, "cancelled" an error. */
  readonly state: RunState;
  readonly startedAt: string;
  readonly finishedAt?: string | undefined;
  /** Seconds. */
  readonly durationSec?: number | undefined;
  readonly error?: string | undefined;
  /** What it read and wrote outside of any graph. */
  readonly io: readonly TaskIO[];
  /** Fingerprint of its configuration. */
  readonly config?: string | undefined;
  readonly kind: "task" | "build";
}

/** What `record` takes; what is left out is the default said there. */
export interface NewLineageRecord {
  readonly runId: string;
  readonly task: string;
  /** "default" unless told. */
  readonly usecase?: string | undefined;
  /** "default" unless told. */
  readonly pipeline?: string | undefined;
  readonly target?: string | undefined;
  /** "running" unless told; ours or another tracker's word, in any case. */
  readonly status?: string | undefined;
  /** The time of the call unless told. */
  readonly recordedAt?: Date | string | undefined;
  /** That of the record that is there already, else `recordedAt`, unless told. */
  readonly startedAt?: Date | string | undefined;
  /** Of an end: `recordedAt` unless told. */
  readonly finishedAt?: Date | string | undefined;
  /** Seconds; from start to end unless told. */
  readonly durationSec?: number | undefined;
  readonly error?: string | undefined;
  readonly io?: readonly NewTaskIO[] | undefined;
  readonly config?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Unless told, this package's version: told only for records that another version made. */
  readonly engineVersion?: string | undefined;
  readonly extensions?: Readonly<Record<string, Json>> | undefined;
}

export interface NewTaskIO {
  readonly direction: "input" | "output";
  readonly name: string;
  readonly location: string;
  readonly format?: string | undefined;
  readonly rows?: number | undefined;
  readonly content?: string | undefined;
}

/** The core: changes with a major version of this package only. */
export interface TaskCore extends RecordEnvelope {
  readonly runId: string;
  readonly recordedAt: string;
  readonly usecase: string;
  readonly pipeline: string;
  readonly task: string;
  readonly target: string;
  readonly state: RunState;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  /** Seconds. */
  readonly durationSec?: number | undefined;
  readonly error?: string | undefined;
  readonly io: readonly NewTaskIO[];
  readonly config?: string | undefined;
}

const io = z.strictObject({
  direction: z.enum(["input", "output"]),
  name: z.string().min(1),
  location: z.string(),
  format: z.string().optional(),
  rows: z.int().nonnegative().optional(),
  content: z.string().optional(),
});
const time = z.iso.datetime({ offset: true });

/** The core of a record, as it is written and exchanged. */
export const taskRecord: RecordDefinition<Omit<TaskCore, keyof RecordEnvelope>> = defineRecord({
  name: "lineage",
  version: 1,
  core: z.strictObject({
    runId: z.string().min(1),
    recordedAt: time,
    usecase: z.string().min(1),
    pipeline: z.string().min(1),
    task: z.string().min(1),
    target: z.string(),
    state: z.enum(runStates),
    startedAt: time.optional(),
    finishedAt: time.optional(),
    durationSec: z.number().nonnegative().optional(),
    error: z.string().optional(),
    io: z.array(io).readonly(),
    config: z.string().optional(),
  }),
});

const ENDED: ReadonlySet<RunState> = new Set(["succeeded", "warning", "failed", "cancelled", "lost", "skipped"]);

export function hasEnded(state: RunState): boolean {
  return ENDED.has(state);
}

/** Fills in what was left out. Error: VALIDATION_FAILED, naming the field. */
export function completeRecord(given: NewLineageRecord, now: number, engineVersion: string): TaskCore {
  const {
    runId,
    task,
    usecase = "default",
    pipeline = "default",
    target = "",
    error,
    config,
    metadata,
    extensions,
  } = given;
  const state = parseState(given.status ?? "running");
  const at = (moment: Date | string | undefined, field: string, otherwise: number): string =>
    new Date(moment === undefined ? otherwise : parseMoment(moment, field)).toISOString();
  const recordedAt = at(given.recordedAt, "recordedAt", now);
  const startedAt = given.startedAt === undefined ? undefined : at(given.startedAt, "startedAt", now);
  const finishedAt = hasEnded(state) ? at(given.finishedAt, "finishedAt", Date.parse(recordedAt)) : undefined;
  const core = { runId, recordedAt, usecase, pipeline, task, target, state, startedAt, finishedAt, error, config };
  return taskRecord.create(
    {
      ...core,
      durationSec: given.durationSec,
      io: [...(given.io ?? [])],
      ...(metadata === undefined ? {} : { metadata }),
      ...(extensions === undefined ? {} : { extensions }),
    },
    given.engineVersion ?? engineVersion,
  );
}

/** The run that keeps a record; `before`: what is there already of the same run, whose start stays where this one tells none. */
export function toTask(core: TaskCore, holder: string, before?: Pick<RunRecord, "startedAt">): TaskRecord {
  const { runId, recordedAt, usecase, pipeline, task, target, state, finishedAt, error, config } = core;
  const startedAt = core.startedAt ?? before?.startedAt ?? recordedAt;
  const took = finishedAt === undefined ? undefined : Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
  return {
    id: runId as RunId,
    parent: undefined,
    kind: "task",
    graph: pipeline,
    snapshot: undefined,
    producer: undefined,
    version: undefined,
    key: undefined,
    input: undefined,
    state,
    reason: undefined,
    startedAt,
    finishedAt,
    attempts: 1,
    duration: core.durationSec === undefined ? took : core.durationSec * 1000,
    error: error ?? undefined,
    holder,
    task: {
      namespace: usecase,
      name: task,
      target,
      recordedAt,
      engineVersion: core.engineVersion,
      io: core.io.map(({ direction, name, location, format, rows, content }) => ({
        direction,
        name,
        location,
        format,
        rows,
        content,
      })),
      labels: core.metadata,
      config,
      extensions: core.extensions,
    },
  };
}

/** A run as a record; of a build what it has. */
export function toRecord(run: RunRecord): LineageRecord {
  const { id, kind, graph, state, startedAt, finishedAt, duration, error, task } = run;
  return {
    runId: id,
    recordedAt: task?.recordedAt ?? finishedAt ?? startedAt,
    engineVersion: task?.engineVersion ?? "",
    usecase: task?.namespace ?? "",
    pipeline: graph,
    task: task?.name ?? graph,
    target: task?.target ?? "",
    status: statusOf(state),
    state,
    startedAt,
    finishedAt,
    durationSec: duration === undefined ? undefined : duration / 1000,
    error: errorText(error),
    io: task?.io ?? [],
    config: task?.config,
    metadata: task?.labels ?? {},
    extensions: task?.extensions ?? {},
    kind: kind === "task" ? "task" : "build",
  };
}

/** An error as one text: a task's own, the message of a step's, or what is known as JSON. */
export function errorText(error: Json | undefined): string | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error === "string") return error;
  const message = (error as { readonly message?: Json }).message;
  return typeof message === "string" ? message : JSON.stringify(error);
}

/** The core that a stored task was written from, for rewriting and export. */
export function toCore(run: TaskRecord): TaskCore {
  const { task, id, graph, state, startedAt, finishedAt, duration, error } = run;
  const text = errorText(error);
  return taskRecord.create(
    {
      runId: id,
      recordedAt: task.recordedAt,
      usecase: task.namespace,
      pipeline: graph,
      task: task.name,
      target: task.target,
      state,
      startedAt,
      finishedAt,
      durationSec: duration === undefined ? undefined : duration / 1000,
      error: text,
      io: task.io.map((one) => ({ ...one })),
      config: task.config,
      metadata: task.labels,
      extensions: task.extensions,
    },
    task.engineVersion,
  );
}
