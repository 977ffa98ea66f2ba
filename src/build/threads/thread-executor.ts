// Runs producers in threads of their own, so that one that computes without waiting holds up nothing else: neither other steps nor heartbeats.

import { fileURLToPath } from "node:url";
import type { FixedQueue as Queue, Piscina as Pool } from "piscina";
import { followCode } from "../../code/follow.ts";
import { StratigraphError } from "../../errors.ts";
import type { ProducerDefinition } from "../../graph/producer.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { Executor, Task } from "../executor.ts";
import { ThreadCall } from "./thread-call.ts";

export interface ThreadOptions {
  /** The state folder. */
  readonly home: string | undefined;
}

/** A thread runs what was built, also for tests of the sources: Node 20 loads none. */
const PROGRAM = import.meta.url.endsWith(".js") ? "worker.js" : "../../../dist/build/threads/worker.js";

/** Error: PACKAGE_MISSING. */
export async function openThreadExecutor(options: ThreadOptions): Promise<ThreadExecutor> {
  const { Piscina, FixedQueue } = await import("piscina").catch(missing);
  return new ThreadExecutor(options, openPool(Piscina, FixedQueue));
}

class ThreadExecutor implements Executor {
  readonly #home: string | undefined;
  readonly #pool: Pool;
  readonly #calls = new Set<ThreadCall>();

  constructor({ home }: ThreadOptions, pool: Pool) {
    this.#home = home;
    this.#pool = pool;
    // A thread that ends with no call in it: those that wait for one would wait for ever.
    pool.on("error", (error: unknown) => {
      for (const call of this.#calls) call.lostThread(error);
    });
  }

  async execute(task: Task, signal: AbortSignal): Promise<unknown> {
    const call = new ThreadCall(this.#pool, task, { code: this.#codeOf(task.producer), home: this.#home, signal });
    this.#calls.add(call);
    void call.over.then(() => this.#calls.delete(call));
    return call.answer;
  }

  /** Waits for calls that were given up, which have a moment left, and ends all threads. */
  async close(): Promise<void> {
    await Promise.all([...this.#calls].map(({ over }) => over));
    await this.#pool.destroy();
  }

  #codeOf({ name, thread }: ProducerDefinition): Fingerprint {
    const version = thread!;
    if (version.known === undefined) followCode([{ name, version }], { home: this.#home, make: false });
    return version.known!.manifest.fingerprint;
  }
}

function openPool(Piscina: typeof Pool, FixedQueue: typeof Queue): Pool {
  return new Piscina({
    filename: fileURLToPath(new URL(PROGRAM, import.meta.url)),
    name: "run",
    // One for each step that the schedule lets run: a call that waited in the pool for one that is given up would wait for ever.
    minThreads: 0,
    maxThreads: Number.MAX_SAFE_INTEGER,
    // They end with the build, and keep the modules they have loaded until then.
    idleTimeout: Infinity,
    // Blocked by `Atomics.wait`, a thread would not get on with what a producer has left running.
    atomics: "disabled",
    // Pools would share the standard one.
    taskQueue: new FixedQueue(),
    recordTiming: false,
  });
}

function missing(cause: unknown): never {
  throw new StratigraphError("PACKAGE_MISSING", "the package 'piscina' is needed for producers that run in threads", {
    hint: 'Run `npm install piscina`, or leave out executor: "threads".',
    cause,
  });
}
