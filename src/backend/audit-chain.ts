// The hash chain of the audit log: each row's hash is over the hash of the row before and everything in the row.

import { createHash } from "node:crypto";
import { canonicalText } from "../util/canonical.ts";
import type { AuditRecord, NewAudit } from "./fact-records.ts";

/** What the first row has in the place of the hash before it. */
export const FIRST_PREVIOUS: string = "0".repeat(64);

/** Where a chain ends: the number and hash of its last row. */
export type ChainEnd = Pick<AuditRecord, "number" | "hash">;

/** The entries as the rows that come after `end`; after nothing, where it is `undefined`. */
export function chainAudit(end: ChainEnd | undefined, entries: readonly NewAudit[]): readonly AuditRecord[] {
  let { number, hash } = end ?? { number: 0, hash: FIRST_PREVIOUS };
  return entries.map((entry) => {
    const { at, actor, action, resource, status, why, correlation, data } = entry;
    const row = { number: ++number, at, actor, action, resource, status, why, correlation, data, previous: hash };
    hash = auditHash(row);
    return { ...row, hash };
  });
}

/** SHA-256 as hex over the canonical text of a row, `previous` in it. */
export function auditHash(row: Omit<AuditRecord, "hash">): string {
  const { number, at, actor, action, resource, status, why, correlation, previous } = row;
  // As a text, for `data` may be nested as deep as a canonical text can be.
  const data = canonicalText(row.data);
  const text = canonicalText({ number, at, actor, action, resource, status, why, correlation, data, previous });
  return createHash("sha256").update(text).digest("hex");
}

export interface AuditBreak {
  /** Of the first row that is not as it was written, or the first one missing. */
  readonly number: number;
  readonly problem: "missing" | "changed" | "not linked";
}

/** The first thing wrong with rows that should come after `end`, in order; `undefined` where there is none. */
export function findAuditBreak(end: ChainEnd | undefined, rows: readonly AuditRecord[]): AuditBreak | undefined {
  let { number, hash } = end ?? { number: 0, hash: FIRST_PREVIOUS };
  for (const row of rows) {
    number++;
    if (row.number !== number) return { number, problem: "missing" };
    if (auditHash(row) !== row.hash) return { number, problem: "changed" };
    if (row.previous !== hash) return { number, problem: "not linked" };
    hash = row.hash;
  }
  return undefined;
}
