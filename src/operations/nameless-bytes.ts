// Bytes that have no name yet: an import has written them and not recorded them, and a gc would take them for garbage. One at a time.

import type { Connection } from "../backend/backend.ts";
import type { Fence } from "../backend/records.ts";
import { withLease } from "../changes/lease.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";

const LEASE = "bytes without names";
const TTL = 60_000;

/**
 * Runs `work` while no other import or gc of this database runs. `timeout`: milliseconds to wait for it. What is committed at the end checks
 * the fence. Error: BACKEND_BUSY.
 */
export async function aloneWithNamelessBytes<T>(
  connection: Connection,
  { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
  work: (fence: Fence) => Promise<T>,
): Promise<T> {
  let began = false;
  try {
    return await withLease(connection, LEASE, { ttl: TTL, timeout, signal }, (fence) => {
      began = true;
      return work(fence);
    });
  } catch (cause) {
    if (began || !isStratigraphError(cause) || cause.code !== "LOCK_TIMEOUT") throw cause;
    throw busy(cause.received, cause);
  }
}

/** In the transaction that gives the bytes their names: a process that was paused for long finds its lease taken. Error: BACKEND_BUSY. */
export async function checkStillAlone(tx: Connection, fence: Fence): Promise<void> {
  const [held] = await tx.checkLeases([fence]);
  if (held !== true) throw busy("the lease was lost, so what was written may be deleted by now", undefined);
}

function busy(received: string | undefined, cause: unknown): StratigraphError {
  return new StratigraphError("BACKEND_BUSY", "another import or gc runs with this database", {
    received,
    hint: "Nothing was changed; try again when it has ended.",
    cause,
  });
}
