// What producers in threads record without waiting for it: written before their call is over, and counted in the thread of the build.

import { unfinished, type Unfinished, type WriterTotals } from "../../util/unfinished.ts";

const names = ["written", "fallback", "dropped", "lost", "pending"] as const;
const nothing: WriterTotals = { written: 0, fallback: 0, dropped: 0, lost: 0, pending: 0 };

function combined(a: WriterTotals, b: WriterTotals, sign: 1 | -1): WriterTotals {
  return Object.fromEntries(names.map((name) => [name, a[name] + sign * b[name]])) as unknown as WriterTotals;
}

let told = nothing;

/** In a thread: waits for all that is pending in it, and says what became of it since the last time, if there was any. Error: AUTH_FAILED. */
export async function finishRecords(): Promise<WriterTotals | undefined> {
  const all = await Promise.all([...unfinished()].map((writer) => writer.flush()));
  const sum = all.reduce((before, totals) => combined(before, totals, 1), nothing);
  const fresh = combined(sum, told, -1);
  told = sum;
  return names.some((name) => fresh[name] > 0) ? fresh : undefined;
}

/** In the thread of the build: of all threads there ever were. */
class ThreadRecords implements Unfinished {
  #totals = nothing;

  add(totals: WriterTotals): void {
    this.#totals = combined(this.#totals, totals, 1);
    unfinished().add(this);
  }

  totals(): WriterTotals {
    return this.#totals;
  }

  flush(): Promise<WriterTotals> {
    return Promise.resolve(this.#totals);
  }
}

export const threadRecords: ThreadRecords = new ThreadRecords();
