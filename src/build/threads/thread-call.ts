// One call of a producer in another thread, as the thread of the build sees it: what it says, how it ends, and when it is given up.

import { realpathSync } from "node:fs";
import { MessageChannel, receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import type { Piscina as Pool } from "piscina";
import { shownPath } from "../../code/frames.ts";
import { StratigraphError } from "../../errors.ts";
import { paramValues } from "../../graph/params.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { Task } from "../executor.ts";
import type { PartWriter } from "../part-output.ts";
import { currentRun, currentStep } from "../run-scope.ts";
import { cancelledError, exitedError, failedError, placeOfTask, timeoutError } from "../step-error.ts";
import { describeThrown } from "../thrown.ts";
import { TAKEN, type FromThread, type Question, type ThreadTask, type ToThread } from "./messages.ts";
import { packError, unpackError } from "./packed-error.ts";
import { pack, unpack } from "./parcel.ts";
import { threadRecords } from "./recorded.ts";

export interface CallOptions {
  readonly code: Fingerprint;
  readonly home: string | undefined;
  readonly signal: AbortSignal;
}

/** Milliseconds that loading a module may take: one that waits for ever would hold up the build for ever. */
const LOAD_TIME = 60_000;
/** Milliseconds that a producer has after its signal was aborted; then its thread is ended, whatever it does. */
const GRACE = 250;

export class ThreadCall {
  /** What the producer returns. Errors: see `Executor`. */
  readonly answer: Promise<unknown>;
  /** Its thread is free, or gone. */
  readonly over: Promise<void>;
  readonly #task: Task;
  readonly #where: string;
  readonly #port: MessagePort;
  readonly #parts: PartWriter | undefined;
  readonly #kill = new AbortController();
  /** Before the producer is called: the time for loading. Then: its own. Then: what is left to it. */
  #timer: NodeJS.Timeout | undefined;
  #arrived = false;
  #settled = false;
  /** Said by the producer's thread; counts when that is free, so that the next call finds it free. */
  #end: (() => void) | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  /** Error: THREAD_REFUSED for what cannot be sent. */
  constructor(pool: Pool, task: Task, options: CallOptions) {
    this.#task = task;
    this.#where = placeOfTask(task);
    this.#parts = task.producer.fanOut === undefined ? undefined : task.parts!();
    const { port1, port2 } = new MessageChannel();
    const message = messageOf(task, options, port2, this.#where);
    this.#port = port1;
    port1.on("message", (said: FromThread) => this.#hear(said));
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = options;
    const cancel = (): void => this.#giveUp(cancelledError(this.#where));
    signal.addEventListener("abort", cancel, { once: true });
    this.over = pool
      .run(message, { transferList: [port2], signal: this.#kill.signal })
      .then(
        () => this.#hearTheRest(),
        (error: unknown) => {
          this.#hearTheRest();
          this.#end ??= () => this.#fail(endedError(error, this.#where));
        },
      )
      .finally(() => {
        signal.removeEventListener("abort", cancel);
        clearTimeout(this.#timer);
        port1.close();
        if (!this.#settled) this.#end?.();
      });
    if (signal.aborted) cancel();
  }

  /** A thread has ended that no call was in. */
  lostThread(error: unknown): void {
    if (this.#arrived) return;
    this.#fail(endedError(error, this.#where));
    this.#kill.abort();
  }

  #hear(said: FromThread): void {
    const { tools, producer } = this.#task;
    // Given up: the time it still has is not for being heard.
    if (this.#settled && said.kind !== "recorded") return;
    switch (said.kind) {
      case "loading":
        this.#arrived = true;
        return this.#allow(LOAD_TIME, () => loadingError(this.#where));
      case "started": {
        const { timeout } = producer;
        return timeout === undefined
          ? clearTimeout(this.#timer)
          : this.#allow(timeout, () => timeoutError(timeout, this.#where));
      }
      case "log":
        return tools.log(said.text);
      case "progress":
        return tools.progress(said.done, said.total, said.note);
      case "temp":
      case "secret":
      case "part":
        return void this.#answer(said.id, said);
      case "recorded":
        return threadRecords.add(said.totals);
      case "returned":
        this.#end = () => this.#resolve(this.#resultOf(said));
        return;
      case "threw":
        this.#end = () => this.#fail(failedError(unpackError(said.error), this.#where));
        return;
      case "refused":
        // It may be loading on, where the module did not take it as an error.
        return this.#giveUp(unpackError(said.error));
      case "exit":
        return this.#fail(exitedError(said.code, this.#where));
      case "uncaught":
        this.#fail(failedError(unpackError(said.error), this.#where));
        return this.#kill.abort();
    }
  }

  /** What was said before the end may come after it: it takes another way. */
  #hearTheRest(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#hear(next.message as FromThread);
    }
  }

  async #answer(id: number, question: Question): Promise<void> {
    try {
      this.#say({ kind: "answer", id, text: await this.#answerTo(question) });
    } catch (error) {
      this.#say({ kind: "refusal", id, error: packError(error) });
    }
  }

  async #answerTo(question: Question): Promise<string> {
    const { tools } = this.#task;
    if (question.kind === "temp") return tools.temp();
    if (question.kind === "secret") return (await tools.secret(question.name)).reveal();
    return (await this.#parts!.take(unpack(question.part).partition)) ? TAKEN : "refused";
  }

  #resultOf({ result, parts }: Extract<FromThread, { readonly kind: "returned" }>): unknown {
    const { output } = unpack(result);
    return parts === undefined ? output : this.#parts!.end(parts, output);
  }

  #say(message: ToThread): void {
    this.#port.postMessage(message);
  }

  #allow(time: number, error: () => StratigraphError): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUp(error()), time);
  }

  /** Tells the producer, and ends its thread where it does not end by itself. */
  #giveUp(error: unknown): void {
    this.#fail(error);
    this.#say({ kind: "abort" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#kill.abort(), GRACE);
  }

  /** The first to settle wins; a producer that answers after its time is not listened to. */
  #fail(error: unknown): void {
    if (!this.#settled) this.#reject(error);
    this.#settled = true;
  }
}

function messageOf(
  { step, producer, inputs, key, attempt, work }: Task,
  { code, home }: CallOptions,
  port: MessagePort,
  where: string,
): ThreadTask {
  const { files } = producer.thread!.site;
  return {
    port,
    step,
    where,
    files,
    load: loadable(files, where),
    code,
    home,
    given: pack({ inputs, params: paramValues(producer), key }, where),
    attempt,
    idempotencyKey: producer.sink ? work : undefined,
    run: currentRun(),
    scope: currentStep(),
  };
}

/** Without the script that was started: a thread that loads it would do once more whatever it does. */
function loadable(files: readonly string[], where: string): readonly string[] {
  const script = startedScript();
  if (files[0] !== script) return files.filter((file) => file !== script);
  throw new StratigraphError("THREAD_REFUSED", "a thread cannot load the script that was started", {
    where,
    received: shownPath(script!, process.cwd()),
    hint: "Declare the producer in a module of its own, which the script imports.",
  });
}

function startedScript(): string | undefined {
  const [, script] = process.argv;
  if (script === undefined) return undefined;
  try {
    return realpathSync(script);
  } catch {
    return script; // typed in, or gone
  }
}

function loadingError(where: string): StratigraphError {
  return new StratigraphError("THREAD_REFUSED", "the module that declares the producer never finishes loading", {
    where,
    expected: `loaded within ${LOAD_TIME / 1000} s`,
    hint: "Look for an await at its top level.",
  });
}

function endedError(error: unknown, where: string): StratigraphError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    return new StratigraphError("STEP_FAILED", "the thread of the producer ran out of memory", {
      where,
      hint: "Work on less at a time, or give Node more: NODE_OPTIONS=--max-old-space-size=8192.",
      cause: error,
    });
  }
  return new StratigraphError("STEP_FAILED", `the producer cannot run in its thread: ${describeThrown(error)}`, {
    where,
    cause: error,
  });
}
