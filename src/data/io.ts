// Values to bytes and back: schema and format together, and whether bytes are the ones that were recorded.

import { $ZodAsyncError, config, safeParse, safeParseAsync, util, type $ZodIssue, type $ZodType, type ParsePayload } from "zod/v4/core"; // prettier-ignore
import { isStratigraphError, StratigraphError, type ErrorCode } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { createDigest, hashBytes } from "../util/digest.ts";
import type { Content } from "./content.ts";
import type { Format } from "./format/format.ts";
import { describeIssues } from "./issues.ts";

/** What is needed of an artifact to write and read its values. */
export interface Encoding {
  readonly schema: $ZodType;
  readonly format: Format;
}

/**
 * A value as bytes. It is parsed to find out whether it fits, and written as it was given, so that a schema with transforms needs no inverse.
 * A promise only where the schema has asynchronous checks. Throws DATA_INVALID.
 */
export function encodeValue(encoding: Encoding, value: unknown, where: string): Uint8Array | Promise<Uint8Array> {
  return parse(encoding, value, where, () => within(where, () => encoding.format.encode(value)));
}

/** The value that bytes hold, parsed by the schema. A promise only where the schema has asynchronous checks. Throws DATA_UNPARSEABLE and DATA_INVALID. */
export function decodeValue(encoding: Encoding, bytes: Uint8Array, where: string): unknown {
  const value = within(where, () => encoding.format.decode(bytes));
  return parse(encoding, value, where, (parsed) => parsed);
}

export function contentOf(bytes: Uint8Array, options: { readonly sha256?: boolean | undefined } = {}): Content {
  if (options.sha256 !== true)
    return { fingerprint: hashBytes(bytes) as Fingerprint, size: bytes.byteLength, digest: undefined };
  const digest = createDigest({ sha256: true });
  digest.update(bytes);
  const { hash, size, sha256 } = digest.finish();
  return { fingerprint: hash as Fingerprint, size, digest: sha256 };
}

/**
 * Throws unless the bytes are the ones that were recorded, by size, fingerprint and, where one was taken, SHA-256.
 * `code`: SOURCE_CHANGED for bytes that are not ours; DATA_DAMAGED unless told.
 */
export function verifyContent(
  bytes: Uint8Array,
  expected: Content,
  where: string,
  code: Extract<ErrorCode, "DATA_DAMAGED" | "SOURCE_CHANGED"> = "DATA_DAMAGED",
): void {
  const received =
    bytes.byteLength === expected.size ? contentOf(bytes, { sha256: expected.digest !== undefined }) : undefined;
  if (received?.fingerprint === expected.fingerprint && received.digest === expected.digest) return;
  throw new StratigraphError(
    code,
    code === "SOURCE_CHANGED" ? "the data is not what the snapshot found" : "the data is not what was written",
    {
      where,
      expected: describeContent(expected, received),
      received: received === undefined ? `${bytes.byteLength} bytes` : describeContent(received, expected),
      hint:
        code === "SOURCE_CHANGED"
          ? "Build again, so that the new data is found."
          : "Build again: what is damaged is made anew.",
      data: { expected, received },
    },
  );
}

// ---------------------------------------------------------------------------------------------------------------------

function parse<T>(
  { schema, format }: Encoding,
  value: unknown,
  where: string,
  next: (parsed: unknown) => T,
): T | Promise<T> {
  const settle = (result: Parsed): T => {
    if (result.success) return next(result.data);
    throw describeIssues(result.error.issues, value, format, where);
  };
  const failed = (error: unknown): never => {
    throw threw(error, where);
  };
  let result: Parsed | Promise<Parsed>;
  try {
    result = run(schema, value);
  } catch (error) {
    return failed(error);
  }
  return result instanceof Promise ? result.catch(failed).then(settle) : settle(result);
}

type Parsed = { success: true; data: unknown } | { success: false; error: { readonly issues: readonly $ZodIssue[] } };

const kinds = new WeakMap<$ZodType, "synchronous" | "asynchronous">();

/**
 * Synchronous parsing is several times faster, but a schema only says that it is asynchronous by being so: asked synchronously, zod
 * starts the check, throws, and leaves a promise behind whose rejection would end the process. So a schema is run in the mode that
 * allows both until a value has passed all of it.
 */
function run(schema: $ZodType, value: unknown): Parsed | Promise<Parsed> {
  switch (kinds.get(schema)) {
    case "synchronous":
      try {
        return safeParse(schema, value);
      } catch (error) {
        if (!isAsyncError(error)) throw error;
        kinds.set(schema, "asynchronous");
        return safeParseAsync(schema, value);
      }
    case "asynchronous":
      return safeParseAsync(schema, value);
    case undefined: {
      const context = { async: true };
      const finish = ({ issues, value: data }: ParsePayload): Parsed => {
        if (issues.length === 0) return { success: true, data };
        return {
          success: false,
          error: { issues: issues.map((issue) => util.finalizeIssue(issue, context, config())) },
        };
      };
      const payload = schema._zod.run({ value, issues: [] }, context);
      if (!(payload instanceof Promise)) {
        if (payload.issues.length === 0) kinds.set(schema, "synchronous");
        return finish(payload);
      }
      kinds.set(schema, "asynchronous");
      return payload.then(finish);
    }
  }
}

/** By name as well: the user's zod may be another copy than ours. */
function isAsyncError(error: unknown): boolean {
  return error instanceof $ZodAsyncError || (error instanceof Error && error.constructor.name === "$ZodAsyncError");
}

function threw(cause: unknown, where: string): StratigraphError {
  const what =
    cause instanceof RangeError
      ? "the value is nested too deeply for its schema"
      : "a check or transform in the schema threw an error";
  return new StratigraphError("DATA_INVALID", what, {
    where,
    received: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isStratigraphError(error) ? error.within(where) : error;
  }
}

function describeContent({ fingerprint, size, digest }: Content, other?: Content): string {
  // Equal fingerprints: then it is the SHA-256 that differs, and telling the fingerprint would say nothing.
  const same = other?.fingerprint === fingerprint && digest !== undefined;
  return same ? `SHA-256 ${digest}` : `${fingerprint} of ${size} bytes`;
}
