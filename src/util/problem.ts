// An error as an HTTP API answers it: problem details as RFC 9457 has them.

import { isErrorCode, traitsOf, type ErrorCode } from "../error-codes.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { systemClock } from "./clock.ts";
import { createId } from "./id.ts";

/** Sent as `application/problem+json`. Source: RFC 9457, section 3; `code`, `details` and `correlation` are extensions. */
export interface Problem {
  /** `urn:stratigraph:error:<code>`, in lower case with hyphens. */
  readonly type: string;
  /** The code's sentence: the same for every error of the code. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  /** This error's own sentence. */
  readonly detail: string;
  readonly code: ErrorCode | "INTERNAL";
  /** Plain values, like which field is wrong and why. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly suggestions?: readonly string[];
  /** The same text is in the line that was logged. */
  readonly correlation: string;
}

export interface ProblemOptions {
  /** What the log line and the answer share; a new id unless told. */
  readonly correlation?: string | undefined;
  /** Takes one line per error that is not ours, with its stack; standard error unless told. */
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * The answer for an error, or for a code with a message. What is not an error of ours becomes a 500 that tells nothing of its inside:
 * that goes to the log, under the same correlation.
 */
export function toErrorResponse(
  error: unknown,
  { correlation = createId(systemClock), log = logLine }: ProblemOptions = {},
): Problem {
  const known = asError(error);
  if (known === undefined) {
    log(`${correlation} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return {
      type: "about:blank",
      title: "Internal error.",
      status: 500,
      detail: "Something went wrong inside; the correlation finds it in the log.",
      code: "INTERNAL",
      details: {},
      correlation,
    };
  }
  const { code, message, suggestions, context, httpStatus } = known.toJSON();
  return {
    type: `urn:stratigraph:error:${code.toLowerCase().replaceAll("_", "-")}`,
    title: traitsOf(code).sentence,
    status: httpStatus,
    detail: message,
    code,
    details: context,
    ...(suggestions.length === 0 ? {} : { suggestions }),
    correlation,
  };
}

function asError(error: unknown): StratigraphError | undefined {
  if (isStratigraphError(error)) return error;
  if (typeof error !== "object" || error === null || error instanceof Error) return undefined;
  const { code, message, details } = error as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  if (typeof code !== "string" || typeof message !== "string" || !isErrorCode(code)) return undefined;
  return new StratigraphError(code, message, { data: details });
}

function logLine(line: string): void {
  process.stderr.write(`${line}\n`);
}
