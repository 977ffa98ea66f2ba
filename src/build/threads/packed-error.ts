// Whatever is thrown in one thread, for another: with its message, its stack, its causes and what else it says of itself.

import { isStratigraphError, StratigraphError, type StratigraphErrorJson } from "../../errors.ts";
import { describeThrown } from "../thrown.ts";
import { pack, unpack, type Packed } from "./parcel.ts";

export type PackedError =
  | { readonly kind: "ours"; readonly json: StratigraphErrorJson; readonly stack: string; readonly cause?: PackedError }
  | {
      readonly kind: "error";
      readonly name: string;
      readonly message: string;
      readonly stack: string;
      readonly more: Packed<Readonly<Record<string, unknown>>>;
      readonly cause?: PackedError;
    }
  | { readonly kind: "value"; readonly value: Packed };

/** A chain is cut here: longer ones are circles. */
const DEEPEST = 16;

/** Never throws: what cannot cross is told by its message. */
export function packError(thrown: unknown, depth = 0): PackedError {
  try {
    if (!(thrown instanceof Error)) return { kind: "value", value: pack(thrown, "") };
    const stack = String(thrown.stack);
    const deeper = thrown.cause === undefined || depth >= DEEPEST ? {} : { cause: packError(thrown.cause, depth + 1) };
    if (isStratigraphError(thrown)) {
      // Without its causes, which JSON would make poorer.
      return { kind: "ours", json: thrown.with({ cause: undefined }).toJSON(), stack, ...deeper };
    }
    const { name, message } = thrown;
    return { kind: "error", name: String(name), message: String(message), stack, more: moreOf(thrown), ...deeper };
  } catch {
    return { kind: "value", value: pack(describeThrown(thrown), "") };
  }
}

/** What it has besides the usual, as far as it can cross: `code`, `status`. */
function moreOf(error: Error): Packed<Record<string, unknown>> {
  const more: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(error)) {
    if (name === "name" || name === "message" || name === "stack" || name === "cause") continue;
    try {
      more[name] = pack(value, "").value;
    } catch {
      // Left out: an error that lacks a part is better than another error.
    }
  }
  return pack(more, "");
}

export function unpackError(packed: PackedError): unknown {
  if (packed.kind === "value") return unpack(packed.value);
  const cause = packed.cause === undefined ? undefined : unpackError(packed.cause);
  if (packed.kind === "ours") {
    return withStack(StratigraphError.fromJSON(packed.json).with({ cause }), packed.stack);
  }
  const { name, message, stack, more } = packed;
  const error = new Error(message, packed.cause === undefined ? undefined : { cause });
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  return Object.assign(withStack(error, stack), unpack(more));
}

function withStack<E extends Error>(error: E, stack: string): E {
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return error;
}
