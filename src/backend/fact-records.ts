// What a backend keeps about what happened: events, the audit log, and which submissions were taken already.

import type { Json, RunId } from "./records.ts";

/** One thing that happened, as it is to be told; written in the transaction that made it true. */
export interface NewEvent {
  /** Unique; sortable by time. */
  readonly id: string;
  /** "model.promoted", "lineage.recorded", … */
  readonly type: string;
  readonly at: string;
  readonly actor: string;
  /** What it is about: "model:team/churn@1.2.0", "run:…". */
  readonly subject: string;
  readonly run: RunId | undefined;
  /** What one call did carries one text. */
  readonly correlation: string;
  readonly data: Json;
}

export interface EventRecord extends NewEvent {
  /** Rises with every event: read on from the last one seen. */
  readonly number: number;
}

export interface EventFilter {
  /** Exact types, or "model.*" for all that begin so. */
  readonly types?: readonly string[] | undefined;
  readonly subject?: string | undefined;
  readonly run?: RunId | undefined;
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number | undefined;
  /** Only with a higher number; then, and only then, the oldest come first. */
  readonly after?: number | undefined;
}

/** `done`; `denied`: gates, hooks or rules said no; `failed`: could not be written; `forced`: done although gates said no. */
export const auditStatuses = ["done", "denied", "failed", "forced"] as const;
export type AuditStatus = (typeof auditStatuses)[number];

export interface NewAudit {
  readonly at: string;
  readonly actor: string;
  /** "model.promote", "model.register", … */
  readonly action: string;
  readonly resource: string;
  readonly status: AuditStatus;
  readonly why: string | undefined;
  readonly correlation: string;
  readonly data: Json;
}

/** One row of the append-only log; each holds the hash of the one before it. */
export interface AuditRecord extends NewAudit {
  /** 1, 2, 3, … without gaps. */
  readonly number: number;
  /** SHA-256 as hex; of the first row 64 zeros. */
  readonly previous: string;
  /** SHA-256 as hex over `previous` and everything else in this row. */
  readonly hash: string;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  readonly status?: AuditStatus | undefined;
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number | undefined;
}
