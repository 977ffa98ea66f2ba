// Values to bytes and back: schema and format together, and whether bytes are the ones that were recorded.

import { $ZodAsyncError, config, safeParse, safeParseAsync, util, type $ZodIssue, type $ZodType, type ParsePayload } from "zod/v4/core"; // prettier-ignore
import { isStratigraphError, StratigraphError, type ErrorCode } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { createDigest, hashBytes } from "../util/digest.ts";
import type { Content } from "./content.ts";
import type { Format } from "./format/format.ts";
import { describeIssues } from "./issues.ts";
import { isChosen, type RowValidation } from "./row-sample.ts";
import { rowSchemaOf } from "./row-schema.ts";

/** What is needed of an artifact to write and read its values. */
export interface Encoding {
  readonly schema: $ZodType;
  readonly format: Format;
  /** Which rows are parsed; all unless told. */
  readonly validate?: RowValidation | undefined;
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
  if (!(value instanceof Promise)) return parse(encoding, value, where, (parsed) => parsed);
  return value
    .catch((error: unknown) => {
      throw isStratigraphError(error) ? error.within(where) : error;
    })
    .then((decoded) => parse(encoding, decoded, where, (parsed) => parsed));
}

/** A value that never was bytes, as the schema parses what bytes hold. Throws DATA_INVALID. */
export function parseValue(encoding: Encoding, value: unknown, where: string): unknown {
  return parse(encoding, value, where, (parsed) => parsed);
}

/** The row as its schema parses it. A promise only where the schema has asynchronous checks. Throws DATA_INVALID, naming the row. */
export type RowParser = (row: unknown, index: number) => unknown;

/** For rows one by one; each is parsed, or, where only a sample is, taken as it is. */
export function rowParser({ format, validate }: Encoding, row: $ZodType, where: string): RowParser {
  const describe = (issues: readonly $ZodIssue[], value: unknown, index: number): StratigraphError =>
    describeIssues(
      issues.map((issue) => ({ ...issue, path: [index, ...issue.path] })),
      { [index]: value },
      format,
      where,
    );
  return (value, index) =>
    validate === undefined || isChosen(validate, index)
      ? settled(
          row,
          value,
          where,
          (issues) => describe(issues, value, index),
          (parsed) => parsed,
        )
      : value;
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
  throw contentError(received ?? { size: bytes.byteLength }, expected, where, code);
}

/** The error for bytes that are not the recorded ones. `received`: their size alone where it is another. */
export function contentError(
  received: Content | { readonly size: number },
  expected: Content,
  where: string,
  code: Extract<ErrorCode, "DATA_DAMAGED" | "SOURCE_CHANGED">,
): StratigraphError {
  const known = "fingerprint" in received && received.size === expected.size ? received : undefined;
  return new StratigraphError(
    code,
    code === "SOURCE_CHANGED" ? "the data is not what the snapshot found" : "the data is not what was written",
    {
      where,
      expected: describeContent(expected, known),
      received: known === undefined ? `${received.size} bytes` : describeContent(known, expected),
      hint:
        code === "SOURCE_CHANGED"
          ? "Build again, so that the new data is found."
          : "Build again: what is damaged is made anew.",
      data: { expected, received: known },
    },
  );
}

// ---------------------------------------------------------------------------------------------------------------------

function parse<T>(encoding: Encoding, value: unknown, where: string, next: (parsed: unknown) => T): T | Promise<T> {
  const { schema, format, validate } = encoding;
  if (validate !== undefined && validate.rows !== "all" && Array.isArray(value)) {
    const rows = rowSchemaOf(schema);
    if (typeof rows === "object") {
      checkRowCount(value.length, rows, where);
      return parseRows(value, rowParser(encoding, rows.row, where), next);
    }
  }
  return settled(schema, value, where, (issues) => describeIssues(issues, value, format, where), next);
}

/** Throws DATA_INVALID. */
export function checkRowCount(count: number, { fewest, most }: { fewest: number; most: number }, where: string): void {
  if (count >= fewest && count <= most) return;
  throw new StratigraphError("DATA_INVALID", "the value does not fit the schema", {
    where,
    expected: fewest === most ? `${most} rows` : count < fewest ? `at least ${fewest} rows` : `at most ${most} rows`,
    received: `${count} rows`,
  });
}

function parseRows<T>(value: unknown[], parser: RowParser, next: (parsed: unknown) => T): T | Promise<T> {
  const parsed = value.map(parser);
  return parsed.some((row) => row instanceof Promise) ? Promise.all(parsed).then(next) : next(parsed);
}

function settled<T>(
  schema: $ZodType,
  value: unknown,
  where: string,
  refuse: (issues: readonly $ZodIssue[]) => StratigraphError,
  next: (parsed: unknown) => T,
): T | Promise<T> {
  const settle = (result: Parsed): T => {
    if (result.success) return next(result.data);
    throw refuse(result.error.issues);
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
