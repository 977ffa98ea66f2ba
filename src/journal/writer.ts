// The metadata writer: takes records at once and writes them later, in order, so that a slow backend slows nobody.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Clock } from "../util/clock.ts";
import { unfinished, type WriterTotals } from "../util/unfinished.ts";
import { isDegradable } from "./failure.ts";
import type { FallbackJournal } from "./fallback-journal.ts";
import { journalKinds, type Intent, type JournalKind } from "./intent.ts";
import { unwatchEnd, watchEnd, type Pending } from "./process-end.ts";
import { Ring } from "./ring.ts";
import { checkQueueSize } from "./settings.ts";

/** What a full queue does with its oldest record: `drop-oldest` loses it, `spill` puts it into the fallback journal. Both warn and count. */
export const overflows = ["drop-oldest", "spill"] as const;
export type Overflow = (typeof overflows)[number];

/** What can be measured again may be dropped; what somebody decided may not. */
const defaultOverflow: Readonly<Record<JournalKind, Overflow>> = {
  lineage: "drop-oldest",
  registry: "spill",
  audit: "spill",
  mirror: "spill",
};

/**
 * Records of these rely on those before them. Once one is in the fallback journal the later ones wait behind it, in the journal too,
 * until it was written after all; otherwise a promotion would be tried, and refused for ever, whose registration is still to come.
 */
const ordered: ReadonlySet<JournalKind> = new Set<JournalKind>(["registry", "mirror"]);

export type Outcome =
  | { readonly kind: "written" }
  /** The backend's rows do not allow it; it is kept nowhere. */
  | { readonly kind: "refused"; readonly error: StratigraphError }
  | { readonly kind: "fell-back" | "dropped" | "lost"; readonly error: StratigraphError };

export interface WriterOptions<Entry extends { readonly intent: Intent }> {
  /** All of them in one transaction, or none: a rejection means that nothing was written, or that nobody can tell. */
  write(entries: readonly Entry[]): Promise<unknown>;
  /** Called once for every record; a second time, with `written` or `refused`, for one that fell back and was written later. */
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
  readonly overflow?: Readonly<Partial<Record<JournalKind, Overflow>>> | undefined;
  /** Milliseconds before what fell back is tried again; 5,000 unless told. */
  readonly retryAfter?: number | undefined;
}

interface Waiting<Entry> {
  readonly entry: Entry;
  readonly kind: JournalKind;
  /** In the order of submission, over all kinds. */
  readonly order: number;
}

const MOST_IN_A_BATCH = 100;
/** Milliseconds: a batch that took longer makes the next one smaller, so that the event loop is never held for long. */
const FAST = 5;
const SLOW = 15;
const MOST_WARNINGS = 20;

/**
 * `submit` is synchronous and costs the same however many wait. One loop writes, oldest first over all kinds, in batches. What cannot be
 * written goes to the fallback journal; a write that never answers is given up after its time. The end of the process, by whatever
 * means but SIGKILL, writes or spills what is pending.
 */
export class MetadataWriter<Entry extends { readonly intent: Intent }> implements Pending, AsyncDisposable {
  readonly #options: WriterOptions<Entry>;
  readonly #queues: ReadonlyMap<JournalKind, Ring<Waiting<Entry>>>;
  /** Evicted from a full queue, and not in the journal yet. */
  #spilling: Waiting<Entry>[] = [];
  /** In the journal, and of an ordered kind. */
  readonly #held = new Map<JournalKind, Waiting<Entry>[]>();
  /** Kinds that hold too many: what comes goes to the journal until the process ends. */
  readonly #overfull = new Set<JournalKind>();
  readonly #retryAt = new Map<JournalKind, number>();
  #writing: readonly Waiting<Entry>[] = [];
  /** Gives up the write under way. */
  #abandon: ((error: StratigraphError) => void) | undefined;
  #draining = false;
  #closed = false;
  /** Credentials that were refused: nothing is written, kept or taken any more. */
  #fatal: StratigraphError | undefined;
  #order = 0;
  #batchSize = 1;
  #idle: (() => void)[] = [];
  readonly #counts = { written: 0, fallback: 0, dropped: 0, lost: 0 };

  constructor(options: WriterOptions<Entry>) {
    const { queueSize = 1000 } = options;
    checkQueueSize(queueSize, "queueSize");
    this.#options = options;
    this.#queues = new Map(journalKinds.map((kind) => [kind, new Ring<Waiting<Entry>>(queueSize)]));
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
    const kind = entry.intent.journal;
    const evicted = this.#queue(kind).push({ entry, kind, order: this.#order++ });
    if (evicted !== undefined) this.#evict(evicted);
    this.#wake();
  }

