// The writer of a host: submissions that are written later, and what follows once they are.

import type { Intent, JournalKind } from "../journal/intent.ts";
import { FallbackJournal } from "../journal/fallback-journal.ts";
import { writerSettings, type WriterSettings } from "../journal/settings.ts";
import { MetadataWriter, type Outcome, type OverflowByKind } from "../journal/writer.ts";
import type { Clock } from "../util/clock.ts";
import type { WriterTotals } from "../util/unfinished.ts";
import type { Committer, Submission, Written } from "./commit.ts";
import type { EventBus } from "./event-bus.ts";
import type { Behind, Settlement } from "./sink.ts";

export interface WriterOptions extends Partial<WriterSettings> {
  /** What a full queue does, for each kind: lineage drops its oldest record, every other kind puts it into the journal, unless told. */
  readonly overflow?: OverflowByKind | undefined;
  /** `strict-seed`: every kind drops its oldest record, as the system did that this comes from. */
  readonly profile?: "standard" | "strict-seed" | undefined;
  /** Milliseconds before what fell back is tried again; 5,000 unless told. */
  readonly retryAfter?: number | undefined;
}

interface Entry {
  readonly intent: Intent;
  readonly submission: Submission;
  readonly settlement: Settlement;
  written: Written | undefined;
}

export interface HostWriter extends Behind {
  /** The folder with the fallback journal in it. */
  readonly home: string;
  totals(): WriterTotals;
  flush(options?: { readonly timeoutMs?: number | undefined }): Promise<WriterTotals>;
  close(options?: { readonly timeoutMs?: number | undefined }): Promise<WriterTotals>;
}

const strictSeed: OverflowByKind = {
  lineage: "drop-oldest",
  registry: "drop-oldest",
  audit: "drop-oldest",
  mirror: "drop-oldest",
};

/** Settings that are not given come from the environment. Error: CONFIG_INVALID. */
export function writeBehind(
  place: {
    readonly commit: Committer;
    readonly clock: Clock;
    readonly bus: EventBus;
    readonly warn: (sentence: string) => void;
  },
  { profile, overflow, retryAfter, ...given }: WriterOptions,
): HostWriter {
  const { commit, clock, bus, warn } = place;
  const said = withoutUndefined(given);
  const settings = isComplete(said) ? said : { ...writerSettings(), ...said };
  /** Hooks and subscribers of what was written: part of what a flush waits for. */
  const following = new Set<Promise<void>>();

  const writer = new MetadataWriter<Entry>({
    ...settings,
    overflow: profile === "strict-seed" ? { ...strictSeed, ...overflow } : overflow,
    retryAfter,
    clock,
    warn,
    journal: new FallbackJournal({ home: settings.home, clock }),
    async write(entries) {
      const written = await commit(entries.map(({ submission }) => submission));
      for (const [index, entry] of entries.entries()) entry.written = written[index];
    },
    settled(entry, outcome) {
      tell(bus, entry, outcome);
      const work = settle(entry, outcome).catch((error: unknown) => {
        warn(`what follows ${entry.intent.action} failed: ${error instanceof Error ? error.message : String(error)}`);
      });
      following.add(work);
      void work.finally(() => following.delete(work));
    },
  });

  const followed = async (totals: WriterTotals): Promise<WriterTotals> => {
    // What follows may submit records of its own, like an event about a hook that failed.
    while (following.size > 0) await Promise.all(following);
    return totals.pending === writer.totals().pending ? writer.totals() : writer.flush();
  };

  return {
    home: settings.home,
    submit: (submission, settlement) =>
      writer.submit({ intent: submission.intent, submission, settlement, written: undefined }),
    pending: (journal: JournalKind) => writer.pending(journal),
    settle: (journal) => writer.settle(journal),
    totals: () => writer.totals(),
    flush: async (options) => followed(await writer.flush(options)),
    close: async (options) => {
      await followed(await writer.flush(options));
      return writer.close(options);
    },
  };
}

async function settle({ settlement, written }: Entry, outcome: Outcome): Promise<void> {
  if (outcome.kind === "written") {
    await settlement.written(written ?? { taken: false, events: [], audit: [] });
  } else {
    await settlement.failed(outcome.error, outcome.kind);
  }
}

function tell(bus: EventBus, { intent }: Entry, outcome: Outcome): void {
  const { key, journal: kind, run } = intent;
  const where = run === "none" ? undefined : run;
  const subject = `record:${key}`;
  switch (outcome.kind) {
    case "written":
    case "refused":
      return;
    case "dropped":
      return bus.tell("metadata.dropped", subject, { kind, key, error: outcome.error.message }, where);
    case "fell-back":
      return bus.tell("metadata.fell_back", subject, { kind, key, error: outcome.error.message }, where);
    case "lost":
      return bus.tell("metadata.lost", subject, { kind, key, error: outcome.error.message }, where);
  }
}

/** Then the environment is not asked: whoever says everything may have read it in its own way. */
function isComplete(given: Partial<WriterSettings>): given is WriterSettings {
  return (["queueSize", "flushTimeout", "writeTimeout", "home"] as const).every((name) => given[name] !== undefined);
}

function withoutUndefined<T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]: Exclude<T[Name], undefined> };
}
