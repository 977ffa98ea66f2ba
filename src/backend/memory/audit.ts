// The audit log in memory.

import { chainAudit } from "../audit-chain.ts";
import { auditListing } from "../fact-filter.ts";
import type { AuditFilter, AuditRecord, NewAudit } from "../fact-records.ts";
import { copyJson } from "../json-text.ts";
import { closePage, openPage } from "../page.ts";
import type { Page, PageRequest } from "../records.ts";
import { momentOf } from "../run-filter.ts";
import { frozen } from "./frozen.ts";
import type { MemoryState } from "./state.ts";

export function writeAudit(state: MemoryState, entries: readonly NewAudit[]): readonly AuditRecord[] {
  const [last] = state.audit.keysBefore(undefined, 1);
  const kept = entries.map((entry) => ({
    ...entry,
    data: copyJson(entry.data, "audit data"),
  }));
  const rows = chainAudit(last === undefined ? undefined : state.audit.get(last), kept).map(frozen);
  for (const row of rows) state.set(state.audit, row.number, row);
  return rows;
}

export function listAudit(state: MemoryState, filter: AuditFilter = {}, request?: PageRequest): Page<AuditRecord> {
  const listing = auditListing(filter);
  const page = openPage(listing, request);
  const numbers = state.audit.keysBefore(page.after?.[0] as number | undefined, state.audit.size);
  const rows = numbers.map((number) => state.audit.get(number)!).filter((row) => matches(row, filter));
  return closePage(
    listing,
    page,
    rows.slice(0, page.limit + 1),
    ({ number }) => [number],
    (row) => row,
  );
}

function matches(row: AuditRecord, { actor, action, resource, status, since }: AuditFilter): boolean {
  return (
    (actor === undefined || row.actor === actor) &&
    (action === undefined || row.action === action) &&
    (resource === undefined || row.resource === resource) &&
    (status === undefined || row.status === status) &&
    (since === undefined || momentOf(row.at)! >= since)
  );
}

export function readAudit(state: MemoryState, from: number, limit: number): readonly AuditRecord[] {
  return state.audit.keysFrom(from, limit).map((number) => state.audit.get(number)!);
}
