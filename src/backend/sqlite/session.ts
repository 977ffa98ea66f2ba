// One connection to an SQLite database: who may write when, and what readers see meanwhile.

import { StratigraphError } from "../../errors.ts";
import { counters } from "../../util/counters.ts";
import { findLockHolder } from "../../util/lock-holder.ts";
import type { Access, StoreCalls } from "../connection.ts";
import { Names, type SqlContext } from "../sql/context.ts";
import { newestVersion, pendingMigrations, readVersion } from "../sql/migrate.ts";
import { touch } from "../sql/context.ts";
import { WriterQueue, type WritableStore } from "../writer-queue.ts";
import { loadDriver } from "./driver.ts";
import { isBusy } from "./failure.ts";
import { hasLog, stampOf, storeOf } from "./file.ts";
import { loadFacts, storesOf, type Handle } from "./handle.ts";
import {
  openAgain,
  openForMoment,
  openForReading,
  openForWriting,
  whileBusy,
  type Opening,
  type ReadingHandle,
} from "./open.ts";

/** Where SQLite's write lock is among the bytes of the shared memory file: https://www.sqlite.org/walformat.html, 2.3. */
const WRITE_LOCK_BYTE = 120;

/** Opens a connection that reads and writes. */
export async function openSession(opening: Opening): Promise<Access> {
  const { path, busyTimeout, clock, durability } = opening;
  const handle = await openForWriting(opening);
  const { Database } = await loadDriver();
  const context: SqlContext = { clock, names: new Names(), store: () => storeOf(path) };
  const stores = storesOf(handle, context);
  let precious = false;

  const store: WritableStore = {
    begin() {
      precious = false;
      if (!succeeds(() => handle.command("BEGIN IMMEDIATE"))) return false;
      checkSchema(handle, opening);
      return true;
    },
    commit() {
      if (!succeeds(() => handle.command("COMMIT"))) return false;
      counters.transactions++;
      if (precious && durability === "normal") makeDurable(handle);
      return true;
    },
    rollback() {
      context.names.forget();
      // After some errors, a full disk among them, SQLite has rolled back by itself.
      if (handle.inTransaction) handle.command("ROLLBACK");
    },
    holder: () => findLockHolder(`${path}-shm`, WRITE_LOCK_BYTE),
  };
  const queue = new WriterQueue(store, { name: path, budget: busyTimeout, clock });

  // While a transaction is open on the first handle, that handle sees what is not committed: other readers have one of their own.
  let aside: { readonly handle: Handle; readonly stores: StoreCalls } | undefined;
  const readers = (): StoreCalls => {
    if (!handle.inTransaction) return stores;
    if (aside === undefined) {
      const second = openAgain(Database, opening);
      aside = { handle: second, stores: storesOf(second, context) };
    }
    return aside.stores;
  };

  return {
    name: path,
    readOnly: false,
    read: (work) => whileBusy(opening, () => work(readers())) as ReturnType<typeof work>,
    write: (work) => queue.run(() => work(stores)),
    atOneMoment: (work) => readMoment(opening, context, work),
    markPrecious() {
      precious = true;
    },
    loadFacts,
    async compact() {
      const size = (): number => pragma("page_count") * pragma("page_size");
      const pragma = (name: string): number => (handle.command(`PRAGMA ${name}`)[0] as readonly [number])[0];
      do await queue.idle();
      while (handle.inTransaction);
      // Not by the queue, whose every work is a transaction, in which SQLite does not do this.
      return whileBusy(opening, () => {
        const before = size();
        handle.command("VACUUM");
        handle.command("PRAGMA wal_checkpoint(TRUNCATE)");
        return { before, after: size() };
      });
    },
    async close() {
      await queue.idle();
      aside?.handle.close();
      handle.close();
    },
  };
}

/** Opens a connection that only reads, and leaves no trace. */
export async function openReadingSession(opening: Opening): Promise<Access> {
  const { path, clock } = opening;
  const context: SqlContext = { clock, names: new Names(), store: () => storeOf(path) };
  const adopt = ({ handle, quiet }: ReadingHandle): Reader => ({
    handle,
    quiet,
    stores: storesOf(handle, context),
    stamp: stampOf(path),
  });
  let reader = adopt(await openForReading(opening));
  return {
    name: path,
    readOnly: true,
    async read(work) {
      for (;;) {
        const { quiet, stores, stamp } = reader;
        const answer = await whileBusy(opening, () => attempt(() => work(stores)));
        // A quiet file is read without locks. If somebody opened it for writing meanwhile, nothing read counts: look again as others do.
        if (!quiet || (!hasLog(path) && stampOf(path) === stamp)) {
          if ("error" in answer) throw answer.error;
          return answer.value;
        }
        reader.handle.close();
        reader = adopt(await openForReading(opening));
      }
    },
    write: () => Promise.reject(new Error("refused before")),
    atOneMoment: (work) => readMoment(opening, context, work),
    markPrecious: () => undefined,
    loadFacts,
    async close() {
      reader.handle.close();
    },
  };
}

/** On a handle of its own: what a transaction has read, it reads again, whatever others commit meanwhile. */
async function readMoment<T>(
  opening: Opening,
  context: SqlContext,
  work: (stores: StoreCalls) => Promise<T>,
): Promise<T> {
  const { path } = opening;
  const { handle, quiet } = await openForMoment(opening);
  const stamp = stampOf(path);
  try {
    handle.command("BEGIN");
    handle.command("PRAGMA schema_version"); // the moment is that of the first read
    const answer = await work(storesOf(handle, context));
    if (quiet && (hasLog(path) || stampOf(path) !== stamp)) {
      throw new StratigraphError("BACKEND_BUSY", "the database was written to while it was read", {
        where: path,
        hint: "Run it again.",
      });
    }
    return answer;
  } finally {
    handle.close();
  }
}

interface Reader extends ReadingHandle {
  readonly stores: StoreCalls;
  /** The file as it was when it was opened. */
  readonly stamp: string;
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    if (isBusy(error)) throw error;
    return { error };
  }
}

function succeeds(command: () => void): boolean {
  try {
    command();
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

/** A newer program may have migrated the database since we opened it: then writing on by our rules would damage it. */
function checkSchema(handle: Handle, { path, migrations }: Opening): void {
  try {
    const version = handle.run(readVersion()) ?? 0;
    pendingMigrations(migrations, version, path);
    if (version === newestVersion(migrations)) return;
    throw new StratigraphError("BACKEND_FAILED", "the schema of the open database went back to an older version", {
      where: path,
    });
  } catch (error) {
    if (handle.inTransaction) handle.command("ROLLBACK");
    throw error;
  }
}

/** With durability `normal` a commit is in the log but may not be on the disk. One that is synced takes all before it along. */
function makeDurable(handle: Handle): void {
  handle.command("PRAGMA synchronous = FULL");
  try {
    handle.command("BEGIN IMMEDIATE");
    handle.run(touch());
    handle.command("COMMIT");
  } finally {
    handle.command("PRAGMA synchronous = NORMAL");
  }
}
