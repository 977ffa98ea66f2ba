// One open database handle: statements prepared once, their outcomes counted.

import { counters } from "../../util/counters.ts";
import { coreCallNames, factCallNames } from "../calls.ts";
import type { CallName } from "../calls/call.ts";
import type { StoreCalls } from "../connection.ts";
import type { SqlContext } from "../sql/context.ts";
import { runNow, type Operation, type Outcome } from "../sql/operation.ts";
import { operations } from "../sql/operations.ts";
import { isPlain, textOf, valuesOf, type Statement } from "../sql/statement.ts";
import type { Database, PreparedStatement } from "./driver.ts";
import { databaseError, isBusy } from "./failure.ts";

export class Handle {
  readonly path: string;
  readonly #database: Database;
  readonly #byTemplate = new WeakMap<TemplateStringsArray, PreparedStatement>();
  readonly #byText = new Map<string, PreparedStatement>();

  constructor(database: Database, path: string) {
    this.#database = database;
    this.path = path;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** Errors of the database as ours, except that it is busy: that is for the caller to try again, see `isBusy`. */
  readonly execute = (statement: Statement): Outcome => {
    try {
      counters.statements++;
      return this.#run(this.#prepared(statement), valuesOf(statement));
    } catch (error) {
      throw isBusy(error) ? error : databaseError(error, this.path);
    }
  };

  run<T>(operation: Operation<T>): T {
    return runNow(operation, this.execute);
  }

  /** For what is no operation: BEGIN, COMMIT, ROLLBACK, PRAGMA. */
  command(text: string): unknown[] {
    try {
      const statement = this.#preparedText(text);
      if (statement.reader) return statement.all();
      statement.run();
      return [];
    } catch (error) {
      throw isBusy(error) ? error : databaseError(error, this.path);
    }
  }

  /** Several statements separated by `;`. */
  script(text: string): void {
    try {
      this.#database.exec(text);
    } catch (error) {
      throw isBusy(error) ? error : databaseError(error, this.path);
    }
  }

  /** Copies the database, page by page, while others go on writing. */
  async backup(to: string): Promise<void> {
    try {
      await this.#database.backup(to);
    } catch (error) {
      throw databaseError(error, to);
    }
  }

  close(): void {
    this.#database.close();
  }

  #run(statement: PreparedStatement, values: readonly unknown[]): Outcome {
    if (!statement.reader) {
      const { changes } = statement.run(values);
      counters.rowsWritten += changes;
      return { rows: [], changes };
    }
    const rows = statement.all(values) as Outcome["rows"];
    if (!statement.readonly) counters.rowsWritten += rows.length;
    return { rows, changes: statement.readonly ? 0 : rows.length };
  }

  #prepared(statement: Statement): PreparedStatement {
    if (!isPlain(statement)) return this.#preparedText(textOf(statement, () => "?"));
    let prepared = this.#byTemplate.get(statement.strings);
    if (prepared === undefined) {
      prepared = this.#prepare(textOf(statement, () => "?"));
      this.#byTemplate.set(statement.strings, prepared);
    }
    return prepared;
  }

  #preparedText(text: string): PreparedStatement {
    let prepared = this.#byText.get(text);
    if (prepared === undefined) this.#byText.set(text, (prepared = this.#prepare(text)));
    return prepared;
  }

  #prepare(text: string): PreparedStatement {
    const prepared = this.#database.prepare(text);
    return prepared.reader ? prepared.raw(true) : prepared;
  }
}

type AnyOperation = (context: SqlContext, ...args: readonly unknown[]) => Operation<unknown>;

/** The operations that were loaded so far. */
const known = { ...operations } as unknown as Record<CallName, AnyOperation>;

/** Those about facts, which most programs never need. */
export async function loadFacts(): Promise<void> {
  const { factOperations } = await import("../sql/fact-operations.ts");
  Object.assign(known, factOperations);
}

/** The calls of a connection, answered by this handle; those about facts once they are loaded. */
export function storesOf(handle: Handle, context: SqlContext): StoreCalls {
  const entries = [...coreCallNames, ...factCallNames].map(
    (name) => [name, (...args: readonly unknown[]): unknown => handle.run(known[name](context, ...args))] as const,
  );
  return Object.fromEntries(entries) as unknown as StoreCalls;
}
