// The audit log.

import { chainAudit, type ChainEnd } from "../../audit-chain.ts";
import { auditListing } from "../../fact-filter.ts";
import type { AuditFilter, AuditRecord, AuditStatus, NewAudit } from "../../fact-records.ts";
import { decodeJson, encodeJson } from "../../json-text.ts";
import { closePage, openPage } from "../../page.ts";
import type { Page, PageRequest } from "../../records.ts";
import { momentOf } from "../../run-filter.ts";
import { fromNull, toOptionalBytes } from "../column.ts";
import type { SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Statement } from "../statement.ts";

const columns = sql`a.number, a.at, a.actor, a.action, a.resource, a.status, a.why, a.correlation, a.data,
    lower(hex(a.previous)), lower(hex(a.hash))`;

type Row = readonly [
  number: number,
  at: string,
  actor: string,
  action: string,
  resource: string,
  status: AuditStatus,
  why: string | null,
  correlation: string,
  data: string,
  previous: string,
  hash: string,
];

function toAudit([
  number,
  at,
  actor,
  action,
  resource,
  status,
  why,
  correlation,
  data,
  previous,
  hash,
]: Row): AuditRecord {
  const value = decodeJson(data, "audit data");
  return { number, at, actor, action, resource, status, why: fromNull(why), correlation, data: value, previous, hash };
}

/** Who writes holds the write lock, so no other row can come between the last one and ours. */
export function* writeAudit(_: SqlContext, entries: readonly NewAudit[]): Operation<readonly AuditRecord[]> {
  const texts = entries.map(({ data }) => encodeJson(data, "audit data"));
  const kept = entries.map((entry, index) => ({ ...entry, data: decodeJson(texts[index]!, "audit data") }));
  const last = yield* first<[number: number, hash: string]>(sql`
    SELECT a.number, lower(hex(a.hash)) FROM audit a ORDER BY a.number DESC LIMIT 1`);
  const end: ChainEnd | undefined = last && { number: last[0], hash: last[1] };
  const chained = chainAudit(end, kept);
  yield* insertAudit(chained, texts);
  return chained;
}

/** Rows that come next, with the texts of their data. */
export function* insertAudit(entries: readonly AuditRecord[], texts: readonly string[]): Operation<void> {
  for (const chunk of eachChunk(entries)) {
    const list = chunk.map(({ number, at, actor, action, resource, status, why, correlation, previous, hash }) => [
      ...[number, at, momentOf(at), actor, action, resource, status, why, correlation],
      texts[number - entries[0]!.number],
      ...[toOptionalBytes(previous), toOptionalBytes(hash)],
    ]);
    yield* change(sql`
      INSERT INTO audit (number, at, at_ms, actor, action, resource, status, why, correlation, data, previous, hash)
      VALUES ${rows(list)}`);
  }
}

export function* listAudit(
  _: SqlContext,
  filter: AuditFilter = {},
  request?: PageRequest,
): Operation<Page<AuditRecord>> {
  const listing = auditListing(filter);
  const page = openPage(listing, request);
  const before = page.after === undefined ? sql`` : sql`AND a.number < ${page.after[0]}`;
  const found = yield* all<Row>(sql`
    SELECT ${columns} FROM audit a WHERE true ${conditions(filter)} ${before} ORDER BY a.number DESC LIMIT ${page.limit + 1}`);
  return closePage(listing, page, found, ([number]) => [number], toAudit);
}

/** Nearly every row is "done", so only the others have an index, which is chosen by what the statement says. */
function conditions({ actor, action, resource, status, since }: AuditFilter): Statement {
  return sql`
    ${actor === undefined ? sql`` : sql`AND a.actor = ${actor}`}
    ${action === undefined ? sql`` : sql`AND a.action = ${action}`}
    ${resource === undefined ? sql`` : sql`AND a.resource = ${resource}`}
    ${status === undefined ? sql`` : sql`AND a.status = ${status}`}
    ${status === undefined || status === "done" ? sql`` : sql`AND a.status <> 'done'`}
    ${since === undefined ? sql`` : sql`AND a.at_ms >= ${since}`}`;
}

export function* readAudit(_: SqlContext, from: number, limit: number): Operation<readonly AuditRecord[]> {
  const found = yield* all<Row>(sql`
    SELECT ${columns} FROM audit a WHERE a.number >= ${from} ORDER BY a.number LIMIT ${limit}`);
  return found.map(toAudit);
}
