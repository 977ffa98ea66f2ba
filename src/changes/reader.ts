// The reading half of a connection, for hooks and decisions: what they see is stored, what they would write is refused.

import type { Connection } from "../backend/backend.ts";
import { calls, type CallName } from "../backend/calls.ts";
import { StratigraphError } from "../errors.ts";

type ReadName = {
  [Name in CallName]: Name extends `${"read" | "list" | "find" | "walk" | "count" | "check"}${string}` ? Name : never;
}[CallName];

/** Everything that can be asked of a connection, and nothing that changes it. */
export type Reader = Pick<Connection, ReadName>;

/** The same connection, which refuses writes with BACKEND_READ_ONLY and does not close. */
export function readerOf(connection: Connection): Connection {
  const reader = Object.create(connection) as Connection;
  const refuse = async (): Promise<never> => {
    throw new StratigraphError("BACKEND_READ_ONLY", "hooks and decisions read, they do not write", {
      hint: "Answer what is to be written, or make a change of its own.",
    });
  };
  for (const name of Object.keys(calls) as CallName[]) {
    const value = calls[name].writes ? refuse : bind(connection, name);
    Object.defineProperty(reader, name, { value });
  }
  Object.defineProperty(reader, "transaction", { value: refuse });
  Object.defineProperty(reader, "close", { value: refuse });
  return reader;
}

// With private fields a method of another object would refuse to be called on this one.
function bind(connection: Connection, name: CallName): unknown {
  return (...args: readonly unknown[]): unknown =>
    (Reflect.get(connection, name) as (...args: readonly unknown[]) => unknown).apply(connection, args);
}
