// What a failed write means: try again, keep for later, or tell the caller at once. The codes say it, see src/error-codes.ts.

export { isDegradable, isRetryable } from "../util/transient.ts";
