// A connection over any store: checks first, then one read, one write or one transaction of the store.

import { StratigraphError } from "../errors.ts";
import type { Connection, Stores } from "./backend.ts";
import { calls, coreCallNames, factCallNames } from "./calls.ts";
import type { Call, CallName } from "./calls/call.ts";

/** The calls as a store answers them: at once, or later. */
export type StoreCalls = {
  readonly [Name in CallName]: (
    ...args: Parameters<Stores[Name]>
  ) => Awaited<ReturnType<Stores[Name]>> | ReturnType<Stores[Name]>;
};

/** How a backend lets its calls run. What it hands to `work` is valid until `work` has ended. */
export interface Access {
  /** For error messages: which database. */
  readonly name: string;
  readonly readOnly: boolean;
  read<T>(work: (store: StoreCalls) => T | Promise<T>): T | Promise<T>;
  /** Everything `work` writes, or nothing if it throws. */
  write<T>(work: (store: StoreCalls) => T | Promise<T>): Promise<T>;
  /** See `Connection.atOneMoment`. */
  atOneMoment<T>(work: (store: StoreCalls) => Promise<T>): Promise<T>;
  /** Called inside `write`: this one must be durable whatever durability was chosen. */
  markPrecious(): void;
  /** Loads what answers the calls about facts; awaited before the first of them. */
  loadFacts(): Promise<void>;
  /** See `Connection.compact`. */
  compact?(): Promise<{ readonly before: number; readonly after: number }>;
  close(): Promise<void>;
}

/** The connection whose calls go through `access`. */
export function connectionOver(access: Access): Connection {
  let closing: Promise<void> | undefined;
  const loader = factLoader(access);
  return withCalls(
    loader,
    (name, args) => {
      if (closing !== undefined) throw closed(access.name);
      return runCall(access, name, args);
    },
    {
      async transaction(work) {
        if (closing !== undefined) throw closed(access.name);
        if (access.readOnly) throw refused(access.name);
        return access.write((store) => runTransaction(access, store, loader, work));
      },
      async atOneMoment(work) {
        if (closing !== undefined) throw closed(access.name);
        await loader(); // before the moment: what a store answers afterwards is its own
        return access.atOneMoment((store) => runView(access, store, loader, work));
      },
      compact: async () => {
        if (closing !== undefined) throw closed(access.name);
        if (access.readOnly) throw refused(access.name);
        return (await access.compact?.()) ?? { before: 0, after: 0 };
      },
      close: () => (closing ??= access.close()),
    },
  );
}

/** The `tx` of one transaction: the same calls, all on the store as this transaction sees it. */
async function runTransaction<T>(
  outer: Access,
  store: StoreCalls,
  loader: FactLoader,
  work: (tx: Connection) => Promise<T>,
): Promise<T> {
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  const inside: Access = {
    ...outer,
    read: (call) => call(store),
    async write(call) {
      try {
        return await call(store);
      } catch (error) {
        // Half of a call may be done, and databases differ in what is left then: the transaction is over, as in Postgres.
        failure ??= { error };
        throw error;
      }
    },
    markPrecious: () => outer.markPrecious(),
  };
  const tx = withCalls(
    loader,
    (name, args) => {
      if (ended) throw misused(outer.name, "the transaction has ended", "Await every call before `work` returns.");
      if (failure !== undefined) throw failure.error;
      return runCall(inside, name, args);
    },
    {
      transaction: async () => {
        throw misused(outer.name, "a transaction cannot begin inside another one", "Use `tx` for everything inside.");
      },
      atOneMoment: async () => {
        throw misused(outer.name, "a moment cannot be chosen inside a transaction", "`tx` reads everything as it is.");
      },
      compact: async () => {
        throw misused(outer.name, "a database cannot be compacted inside a transaction", "Compact it afterwards.");
      },
      close: async () => {
        throw misused(outer.name, "a transaction's connection cannot be closed", "Return from `work` to end it.");
      },
    },
  );
  try {
    const result = await work(tx);
    if (failure !== undefined) throw failure.error;
    return result;
  } finally {
    ended = true;
  }
}

