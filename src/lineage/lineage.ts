// Lineage as a service: records of what ran, kept, found again, and thinned out.

import { z } from "zod";
import type { Json, Page, RunId, RunRecord, TaskRecord } from "../backend/records.ts";
import { replacesTask } from "../backend/task-order.ts";
import type { Applier } from "../changes/applier.ts";
import type { Host, Receipt, WriteMode } from "../changes/host.ts";
import { StratigraphError } from "../errors.ts";
import { fingerprintText } from "../identity/fingerprint.ts";
import { parseMoment } from "../util/moment.ts";
import { findRun } from "./find-run.ts";
import { completeRecord, taskRecord, toRecord, toTask, type LineageRecord, type NewLineageRecord } from "./record.ts";
import { searchRuns, type LineageQuery } from "./search.ts";

/** What anything that keeps lineage records can do: ours does, and yours may. */
export interface LineageBackend {
  /** Creates or overwrites the record of a run; an end is never overwritten by a start that comes late. */
  record(record: NewLineageRecord): Promise<unknown>;
  /** Error: RUN_UNKNOWN. */
  getRun(runId: string): Promise<LineageRecord>;
  /** Newest first; all that is given holds together. */
  search(query?: LineageQuery): Promise<Page<LineageRecord>>;
  /** Gives back room that nothing needs any more; bytes before and after, zeros where there is nothing to measure. */
  compact(): Promise<{ readonly before: number; readonly after: number }>;
}

export interface RecordOptions {
  /** The host's unless told: "behind" never waits for the backend. */
  readonly mode?: WriteMode | undefined;
}

export interface CompactOptions {
  /** Removes the records of tasks that ended before this moment first. None unless told. */
  readonly olderThan?: Date | string | undefined;
}

export interface Lineage extends LineageBackend {
  /**
   * Usually called twice, at the start and at the end; in any order and as often as one likes, the end stays.
   * Error: VALIDATION_FAILED, and in durable mode what the backend throws.
   */
  record(record: NewLineageRecord, options?: RecordOptions): Promise<Receipt<LineageRecord>>;
  /**
   * A run by its id or at least its first six characters; a build or step as well. By its id also while it is still on its way to the
   * backend. Errors: RUN_UNKNOWN; RUN_AMBIGUOUS where several begin so.
   */
  getRun(runId: string): Promise<LineageRecord>;
  compact(
    options?: CompactOptions,
  ): Promise<{ readonly before: number; readonly after: number; readonly removed: number }>;
}

/** An intent's data: the record as it is written, and who wrote it. */
export interface Recorded {
  readonly record: Readonly<Record<string, Json>>;
  readonly holder: string;
}
export const recordSchema: z.ZodType<Recorded> = z.object({
  record: z.record(z.string(), z.json()),
  holder: z.string(),
});

declare module "../changes/hooks.ts" {
  interface HookTypes {
    "lineage.record": { readonly data: Recorded; readonly result: LineageRecord };
    "lineage.compact": { readonly data: Compacted; readonly result: number };
  }
}

/** Turns a record into its row, over whatever of the run is there already. */
export const recordLineage: Applier<Recorded, LineageRecord> = {
  action: "lineage.record",
  schema: recordSchema,
  async apply(tx, { record, holder }) {
    const core = taskRecord.parse(record);
    const before = await tx.readRun(core.runId as RunId);
    if (before !== undefined && before.kind !== "task") throw notATask(before);
    const task = toTask(core, holder, before);
    const [changed = false] = await tx.writeTasks([task]);
    const result = toRecord(changed ? task : ((await tx.readRun(task.id)) ?? task));
    const { runId, usecase, pipeline, task: name, status, state } = toRecord(task);
    return {
      result,
      // Told once for what it changed, so a replay tells nothing twice. Records are measurements: no audit row.
      events: changed
        ? [
            {
              type: "lineage.recorded",
              subject: `run:${runId}`,
              data: { usecase, pipeline, task: name, status, state },
            },
          ]
        : [],
      audit: [],
    };
  },
};

