// Work under a lease: one at a time, over all processes, and never without having been granted it.

import { setTimeout as wait } from "node:timers/promises";
import type { Connection } from "../backend/backend.ts";
import type { Fence } from "../backend/records.ts";
import { isDead, newHolder } from "../build/holder.ts";
import { StratigraphError } from "../errors.ts";
import { systemClock, type Clock } from "../util/clock.ts";

export interface LeaseOptions {
  /** Milliseconds after which a lease is free whose holder says nothing any more; 30,000 unless told. */
  readonly ttl?: number | undefined;
  /** Milliseconds to wait for it; 30,000 unless told. 0: not at all. */
  readonly timeout?: number | undefined;
  /** Gives up waiting, and is handed on. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

const LONGEST_PAUSE = 250;

/**
 * Runs `work` while this process holds the lease of that name, renewed every third of its time. `work` gets the fence, to be checked
 * (`checkLeases`) in the transaction that commits what it did, and a signal that is aborted once the lease is lost. Errors: LOCK_TIMEOUT
 * where it was not granted in time, and then `work` did not run; LOCK_TIMEOUT also where it was lost before `work` had ended.
 */
export async function withLease<T>(
  connection: Connection,
  name: string,
  options: LeaseOptions,
  work: (fence: Fence, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { ttl = 30_000 } = options;
  const fence = await acquire(connection, name, options);
  const lost = new AbortController();
  const signal = options.signal === undefined ? lost.signal : AbortSignal.any([options.signal, lost.signal]);
  const heartbeat = setInterval(
    () => {
      connection.renewLeases([fence], ttl).then(
        ([held]) => {
          if (held === false) lost.abort(lostLease(name));
        },
        // A heartbeat that fails is not a lease that is lost: the next one may succeed, and the fence is checked in any case.
        () => undefined,
      );
    },
    Math.max(10, ttl / 3),
  ).unref();
  try {
    const result = await work(fence, signal);
    if (lost.signal.aborted) throw lost.signal.reason;
    return result;
  } finally {
    clearInterval(heartbeat);
    // Where even this fails it ends by itself, after its time.
    await connection.releaseLeases([fence]).catch(() => undefined);
  }
}

async function acquire(
  connection: Connection,
  name: string,
  { ttl = 30_000, timeout = 30_000, signal, clock = systemClock }: LeaseOptions,
): Promise<Fence> {
  const holder = newHolder();
  const deadline = clock.monotonic() + timeout;
  for (let pause = 5; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    signal?.throwIfAborted();
    const [answer] = await connection.acquireLeases([name], { holder, ttl, isDead });
    if (answer?.granted === true) return answer.fence;
    const left = deadline - clock.monotonic();
    if (left <= 0) {
      throw new StratigraphError("LOCK_TIMEOUT", `the lease '${name}' was not given in time`, {
        expected: `a free lease within ${timeout} ms`,
        received: answer === undefined ? undefined : `held by ${answer.holder}`,
        hint: "Wait for whoever holds it, or end it.",
        data: { lease: name },
      });
    }
    await wait(Math.min(pause * (0.5 + Math.random() / 2), left), undefined, { signal });
  }
}

function lostLease(name: string): StratigraphError {
  return new StratigraphError(
    "LOCK_TIMEOUT",
    `the lease '${name}' was lost: its time was over, and somebody else took it`,
    {
      data: { lease: name },
    },
  );
}
