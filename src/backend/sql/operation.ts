// One operation on a database: statements in order, written once for drivers that answer at once and for those that answer later.

import type { Statement } from "./statement.ts";

/** What a statement did. Rows are tuples in the order of the selected columns: objects would cost a third more. */
export interface Outcome {
  readonly rows: readonly (readonly unknown[])[];
  readonly changes: number;
}

/**
 * A generator that yields statements and is given their outcomes. SQLite runs it to the end in one go, so nothing else gets between two
 * statements of an operation; a driver with a network in between awaits each.
 */
export type Operation<T> = Generator<Statement, T, Outcome>;

/** The selected rows. `Row` is what the columns hold, in order. */
export function* all<Row extends readonly unknown[]>(statement: Statement): Operation<readonly Row[]> {
  return (yield statement).rows as readonly Row[];
}

/** The first selected row. */
export function* first<Row extends readonly unknown[]>(statement: Statement): Operation<Row | undefined> {
  return (yield statement).rows[0] as Row | undefined;
}

/** How many rows changed. */
export function* change(statement: Statement): Operation<number> {
  return (yield statement).changes;
}

/** Runs an operation on a driver that answers at once. */
export function runNow<T>(operation: Operation<T>, execute: (statement: Statement) => Outcome): T {
  let step = operation.next();
  while (step.done !== true) step = operation.next(execute(step.value));
  return step.value;
}
