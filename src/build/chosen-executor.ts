// Gives each task to the executor that its producer asks for; threads are opened with the first that asks for one.

import type { Executor, Task } from "./executor.ts";
import { LocalExecutor } from "./local-executor.ts";
import type { ThreadOptions } from "./threads/thread-executor.ts";

export class ChosenExecutor implements Executor {
  readonly #options: ThreadOptions;
  readonly #local = new LocalExecutor();
  #threads: Promise<Executor> | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  async execute(task: Task, signal: AbortSignal): Promise<unknown> {
    if (task.producer.thread === undefined) return this.#local.execute(task, signal);
    this.#threads ??= openThreads(this.#options);
    return (await this.#threads).execute(task, signal);
  }

  async close(): Promise<void> {
    await this.#local.close();
    const threads = await this.#threads?.catch(() => undefined);
    await threads?.close();
  }
}

async function openThreads(options: ThreadOptions): Promise<Executor> {
  const { openThreadExecutor } = await import("./threads/thread-executor.ts");
  return openThreadExecutor(options);
}
