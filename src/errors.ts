// Every error a user can meet: one class, a stable code, and a sentence that says what, where, expected, received and what to do.

import { traitsOf, type ErrorCode } from "./error-codes.ts";
import { causeFromJson, causeJson, plain, type CauseJson } from "./error-json.ts";

export { errorCodes, type ErrorCode, type ErrorTraits } from "./error-codes.ts";

export interface ErrorDetails {
  /** Where it happened, in the user's words: a file and row, `graph 'spend', producer 'sum-day', input 'days'`. */
  readonly where?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  /** What to do about it, as one imperative sentence. */
  readonly hint?: string | undefined;
  /** What else could be done, likewise. */
  readonly suggestions?: readonly string[] | undefined;
  readonly cause?: unknown;
  /** Plain values a program may want to look at; never secrets. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** What callers said about it on the way up, innermost first. */
  readonly frames?: readonly ErrorFrame[] | undefined;
}

/** What one caller on the way up knew: its own sentence and values. */
export interface ErrorFrame {
  readonly message: string;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
}

/** An error as plain JSON: no stack, no secret. `StratigraphError.fromJSON` reads it. */
export interface StratigraphErrorJson {
  readonly name: "StratigraphError";
  readonly code: ErrorCode;
  readonly message: string;
  readonly what: string;
  readonly where?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly hint?: string | undefined;
  readonly suggestions: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly frames?: readonly ErrorFrame[] | undefined;
  readonly retryable: boolean;
  readonly degradable: boolean;
  readonly httpStatus: number;
  readonly exitCode: number;
  readonly cause?: CauseJson | StratigraphErrorJson | undefined;
}

const MARK = Symbol.for("stratigraph.error");

/** The one error class. `message` is a complete sentence; the parts are also there as fields. */
export class StratigraphError extends Error {
  override readonly name = "StratigraphError";
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** What callers said about it on the way up, innermost first. */
  readonly frames: readonly ErrorFrame[];
  /** The sentence without place, values and hint. */
  readonly what: string;
  readonly #more: readonly string[];

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(sentence(what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.what = what;
    this.where = details.where;
    this.expected = details.expected;
    this.received = details.received;
    this.hint = details.hint;
    this.data = details.data;
    this.frames = details.frames ?? [];
    this.#more = details.suggestions ?? [];
    Object.defineProperty(this, MARK, { value: true });
  }

  /** `data`, and what the frames add to it; the innermost word on a name counts. */
  get context(): Readonly<Record<string, unknown>> {
    const frames = [...this.frames].reverse().map(({ context }) => context ?? {});
    return Object.assign({}, ...frames, this.data) as Record<string, unknown>;
  }

  /** What could be done, the hint first. */
  get suggestions(): readonly string[] {
    return [...new Set([...(this.hint === undefined ? [] : [this.hint]), ...this.#more])];
  }

  /** The same call may succeed when it is made again soon. */
  get retryable(): boolean {
    return traitsOf(this.code).retryable;
  }

  /** A record that could not be written for this reason may wait in the fallback journal. */
  get degradable(): boolean {
    return traitsOf(this.code).degradable;
  }

  /** What a server answers with. */
  get httpStatus(): number {
    return traitsOf(this.code).httpStatus;
  }

  /** What the command line ends with. */
  get exitCode(): number {
    return traitsOf(this.code).exitCode;
  }

  /** The same error with a place put in front of the one it has: callers add what they know on the way up. */
  within(place: string): StratigraphError {
    return this.with({ where: this.where === undefined ? place : `${place}, ${this.where}` });
  }

  /** The same error with some of its parts said otherwise. */
  with(changes: ErrorDetails): StratigraphError {
    const { code, what, where, expected, received, hint, data, cause, frames } = this;
    const suggestions = this.#more;
    const details = { where, expected, received, hint, suggestions, data, cause, frames, ...changes };
    return new StratigraphError(code, what, details);
  }

  /** For logs and other processes: everything but the stack. Values that know how to hide themselves, like `Secret`, do. */
  toJSON(): StratigraphErrorJson {
    const { code, message, what, where, expected, received, hint, suggestions, frames, cause } = this;
    const { retryable, degradable, httpStatus, exitCode } = this;
    return {
      name: "StratigraphError",
      ...{ code, message, what, where, expected, received, hint, suggestions },
      context: plain(this.context) as Record<string, unknown>,
      frames: frames.length === 0 ? undefined : (plain(frames) as ErrorFrame[]),
      ...{ retryable, degradable, httpStatus, exitCode },
      cause: cause === undefined ? undefined : causeJson(cause),
    };
  }

  /** Reads what `toJSON` wrote, with its chain of causes. Error: VALIDATION_FAILED for anything else. */
  static fromJSON(json: unknown): StratigraphError {
    if (!isErrorJson(json)) throw new StratigraphError("VALIDATION_FAILED", "this is not an error as toJSON writes it");
    const { code, what, where, expected, received, hint, suggestions, context, frames, cause } = json;
    return new StratigraphError(code, what, {
      ...{ where, expected, received, hint, suggestions, frames },
      data: Object.keys(context).length === 0 ? undefined : context,
      cause: cause === undefined ? undefined : causeFromJson(cause, isErrorJson, (inner) => this.fromJSON(inner)),
    });
  }
}

/** True for our errors, also when they come from a second copy of the package. */
export function isStratigraphError(error: unknown): error is StratigraphError {
  return typeof error === "object" && error !== null && MARK in error;
}

/**
 * Something that was thrown as an error of ours: one of ours keeps its code and gains `message` and `context` as a frame, anything else
 * becomes the cause of a new error with this code and message.
 */
export function wrapError(
  error: unknown,
  code: ErrorCode,
  message: string,
  context?: Readonly<Record<string, unknown>>,
): StratigraphError {
  if (isStratigraphError(error)) return error.with({ frames: [...error.frames, { message, context }] });
  return new StratigraphError(code, message, { cause: error, data: context });
}

function isErrorJson(json: unknown): json is StratigraphErrorJson {
  if (typeof json !== "object" || json === null) return false;
  const { name, code, what, context } = json as Partial<StratigraphErrorJson>;
  return name === "StratigraphError" && typeof code === "string" && typeof what === "string" && context !== undefined;
}

function sentence(what: string, { where, expected, received, hint }: ErrorDetails): string {
  let text = where === undefined ? what : `${where}: ${what}`;
  if (expected !== undefined) text += `; expected ${expected}`;
  if (received !== undefined) text += `${expected === undefined ? ";" : ","} received ${received}`;
  return hint === undefined ? text : `${text}. ${hint}`;
}
