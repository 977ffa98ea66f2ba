// What is at work in this process and wants to be finished before it ends; found by whoever ends it, whatever copy of the package made it.

/** What became of the records of one writer. */
export interface WriterTotals {
  /** Durable in the backend. */
  readonly written: number;
  /** In the fallback journal only. */
  readonly fallback: number;
  /** Taken out of a full queue. */
  readonly dropped: number;
  /** Neither written nor kept. */
  readonly lost: number;
  /** Waiting. */
  readonly pending: number;
}

export interface Unfinished {
  totals(): WriterTotals;
  flush(options?: { readonly timeoutMs?: number | undefined }): Promise<WriterTotals>;
}

const KEY = Symbol.for("stratigraph.unfinished");

/** Of this process; empty where nothing was ever added. */
export function unfinished(): Set<Unfinished> {
  const shared = globalThis as { [KEY]?: Set<Unfinished> };
  return (shared[KEY] ??= new Set());
}
