// What every module that changes facts works with: one connection, one bus, one set of hooks, one writer.

import type { Connection } from "../backend/backend.ts";
import type { RunId } from "../backend/records.ts";
import type { Clock } from "../util/clock.ts";
import type { Applier } from "./applier.ts";
import type { EventBus } from "./event-bus.ts";
import type { Hooks } from "./hooks.ts";

/** `auto`: behind inside a run, durable outside; `behind`: handed to the writer; `durable`: awaited. */
export const writeModes = ["auto", "behind", "durable"] as const;
export type WriteMode = (typeof writeModes)[number];

export interface ChangeRequest<Input, Data, Result> {
  readonly action: string;
  /** For hooks, denied audit rows and errors: "model:team/churn@1.2.0". */
  resource(input: Input): string;
  /** Parses what was given, and again what pre hooks made of it. */
  readonly schema: import("zod").ZodType<Input>;
  readonly input: unknown;
  /**
   * Rules, gates and claims, on the read-your-writes view; throws what refuses, and then nothing is written but an audit row of status
   * "denied". Answers the intent's data and what the caller gets back when the writing is left to the writer.
   */
  decide(input: Input, context: DecisionContext): Promise<Decision<Data, Result>>;
  readonly applier: Applier<Data, Result>;
  readonly journal: import("../journal/intent.ts").JournalKind;
  /** Overrides the host's mode. */
  readonly mode?: WriteMode | undefined;
  readonly actor?: string | undefined;
  /** Unless told, a new id. */
  readonly key?: string | undefined;
  /** False: no pre and post hooks. */
  readonly hooks?: boolean | undefined;
}

export interface DecisionContext {
  /** Answers with what this host's writer still holds laid over what is stored. */
  readonly connection: Connection;
  readonly actor: string;
  readonly run: RunId | undefined;
  readonly at: string;
  readonly correlation: string;
}

export interface Decision<Data, Result> {
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

export interface Host {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Who acts, unless a call says otherwise. */
  readonly actor: string;
  readonly engineVersion: string;
  readonly mode: WriteMode;
  readonly bus: EventBus;
  readonly hooks: Hooks;
  /**
   * The one way facts are changed: parse → pre hooks → parse again → decide → write (rows, events and audit in one transaction) → tell.
   */
  change<Input, Data, Result>(request: ChangeRequest<Input, Data, Result>): Promise<Receipt<Result>>;
}
