// One change of facts, from what was given to what was told: the mutation path.

import type { Connection } from "../backend/backend.ts";
import type { Json } from "../backend/records.ts";
import { currentRun } from "../build/run-scope.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { isDegradable } from "../journal/failure.ts";
import type { Intent, JournalKind } from "../journal/intent.ts";
import type { Clock } from "../util/clock.ts";
import { createId } from "../util/id.ts";
import type { EventDraft } from "./applier.ts";
import { submissionOf, type Submission, type Written } from "./commit.ts";
import type { EventBus } from "./event-bus.ts";
import { factsApplier, type Facts } from "./facts.ts";
import type { HookContext, Hooks } from "./hooks.ts";
import type { ChangeRequest, Decision, Receipt, WriteMode } from "./host.ts";
import { parseWith } from "./parse.ts";
import { readerOf } from "./reader.ts";
import type { Sink } from "./sink.ts";

export interface ChangeParts {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly actor: string;
  readonly mode: WriteMode;
  readonly bus: EventBus;
  readonly hooks: Hooks;
  readonly warn: (sentence: string) => void;
  readonly sink: Sink;
}

export async function makeChange<Input, Data, Result>(
  parts: ChangeParts,
  request: ChangeRequest<Input, Data, Result>,
): Promise<Receipt<Result>> {
  const call = new ChangeCall(parts, request);
  const decided = await call.decide();
  return call.behind ? call.submit(decided) : call.write(decided);
}

interface Decided<Input, Data, Result> {
  readonly input: Input;
  readonly decision: Decision<Data, Result>;
}

/** One call of `change`: who, when, in which run, and what was told so far. */
class ChangeCall<Input, Data, Result> {
  readonly #parts: ChangeParts;
  readonly #request: ChangeRequest<Input, Data, Result>;
  readonly #context: Omit<HookContext, "signal" | "resource">;
  readonly #reader: Connection;
  readonly #told: EventDraft[] = [];
  /** Until the input is parsed there is no better name for it. */
  #resource: string;
  readonly behind: boolean;