export interface Compacted {
  /** Milliseconds since 1970. */
  readonly before: number;
}
const Compacted: z.ZodType<Compacted> = z.object({ before: z.number() });

/** Removes old tasks. */
export const compactLineage: Applier<Compacted, number> = {
  action: "lineage.compact",
  schema: Compacted,
  async apply(tx, { before }) {
    const removed = await tx.removeTasks(before);
    const data = { removed, before: new Date(before).toISOString() };
    return {
      result: removed,
      events: [{ type: "lineage.compacted", subject: "lineage", data }],
      audit: [{ resource: "lineage", data }],
    };
  },
};

export interface LineageOptions {
  readonly host: Host;
  /** False: records are checked and answered, and kept nowhere. True unless told. */
  readonly enabled?: boolean | undefined;
}

/** Lineage on a host; every record goes the one way all changes go. */
export function createLineage({ host, enabled = true }: LineageOptions): Lineage {
  return {
    async record(record, { mode } = {}) {
      const core = completeRecord(record, host.clock.now(), host.engineVersion);
      if (!enabled) {
        const result = toRecord(toTask(core, host.actor));
        return { result, committed: Promise.resolve(result), behind: false };
      }
      const written = taskRecord.write(core);
      return host.change<Recorded, Recorded, LineageRecord>({
        action: recordLineage.action,
        resource: () => `run:${core.runId}`,
        schema: recordSchema,
        input: { record: written, holder: host.actor },
        decide: async (input) => ({
          data: input,
          result: toRecord(toTask(taskRecord.parse(input.record), input.holder)),
        }),
        applier: recordLineage,
        journal: "lineage",
        // A start and an end within one millisecond are two records; the same one delivered twice is one.
        key: `${core.runId}:${core.task}:${core.recordedAt}:${fingerprintText(JSON.stringify(written)).slice(0, 12)}`,
        mode,
      });
    },
    async getRun(runId) {
      const pending = pendingTask(host, runId);
      const stored = await findRun(host.connection, runId).catch((error: unknown) => {
        if (pending === undefined) throw error;
        return undefined;
      });
      if (stored === undefined) return toRecord(pending!);
      const newer = pending !== undefined && stored.kind === "task" && replacesTask(pending, stored as TaskRecord);
      return toRecord(newer ? pending : stored);
    },
    async search(query = {}) {
      const { items, next } = await searchRuns(host.connection, query);
      return { items: items.map(toRecord), next };
    },
    async compact({ olderThan } = {}) {
      const removed = olderThan === undefined ? 0 : await removeOlder(host, parseMoment(olderThan, "olderThan"));
      return { ...(await host.connection.compact()), removed };
    },
  };
}

async function removeOlder(host: Host, before: number): Promise<number> {
  const receipt = await host.change<Compacted, Compacted, number>({
    action: compactLineage.action,
    resource: () => "lineage",
    schema: Compacted,
    input: { before },
    decide: async (data) => ({ data, result: 0 }),
    applier: compactLineage,
    journal: "lineage",
    mode: "durable",
  });
  return receipt.result;
}

/** What was recorded here of a run and is not stored yet. */
function pendingTask(host: Host, runId: string): TaskRecord | undefined {
  let task: TaskRecord | undefined;
  for (const { action, data } of host.pending("lineage")) {
    const parsed = action === recordLineage.action ? recordSchema.safeParse(data) : undefined;
    if (parsed?.success !== true || parsed.data.record["runId"] !== runId) continue;
    const given = toTask(taskRecord.parse(parsed.data.record), parsed.data.holder, task);
    if (task === undefined || replacesTask(given, task)) task = given;
  }
  return task;
}

function notATask({ id, kind }: RunRecord): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", `run '${id}' is a ${kind} of the engine's own`, {
    where: "runId",
    hint: "A task needs a run id of its own.",
  });
}
