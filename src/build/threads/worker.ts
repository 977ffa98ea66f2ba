// The program of a thread: calls one producer at a time, for as long as the thread lives.

import { systemClock } from "../../util/clock.ts";
import { isStratigraphError } from "../../errors.ts";
import type { BuildContext, ProducerDefinition } from "../../graph/producer.ts";
import { eachPart, type PartsEnd } from "../each-part.ts";
import { insideRun } from "../run-scope.ts";
import { StepTools } from "../step-tools.ts";
import { Secret } from "../../util/secret.ts";
import { findProducer, listenForProducers } from "./find-producer.ts";
import { enterThread, refusedInThread } from "./inside.ts";
import { TAKEN, type FromThread, type Question, type ThreadTask, type ToThread } from "./messages.ts";
import { packError, unpackError } from "./packed-error.ts";
import { pack, unpack } from "./parcel.ts";
import { finishRecords } from "./recorded.ts";

enterThread();
listenForProducers();

let current: ThreadCall | undefined;
const realExit = process.exit.bind(process);
process.exit = (code) => {
  current?.tell({ kind: "exit", code: String(code ?? 0) });
  return realExit(code);
};
process.on("uncaughtException", (thrown) => {
  const refused = refusedInThread();
  if (refused !== undefined) current?.tell({ kind: "refused", error: packError(refused) });
  else if (current !== undefined) current.tell({ kind: "uncaught", error: packError(thrown) });
  // Left over from a call that has ended: nothing waits for it any more, but somebody should know.
  else process.emitWarning(thrown);
});

/** What the pool calls. Everything that is to be said goes through the port of the task. */
export async function run(task: ThreadTask): Promise<void> {
  const call = new ThreadCall(task);
  current = call;
  try {
    await call.run();
  } finally {
    current = undefined;
    call.close();
  }
}

/** What a producer returned, and how a fan-out came to its end. */
interface Returned {
  readonly output: unknown;
  readonly parts: PartsEnd | undefined;
}

class ThreadCall {
  readonly #task: ThreadTask;
  readonly #controller = new AbortController();
  /** Questions that wait for their answers. */
  readonly #open = new Map<number, { resolve(text: string): void; reject(error: unknown): void }>();
  #asked = 0;
  /** Of a partition that cannot be sent. */
  #unsent: unknown;

  constructor(task: ThreadTask) {
    this.#task = task;
    task.port.on("message", (message: ToThread) => this.#hear(message));
  }

  async run(): Promise<void> {
    this.tell({ kind: "loading" });
    let producer: ProducerDefinition;
    try {
      producer = await findProducer(this.#task);
    } catch (error) {
      return this.tell({ kind: "refused", error: packError(refusedInThread() ?? error) });
    }
    this.tell({ kind: "started" });
    let returned: Returned;
    try {
      returned = await this.#call(producer).finally(() => this.#finishRecords());
    } catch (error) {
      return this.tell({ kind: "threw", error: packError(error) });
    }
    if (this.#unsent !== undefined) return this.#tellUnsent(this.#unsent);
    const { output, parts } = returned;
    try {
      this.tell({ kind: "returned", result: pack({ output }, this.#task.where), parts });
    } catch (error) {
      this.#tellUnsent(error);
    }
  }

  /** What structured clone has against it is the producer's failure; what we have is said as it is. */
  #tellUnsent(error: unknown): void {
    this.tell({ kind: isStratigraphError(error) ? "refused" : "threw", error: packError(error) });
  }

  tell(message: FromThread): void {
    this.#task.port.postMessage(message);
  }

  close(): void {
    this.#task.port.close();
  }

  async #finishRecords(): Promise<void> {
    const totals = await finishRecords();
    if (totals !== undefined) this.tell({ kind: "recorded", totals });
  }

  async #call(producer: ProducerDefinition): Promise<Returned> {
    const { step, given, attempt, idempotencyKey, run, scope } = this.#task;
    const { inputs, params, key } = unpack(given);
    // Checks what is told, and thins it out; secrets and folders are those of the build's own tools.
    const tools = new StepTools({
      step,
      home: undefined,
      secrets: undefined,
      emit: (event) => {
        if (event.type === "step-log") this.tell({ kind: "log", text: event.text });
        if (event.type !== "step-progress") return;
        const { done, total, note } = event;
        this.tell({ kind: "progress", done, total, note });
      },
      monotonic: () => systemClock.monotonic(),
    });
    const context = {
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      params,
      key,
      signal: this.#controller.signal,
      attempt,
      log: (text) => tools.log(text),
      progress: (done, total, note) => tools.progress(done, total, note),
      temp: () => this.#ask({ kind: "temp" }),
      secret: async (name) => new Secret(await this.#ask({ kind: "secret", name })),
    } satisfies BuildContext;
    const build = async (): Promise<Returned> => {
      const output = await producer.build(inputs, context);
      if (producer.fanOut === undefined) return { output, parts: undefined };
      const parts = await eachPart(output, context.signal, (partition) => this.#send(partition));
      return { output: parts === "no parts" ? output : undefined, parts };
    };
    return run === undefined ? build() : insideRun(run, build, scope);
  }

  /** Whether the thread of the build has taken it, which is waited for: no more than one is in memory. */
  async #send(partition: unknown): Promise<boolean> {
    let answer: Promise<string>;
    try {
      answer = this.#ask({ kind: "part", part: pack({ partition }, this.#task.where) });
    } catch (error) {
      this.#unsent = error;
      return false;
    }
    return (await answer) === TAKEN;
  }

  /** Throws for what cannot be sent. */
  #ask(question: Question): Promise<string> {
    const id = this.#asked++;
    this.tell({ ...question, id });
    return new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }));
  }

  #hear(message: ToThread): void {
    if (message.kind === "abort") return this.#abort();
    const question = this.#open.get(message.id);
    this.#open.delete(message.id);
    if (message.kind === "answer") question?.resolve(message.text);
    else question?.reject(unpackError(message.error));
  }

  /** Nobody answers any more. */
  #abort(): void {
    this.#controller.abort();
    for (const question of this.#open.values()) question.reject(this.#controller.signal.reason);
    this.#open.clear();
  }
}
