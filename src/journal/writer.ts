// The metadata writer: takes records at once and writes them later, in order, so that a slow backend slows nobody.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";
import { unfinished, type WriterTotals } from "../util/unfinished.ts";
import { Backlog, type Waiting } from "./backlog.ts";
import { isDegradable } from "./failure.ts";
import type { FallbackJournal } from "./fallback-journal.ts";
import { Held, orderedKinds } from "./held.ts";
import type { Intent, JournalKind } from "./intent.ts";
import { unwatchEnd, watchEnd, type Pending } from "./process-end.ts";
import { checkQueueSize } from "./settings.ts";
import { TimeLimit } from "./time-limit.ts";

/** What a full queue does with its oldest record: `drop-oldest` loses it, `spill` puts it into the fallback journal. Both warn and count. */
export const overflows = ["drop-oldest", "spill"] as const;
export type Overflow = (typeof overflows)[number];
export type OverflowByKind = Readonly<Partial<Record<JournalKind, Overflow>>>;

/** What can be measured again may be dropped; what somebody decided may not. */
const defaultOverflow: Readonly<Record<JournalKind, Overflow>> = {
  lineage: "drop-oldest",
  registry: "spill",
  audit: "spill",
  mirror: "spill",
};

export type Outcome =
  | { readonly kind: "written" }
  /** The backend's rows do not allow it; it is kept nowhere. */
  | { readonly kind: "refused"; readonly error: StratigraphError }
  | { readonly kind: "fell-back" | "dropped" | "lost"; readonly error: StratigraphError };

export interface WriterOptions<Entry extends { readonly intent: Intent }> {
  /** All of them in one transaction, or none: a rejection means that nothing was written, or that nobody can tell. */
  write(entries: readonly Entry[]): Promise<unknown>;
  /** Called once for every record; a second time, with `written` or `refused`, for one that fell back and was tried again. */
  settled(entry: Entry, outcome: Outcome): void;
  readonly journal: Pick<FallbackJournal, "append" | "appendNow">;
  readonly clock: Clock;
  readonly warn: (sentence: string) => void;
  /** Records that may wait, for each kind; 1,000 unless told. */
  readonly queueSize?: number | undefined;
  /** Milliseconds that one write may take; 30,000 unless told. */
  readonly writeTimeout?: number | undefined;
  /** Milliseconds that `flush` and the end of the process wait; 30,000 unless told. */
  readonly flushTimeout?: number | undefined;
  /** Lineage drops its oldest, everything else spills, unless told. */
  readonly overflow?: OverflowByKind | undefined;
  /** Milliseconds before what fell back is tried again; 5,000 unless told. */
  readonly retryAfter?: number | undefined;
}

const MOST_IN_A_BATCH = 100;
/** Fewer would not be faster: most of a small transaction is the sync at its end. */
const SMALL_BATCH = 8;
/** Milliseconds: a batch that took longer makes the next one smaller, as it keeps the store from everybody else. */
const FAST = 20;
const SLOW = 60;
/** Milliseconds: of a store that is far away or in trouble, one record at a time is asked, within the time one write has. */
const VERY_SLOW = 1000;
const MOST_WARNINGS = 20;
const MOST_SPILLING = 10_000;

/**
 * `submit` is synchronous and costs the same however many wait. One loop writes, oldest first over all kinds, in batches. What cannot be
 * written goes to the fallback journal; a write that never answers is given up after its time. The end of the process, by whatever
 * means but SIGKILL, writes or spills what is pending. See "Metadata never blocks" in docs/design-notes.md.
 */
export class MetadataWriter<Entry extends { readonly intent: Intent }> implements Pending, AsyncDisposable {
  readonly #options: WriterOptions<Entry>;
  readonly #backlog: Backlog<Entry>;
  readonly #held: Held<Entry>;
  readonly #limit: TimeLimit;
  readonly #flushTimeout: number;
  /** Evicted from a full queue, and not in the journal yet. */
  #spilling: Waiting<Entry>[] = [];
  #draining = false;
  #closed = false;
  /** Credentials that were refused: nothing is written, kept or taken any more. */
  #fatal: StratigraphError | undefined;
  #batchSize = 1;
  #idle: (() => void)[] = [];
  readonly #redelivering = new Map<JournalKind, Promise<void>>();
  readonly #counts = { written: 0, fallback: 0, dropped: 0, lost: 0 };

