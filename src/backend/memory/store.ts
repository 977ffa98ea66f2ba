// What a memory backend holds, and connections to it: loaded by the first, as many programs name another backend.

import type { Clock } from "../../util/clock.ts";
import { counters } from "../../util/counters.ts";
import type { ConnectOptions, Connection } from "../backend.ts";
import type { CoreCallName, SyncStores } from "../calls/call.ts";
import { connectionOver, type Access, type StoreCalls } from "../connection.ts";
import { WriterQueue, type WritableStore } from "../writer-queue.ts";
import { bind } from "./bind.ts";
import * as copyState from "./copy-state.ts";
import * as graphs from "./graphs.ts";
import * as leases from "./leases.ts";
import * as links from "./links.ts";
import * as manifests from "./manifests.ts";
import * as marks from "./marks.ts";
import * as partitions from "./partitions.ts";
import * as quality from "./quality.ts";
import * as runs from "./runs.ts";
import * as snapshots from "./snapshots.ts";
import { MemoryState } from "./state.ts";
import * as tags from "./tags.ts";

/** A new, empty store. All its connections see the same. */
export function openStore({
  busyTimeout,
  clock,
}: {
  readonly busyTimeout: number;
  readonly clock: Clock;
}): (options?: ConnectOptions) => Connection {
  const state = new MemoryState(clock);
  const { journal } = state;
  // The other half comes with the first call that needs it.
  const stores = storesOf(state) as StoreCalls;
  const loadFacts = async (): Promise<void> => {
    const { factStoresOf } = await import("./fact-stores.ts");
    Object.assign(stores, factStoresOf(state));
  };
  const store: WritableStore = {
    begin() {
      journal.begin();
      return true; // the queue is the lock: every connection shares it
    },
    commit() {
      journal.commit();
      counters.transactions++;
      return true;
    },
    rollback: () => journal.rollback(),
  };
  const queue = new WriterQueue(store, { name: "memory", budget: busyTimeout, clock });
  return ({ readOnly = false } = {}) => {
    const own = new Set<Promise<unknown>>();
    const access: Access = {
      name: "memory",
      readOnly,
      read: (work) => journal.beforeAll(() => work(stores)),
      write(work) {
        const writing = queue.run(() => work(stores));
        own.add(writing);
        void writing.catch(() => undefined).finally(() => own.delete(writing));
        return writing;
      },
      // What was cannot be read here: writers wait their turn.
      atOneMoment: (work) => queue.run(() => work(stores)),
      markPrecious: () => undefined,
      loadFacts,
      async close() {
        await Promise.allSettled(own);
      },
    };
    return connectionOver(access);
  };
}

/** Each call is a function over the state in the file of its noun. */
function storesOf(state: MemoryState): Pick<SyncStores, CoreCallName> {
  const { findStored: _1, toStored: _2, ...partitionCalls } = partitions;
  const { toRow: _3, toRun: _4, ...runCalls } = runs;
  const { toEntry: _5, ...qualityCalls } = quality;
  const { linkPartitions: _7, ...linkCalls } = links;
  const { addChange: _6, ...tagCalls } = tags;
  return {
    ...bind(state, graphs),
    ...bind(state, snapshots),
    ...bind(state, tagCalls),
    ...bind(state, partitionCalls),
    ...bind(state, linkCalls),
    ...bind(state, marks),
    ...bind(state, qualityCalls),
    ...bind(state, manifests),
    ...bind(state, leases),
    ...bind(state, runCalls),
    ...bind(state, copyState),
  } satisfies { readonly [Name in CoreCallName]: unknown };
}
