// What every module that changes facts works with: one connection, one bus, one set of hooks, one writer.

import type { z } from "zod";
import type { Connection } from "../backend/backend.ts";
import type { RunId } from "../backend/records.ts";
import { userName } from "../build/holder.ts";
import type { Intent, JournalKind } from "../journal/intent.ts";
import { fallbackHome } from "../journal/settings.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import type { Applier, EventDraft } from "./applier.ts";
import type { WriterTotals } from "../util/unfinished.ts";
import { writeBehind, type HostWriter, type WriterOptions } from "./behind.ts";
import { Cache, type CacheOptions } from "./cached.ts";
import { makeChange } from "./change.ts";
import { commit, type Committer } from "./commit.ts";
import { EventBus } from "./event-bus.ts";
import { Hooks } from "./hooks.ts";
import { packageVersion } from "./package-version.ts";
import { Resilience, type ResilienceOptions } from "./resilient.ts";
import { directSink, transactionSink, type Sink } from "./sink.ts";

/** `auto`: behind inside a run, durable outside; `behind`: handed to the writer; `durable`: awaited. */
export const writeModes = ["auto", "behind", "durable"] as const;
export type WriteMode = (typeof writeModes)[number];

export interface ChangeRequest<Input, Data, Result> {
  readonly action: string;
  /** For hooks, denied audit rows and errors: "model:team/churn@1.2.0". */
  resource(input: Input): string;
  /** Parses what was given, and again what pre hooks made of it. */
  readonly schema: z.ZodType<Input>;
  readonly input: unknown;
  /**
   * Rules, gates and claims, on the read-your-writes view; throws what refuses, and then nothing is written but an audit row of status
   * "denied". Answers the intent's data and what the caller gets back when the writing is left to the writer.
   */
  decide(input: Input, context: DecisionContext): Promise<Decision<Data, Result>>;
  readonly applier: Applier<Data, Result>;
  readonly journal: JournalKind;
  /** Overrides the host's mode. */
  readonly mode?: WriteMode | undefined;
  readonly actor?: string | undefined;
  /** Unless told, a new id. */
  readonly key?: string | undefined;
  /** False: no pre and post hooks. */
  readonly hooks?: boolean | undefined;
}

export interface DecisionContext {
  /** Reads what is stored; writes are refused. What this host's writer still holds is not in it: see `pending`. */
  readonly connection: Connection;
  /**
   * What was decided here and is not stored yet, oldest first: to be laid over what is stored. Ask for it before reading, and lay an
   * intent that is stored already by then over itself without a change: it may have been written in between.
   */
  pending(journal: JournalKind): readonly Intent[];
  /** Says something about the decision itself ("gate.failed"): written with the change, or else with the row of its refusal. */
  tell(event: EventDraft): void;
  readonly actor: string;
  readonly run: RunId | undefined;
  readonly at: string;
  readonly correlation: string;
}

export interface Decision<Data, Result> {
  /** Plain data: what JSON loses is lost, also where it is written at once. */
  readonly data: Data;
  /** The result as it will be; where writing is awaited, the applier's own is taken instead. */
  readonly result: Result;
}

/** What a change came to. */
export interface Receipt<Result> {
  readonly result: Result;
  /** Resolves once it is durable in the backend; rejects where it was refused there, or fell back to the journal. Never unhandled. */
  readonly committed: Promise<Result>;
  readonly behind: boolean;
}

export interface Host extends AsyncDisposable {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Who acts, unless a call says otherwise. */
  readonly actor: string;
  readonly engineVersion: string;
  readonly mode: WriteMode;
  readonly bus: EventBus;
  readonly hooks: Hooks;
  /** The folder with the fallback journal in it, in which records of this and of other processes may wait. */
  readonly journalHome: string;
  /**
   * The one way facts are changed: parse → pre hooks → parse again → decide → write (rows, events and audit in one transaction) → tell.
   */
  change<Input, Data, Result>(request: ChangeRequest<Input, Data, Result>): Promise<Receipt<Result>>;
  /** What was decided here and is not stored yet, in the order it was decided. */
  pending(journal: JournalKind): readonly Intent[];
  /**
   * Makes all changes `work` makes through the host it is given at once, or none if it throws: rows, events and audit rows; bus, post
   * hooks and projections come after the commit. Writing is awaited inside. A transaction inside it is part of it.
   */
  transaction<T>(work: (host: Host) => Promise<T>): Promise<T>;
  /** What became of the records that were left to the writer. */
  totals(): WriterTotals;
  /** Waits until they are written and their hooks have run; when the time is over the rest goes to the journal. */
  flush(options?: FlushOptions): Promise<WriterTotals>;
  /** As `flush`, and takes no more of them. The connection stays open. */
  close(options?: FlushOptions): Promise<WriterTotals>;
}

export interface FlushOptions {
  /** 30,000 or STRATA_METADATA_FLUSH_TIMEOUT unless told. */
  readonly timeoutMs?: number | undefined;
}