  constructor(options: WriterOptions<Entry>) {
    const { queueSize = 1000, retryAfter = 5_000, clock, writeTimeout = 30_000 } = options;
    checkQueueSize(queueSize, "queueSize");
    this.#options = options;
    this.#flushTimeout = options.flushTimeout ?? 30_000;
    this.#backlog = new Backlog(queueSize);
    this.#held = new Held({ capacity: queueSize, retryAfter, clock });
    this.#limit = new TimeLimit(writeTimeout);
    unfinished().add(this);
  }

  /** Takes a record to be written later. Errors: WRITER_CLOSED; AUTH_FAILED once the backend has refused our credentials. */
  submit(entry: Entry): void {
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#closed) {
      throw new StratigraphError("WRITER_CLOSED", "the writer is closed, so nothing more is taken", {
        where: entry.intent.action,
      });
    }
    const evicted = this.#backlog.push(entry);
    if (evicted !== undefined) this.#evict(evicted);
    if (this.#draining) return;
    this.#draining = true;
    watchEnd(this);
    // Later, so that what is submitted together is written together, and nobody waits for the writing.
    setImmediate(() => void this.#drain());
  }

  /** Since the writer was made. */
  totals(): WriterTotals {
    return { ...this.#counts, pending: this.#backlog.size };
  }

  /** What is not stored yet, oldest first; of ordered kinds also what is in the journal by now. */
  pending(kind: JournalKind): readonly Intent[] {
    return [...this.#held.of(kind), ...this.#backlog.of(kind)]
      .sort((a, b) => a.order - b.order)
      .map(({ entry }) => entry.intent);
  }

  /**
   * Waits until everything submitted is written, and puts the rest into the fallback journal when the time is over. The writer goes on
   * afterwards. Error: AUTH_FAILED.
   */
  async flush({ timeoutMs }: { readonly timeoutMs?: number | undefined } = {}): Promise<WriterTotals> {
    await this.#finish(timeoutMs ?? this.#flushTimeout);
    if (this.#fatal !== undefined) throw this.#fatal;
    return this.totals();
  }

  /** As `flush`, and takes nothing more. */
  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<WriterTotals> {
    this.#closed = true;
    return this.flush(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Waits until what was submitted to a kind is written, what fell back included, so that a write that is awaited does not overtake it.
   * Throws why what fell back still cannot be written.
   */
  async settle(kind: JournalKind): Promise<void> {
    while (this.#backlog.of(kind).length > 0) await this.#whenIdle();
    if (this.#held.of(kind).length > 0) await this.#redeliver(kind);
  }

  finish(atMost: number = Infinity): Promise<boolean> {
    return this.#finish(Math.min(this.#flushTimeout, atMost));
  }

  async #finish(timeout: number): Promise<boolean> {
    if (!this.#draining) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeout);
    });
    const done = await Promise.race([this.#whenIdle().then(() => true), late]);
    clearTimeout(timer);
    if (done) return true;
    const error = new StratigraphError("BACKEND_TIMEOUT", "the backend did not take what was pending in time", {
      expected: `an answer within ${timeout} ms`,
    });
    const rest = this.#backlog.giveUp();
    this.#limit.expire(error);
    await this.#fallBack(rest, error);
    return rest.length === 0;
  }

  spill(): void {
    this.#fallBackNow(
      this.#backlog.giveUp(),
      new StratigraphError("METADATA_FELL_BACK", "the process ended before the record was written"),
    );
  }

  // -------------------------------------------------------------------------------------------------------------------

  async #drain(): Promise<void> {
    for (;;) {
      await this.#spillEvicted();
      const batch = await this.#nextBatch();
      if (batch === undefined) break;
      if (batch.length > 0) await this.#writeBatch(batch);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#draining = false;
    unwatchEnd(this);
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** The oldest records over all kinds; those that must wait behind one in the journal go there. `undefined`: there are none. */
  async #nextBatch(): Promise<readonly Waiting<Entry>[] | undefined> {
    for (const kind of orderedKinds) {
      if (this.#backlog.isQueued(kind) && this.#held.isDue(kind)) await this.#redeliver(kind).catch(() => undefined);
    }
    const batch: Waiting<Entry>[] = [];
    const behind: Waiting<Entry>[] = [];
    while (batch.length < this.#batchSize && behind.length < MOST_IN_A_BATCH) {
      const oldest = this.#backlog.next();
      if (oldest === undefined) break;
      (this.#held.blocks(oldest.kind) ? behind : batch).push(oldest);
    }
    if (batch.length === 0 && behind.length === 0) return this.#spilling.length > 0 ? [] : undefined;
    await this.#fallBack(
      behind,
      new StratigraphError("METADATA_FELL_BACK", "an earlier record of this journal waits there too"),
    );
    return batch.filter(({ state }) => state === "taken");
  }

  async #writeBatch(batch: readonly Waiting<Entry>[]): Promise<void> {
    const started = this.#options.clock.monotonic();
    try {
      await this.#write(batch);
      this.#settle(batch.filter(isTaken), "written");
      this.#adapt(this.#options.clock.monotonic() - started, batch.length);
    } catch (error) {
      this.#batchSize = 1;
      await this.#failed(batch, error);
    }
  }

  /** The backend failed for all of them, or one of them was refused: which one, they say alone. */
  async #failed(batch: readonly Waiting<Entry>[], error: unknown): Promise<void> {
    const mine = batch.filter(isTaken);
    if (isStratigraphError(error) && error.code === "AUTH_FAILED") return this.#refuseAll(error);
    if (isDegradable(error)) return this.#fallBack(mine, error);
    if (batch.length === 1) return this.#settle(mine, "refused", error as StratigraphError);
    for (const [index, one] of mine.entries()) {
      if (!isTaken(one)) continue;
      try {
        await this.#write([one]);
        this.#settle([one].filter(isTaken), "written");
      } catch (cause) {
        // What comes behind it would fare the same.
        await this.#failed(isDegradable(cause) ? mine.slice(index) : [one], cause);
      }
    }
  }

  #write(batch: readonly Waiting<Entry>[]): Promise<unknown> {
    return this.#limit.run(() => this.#options.write(batch.map(({ entry }) => entry)));
  }

  /** Tries what is in the journal once more, in order. Throws why it cannot be written. */
  #redeliver(kind: JournalKind): Promise<void> {
    let work = this.#redelivering.get(kind);
    if (work === undefined) {
      work = this.#redeliverAll(kind).finally(() => this.#redelivering.delete(kind));
      this.#redelivering.set(kind, work);
    }
    return work;
  }

  async #redeliverAll(kind: JournalKind): Promise<void> {
    this.#held.postpone(kind);
    for (let one = this.#held.of(kind)[0]; one !== undefined; one = this.#held.of(kind)[0]) {
      try {
        await this.#write([one]);
        this.#counts.written++;
        this.#options.settled(one.entry, { kind: "written" });
      } catch (error) {
        if (isDegradable(error)) throw error;
        // Its line stays in the journal, where the next sync says the same of it.
        this.#options.settled(one.entry, { kind: "refused", error: error as StratigraphError });
      }
      this.#counts.fallback--;
      this.#held.removeFirst(kind);
    }
  }

  #evict(one: Waiting<Entry>): void {
    const dropped = ++this.#counts.dropped;
    const { warn, overflow } = this.#options;
    const spills = (overflow?.[one.kind] ?? defaultOverflow[one.kind]) === "spill";
    if (dropped <= MOST_WARNINGS || Number.isInteger(Math.log2(dropped))) {
      const what = spills ? "went to the fallback journal" : "was dropped";
      warn(
        `the metadata queue for ${one.kind} is full: its oldest record, of run ${one.entry.intent.run}, ${what}; ${dropped} dropped so far`,
      );
    }
    if (spills) {
      this.#spilling.push(one);
      // A flood without a pause: the loop never runs, and this list must not grow instead of the queue.
      if (this.#spilling.length > MOST_SPILLING) this.#fallBackNow(this.#takeSpilling(), overflown(one));
    } else if (this.#backlog.settle(one)) {
      this.#options.settled(one.entry, { kind: "dropped", error: overflown(one) });
    }
  }

  async #spillEvicted(): Promise<void> {
    const spilled = this.#takeSpilling();
    if (spilled[0] !== undefined) await this.#fallBack(spilled, overflown(spilled[0]));
  }

  #takeSpilling(): readonly Waiting<Entry>[] {
    const spilled = this.#spilling.filter(isTaken);
    this.#spilling = [];
    return spilled;
  }

  async #fallBack(batch: readonly Waiting<Entry>[], error: unknown): Promise<void> {
    if (batch.length === 0) return;
    try {
      await this.#options.journal.append(batch.map(({ entry }) => ({ intent: entry.intent, error })));
      this.#settleFallen(batch, error);
    } catch (cause) {
      this.#lose(batch, cause);
    }
  }