  /** Since the writer was made. */
  totals(): WriterTotals {
    return { ...this.#counts, pending: this.#pendingCount() };
  }

  /** What is not stored yet, oldest first; of ordered kinds also what is in the journal by now. */
  pending(kind: JournalKind): readonly Intent[] {
    const waiting = [
      ...(this.#held.get(kind) ?? []),
      ...this.#spilling.filter((one) => one.kind === kind),
      ...this.#writing.filter((one) => one.kind === kind),
      ...this.#queue(kind),
    ];
    return waiting.sort((a, b) => a.order - b.order).map(({ entry }) => entry.intent);
  }

  /**
   * Waits until everything submitted is written, and puts the rest into the fallback journal when the time is over. The writer goes on
   * afterwards. Error: AUTH_FAILED.
   */
  async flush({ timeoutMs }: { readonly timeoutMs?: number | undefined } = {}): Promise<WriterTotals> {
    await this.finish(timeoutMs);
    if (this.#fatal !== undefined) throw this.#fatal;
    return this.totals();
  }

  /** As `flush`, and takes nothing more. */
  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<WriterTotals> {
    this.#closed = true;
    const totals = await this.flush(options);
    unfinished().delete(this);
    return totals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Waits until what was submitted to a kind is written, what fell back included, so that a write that is awaited does not overtake it.
   * Throws why what fell back still cannot be written.
   */
  async settle(kind: JournalKind): Promise<void> {
    while (this.#queue(kind).length > 0 || this.#writing.some((one) => one.kind === kind)) await this.#whenIdle();
    if (this.#heldBy(kind).length > 0) await this.#redeliver(kind);
  }

  async finish(timeout = this.#options.flushTimeout ?? 30_000): Promise<boolean> {
    if (!this.#busy()) return true;
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
    await this.#fallBack(this.#takeAll(error), error);
    return false;
  }

  spill(): void {
    const error = new StratigraphError("METADATA_FELL_BACK", "the process ended before the record was written");
    const waiting = this.#takeAll(error);
    if (waiting.length === 0) return;
    try {
      this.#options.journal.appendNow(waiting.map(({ entry }) => ({ intent: entry.intent, error })));
      this.#settleFallen(waiting, error);
    } catch (cause) {
      this.#lose(waiting, cause);
    }
  }

  // -------------------------------------------------------------------------------------------------------------------

  #wake(): void {
    if (this.#draining) return;
    this.#draining = true;
    watchEnd(this);
    // Later, so that what is submitted together is written together, and nobody waits for the writing.
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    for (;;) {
      await this.#spillEvicted();
      const batch = await this.#nextBatch();
      if (batch.length === 0 && this.#spilling.length === 0 && !this.#queued()) break;
      if (batch.length > 0) await this.#writeBatch(batch);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#draining = false;
    unwatchEnd(this);
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  /** The oldest records over all kinds; those that must wait behind one in the journal go there. */
  async #nextBatch(): Promise<readonly Waiting<Entry>[]> {
    for (const kind of ordered) {
      if (this.#heldBy(kind).length === 0 || this.#queue(kind).length === 0) continue;
      if (this.#options.clock.monotonic() < (this.#retryAt.get(kind) ?? 0)) continue;
      await this.#redeliver(kind).catch(() => undefined);
    }
    const batch: Waiting<Entry>[] = [];
    const behind: Waiting<Entry>[] = [];
    while (batch.length < this.#batchSize && behind.length < MOST_IN_A_BATCH) {
      const oldest = this.#oldestQueue()?.shift();
      if (oldest === undefined) break;
      const blocked = this.#overfull.has(oldest.kind) || this.#heldBy(oldest.kind).length > 0;
      (blocked ? behind : batch).push(oldest);
    }
    if (behind.length > 0) {
      const error = new StratigraphError("METADATA_FELL_BACK", "an earlier record of this journal waits there too");
      await this.#fallBack(behind, error);
    }
    return batch;
  }

  async #writeBatch(batch: readonly Waiting<Entry>[]): Promise<void> {
    this.#writing = batch;
    const started = this.#options.clock.monotonic();
    let unsettled: readonly Waiting<Entry>[] = [];
    try {
      await this.#limited(batch);
      this.#settleWritten(this.#stillWriting(batch));
      this.#adapt(this.#options.clock.monotonic() - started, batch.length);
    } catch (error) {
      unsettled = this.#stillWriting(batch);
      await this.#failed(unsettled, error);
    } finally {
      this.#writing = [];
    }
  }

  /** The backend failed for all of them, or one of them was refused: which one, they say alone. */
  async #failed(batch: readonly Waiting<Entry>[], error: unknown): Promise<void> {
    this.#batchSize = 1;
    if (isStratigraphError(error) && error.code === "AUTH_FAILED") return this.#refuseAll(batch, error);
    if (isDegradable(error)) return this.#fallBack(batch, error);
    if (batch.length === 1) return this.#settleRefused(batch, error as StratigraphError);
    for (const [index, one] of batch.entries()) {
      if (this.#stillWriting([one]).length === 0) continue;
      try {
        await this.#limited([one]);
        this.#settleWritten(this.#stillWriting([one]));
      } catch (cause) {
        const rest = this.#stillWriting(batch.slice(index));
        if (isDegradable(cause)) return this.#fallBack(rest, cause);
        this.#settleRefused(this.#stillWriting([one]), cause as StratigraphError);
      }
      this.#writing = this.#writing.filter((other) => other !== one);
    }
  }

  /** A backend may hang for ever, and then this rejects; what it does afterwards nobody looks at. */
  async #limited(batch: readonly Waiting<Entry>[]): Promise<void> {
    const { writeTimeout = 30_000, write } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const given = new Promise<never>((_, reject) => {
      this.#abandon = reject;
      timer = setTimeout(() => {
        reject(
          new StratigraphError("BACKEND_TIMEOUT", "the backend did not answer in time", {
            expected: `an answer within ${writeTimeout} ms`,
          }),
        );
      }, writeTimeout).unref();
    });
    given.catch(() => undefined);
    const work = Promise.resolve().then(() => write(batch.map(({ entry }) => entry)));
    work.catch(() => undefined);
    try {
      await Promise.race([work, given]);
    } finally {
      clearTimeout(timer);
      this.#abandon = undefined;
    }
  }

  /** Tries what is in the journal once more, in order. Throws why it cannot be written. */
  async #redeliver(kind: JournalKind): Promise<void> {
    const held = this.#heldBy(kind);
    this.#retryAt.set(kind, this.#options.clock.monotonic() + (this.#options.retryAfter ?? 5_000));
    for (let one = held[0]; one !== undefined; one = held[0]) {
      try {
        await this.#limited([one]);
        this.#counts.written++;
        this.#options.settled(one.entry, { kind: "written" });
      } catch (error) {
        if (isDegradable(error)) throw error;
        // Its line stays in the journal, where the next sync says the same of it.
        this.#options.settled(one.entry, { kind: "refused", error: error as StratigraphError });
      }
      this.#counts.fallback--;
      if (held[0] === one) held.shift();
    }
  }

  /** Everything that is not safe yet, taken out of the loop's hands. */
  #takeAll(error: StratigraphError): readonly Waiting<Entry>[] {
    const all = [...this.#spilling, ...this.#writing];
    this.#spilling = [];
    this.#writing = [];
    for (const queue of this.#queues.values()) {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) all.push(one);
    }
    this.#abandon?.(error);
    return all.sort((a, b) => a.order - b.order);
  }

  /** Those that nobody took out of the loop's hands meanwhile. */
  #stillWriting(batch: readonly Waiting<Entry>[]): readonly Waiting<Entry>[] {
    return batch.filter((one) => this.#writing.includes(one));
  }

  #evict(one: Waiting<Entry>): void {
    this.#counts.dropped++;
    const overflow = this.#options.overflow?.[one.kind] ?? defaultOverflow[one.kind];
    const what = overflow === "spill" ? "its oldest record went to the fallback journal" : "its oldest record was dropped";
    const { dropped } = this.#counts;
    if (dropped <= MOST_WARNINGS || Number.isInteger(Math.log2(dropped))) {
      this.#options.warn(
        `the metadata queue for ${one.kind} is full: ${what}, of run ${one.entry.intent.run}; ${dropped} dropped so far`,
      );
    }
    const error = new StratigraphError("METADATA_DROPPED", "more records wait than the queue may hold", {
      where: one.entry.intent.action,
      hint: "Raise STRATA_METADATA_QUEUE_SIZE, or find out why the backend is slow.",
    });
    if (overflow === "drop-oldest") return this.#options.settled(one.entry, { kind: "dropped", error });
    this.#spilling.push(one);
    // A flood without a pause: the loop never runs, and this list must not grow instead of the queue.
    if (this.#spilling.length > 10_000) this.#spillNow(error);
  }

  async #spillEvicted(): Promise<void> {
    if (this.#spilling.length === 0) return;
    const spilled = this.#spilling;
    this.#spilling = [];
    await this.#fallBack(spilled, new StratigraphError("METADATA_DROPPED", "more records waited than the queue may hold"));
  }

  #spillNow(error: StratigraphError): void {
    const spilled = this.#spilling;
    this.#spilling = [];
    try {
      this.#options.journal.appendNow(spilled.map(({ entry }) => ({ intent: entry.intent, error })));
      this.#settleFallen(spilled, error);
    } catch (cause) {
      this.#lose(spilled, cause);
    }
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

  #settleWritten(batch: readonly Waiting<Entry>[]): void {
    this.#counts.written += batch.length;
    for (const { entry } of batch) this.#options.settled(entry, { kind: "written" });
  }

  #settleRefused(batch: readonly Waiting<Entry>[], error: StratigraphError): void {
    for (const { entry } of batch) this.#options.settled(entry, { kind: "refused", error });
  }

  #settleFallen(batch: readonly Waiting<Entry>[], cause: unknown): void {
    this.#counts.fallback += batch.length;
    for (const one of batch) {
      if (ordered.has(one.kind)) this.#hold(one);
      const error = new StratigraphError("METADATA_FELL_BACK", "the record waits in the fallback journal", {
        where: one.entry.intent.action,
        hint: "Run `strata sync` once the backend answers again.",
        cause,
      });
      this.#options.settled(one.entry, { kind: "fell-back", error });
    }
  }

  #hold(one: Waiting<Entry>): void {
    const held = this.#held.get(one.kind) ?? [];
    this.#held.set(one.kind, held);
    if (held.length === 0) {
      this.#retryAt.set(one.kind, this.#options.clock.monotonic() + (this.#options.retryAfter ?? 5_000));
    }
    if (held.length < (this.#options.queueSize ?? 1000)) held.push(one);
    else this.#overfull.add(one.kind);
  }

  /** Neither place takes them: said loudly, and the work goes on. */
  #lose(batch: readonly Waiting<Entry>[], cause: unknown): void {
    this.#counts.lost += batch.length;
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#options.warn(`${batch.length} metadata records are lost, as the fallback journal cannot be written either: ${why}`);
    for (const { entry } of batch) {
      const error = new StratigraphError("METADATA_LOST", "the record could be written nowhere", {
        where: entry.intent.action,
        cause,
      });
      this.#options.settled(entry, { kind: "lost", error });
    }
  }

  /** Nothing may go on with credentials that are refused, and a journal would only put off saying so. */
  #refuseAll(batch: readonly Waiting<Entry>[], error: StratigraphError): void {
    this.#fatal = error;
    this.#writing = [];
    this.#settleRefused([...batch, ...this.#takeAll(error)], error);
  }

  #adapt(duration: number, size: number): void {
    if (duration > SLOW) this.#batchSize = Math.max(1, Math.floor(size / 2));
    else if (duration < FAST && size === this.#batchSize) this.#batchSize = Math.min(size * 2, MOST_IN_A_BATCH);
  }

  #queue(kind: JournalKind): Ring<Waiting<Entry>> {
    const queue = this.#queues.get(kind);
    if (queue === undefined) {
      throw new StratigraphError("RECORD_INVALID", "there is no journal of that kind", { received: kind });
    }
    return queue;
  }

  #oldestQueue(): Ring<Waiting<Entry>> | undefined {
    let oldest: Ring<Waiting<Entry>> | undefined;
    for (const queue of this.#queues.values()) {
      const order = queue.peek()?.order;
      if (order !== undefined && order < (oldest?.peek()?.order ?? Infinity)) oldest = queue;
    }
    return oldest;
  }

  #heldBy(kind: JournalKind): Waiting<Entry>[] {
    return this.#held.get(kind) ?? [];
  }

  #queued(): boolean {
    return this.#oldestQueue() !== undefined;
  }

  #busy(): boolean {
    return this.#draining;
  }

  #pendingCount(): number {
    let count = this.#spilling.length + this.#writing.length;
    for (const queue of this.#queues.values()) count += queue.length;
    return count;
  }

  #whenIdle(): Promise<void> {
    if (!this.#draining) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
