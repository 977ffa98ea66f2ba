// Hooks: functions of the user's that run before a change, and may alter or forbid it, or after it, and may not.

import type { RunId } from "../backend/records.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Reader } from "./reader.ts";

/**
 * What hooks of each action get, as `{ data, result }`: its input as it was parsed, and what came of it. Open: the module that has an
 * action says it here, see registry/hook-data.ts.
 */
export interface HookTypes {}

/** The known actions that "model.promote" or "model.*" stands for. "*" stands for those of plugins as well, so for none that is known. */
type Known<Action extends string> = Action extends `${infer Group}.*`
  ? Extract<keyof HookTypes, `${Group}.${string}`>
  : Extract<keyof HookTypes, Action>;

type Typed<Action extends string> = [Known<Action>] extends [never] ? unknown : HookTypes[Known<Action>];

/** What hooks of this action get; of several actions what any of them gets. */
export type DataOf<Action extends string> = Typed<Action> extends { readonly data: infer Data } ? Data : unknown;
/** What came of it. */
export type ResultOf<Action extends string> =
  Typed<Action> extends { readonly result: infer Result } ? Result : unknown;

export interface HookContext {
  readonly action: string;
  /** "model:team/churn@1.2.0". */
  readonly resource: string;
  readonly actor: string;
  readonly run: RunId | undefined;
  readonly at: string;
  readonly correlation: string;
  /** Reads what is stored; writes are refused. */
  readonly reader: Reader;
  /** Aborted when the hook's time is over. */
  readonly signal: AbortSignal;
}

export type PreHook<Data = unknown> = (data: Data, context: HookContext) => unknown;

/** What a hook after a change gets. */
export interface Outcome<Data = unknown, Result = unknown> {
  readonly data: Data;
  readonly result: Result;
}

export type PostHook<Data = unknown, Result = unknown> = (
  outcome: Outcome<Data, Result>,
  context: HookContext,
) => unknown;
export type ErrorHook = (error: unknown, context: HookContext) => unknown;

export interface Retry {
  /** Which call of the backend. */
  readonly call: string;
  /** 1 for the first repetition. */
  readonly attempt: number;
  /** Milliseconds until then. */
  readonly delay: number;
  readonly error: unknown;
}

export type RetryHook = (retry: Retry) => unknown;

export interface HookOptions {
  /** Lower ones run first; 100 unless told. Equal ones in the order they were registered. */
  readonly priority?: number | undefined;
  /** Milliseconds it may take; 30,000 unless told. */
  readonly timeout?: number | undefined;
  /** For messages; the function's own name unless told. */
  readonly name?: string | undefined;
}

/** One hook that failed after a change. */
export interface HookFailure {
  readonly hook: string;
  readonly error: unknown;
}

interface Entry {
  readonly action: string;
  readonly name: string;
  readonly priority: number;
  readonly timeout: number;
  readonly order: number;
  readonly call: (value: unknown, context: HookContext) => unknown;
}

type Kind = "pre" | "post" | "error";

/** `action` is one of a module's ("model.register"), "model.*" or "*". Each call answers the function that takes the hook away again. */
export class Hooks {
  readonly #entries: Record<Kind, Entry[]> = { pre: [], post: [], error: [] };
  readonly #retries = new Set<RetryHook>();
  readonly #warn: (sentence: string) => void;
  #order = 0;

  constructor(options: { readonly warn: (sentence: string) => void }) {
    this.#warn = options.warn;
  }

  /**
   * Runs before anything is decided or written. What it answers takes the place of the data, and is checked as the caller's own was; if
   * it answers nothing the data stays. What it throws forbids the change: HOOK_VETO with it as the cause, nothing is written.
   */
  pre<const Action extends string>(action: Action, hook: PreHook<DataOf<Action>>, options?: HookOptions): () => void {
    return this.#add("pre", action, hook.name, (data, context) => hook(data as DataOf<Action>, context), options);
  }

  /** Runs once the change is durable. A failure is told as `hook.failed` and warned about; the change stands and its call resolves. */
  post<const Action extends string>(
    action: Action,
    hook: PostHook<DataOf<Action>, ResultOf<Action>>,
    options?: HookOptions,
  ): () => void {
    const call = (outcome: unknown, context: HookContext): unknown =>
      hook(outcome as Outcome<DataOf<Action>, ResultOf<Action>>, context);
    return this.#add("post", action, hook.name, call, options);
  }

