// A connection whose calls go through a function first: what retries, caches, refuses and spoils calls is made of this.

import type { Connection, Stores } from "../backend/backend.ts";
import { calls } from "../backend/calls.ts";
import { factCalls } from "../backend/calls/facts.ts";

export type CallName = keyof Stores;

const everyCall = { ...calls, ...factCalls };

/** One call on its way. `call` makes it, as often as it is called. */
export type Around = (name: CallName, args: readonly unknown[], call: () => Promise<unknown>) => Promise<unknown>;

/** Whether a call changes anything. */
export function writes(name: CallName): boolean {
  return everyCall[name].writes;
}

export function intercept(
  connection: Connection,
  around: Around,
  { transaction, close }: Partial<Pick<Connection, "transaction" | "close">> = {},
): Connection {
  const made = new Map<string, unknown>();
  const through = (name: CallName) =>
    async function (...args: readonly unknown[]): Promise<unknown> {
      return around(name, args, async () => Reflect.apply(Reflect.get(connection, name) as AnyCall, connection, args));
    };
  const outer = Object.create(connection, {
    transaction: {
      value: transaction ?? ((work: (tx: Connection) => Promise<unknown>) => connection.transaction(work)),
    },
    atOneMoment: { value: (work: (view: Connection) => Promise<unknown>) => connection.atOneMoment(work) },
    close: { value: close ?? (() => connection.close()) },
    [Symbol.asyncDispose]: { value: close ?? (() => connection.close()) },
  }) as Connection;
  for (const name of Object.keys(everyCall) as CallName[]) {
    Object.defineProperty(outer, name, {
      // Made when first asked for: a transaction is wrapped often, and uses few of them.
      get: () => made.get(name) ?? (made.set(name, through(name)), made.get(name)),
    });
  }
  return outer;
}

type AnyCall = (...args: readonly unknown[]) => unknown;
