// Runs producers in this process, and keeps it alive whatever they do.

import { AsyncLocalStorage } from "node:async_hooks";
import { StratigraphError } from "../errors.ts";
import { paramValues } from "../graph/params.ts";
import type { Executor, Task } from "./executor.ts";
import { cancelledError, exitedError, failedError, placeOfTask, timeoutError } from "./step-error.ts";

/** A producer at work, as the guards of the process see it. */
interface RunningTask {
  readonly reject: (error: StratigraphError) => void;
  readonly where: string;
}

/** Which task a call of `process.exit` comes from. */
const currentTask = new AsyncLocalStorage<RunningTask>();

/** Milliseconds that a program has to end by itself, be ended, and be waited for; more than `runProgram` takes. */
const ENDING = 3_000;

/** Of all builds in this process: the process has one `exit` and one end. */
const running = new Set<RunningTask>();
let executors = 0;
const realExit = process.exit.bind(process);

/**
 * While a build runs, `process.exit` called from a producer fails that step and ends nothing else.
 * Everywhere else it does what it always does.
 */
function guardedExit(code?: number | string | null): never {
  const task = currentTask.getStore();
  if (task === undefined) return realExit(code);
  const error = exitedError(code, task.where);
  task.reject(error);
  throw error;
}

/** Node is about to end although producers have not answered: nothing is left that could ever wake them. */
function nothingLeft(): void {
  for (const { reject, where } of [...running]) {
    reject(
      new StratigraphError(
        "STEP_UNSETTLED",
        "the producer never answers: it waits for something that cannot happen any more",
        {
          where,
          hint: "Look for a promise that nobody resolves.",
        },
      ),
    );
  }
}

export class LocalExecutor implements Executor {
  constructor() {
    if (executors++ > 0) return;
    process.exit = guardedExit;
    process.on("beforeExit", nothingLeft);
  }

  execute(task: Task, signal: AbortSignal): Promise<unknown> {
    const { producer } = task;
    const where = placeOfTask(task);
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const entry: RunningTask = { reject: settleWith(reject), where };
      let timer = producer.timeout === undefined ? undefined : setTimeout(timeOut, producer.timeout, producer.timeout);
      let verdict: StratigraphError | undefined;
      const cancel = (): void => give(cancelledError(where));
      running.add(entry);
      signal.addEventListener("abort", cancel, { once: true });

      currentTask.run(entry, () => {
        // In a promise callback, so that a producer that throws at once is like one that rejects.
        void Promise.resolve()
          .then(() =>
            producer.build(task.inputs as never, {
              ...(producer.sink ? { idempotencyKey: task.work } : {}),
              params: paramValues(producer),
              key: task.key,
              signal: controller.signal,
              attempt: task.attempt,
              log: (text) => task.tools.log(text),
              progress: (done, total, note) => task.tools.progress(done, total, note),
              temp: () => task.tools.temp(),
              secret: (name) => task.tools.secret(name),
            }),
          )
          .then(
            (result) => (verdict === undefined ? settleWith(resolve)(result) : entry.reject(verdict)),
            (thrown: unknown) => entry.reject(verdict ?? failedError(thrown, where)),
          );
      });

      function timeOut(limit: number): void {
        give(timeoutError(limit, where));
      }

      /** A program is waited for: what it does about the end, such as tidying up, it does before its folder goes and anybody tries again. */
      function give(error: StratigraphError): void {
        verdict ??= error;
        controller.abort(signal.reason);
        if (!producer.program) return entry.reject(verdict);
        clearTimeout(timer);
        timer = setTimeout(entry.reject, ENDING, verdict);
      }

      /** The first to settle wins and cleans up; a producer that answers after its time is not listened to. */
      function settleWith<T>(settle: (value: T) => void): (value: T) => void {
        return (value) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", cancel);
          running.delete(entry);
          settle(value);
        };
      }
    });
  }

  close(): Promise<void> {
    if (--executors === 0) {
      process.off("beforeExit", nothingLeft);
      process.exit = realExit;
    }
    return Promise.resolve();
  }
}