  constructor(parts: ChangeParts, request: ChangeRequest<Input, Data, Result>) {
    const { clock, connection, sink } = parts;
    this.#parts = parts;
    this.#request = request;
    this.#resource = request.action;
    this.#reader = readerOf(connection);
    const run = currentRun();
    const mode = request.mode ?? parts.mode;
    this.behind = sink.behind !== undefined && (mode === "behind" || (mode === "auto" && run !== undefined));
    this.#context = {
      action: request.action,
      actor: request.actor ?? parts.actor,
      run,
      at: new Date(clock.now()).toISOString(),
      correlation: createId(clock),
      reader: this.#reader,
    };
  }

  async decide(): Promise<Decided<Input, Data, Result>> {
    const { action, schema, hooks } = this.#request;
    try {
      let input = await parseWith(schema, this.#request.input, action);
      this.#resource = this.#request.resource(input);
      if (hooks !== false && this.#parts.hooks.has("pre", action)) {
        input = await parseWith(
          schema,
          await this.#parts.hooks.runPre(input, this.#hookContext()),
          `${action}, after its hooks`,
        );
        this.#resource = this.#request.resource(input);
      }
      const decision = await this.#request.decide(input, {
        connection: this.#reader,
        pending: (journal) => this.#parts.sink.behind?.pending(journal) ?? [],
        tell: (event) => void this.#told.push(event),
        actor: this.#context.actor,
        run: this.#context.run,
        at: this.#context.at,
        correlation: this.#context.correlation,
      });
      return { input, decision };
    } catch (error) {
      await this.#refused(error, this.#told);
      throw error;
    }
  }

  /** Awaited: what fails is thrown to the caller, and nothing is kept for later. */
  async write({ input, decision }: Decided<Input, Data, Result>): Promise<Receipt<Result>> {
    const { sink } = this.#parts;
    let result = decision.result;
    const submission = this.#submission(decision, (applied) => void (result = applied));
    let written: Written;
    try {
      written = await sink.write(submission);
    } catch (error) {
      await this.#refused(error, await refusalOf(submission, error));
      throw error;
    }
    await sink.afterwards(() => this.#tell(written, input, result));
    return { result, committed: Promise.resolve(result), behind: false };
  }

  /** Not awaited: what becomes of it is in the receipt. */
  submit({ input, decision }: Decided<Input, Data, Result>): Receipt<Result> {
    let result = decision.result;
    const submission = this.#submission(decision, (applied) => void (result = applied));
    const committed = new Promise<Result>((resolve, reject) => {
      this.#parts.sink.behind?.submit(submission, {
        written: async (written) => {
          await this.#tell(written, input, result);
          resolve(result);
        },
        failed: async (error, outcome) => {
          if (outcome === "refused") await this.#refused(error, await refusalOf(submission, error));
          else await this.#parts.hooks.runError(error, this.#hookContext());
          reject(error);
        },
      });
    });
    // Whoever wants to know asks; nobody has to.
    committed.catch(() => undefined);
    return { result: decision.result, committed, behind: true };
  }

  #submission(decision: Decision<Data, Result>, applied: (result: Result) => void): Submission {
    const { action, applier, journal, key } = this.#request;
    const intent = this.#intent(journal, action, plain(decision.data), key);
    return submissionOf(
      applier,
      this.#told.length === 0 ? intent : { ...intent, events: plainEvents(this.#told) },
      applied,
    );
  }

  #intent(journal: JournalKind, action: string, data: Json, key = createId(this.#parts.clock)): Intent {
    const { actor, run = "none", at: recordedAt, correlation } = this.#context;
    return { key, journal, action, run, recordedAt, actor, correlation, data };
  }

  async #tell({ events }: Written, input: Input, result: Result): Promise<void> {
    const { bus, hooks, warn } = this.#parts;
    const { action } = this.#context;
    bus.publish(events);
    if (this.#request.hooks === false || !hooks.has("post", action)) return;
    const failures = await hooks.runPost({ data: input, result }, this.#hookContext());
    if (failures.length === 0) return;
    for (const { hook, error } of failures) warn(`the hook '${hook}' after ${action} failed: ${sentenceOf(error)}`);
    await this.#record({
      events: failures.map(({ hook, error }) => ({
        type: "hook.failed",
        subject: this.#resource,
        data: { action, hook, error: sentenceOf(error) },
      })),
      audit: [],
    });
  }

  /** A refusal leaves an audit row, in a transaction of its own; a backend that is down cannot be asked for one. */
  async #refused(error: unknown, events: readonly EventDraft[]): Promise<void> {
    const failed = isDegradable(error);
    const { action } = this.#context;
    // What was given does not even say what was meant: nothing was attempted yet.
    const attempted = this.#resource !== action;
    if (attempted && !(failed && isStratigraphError(error))) {
      await this.#record({
        events: plainEvents(events),
        audit: [
          {
            action,
            resource: this.#resource,
            status: failed ? "failed" : "denied",
            why: sentenceOf(error),
            data: { code: isStratigraphError(error) ? error.code : null },
          },
        ],
      });
    }
    const failures = await this.#parts.hooks.runError(error, this.#hookContext());
    for (const { hook, error: cause } of failures) {
      this.#parts.warn(`the hook '${hook}' after a failure of ${action} failed: ${sentenceOf(cause)}`);
    }
  }

  /** Never fails: it tells of something that was decided already. */
  async #record(facts: Facts): Promise<void> {
    const { bus, warn, sink } = this.#parts;
    const submission = submissionOf(factsApplier, this.#intent("audit", factsApplier.action, plain(facts)));
    await sink.apart(async (outer) => {
      if (this.behind && outer.behind !== undefined) {
        return outer.behind.submit(submission, {
          written: async ({ events }) => bus.publish(events),
          failed: async () => undefined,
        });
      }
      try {
        const { events } = await outer.write(submission);
        bus.publish(events);
      } catch (error) {
        warn(`no row could be written about ${this.#context.action} of ${this.#resource}: ${sentenceOf(error)}`);
      }
    });
  }

  #hookContext(): Omit<HookContext, "signal"> {
    return { ...this.#context, resource: this.#resource };
  }
}

async function refusalOf(submission: Submission, error: unknown): Promise<readonly EventDraft[]> {
  return isStratigraphError(error) && !isDegradable(error) ? submission.refused(error) : [];
}

/** As a journal would keep it, so that an intent means the same now and on a replay. */
function plain(data: unknown): Json {
  if (data === undefined) return null;
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) {
    throw new StratigraphError("RECORD_INVALID", "the data of a change must be plain", { received: typeof data });
  }
  return JSON.parse(text) as Json;
}

function plainEvents(events: readonly EventDraft[]): EventDraft[] {
  return events.map(({ type, subject, data }) => ({ type, subject, data: plain(data) }));
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
