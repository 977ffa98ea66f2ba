// What a failed write means: try again, keep for later, or tell the caller at once. The one place that decides it.

import { isStratigraphError, type ErrorCode } from "../errors.ts";

/** The place to write to is to blame, not what was written: such a record is kept in the fallback journal. */
const degradable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BACKEND_BUSY",
  "BACKEND_CORRUPT",
  "BACKEND_FULL",
  "BACKEND_READ_ONLY",
  "BACKEND_NEWER",
  "BACKEND_MISSING",
  "BACKEND_MISSING_DRIVER",
  "BACKEND_UNSUPPORTED",
  "BACKEND_FAILED",
  "BACKEND_TIMEOUT",
  "CONNECTION_CLOSED",
  "CIRCUIT_OPEN",
  "STORAGE_FULL",
  "STORAGE_READ_ONLY",
  "STORAGE_FAILED",
  "TRANSACTION_INVALID",
]);

/** The same call may well succeed in a moment. */
const retryable: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["BACKEND_BUSY", "BACKEND_TIMEOUT"]);

const networkErrors: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EPIPE",
  "EAI_AGAIN",
  "ENETDOWN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ENOTFOUND",
]);

/**
 * True where the backend failed, so that a record waits in the fallback journal and the work goes on. False for what is never degraded:
 * credentials, gates, hooks, conflicts, validation, configuration. An error that is not ours came from a driver, and so is a failure.
 */
export function isDegradable(error: unknown): boolean {
  return isStratigraphError(error) ? degradable.has(error.code) : true;
}

/** True where trying again may help: a lock, a time limit, the network. */
export function isRetryable(error: unknown): boolean {
  if (isStratigraphError(error)) {
    return retryable.has(error.code) || (error.code === "BACKEND_FAILED" && isNetworkError(error.cause));
  }
  return isNetworkError(error);
}

function isNetworkError(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return typeof error.code === "string" && networkErrors.has(error.code);
}
