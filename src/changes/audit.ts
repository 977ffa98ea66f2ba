// The audit log: who did what to what, what was denied, and whether anybody has tampered with it since.

import { findAuditBreak, type AuditBreak, type ChainEnd } from "../backend/audit-chain.ts";
import type { AuditStore } from "../backend/backend.ts";
import type { AuditFilter, AuditRecord } from "../backend/fact-records.ts";
import type { Cursor, Page } from "../backend/records.ts";

export interface AuditQuery extends Omit<AuditFilter, "since"> {
  /** A time, or milliseconds since 1970; inclusive. */
  readonly since?: Date | number | undefined;
  /** 100 unless told. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly after?: Cursor | undefined;
}

export interface AuditVerification {
  /** Rows that were read, up to the first wrong one. */
  readonly rows: number;
  /** The first row that is not as it was written. */
  readonly broken: AuditBreak | undefined;
  /** Where the chain ends now. Kept somewhere else, it shows later whether rows at the end were taken away. */
  readonly end: ChainEnd | undefined;
}

const ROWS = 1000;

export class Audit {
  readonly #store: AuditStore;

  constructor(store: AuditStore) {
    this.#store = store;
  }

  /** Newest first. */
  query(query: AuditQuery = {}): Promise<Page<AuditRecord>> {
    const { since, limit = 100, after, ...filter } = query;
    return this.#store.listAudit(
      { ...filter, since: since instanceof Date ? since.getTime() : since },
      { limit, after },
    );
  }

  /**
   * Reads the whole log and follows the hashes from row to row. `end`: where it ended when it was last looked at; without it, rows that
   * were taken away from the end leave no trace.
   */
  async verify(
    options: { readonly end?: ChainEnd | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<AuditVerification> {
    let last: ChainEnd | undefined;
    for (let from = 1; ; from += ROWS) {
      options.signal?.throwIfAborted();
      const rows = await this.#store.readAudit(from, ROWS);
      const broken = findAuditBreak(last, rows) ?? differenceFrom(options.end, rows);
      if (broken !== undefined) return { rows: broken.number - 1, broken, end: last };
      const end = rows.at(-1);
      if (end !== undefined) last = { number: end.number, hash: end.hash };
      if (rows.length < ROWS) break;
    }
    if (options.end !== undefined && (last?.number ?? 0) < options.end.number) {
      const number = (last?.number ?? 0) + 1;
      return { rows: number - 1, broken: { number, problem: "missing" }, end: last };
    }
    return { rows: last?.number ?? 0, broken: undefined, end: last };
  }

  /** Every row, oldest first, each as one line of JSON without its line break. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    for (let from = 1; ; from += ROWS) {
      const rows = await this.#store.readAudit(from, ROWS);
      for (const row of rows) yield JSON.stringify(row);
      if (rows.length < ROWS) return;
    }
  }
}

function differenceFrom(end: ChainEnd | undefined, rows: readonly AuditRecord[]): AuditBreak | undefined {
  const row = end === undefined ? undefined : rows.find(({ number }) => number === end.number);
  return row === undefined || row.hash === end?.hash ? undefined : { number: row.number, problem: "changed" };
}
