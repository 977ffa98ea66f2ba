// Whatever a producer throws, as bounded text: users throw strings, frozen objects and errors that contain themselves.

import { cutText } from "../util/cut-text.ts";

const MOST_CHARACTERS = 64 * 1024;

/** The message of an error, or the value itself as text; never throws, never longer than 64 KiB. */
export function describeThrown(thrown: unknown): string {
  return bounded(() => {
    if (thrown instanceof Error || hasMessage(thrown)) return String(thrown.message) || nameOf(thrown);
    if (typeof thrown === "string") return thrown;
    if (typeof thrown === "object" && thrown !== null)
      return JSON.stringify(thrown) ?? Object.prototype.toString.call(thrown);
    return String(thrown);
  });
}

/** The user's own stack, where there is one. */
export function stackOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return undefined;
  return bounded(() => thrown.stack!);
}

function hasMessage(value: unknown): value is { message: unknown; name?: unknown } {
  return typeof value === "object" && value !== null && "message" in value;
}

function nameOf(error: { name?: unknown }): string {
  return typeof error.name === "string" ? error.name : "an error without a message";
}

function bounded(describe: () => string): string {
  try {
    return cutText(describe(), MOST_CHARACTERS);
  } catch {
    return "a value that cannot be shown";
  }
}
