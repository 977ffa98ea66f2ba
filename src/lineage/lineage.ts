// Lineage as a service: records of what ran, kept, found again, and thinned out.

import { z } from "zod";
import type { Page, RunId, RunRecord } from "../backend/records.ts";
import type { Applier } from "../changes/applier.ts";
import type { Host, Receipt, WriteMode } from "../changes/host.ts";
import { StratigraphError } from "../errors.ts";
import { findRun } from "./find-run.ts";
import { completeRecord, toRecord, toTask, type LineageRecord, type NewLineageRecord, taskRecord } from "./record.ts";
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

export interface Lineage extends LineageBackend {
  /**
   * Usually called twice, at the start and at the end; in any order and as often as one likes, with the same result.
   * Error: VALIDATION_FAILED, and in durable mode what the backend throws.
   */
  record(record: NewLineageRecord, options?: RecordOptions): Promise<Receipt<LineageRecord>>;
  /**
   * A run by its id or at least its first six characters; a build as well.
   * Errors: RUN_UNKNOWN; RUN_AMBIGUOUS where several begin so.
   */
  getRun(runId: string): Promise<LineageRecord>;
}

/** An intent's data: the record as it is written, and who wrote it. */
const Recorded = z.object({ record: z.record(z.string(), z.json()), holder: z.string() });
type Recorded = z.output<typeof Recorded>;

/** Turns a record into its row, over whatever of the run is there already. */
export const recordLineage: Applier<Recorded, LineageRecord> = {
  action: "lineage.record",
  schema: Recorded,
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

/** Lineage on a host; every record goes the one way all changes go. */
export function createLineage({ host }: { readonly host: Host }): Lineage {
  return {
    async record(record, { mode } = {}) {
      const core = completeRecord(record, host.clock.now(), host.engineVersion);
      return host.change<Recorded, Recorded, LineageRecord>({
        action: recordLineage.action,
        resource: () => `run:${core.runId}`,
        schema: Recorded,
        input: { record: taskRecord.write(core), holder: host.actor },
        decide: async (input) => ({
          data: input,
          result: toRecord(toTask(taskRecord.parse(input.record), input.holder)),
        }),
        applier: recordLineage,
        journal: "lineage",
        key: `${core.runId}:${core.task}:${core.recordedAt}`,
        mode,
      });
    },
    getRun: async (runId) => toRecord(await findRun(host.connection, runId)),
    async search(query = {}) {
      const { items, next } = await searchRuns(host.connection, query);
      return { items: items.map(toRecord), next };
    },
    async compact() {
      return (await host.connection.compact?.()) ?? { before: 0, after: 0 };
    },
  };
}

function notATask({ id, kind }: RunRecord): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", `run '${id}' is a ${kind} of the engine's own`, {
    where: "runId",
    hint: "A task needs a run id of its own.",
  });
}