/** The `view` of one moment: the reading calls, all on the store as it was then. */
async function runView<T>(
  outer: Access,
  store: StoreCalls,
  loader: FactLoader,
  work: (view: Connection) => Promise<T>,
): Promise<T> {
  let ended = false;
  const inside: Access = { ...outer, readOnly: true, read: (call) => call(store) };
  const view = withCalls(
    loader,
    (name, args) => {
      if (ended) throw misused(outer.name, "the moment is over", "Await every call before `work` returns.");
      return runCall(inside, name, args);
    },
    {
      transaction: async () => {
        throw refused(outer.name);
      },
      atOneMoment: async () => {
        throw misused(outer.name, "a moment cannot be chosen inside another one", "`view` reads everything as it was.");
      },
      compact: async () => {
        throw refused(outer.name);
      },
      close: async () => {
        throw misused(outer.name, "the connection of a moment cannot be closed", "Return from `work` to end it.");
      },
    },
  );
  try {
    return await work(view);
  } finally {
    ended = true;
  }
}

/** The calls that were loaded so far. */
const known: { [Name in CallName]?: Call<Name> } = { ...calls };

/** To be awaited before a call about facts, unless it answers `undefined`: then they are loaded already. */
type FactLoader = () => Promise<void> | undefined;

function factLoader(access: Access): FactLoader {
  let loading: Promise<void> | undefined;
  let loaded = false;
  const load = async (): Promise<void> => {
    const [{ factCalls }] = await Promise.all([import("./calls/facts.ts"), access.loadFacts()]);
    Object.assign(known, factCalls);
    loaded = true;
  };
  return () => (loaded ? undefined : (loading ??= load()));
}

type AnyCall = (...args: readonly unknown[]) => unknown;

function runCall(access: Access, name: CallName, args: readonly unknown[]): unknown {
  const call = known[name]!;
  (call.check as AnyCall)(...args);
  if (call.writes && access.readOnly) throw refused(access.name);
  const nothing = (call.nothing as AnyCall | undefined)?.(...args) as { readonly answer: unknown } | undefined;
  if (nothing !== undefined) return nothing.answer;
  if (!call.writes) return access.read((store) => (store[name] as AnyCall)(...args));
  return access.write((store) => {
    if (call.precious === true) access.markPrecious();
    return (store[name] as AnyCall)(...args);
  });
}

type Run = (name: CallName, args: readonly unknown[]) => unknown;

type Rest = Required<Pick<Connection, "transaction" | "atOneMoment" | "compact" | "close">>;

const runner = Symbol("run");
const facts = Symbol("facts");

/** The calls are made once, from the table: a transaction begins often, and TypeScript cannot follow a loop over names. */
class CallSet {
  readonly [runner]: Run;
  readonly [facts]: FactLoader;
  readonly transaction: Connection["transaction"];
  readonly atOneMoment: Connection["atOneMoment"];
  readonly compact: Connection["compact"];
  readonly close: Connection["close"];

  constructor(loader: FactLoader, run: Run, { transaction, atOneMoment, compact, close }: Rest) {
    this[runner] = run;
    this[facts] = loader;
    this.transaction = transaction;
    this.atOneMoment = atOneMoment;
    this.compact = compact;
    this.close = close;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

for (const name of coreCallNames) {
  const call = {
    async [name](this: CallSet, ...args: readonly unknown[]): Promise<unknown> {
      return this[runner](name, args);
    },
  };
  Object.defineProperty(CallSet.prototype, name, { value: call[name] });
}

for (const name of factCallNames) {
  const call = {
    async [name](this: CallSet, ...args: readonly unknown[]): Promise<unknown> {
      const loading = this[facts]();
      if (loading !== undefined) await loading;
      return this[runner](name, args);
    },
  };
  Object.defineProperty(CallSet.prototype, name, { value: call[name] });
}

function withCalls(loader: FactLoader, run: Run, rest: Rest): Connection {
  return new CallSet(loader, run, rest) as unknown as Connection;
}

function refused(name: string): StratigraphError {
  return new StratigraphError("BACKEND_READ_ONLY", "the connection was opened for reading only", {
    where: name,
    hint: "Connect without `readOnly` to write.",
  });
}

function closed(name: string): StratigraphError {
  return new StratigraphError("CONNECTION_CLOSED", "the connection is closed", { where: name });
}

function misused(name: string, what: string, hint: string): StratigraphError {
  return new StratigraphError("TRANSACTION_INVALID", what, { where: name, hint });
}