export interface HostOptions {
  readonly connection: Connection;
  readonly clock?: Clock | undefined;
  /** The user's name at the operating system unless told. */
  readonly actor?: string | undefined;
  /** `auto` unless told; without a writer every change is durable. */
  readonly mode?: WriteMode | undefined;
  /** False: none. What is not given comes from the environment: STRATA_HOME, STRATA_METADATA_QUEUE_SIZE, … */
  readonly writer?: WriterOptions | false | undefined;
  /** Retries, circuit breaker and time limits for all calls of the connection; false: none. */
  readonly resilience?: Omit<ResilienceOptions, "clock" | "onRetry" | "onCircuit"> | false | undefined;
  /** A memory for what `connection` is asked; decisions never use it. False, unless told: none. */
  readonly cache?: CacheOptions | false | undefined;
  /** This package's version unless told. */
  readonly engineVersion?: string | undefined;
  /** Told instead of `process.emitWarning`. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/**
 * A host over one connection, which stays the caller's to close, after the host. Reads and writes go through retries and circuit breaker,
 * writes that nobody awaits through the writer and its journal, reads through the cache where there is one. Error: CONFIG_INVALID.
 */
export function createHost(options: HostOptions): Host {
  const { clock = systemClock, actor = userName(), mode = "auto", engineVersion = packageVersion() } = options;
  const warn = options.warn ?? ((sentence: string) => process.emitWarning(sentence, "StratigraphWarning"));
  const hooks = new Hooks({ warn });
  const bus = new EventBus({ connection: options.connection, clock, actor, warn });
  const { cache = false, writer = {}, resilience = {} } = options;

  const guard = resilience === false ? undefined : resilienceOf(resilience, clock, bus, hooks);
  const connection = guard?.connection(options.connection) ?? options.connection;
  const attempt: Committer = (submissions) => commit(options.connection, submissions, clock);
  // An intent is written once however often it is tried, so this transaction, unlike others, is repeated whole.
  const committer: Committer =
    guard === undefined ? attempt : (submissions) => guard.run("transaction", () => attempt(submissions));
  const behind = writer === false ? undefined : writeBehind({ commit: committer, clock, bus, warn }, writer);
  const memory = cache === false ? undefined : new Cache(cache);
  // Whatever is told was just written, by us or by somebody whose events are followed.
  if (memory !== undefined) bus.subscribe("*", () => memory.invalidate());
  return hostOver(
    {
      connection,
      clock,
      actor,
      engineVersion,
      mode,
      bus,
      hooks,
      warn,
      behind,
      journalHome: behind?.home ?? fallbackHome(),
    },
    directSink(committer, behind),
    memory?.connection(connection),
  );
}

function resilienceOf(options: ResilienceOptions, clock: Clock, bus: EventBus, hooks: Hooks): Resilience {
  return new Resilience({
    ...options,
    clock,
    onRetry(retry) {
      const { call, attempt, delay, error } = retry;
      const sentence = error instanceof Error ? error.message : String(error);
      bus.tell("backend.retried", `call:${call}`, { call, attempt, delay, error: sentence });
      hooks.runRetry(retry);
    },
    onCircuit(state, failures) {
      if (state === "open") bus.tell("circuit.opened", "backend", { failures });
      else bus.tell(state === "closed" ? "circuit.closed" : "circuit.half_open", "backend", {});
    },
  });
}

interface Parts extends Pick<
  Host,
  "connection" | "clock" | "actor" | "engineVersion" | "mode" | "bus" | "hooks" | "journalHome"
> {
  readonly warn: (sentence: string) => void;
  readonly behind: HostWriter | undefined;
}

/** `shown`: the connection others see, where it is not the one that is decided and written with. */
function hostOver(parts: Parts, sink: Sink, shown: Connection = parts.connection): Host {
  const { connection, clock, actor, engineVersion, mode, bus, hooks, journalHome, warn, behind } = parts;
  const close = async (options?: FlushOptions): Promise<WriterTotals> =>
    (await behind?.close(options)) ?? nothingWritten;
  const host: Host = {
    connection: shown,
    clock,
    actor,
    engineVersion,
    mode,
    bus,
    hooks,
    journalHome,
    change: (request) => makeChange({ ...parts, sink }, request),
    pending: (journal) => behind?.pending(journal) ?? [],
    async transaction(work) {
      if (sink.inTransaction) return work(host);
      const transaction = transactionSink(clock, warn);
      try {
        await behind?.settle("registry");
        const result = await connection.transaction(async (tx) => {
          transaction.begin(tx);
          return work(hostOver({ ...parts, connection: tx, mode: "durable", behind: undefined }, transaction));
        });
        await transaction.committed();
        return result;
      } finally {
        await transaction.ended(sink);
      }
    },
    totals: () => behind?.totals() ?? nothingWritten,
    flush: async (flushing) => (await behind?.flush(flushing)) ?? nothingWritten,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
  return host;
}

const nothingWritten: WriterTotals = { written: 0, fallback: 0, dropped: 0, lost: 0, pending: 0 };
