// What is known of a call before any backend sees it: does it write, what does it refuse, and when is there nothing to do.

import type {
  AuditStore,
  EventStore,
  LineageStore,
  ModelStore,
  RunStore,
  Stores,
  SubmissionStore,
} from "../backend.ts";
import type { CopyStore } from "../copy-store.ts";

export type CallName = keyof Stores;
export type CallAnswer<Name extends CallName> = Awaited<ReturnType<Stores[Name]>>;

/** The same calls without waiting, for stores that answer at once. */
export type SyncStores = {
  readonly [Name in CallName]: (...args: Parameters<Stores[Name]>) => CallAnswer<Name>;
};

export interface Call<Name extends CallName> {
  readonly writes: boolean;
  /** Must be durable whatever durability was chosen for the rest: names that people rely on. */
  readonly precious?: boolean;
  /** Throws for what no backend stores. Runs before any input or output. */
  readonly check: (...args: Parameters<Stores[Name]>) => void;
  /** The answer to an empty question, which costs no statement. */
  readonly nothing?: (...args: Parameters<Stores[Name]>) => { readonly answer: CallAnswer<Name> } | undefined;
}

/** All calls of one store. */
export type CallsOf<Store> = { readonly [Name in keyof Store & CallName]: Call<Name> };

export type TaskCallName = keyof Pick<RunStore, "writeTasks" | "listEngineVersions" | "removeTasks">;

/** The calls about facts beyond builds, which a build of plain data never makes: what answers them is loaded by the first of them. */
export type FactCallName =
  | TaskCallName
  | keyof LineageStore
  | keyof ModelStore
  | keyof EventStore
  | keyof AuditStore
  | keyof SubmissionStore
  | Exclude<keyof CopyStore, "readCopyState">;

export type CoreCallName = Exclude<CallName, FactCallName>;
