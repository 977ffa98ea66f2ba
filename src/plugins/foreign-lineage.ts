// Somebody else's lineage as ours is used: behind a queue and a fallback journal, so that it slows nobody, with hooks and events.

import { currentRun } from "../build/run-scope.ts";
import type { Applier } from "../changes/applier.ts";
import type { Host } from "../changes/host.ts";
import { replayable, type Replayable } from "../changes/sync.ts";
import { StratigraphError } from "../errors.ts";
import { FallbackJournal } from "../journal/fallback-journal.ts";
import type { Intent } from "../journal/intent.ts";
import type { WriterSettings } from "../journal/settings.ts";
import { MetadataWriter, type OverflowByKind } from "../journal/writer.ts";
import { recordLineage, recordSchema, type Lineage, type LineageBackend, type Recorded } from "../lineage/lineage.ts";
import {
  completeRecord,
  taskRecord,
  toRecord,
  toTask,
  type LineageRecord,
  type NewLineageRecord,
} from "../lineage/record.ts";
import { statusOf } from "../lineage/status.ts";
import type { WriterTotals } from "../util/unfinished.ts";

export interface ForeignLineagePlace {
  readonly host: Host;
  /** False: records are checked and answered, and kept nowhere. */
  readonly enabled: boolean;
  readonly writer: WriterSettings & { readonly overflow: OverflowByKind };
  readonly warn: (sentence: string) => void;
}

export interface ForeignLineage {
  over(host: Host): Lineage;
  totals(): WriterTotals;
  flush(options?: { readonly timeoutMs?: number | undefined }): Promise<WriterTotals>;
  close(): Promise<WriterTotals>;
  /** For a sync: what fell back goes where it was to go. */
  readonly replay: Replayable;
}

/** Records that are awaited are awaited there; the others go there later, and to the fallback journal where that fails. */
export function lineageOver(plugin: string, backend: LineageBackend, place: ForeignLineagePlace): ForeignLineage {
  const { enabled, warn } = place;
  const { clock } = place.host;
  const deliver = async ({ record }: Recorded): Promise<void> =>
    void (await backend.record(givenOf(taskRecord.parse(record))));
  const writer = new MetadataWriter<{ readonly intent: Intent }>({
    ...place.writer,
    async write(entries) {
      for (const { intent } of entries) await deliver(recordSchema.parse(intent.data));
    },
    settled: () => undefined,
    journal: new FallbackJournal({ home: place.writer.home, clock }),
    clock,
    warn,
  });

  const over = (host: Host): Lineage => ({
    async record(record, { mode = host.mode } = {}) {
      const core = completeRecord(record, host.clock.now(), host.engineVersion);
      const told = toRecord(toTask(core, host.actor));
      if (!enabled) return { result: told, committed: Promise.resolve(told), behind: false };
      const behind = mode === "behind" || (mode === "auto" && currentRun() !== undefined);
      return host.change<Recorded, Recorded, LineageRecord>({
        action: recordLineage.action,
        resource: () => `run:${core.runId}`,
        schema: recordSchema,
        input: { record: taskRecord.write(core), holder: host.actor },
        async decide(input, { actor, run, at, correlation }) {
          const { action } = recordLineage;
          const key = `${plugin}:${correlation}`;
          const intent: Intent = {
            ...{ key, journal: "lineage", action, recordedAt: at, actor, correlation },
            run: run ?? "none",
            data: { record: input.record, holder: input.holder },
          };
          if (behind) writer.submit({ intent });
          else await deliver(input);
          return { data: input, result: toRecord(toTask(taskRecord.parse(input.record), input.holder)) };
        },
        applier: toldElsewhere,
        journal: "lineage",
        mode,
      });
    },
    getRun: (runId) => backend.getRun(runId),
    search: (query) => backend.search(query),
    async compact({ olderThan } = {}) {
      if (olderThan === undefined) return { ...(await backend.compact()), removed: 0 };
      throw new StratigraphError("PLUGIN_LACKS", `the lineage '${plugin}' removes no records by their age`, {
        where: "olderThan",
        hint: "Compact without it, or use the tools of that system.",
        data: { plugin, what: "compact" },
      });
    },
  });

  return {
    over,
    totals: () => writer.totals(),
    flush: (options) => writer.flush(options),
    close: () => writer.close(),
    replay: replayable({
      ...recordLineage,
      async apply(_tx, data) {
        await deliver(data);
        const result = toRecord(toTask(taskRecord.parse(data.record), data.holder));
        return { result, events: [], audit: [] };
      },
    }),
  };
}

/** The event of a record whose rows are somebody else's. */
const toldElsewhere: Applier<Recorded, LineageRecord> = {
  ...recordLineage,
  async apply(_tx, { record, holder }) {
    const result = toRecord(toTask(taskRecord.parse(record), holder));
    const { runId, usecase, pipeline, task, status, state } = result;
    const data = { usecase, pipeline, task, status, state };
    return { result, events: [{ type: "lineage.recorded", subject: `run:${runId}`, data }], audit: [] };
  },
};

/** A complete record as the one who made it could have given it. */
function givenOf({ state, ...core }: ReturnType<typeof completeRecord>): NewLineageRecord {
  return { ...core, status: statusOf(state) };
}
