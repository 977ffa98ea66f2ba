// An intent: a decided change to metadata as plain data, complete enough to be written now, later, or by another process.

import type { Json, RunId } from "../backend/records.ts";

/** Each has a queue and journal files of its own. */
export const journalKinds = ["lineage", "registry", "audit", "mirror"] as const;
export type JournalKind = (typeof journalKinds)[number];

export interface Intent {
  /** Unique: delivered twice, it is written once. Lineage makes it of run, task and time; everybody else takes a new id. */
  readonly key: string;
  readonly journal: JournalKind;
  /** Which applier writes it: "model.register", "lineage.record", … */
  readonly action: string;
  /** The run it was decided in, or "none": names the journal file it falls back to. */
  readonly run: RunId | "none";
  /** When it was decided, as ISO time with zone. Replays go in this order. */
  readonly recordedAt: string;
  readonly actor: string;
  readonly correlation: string;
  /** What the applier's schema parses. */
  readonly data: Json;
  /** What the decision itself has to tell, as which gates were passed: written before the applier's own events. */
  readonly events?: readonly ToldEvent[] | undefined;
}

export interface ToldEvent {
  readonly type: string;
  readonly subject: string;
  readonly data: Json;
}
