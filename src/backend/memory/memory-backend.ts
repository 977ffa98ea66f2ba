// The backend that remembers as long as the process lives: for tests, for trying out, and the default of `build()`.

import { systemClock, type Clock } from "../../util/clock.ts";
import { counters } from "../../util/counters.ts";
import type { Backend } from "../backend.ts";
import type { CoreCallName, SyncStores } from "../calls/call.ts";
import { connectionOver, type Access, type StoreCalls } from "../connection.ts";
import { WriterQueue, type WritableStore } from "../writer-queue.ts";
import { bind } from "./bind.ts";
import * as graphs from "./graphs.ts";
import * as leases from "./leases.ts";
import * as links from "./links.ts";
import * as manifests from "./manifests.ts";
import * as partitions from "./partitions.ts";
import * as runs from "./runs.ts";
import * as snapshots from "./snapshots.ts";
import { MemoryState } from "./state.ts";
import * as tags from "./tags.ts";

export interface MemoryOptions {
  /** Milliseconds a writer waits for those before it; 30,000 unless told. */
  readonly busyTimeout?: number | undefined;
  /** The clock of leases and tags; the system's unless told. */
  readonly clock?: Clock | undefined;
}

/** A new, empty backend. All its connections see the same; nothing outlives the process. Built values are kept in it as well. */
export function memory({ busyTimeout = 30_000, clock = systemClock }: MemoryOptions = {}): Backend {
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
  return Object.freeze({
    kind: "memory",
    home: undefined,
    connect: async ({ readOnly = false } = {}) => {
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
        markPrecious: () => undefined,
        loadFacts,
        async close() {
          await Promise.allSettled(own);
        },
      };
      return connectionOver(access);
    },
  } satisfies Backend);
}

/** Each call is a function over the state in the file of its noun. */
function storesOf(state: MemoryState): Pick<SyncStores, CoreCallName> {
  const { findStored: _1, toStored: _2, ...partitionCalls } = partitions;
  const { toRow: _3, toRun: _4, ...runCalls } = runs;
  return {
    ...bind(state, graphs),
    ...bind(state, snapshots),
    ...bind(state, tags),
    ...bind(state, partitionCalls),
    ...bind(state, links),
    ...bind(state, manifests),
    ...bind(state, leases),
    ...bind(state, runCalls),
  } satisfies { readonly [Name in CoreCallName]: unknown };
}