  #fallBackNow(batch: readonly Waiting<Entry>[], error: unknown): void {
    if (batch.length === 0) return;
    try {
      this.#options.journal.appendNow(batch.map(({ entry }) => ({ intent: entry.intent, error })));
      this.#settleFallen(batch, error);
    } catch (cause) {
      this.#lose(batch, cause);
    }
  }

  #settle(batch: readonly Waiting<Entry>[], kind: "written"): void;
  #settle(batch: readonly Waiting<Entry>[], kind: "refused", error: StratigraphError): void;
  #settle(batch: readonly Waiting<Entry>[], kind: "written" | "refused", error?: StratigraphError): void {
    for (const one of batch) {
      if (!this.#backlog.settle(one)) continue;
      if (kind === "written") this.#counts.written++;
      this.#options.settled(one.entry, error === undefined ? { kind: "written" } : { kind: "refused", error });
    }
  }

  #settleFallen(batch: readonly Waiting<Entry>[], cause: unknown): void {
    for (const one of batch) {
      if (!this.#backlog.settle(one)) continue;
      this.#counts.fallback++;
      this.#held.add(one);
      const error = new StratigraphError("METADATA_FELL_BACK", "the record waits in the fallback journal", {
        where: one.entry.intent.action,
        hint: "Run `strata sync` once the backend answers again.",
        cause,
      });
      this.#options.settled(one.entry, { kind: "fell-back", error });
    }
  }

  /** Neither place takes them: said loudly, and the work goes on. */
  #lose(batch: readonly Waiting<Entry>[], cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#options.warn(
      `${batch.length} metadata records are lost, as the fallback journal cannot be written either: ${why}`,
    );
    for (const one of batch) {
      if (!this.#backlog.settle(one)) continue;
      this.#counts.lost++;
      const error = new StratigraphError("METADATA_LOST", "the record could be written nowhere", {
        where: one.entry.intent.action,
        cause,
      });
      this.#options.settled(one.entry, { kind: "lost", error });
    }
  }

  /** Nothing may go on with credentials that are refused, and a journal would only put off saying so. */
  #refuseAll(error: StratigraphError): void {
    this.#fatal = error;
    this.#settle(this.#backlog.giveUp(), "refused", error);
  }

  #adapt(duration: number, size: number): void {
    if (duration > VERY_SLOW) this.#batchSize = 1;
    else if (duration > SLOW) this.#batchSize = Math.max(SMALL_BATCH, Math.floor(size / 2));
    else if (duration < FAST && size === this.#batchSize) this.#batchSize = Math.min(size * 2, MOST_IN_A_BATCH);
  }

  #whenIdle(): Promise<void> {
    if (!this.#draining) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}

function isTaken(one: Waiting<unknown>): boolean {
  return one.state === "taken";
}

function overflown({ entry }: Waiting<{ readonly intent: Intent }>): StratigraphError {
  return new StratigraphError("METADATA_DROPPED", "more records wait than the queue may hold", {
    where: entry.intent.action,
    hint: "Raise STRATA_METADATA_QUEUE_SIZE, or find out why the backend is slow.",
  });
}
