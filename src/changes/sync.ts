// A sync: what waits in the fallback journal is delivered to the backend, each record once, in the order it was decided.

import type { Connection } from "../backend/backend.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { isDegradable } from "../journal/failure.ts";
import { emptyFile, readJournal, type JournalFile, type JournalFilter } from "../journal/files.ts";
import type { Intent } from "../journal/intent.ts";
import type { Line } from "../journal/line.ts";
import { TimeLimit } from "../journal/time-limit.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import { createId } from "../util/id.ts";
import { compareText } from "../util/text-order.ts";
import type { Applier } from "./applier.ts";
import { commit, submissionOf, type Submission, type Written } from "./commit.ts";
import type { EventBus } from "./event-bus.ts";
import { factsApplier } from "./facts.ts";

export interface SyncOptions extends JournalFilter {
  /** The folder with the journal in it, see `fallbackHome`. */
  readonly home: string;
  readonly connection: Connection;
  /** Of every action that may be in the journal. */
  readonly actions: readonly Replayable[];
  readonly clock?: Clock | undefined;
  /** Hears of what was delivered. */
  readonly bus?: EventBus | undefined;
  /** Moves what conflicts or is damaged to the archive, so that it is not tried again. False unless told. */
  readonly setAside?: boolean | undefined;
  /** Milliseconds that one write may take; 30,000 unless told. */
  readonly writeTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * `delivered`; `deduplicated`: it had been delivered before; `conflict`: what it was decided on has changed, so it was not forced;
 * `failed`: the backend did not take it; `torn`: half-written by a process that died; `damaged`: altered since, or of a newer version.
 */
export const lineOutcomes = ["delivered", "deduplicated", "conflict", "failed", "torn", "damaged"] as const;
export type LineOutcome = (typeof lineOutcomes)[number];

export interface SyncedLine {
  readonly file: string;
  readonly outcome: LineOutcome;
  /** Of a line that can be read. */
  readonly intent: Intent | undefined;
  readonly error: StratigraphError | undefined;
}

export interface SyncResult {
  /** In the order they were tried; those that cannot be read last. */
  readonly lines: readonly SyncedLine[];
  readonly counts: Readonly<Record<LineOutcome, number>>;
  /** Conflicts, failures and damaged lines that are still in the journal. */
  readonly remaining: number;
  /** Files with everything that was delivered, in the archive now. */
  readonly archives: readonly string[];
}

/** Whoever can write the intents of an action, whatever the types of its data and result are. */
export interface Replayable {
  readonly action: string;
  submission(intent: Intent): Submission;
}

export function replayable<Data, Result>(applier: Applier<Data, Result>): Replayable {
  return { action: applier.action, submission: (intent) => submissionOf(applier, intent) };
}

const MOST_IN_A_BATCH = 50;
/** Failures of the backend in a row after which the rest is left for another time. */
const PATIENCE = 3;

/**
 * May be run at any time, by any number of processes, while others append. A file is touched only once something of it was delivered; it
 * goes to the archive when nothing of it is left. Error: RUN_UNKNOWN where a run is named that has nothing in the journal.
 */
export async function syncJournal(options: SyncOptions): Promise<SyncResult> {
  const { home, kind, run, clock = systemClock, setAside = false, bus } = options;
  const files = await readJournal(home, { kind, run });
  bus?.tell("sync.started", "journal", { records: files.reduce((sum, { lines }) => sum + lines.length, 0) });
  const lines = await new Delivery(options, clock).deliver(files);

  const done = new Set<string>();
  const aside = new Set<string>();
  for (const { outcome, text } of lines) {
    if (outcome === "delivered" || outcome === "deduplicated") done.add(text);
    else if (setAside && (outcome === "conflict" || outcome === "damaged")) aside.add(text);
  }
  const archives: string[] = [];
  for (const file of files) {
    // Byte for byte as it was, unless there is something to take out of it.
    if (!file.lines.some(({ text, problem }) => done.has(text) || aside.has(text) || problem === "torn")) continue;
    const emptied = await emptyFile(file, { home, done, aside, at: new Date(clock.now()) });
    if (emptied?.archive !== undefined) archives.push(emptied.archive);
  }

  const counts = Object.fromEntries(lineOutcomes.map((outcome) => [outcome, 0])) as Record<LineOutcome, number>;
  for (const { outcome } of lines) counts[outcome]++;
  const remaining = counts.failed + (setAside ? 0 : counts.conflict + counts.damaged);
  return { lines: lines.map(({ text: _, ...line }) => line), counts, remaining, archives };
}

type Tried = SyncedLine & { readonly text: string };
type Readable = Extract<Line, { readonly intent: Intent }> & { readonly file: string };

class Delivery {
  readonly #options: SyncOptions;
  readonly #clock: Clock;
  readonly #limit: TimeLimit;
  readonly #actions: ReadonlyMap<string, Replayable>;
  readonly #tried: Tried[] = [];
  #failures = 0;
  #lastFailure: StratigraphError | undefined;

  constructor(options: SyncOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#limit = new TimeLimit(options.writeTimeout ?? 30_000);
    this.#actions = new Map([...options.actions, replayable(factsApplier)].map((one) => [one.action, one]));
  }

