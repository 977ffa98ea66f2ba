// Stored events as they come in from any process: the backend is asked again and again for what is new.

import { setTimeout as wait } from "node:timers/promises";
import type { EventStore } from "../backend/backend.ts";
import type { EventRecord } from "../backend/fact-records.ts";

export interface FollowOptions {
  /** The number of the last event seen; unless told, only what comes from now on. 0: from the very first. */
  readonly after?: number | undefined;
  /** Types, or "model.*"; all unless told. */
  readonly types?: readonly string[] | undefined;
  /** Milliseconds between two looks; 500 unless told. */
  readonly interval?: number | undefined;
  /** Ends it, without an error. */
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 500;

export async function* follow(
  store: Pick<EventStore, "listEvents">,
  { after, types, interval = 500, signal }: FollowOptions,
): AsyncGenerator<EventRecord, void, undefined> {
  let last = after ?? (await store.listEvents({}, { limit: 1 })).items[0]?.number ?? 0;
  const wanted = types === undefined || types.includes("*") ? undefined : types;
  while (signal?.aborted !== true) {
    const { items, next } = await store.listEvents({ types: wanted, after: last }, { limit: PAGE });
    for (const event of items) {
      last = event.number;
      yield event;
      if (stopped(signal)) return;
    }
    if (next === undefined) await wait(interval, undefined, { signal }).catch(() => undefined);
  }
}

/** Asked anew each time: it may have been aborted while the reader was busy. */
function stopped(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
