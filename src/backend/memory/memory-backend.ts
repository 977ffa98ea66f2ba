// The backend that remembers as long as the process lives: for tests, for trying out, and the default of `build()`.

import { systemClock, type Clock } from "../../util/clock.ts";
import type { Backend, ConnectOptions, Connection } from "../backend.ts";

export interface MemoryOptions {
  /** Milliseconds a writer waits for those before it; 30,000 unless told. */
  readonly busyTimeout?: number | undefined;
  /** The clock of leases and tags; the system's unless told. */
  readonly clock?: Clock | undefined;
}

/** A new, empty backend. All its connections see the same; nothing outlives the process. Built values are kept in it as well. */
export function memory({ busyTimeout = 30_000, clock = systemClock }: MemoryOptions = {}): Backend {
  let store: Promise<(options?: ConnectOptions) => Connection> | undefined;
  return Object.freeze({
    kind: "memory",
    home: undefined,
    async connect(options) {
      store ??= import("./store.ts").then(({ openStore }) => openStore({ busyTimeout, clock }));
      return (await store)(options);
    },
  } satisfies Backend);
}