  async deliver(files: readonly JournalFile[]): Promise<readonly Tried[]> {
    const all = files.flatMap(({ path, lines }) => lines.map((line) => ({ ...line, file: path })));
    const readable = all
      .filter((line): line is Readable => line.problem === undefined)
      .sort((a, b) => compareText(a.intent.recordedAt, b.intent.recordedAt) || compareText(a.intent.key, b.intent.key));

    for (let at = 0; at < readable.length; at += MOST_IN_A_BATCH) {
      await this.#deliverBatch(readable.slice(at, at + MOST_IN_A_BATCH));
    }
    for (const { text, file, problem } of all) {
      if (problem === undefined) continue;
      const outcome = problem === "torn" ? "torn" : "damaged";
      this.#tried.push({
        text,
        file,
        outcome,
        intent: undefined,
        error: problem === "torn" ? undefined : unreadable(file, problem),
      });
    }
    return this.#tried;
  }

  async #deliverBatch(batch: readonly Readable[]): Promise<void> {
    const submissions = batch.map((line) => ({ line, submission: this.#submission(line) }));
    const known = submissions.filter((one): one is Ready => one.submission !== undefined);
    if (known.length === submissions.length && known.length > 1 && !this.#hopeless()) {
      const written = await this.#write(known.map(({ submission }) => submission)).catch(() => undefined);
      if (written !== undefined) {
        for (const [index, { line }] of known.entries()) this.#delivered(line, written[index]);
        return;
      }
    }
    // Which one it was, they say alone.
    for (const { line, submission } of submissions) await this.#deliverOne(line, submission);
  }

  async #deliverOne(line: Readable, submission: Submission | undefined): Promise<void> {
    if (submission === undefined) {
      return this.#note(
        line,
        "failed",
        new StratigraphError("JOURNAL_INVALID", `nothing here can write '${line.intent.action}'`, {
          where: line.file,
          hint: "Run the sync with the plugin, or the version of this package, that recorded it.",
        }),
      );
    }
    if (this.#hopeless()) return this.#note(line, "failed", this.#lastFailure);
    try {
      const [written] = await this.#write([submission]);
      this.#delivered(line, written);
    } catch (error) {
      if (isDegradable(error)) {
        this.#failures++;
        this.#lastFailure = isStratigraphError(error) ? error : wrapped(error);
        return this.#note(line, "failed", this.#lastFailure);
      }
      this.#failures = 0;
      this.#note(line, "conflict", error as StratigraphError);
      await this.#recordRefusal(submission, error as StratigraphError);
    }
  }

  #hopeless(): boolean {
    return this.#failures >= PATIENCE;
  }

  #delivered(line: Readable, written: Written | undefined): void {
    this.#failures = 0;
    this.#note(line, written?.taken === true ? "delivered" : "deduplicated", undefined);
    if (written !== undefined) this.#options.bus?.publish(written.events);
  }

  #write(submissions: readonly Submission[]): Promise<readonly Written[]> {
    this.#options.signal?.throwIfAborted();
    return this.#limit.run(() => commit(this.#options.connection, submissions, this.#clock));
  }

  /** Once, however often the same line is tried. */
  async #recordRefusal(submission: Submission, error: StratigraphError): Promise<void> {
    const { intent } = submission;
    const { action, key } = intent;
    const why = error.message;
    const data = {
      events: (await submission.refused(error)).map(({ type, subject, data }) => ({ type, subject, data })),
      audit: [{ action, resource: key, status: "denied", why, data: { code: error.code } }],
    };
    const record: Intent = {
      ...intent,
      key: `${key}/refused`,
      journal: "audit",
      action: factsApplier.action,
      data,
      events: [],
    };
    try {
      const [written] = await this.#write([submissionOf(factsApplier, record)]);
      this.#options.bus?.publish(written?.events ?? []);
    } catch {
      // The line stays, and the next sync tries both again.
    }
  }

  #submission({ intent }: Readable): Submission | undefined {
    return this.#actions.get(intent.action)?.submission(intent);
  }

  #note({ text, file, intent }: Readable, outcome: LineOutcome, error: StratigraphError | undefined): void {
    this.#tried.push({ text, file, outcome, intent, error });
  }
}

interface Ready {
  readonly line: Readable;
  readonly submission: Submission;
}

function unreadable(file: string, problem: "altered" | "newer"): StratigraphError {
  return new StratigraphError(
    "JOURNAL_INVALID",
    problem === "newer"
      ? "the line was written by a newer version of this package"
      : "the line is not the one that was written",
    { where: file },
  );
}

function wrapped(cause: unknown): StratigraphError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new StratigraphError("BACKEND_FAILED", what, { cause });
}

/** What a sync came to is an event like any other, where the backend takes it. */
export async function recordSync(
  { connection, clock = systemClock, bus }: Pick<SyncOptions, "connection" | "clock" | "bus">,
  { counts: { delivered, deduplicated }, remaining }: SyncResult,
  actor: string,
): Promise<void> {
  const key = createId(clock);
  const at = new Date(clock.now()).toISOString();
  const event = { type: "sync.finished", subject: "journal", data: { delivered, deduplicated, remaining } };
  const data = { events: [event], audit: [] };
  const intent: Intent = {
    key,
    journal: "audit",
    action: factsApplier.action,
    run: "none",
    recordedAt: at,
    actor,
    correlation: key,
    data,
  };
  const [written] = await commit(connection, [submissionOf(factsApplier, intent)], clock);
  bus?.publish(written?.events ?? []);
}