  /** Runs when a change fails or is refused, with the error the caller gets; cannot alter it. */
  onError(action: string, hook: ErrorHook, options?: HookOptions): () => void {
    return this.#add("error", action, hook.name, hook, options);
  }

  /** Called before each repetition of a failed call of the backend. */
  onRetry(hook: RetryHook): () => void {
    this.#retries.add(hook);
    return () => void this.#retries.delete(hook);
  }

  /** For the mutation path: the data as the hooks before the change leave it. Errors: HOOK_VETO, HOOK_TIMEOUT. */
  async runPre(data: unknown, context: Omit<HookContext, "signal">): Promise<unknown> {
    let current = data;
    for (const entry of this.#matching("pre", context.action)) {
      try {
        current = (await this.#run(entry, current, context)) ?? current;
      } catch (cause) {
        if (isStratigraphError(cause) && cause.code === "HOOK_TIMEOUT") throw cause;
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new StratigraphError("HOOK_VETO", `the hook '${entry.name}' said no: ${reason}`, {
          where: `${context.action} of ${context.resource}`,
          cause,
          data: { hook: entry.name, action: context.action },
        });
      }
    }
    return current;
  }

  /** For the mutation path: all hooks after the change; answers those that failed. */
  async runPost(outcome: Outcome, context: Omit<HookContext, "signal">): Promise<readonly HookFailure[]> {
    return this.#runAll("post", outcome, context);
  }

  /** For the mutation path: all hooks after a failure. */
  async runError(error: unknown, context: Omit<HookContext, "signal">): Promise<readonly HookFailure[]> {
    return this.#runAll("error", error, context);
  }

  /** For the mutation path. */
  runRetry(retry: Retry): void {
    for (const hook of this.#retries) {
      const failed = (error: unknown): void => this.#warn(`a hook of retries failed: ${String(error)}`);
      try {
        void Promise.resolve(hook(retry)).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Whether any would run; changes without hooks wait for nothing. */
  has(kind: Kind, action: string): boolean {
    return this.#entries[kind].some((entry) => covers(entry.action, action));
  }

  async #runAll(kind: Kind, value: unknown, context: Omit<HookContext, "signal">): Promise<readonly HookFailure[]> {
    const failures: HookFailure[] = [];
    for (const entry of this.#matching(kind, context.action)) {
      try {
        await this.#run(entry, value, context);
      } catch (error) {
        failures.push({ hook: entry.name, error });
      }
    }
    return failures;
  }

  #matching(kind: Kind, action: string): readonly Entry[] {
    return this.#entries[kind].filter((entry) => covers(entry.action, action));
  }

  /** Raced against its time: a hook that never answers must not hold up what it hooks into. */
  async #run(entry: Entry, value: unknown, context: Omit<HookContext, "signal">): Promise<unknown> {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new StratigraphError("HOOK_TIMEOUT", `the hook '${entry.name}' took too long`, {
          where: `${context.action} of ${context.resource}`,
          expected: `an answer within ${entry.timeout} ms`,
          data: { hook: entry.name, action: context.action },
        });
        controller.abort(error);
        reject(error);
      }, entry.timeout);
    });
    try {
      const work = Promise.resolve().then(() => entry.call(value, { ...context, signal: controller.signal }));
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #add(
    kind: Kind,
    action: string,
    functionName: string,
    call: Entry["call"],
    { priority = 100, timeout = 30_000, name }: HookOptions = {},
  ): () => void {
    const entries = this.#entries[kind];
    const fallback = functionName === "" ? `${kind} hook of ${action}` : functionName;
    const entry: Entry = { action, name: name ?? fallback, priority, timeout, order: this.#order++, call };
    entries.push(entry);
    entries.sort((a, b) => a.priority - b.priority || a.order - b.order);
    return () => {
      const at = entries.indexOf(entry);
      if (at !== -1) entries.splice(at, 1);
    };
  }
}

function covers(pattern: string, action: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? action.startsWith(pattern.slice(0, -1)) : pattern === action;
}
