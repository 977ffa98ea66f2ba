// What every backend refuses before it reads or writes anything.

import { StratigraphError } from "../errors.ts";
import { parseFingerprint, type Fingerprint } from "../identity/fingerprint.ts";
import { showValue } from "../util/show.ts";

/** A name longer than this is a mistake, and more than some database's index can hold. UTF-16 units. */
const LONGEST_NAME = 1024;

/** Any text that can be stored everywhere: no NUL (some databases end there, some refuse it), no half surrogate pair (it has no UTF-8). */
export function checkText(text: string, what: string): void {
  if (typeof text !== "string") throw invalid(what, "a text", text);
  if (!text.includes("\0") && (text as string & { isWellFormed(): boolean }).isWellFormed()) return;
  throw new StratigraphError("TEXT_INVALID", `the ${what} holds a character that cannot be stored`, {
    expected: "well-formed Unicode without NUL",
    received: showValue(text),
  });
}

export function checkOptionalText(text: string | undefined, what: string): void {
  if (text !== undefined) checkText(text, what);
}

export function checkTextRecord(record: Readonly<Record<string, string>>, what: string): void {
  for (const [name, text] of Object.entries(record)) {
    checkText(name, `name of a ${what}`);
    checkText(text, what);
  }
}

/** A text that people type and compare by eye: also not empty, not overlong, NFC, and without characters that cannot be seen. */
export function checkName(name: string, what: string): void {
  checkText(name, what);
  if (isPlainName(name)) return;
  throw new StratigraphError("TEXT_INVALID", `the ${what} is not a name`, {
    expected: `1 to ${LONGEST_NAME} characters of NFC text, none of them control or direction marks`,
    received: showValue(name),
  });
}

function isPlainName(name: string): boolean {
  // Nearly all names end here, without the cost of the Unicode tables.
  if (/^[ -~]{1,1024}$/.test(name)) return true;
  return (
    name.length > 0 &&
    name.length <= LONGEST_NAME &&
    !/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(name) &&
    name === name.normalize("NFC")
  );
}

export function checkFingerprint(fingerprint: Fingerprint, what: string): void {
  try {
    parseFingerprint(fingerprint);
  } catch (error) {
    throw error instanceof StratigraphError ? error.within(what) : error;
  }
}

export function checkOptionalFingerprint(fingerprint: Fingerprint | undefined, what: string): void {
  if (fingerprint !== undefined) checkFingerprint(fingerprint, what);
}

export function checkFingerprints(fingerprints: readonly Fingerprint[], what: string): void {
  for (const fingerprint of fingerprints) checkFingerprint(fingerprint, what);
}

/** Whole, not negative, and exact in every database and in JavaScript. */
export function checkCount(number: number, what: string): void {
  if (Number.isSafeInteger(number) && number >= 0 && !Object.is(number, -0)) return;
  throw invalid(what, "a whole number from 0 to 2^53 - 1", number);
}

export function checkPartitionIds(ids: readonly number[]): void {
  for (const id of ids) checkCount(id, "partition id");
}

/** An amount of milliseconds: finite, not negative, may have a fraction. */
export function checkDuration(duration: number, what: string): void {
  if (typeof duration === "number" && duration >= 0 && duration <= Number.MAX_SAFE_INTEGER) return;
  throw invalid(what, "a number of milliseconds that is not negative", duration);
}

/** An ISO time with its zone: without one, where it was written would decide what it means. */
export function checkTime(time: string, what: string): void {
  checkText(time, what);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(time) && !Number.isNaN(Date.parse(time)))
    return;
  throw invalid(what, "an ISO time with zone, as in 2026-01-02T03:04:05.678Z", time);
}

export function checkOptionalTime(time: string | undefined, what: string): void {
  if (time !== undefined) checkTime(time, what);
}

export function checkOneOf(value: string, values: readonly string[], what: string): void {
  if (!values.includes(value)) throw invalid(what, values.map((one) => `'${one}'`).join(" or "), value);
}

/** SHA-256 as hex. */
export function checkDigest(digest: string | undefined, what: string): void {
  if (digest === undefined || (typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest))) return;
  throw invalid(what, "64 lower-case hex characters", digest);
}

export function checkBytes(bytes: Uint8Array | undefined, what: string): void {
  if (bytes !== undefined && !(bytes instanceof Uint8Array)) throw invalid(what, "bytes", bytes);
}

export function invalid(what: string, expected: string, received: unknown): StratigraphError {
  return new StratigraphError("RECORD_INVALID", `the ${what} cannot be stored`, {
    expected,
    received: showValue(received),
  });
}
