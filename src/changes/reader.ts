// The reading half of a connection, for hooks and decisions: what they see is stored, what they would write is refused.

import type { Connection } from "../backend/backend.ts";
import { StratigraphError } from "../errors.ts";
import { intercept, writes, type CallName } from "./intercept.ts";

type ReadName = {
  [Name in CallName]: Name extends `${"read" | "list" | "find" | "walk" | "count" | "check"}${string}` ? Name : never;
}[CallName];

/** Everything that can be asked of a connection, and nothing that changes it. */
export type Reader = Pick<Connection, ReadName>;

/** The same connection, which refuses writes with BACKEND_READ_ONLY and is not closed. */
export function readerOf(connection: Connection): Connection {
  return intercept(connection, (name, _args, call) => (writes(name) ? refuse() : call()), {
    transaction: refuse,
    close: refuse,
  });
}

async function refuse(): Promise<never> {
  throw new StratigraphError("BACKEND_READ_ONLY", "hooks and decisions read, they do not write", {
    hint: "Answer what is to be written, or make a change of its own.",
  });
}
