// Which failures are worth another attempt, and which records may wait in the journal.

import { isStratigraphError } from "../errors.ts";

/** Network failures as Node names them; a connection that was refused or cut may be taken the next time. */
const NETWORK: ReadonlySet<string> = new Set([
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_SOCKET",
]);

/** Whether the same call may succeed when it is made again soon: a busy database, a network, a time that ran out. */
export function isRetryable(error: unknown): boolean {
  if (isStratigraphError(error))
    return error.retryable || (error.code === "BACKEND_FAILED" && isNetworkFailure(error.cause));
  return isNetworkFailure(error) || (error instanceof Error && isNetworkFailure(error.cause));
}

/**
 * Whether a record whose write failed like this may wait in the journal while the work goes on. Refusals of ours never; what a backend
 * throws that is none of our errors is its failing, so always.
 */
export function isDegradable(error: unknown): boolean {
  return isStratigraphError(error) ? error.degradable : true;
}

function isNetworkFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, name } = error as Error & { readonly code?: unknown };
  return name === "TimeoutError" || (typeof code === "string" && NETWORK.has(code));
}
