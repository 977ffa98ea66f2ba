// An applier: the one function that turns an intent of its action into rows, inside whatever transaction it is given.

import type { z } from "zod";
import type { Connection } from "../backend/backend.ts";
import type { AuditStatus } from "../backend/fact-records.ts";
import type { Json } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import type { Intent, ToldEvent } from "../journal/intent.ts";

/** What an event says besides time, actor, run and correlation, which the intent has. Its type is one of `eventTypes`, or a plugin's own. */
export type EventDraft = ToldEvent;

/** One row of the audit log, without what the intent has. */
export interface AuditDraft {
  /** The intent's unless told. */
  readonly action?: string | undefined;
  readonly resource: string;
  /** "done" unless told. */
  readonly status?: AuditStatus | undefined;
  readonly why?: string | undefined;
  readonly data: Json;
}

export interface Applied<Result> {
  readonly result: Result;
  /** Written in the same transaction, in this order, and told after the commit. */
  readonly events: readonly EventDraft[];
  /** One row at least for whatever changes anything; lineage records, which are measurements, have none. */
  readonly audit: readonly AuditDraft[];
}

/**
 * Every change of every module is one of these, so no event and no audit row can be forgotten, and a replay from the journal is the same
 * code as the first attempt. An applier reads what it needs through `tx`, never from memory: between decision and writing hours may pass.
 * It throws CONFLICT where what the decision stood on is gone.
 */
export interface Applier<Data, Result> {
  /** "model.register", … */
  readonly action: string;
  readonly schema: z.ZodType<Data>;
  apply(tx: Connection, data: Data, intent: Intent): Promise<Applied<Result>>;
  /** What is told when the backend refuses it at the time of writing ("promotion.conflict"), beside the audit row of status "denied". */
  refused?(data: Data, intent: Intent, error: StratigraphError): readonly EventDraft[];
}
