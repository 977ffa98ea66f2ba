// What a change of the registry answers: the result, and beside it when it is durable.

import type { Receipt } from "../changes/host.ts";

/** The result itself, as plain data; `committed` and `behind` are beside it and in no JSON. */
export type Written<T extends object> = T & {
  /** Resolves once it is durable in the backend; rejects where it was refused there (CONFLICT), or fell back to the journal. */
  readonly committed: Promise<T>;
  /** Whether that was left to the writer. */
  readonly behind: boolean;
};

export function written<From, T extends object>(receipt: Receipt<From>, shape: (result: From) => T): Written<T> {
  const committed = receipt.committed.then(shape);
  // Whoever wants to know asks.
  committed.catch(() => undefined);
  return beside(shape(receipt.result), committed, receipt.behind);
}

/** Nothing was to be done, so nothing is to be waited for. */
export function unwritten<T extends object>(result: T): Written<T> {
  return beside(result, Promise.resolve(result), false);
}

function beside<T extends object>(result: T, committed: Promise<T>, behind: boolean): Written<T> {
  return Object.defineProperties(
    { ...result },
    { committed: { value: committed, enumerable: false }, behind: { value: behind, enumerable: false } },
  ) as Written<T>;
}
