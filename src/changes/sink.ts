// Where a decided change goes: straight to the backend, into an open transaction, or behind the caller's back to the writer.

import type { Connection } from "../backend/backend.ts";
import { StratigraphError } from "../errors.ts";
import type { Intent, JournalKind } from "../journal/intent.ts";
import type { Clock } from "../util/clock.ts";
import { applyAll, type Committer, type Submission, type Written } from "./commit.ts";

export interface Sink {
  readonly inTransaction: boolean;
  /** Resolves once it is written; durable, unless in a transaction. */
  write(submission: Submission): Promise<Written>;
  /** What tells of a change: now, or once the transaction is committed. */
  afterwards(work: () => Promise<void>): Promise<void>;
  /** What tells of a refusal, and must outlive a rollback: now, or once the transaction has ended in either way. */
  apart(work: (sink: Sink) => Promise<void>): Promise<void>;
  /** The writer, where there is one. */
  readonly behind: Behind | undefined;
}

/** What becomes of a submission that nobody waits for. */
export interface Settlement {
  written(written: Written): Promise<void>;
  /** Refused by the backend's rows, dropped, or in the fallback journal. */
  failed(error: StratigraphError, outcome: "refused" | "fell-back" | "dropped" | "lost"): Promise<void>;
}

export interface Behind {
  submit(submission: Submission, settlement: Settlement): void;
  pending(journal: JournalKind): readonly Intent[];
  /** Waits until what was submitted to this journal before is written: a write that is awaited must not overtake it. */
  settle(journal: JournalKind): Promise<void>;
}

export function directSink(commit: Committer, behind?: Behind): Sink {
  const sink: Sink = {
    inTransaction: false,
    async write(submission) {
      await behind?.settle(submission.intent.journal);
      const [written] = await commit([submission]);
      return written!;
    },
    afterwards: (work) => work(),
    apart: (work) => work(sink),
    behind,
  };
  return sink;
}

export interface TransactionSink extends Sink {
  begin(tx: Connection): void;
  committed(): Promise<void>;
  ended(outer: Sink): Promise<void>;
}

export function transactionSink(clock: Clock, warn: (sentence: string) => void): TransactionSink {
  let connection: Connection | undefined;
  const after: (() => Promise<void>)[] = [];
  const apart: ((sink: Sink) => Promise<void>)[] = [];
  return {
    inTransaction: true,
    behind: undefined,
    begin: (tx) => void (connection = tx),
    async write(submission) {
      if (connection === undefined) throw new StratigraphError("TRANSACTION_INVALID", "the transaction has not begun");
      const [written] = await applyAll(connection, [submission], clock);
      return written!;
    },
    async afterwards(work) {
      after.push(work);
    },
    async apart(work) {
      apart.push(work);
    },
    async committed() {
      for (const work of after) await work();
    },
    async ended(outer) {
      for (const work of apart) {
        await work(outer).catch((error: unknown) => warn(`a refusal could not be recorded: ${String(error)}`));
      }
    },
  };
}
