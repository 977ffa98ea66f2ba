// A backend that fails as it is told: for whoever wants to see what becomes of his program then.

import { setTimeout as wait } from "node:timers/promises";
import type { Backend, Connection } from "../backend/backend.ts";
import { intercept, writes, type CallName } from "../changes/intercept.ts";
import { passedOn } from "../changes/resilient.ts";
import { StratigraphError } from "../errors.ts";

/**
 * `throw`: instead of the call. `hang`: it never answers. `delay`: it is made later. `after-commit`: it is made and then reported as failed,
 * as when the network breaks between commit and answer. An error that is not given is BACKEND_FAILED.
 */
export type Fault =
  | { readonly kind: "throw" | "after-commit"; readonly error?: Error | undefined }
  | { readonly kind: "hang" }
  | { readonly kind: "delay"; readonly milliseconds: number };

export interface FaultyCall {
  /** A call of the connection, "transaction", or "connect". */
  readonly name: CallName | "transaction" | "connect";
  readonly args: readonly unknown[];
  /** 1 for the first call of this name. */
  readonly count: number;
  readonly writes: boolean;
  readonly inTransaction: boolean;
}

/** What goes wrong with a call; nothing, where it answers `undefined`. */
export type FaultScript = (call: FaultyCall) => Fault | undefined;

/** The same backend, or one connection, with the faults of the script. */
export function faulty(backend: Backend, script: FaultScript): Backend;
export function faulty(connection: Connection, script: FaultScript): Connection;
export function faulty(inner: Backend | Connection, script: FaultScript): Backend | Connection {
  const counts = new Map<string, number>();
  const run = (call: Omit<FaultyCall, "count">, work: () => Promise<unknown>): Promise<unknown> => {
    const count = (counts.get(call.name) ?? 0) + 1;
    counts.set(call.name, count);
    return spoil(script({ ...call, count }), work);
  };
  const wrap = (connection: Connection, inTransaction: boolean): Connection =>
    intercept(
      connection,
      (name, args, call) => run({ name, args, writes: writes(name), inTransaction }, call),
      inTransaction
        ? {}
        : {
            async transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
              const call = { name: "transaction", args: [], writes: true, inTransaction: false } as const;
              return (await run(call, () => connection.transaction((tx) => work(wrap(tx, true))))) as T;
            },
          },
    );
  if (!("connect" in inner)) return wrap(inner, false);
  return {
    ...passedOn(inner),
    async connect(options) {
      const call = { name: "connect", args: [options], writes: false, inTransaction: false } as const;
      await run(call, async () => undefined);
      return wrap(await inner.connect(options), false);
    },
  };
}

async function spoil(fault: Fault | undefined, work: () => Promise<unknown>): Promise<unknown> {
  switch (fault?.kind) {
    case undefined:
      return work();
    case "throw":
      throw fault.error ?? failed();
    case "hang":
      return new Promise(() => undefined);
    case "delay":
      await wait(fault.milliseconds);
      return work();
    case "after-commit":
      await work();
      throw fault.error ?? failed();
  }
}

function failed(): StratigraphError {
  return new StratigraphError("BACKEND_FAILED", "the backend failed, as the script says");
}
