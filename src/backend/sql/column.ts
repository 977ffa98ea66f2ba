// The one place where our values become columns and columns become our values.

import type { Fingerprint } from "../../identity/fingerprint.ts";

/** Fingerprints are stored as bytes: half the size of their text. Selected with `lower(hex(…))`. */
export function toBytes(fingerprint: Fingerprint): Uint8Array {
  return Buffer.from(fingerprint, "hex");
}

export function toOptionalBytes(hex: string | undefined): Uint8Array | undefined {
  return hex === undefined ? undefined : Buffer.from(hex, "hex");
}

/** For columns of a unique key, in which NULL would differ from NULL: no fingerprint is no bytes. */
export function toKeyBytes(fingerprint: Fingerprint | undefined): Uint8Array {
  return fingerprint === undefined ? NO_BYTES : Buffer.from(fingerprint, "hex");
}

const NO_BYTES = new Uint8Array();

/** `lower(hex(NULL))` and `lower(hex(x''))` are both the empty text. */
export function fromHex<Hex extends string = Fingerprint>(hex: string): Hex | undefined {
  return hex === "" ? undefined : (hex as Hex);
}

export function fromNull<T>(value: T | null): T | undefined {
  return value ?? undefined;
}

/** Drivers give subclasses that compare as something else. */
export function fromBytes(bytes: Uint8Array | null): Uint8Array | undefined {
  return bytes === null ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A list as the text that `json_each` takes apart: one parameter however long the list is. A row of several columns is one text with
 * the columns of fixed width first, cut by `substr`, which is faster than JSON inside JSON.
 */
export function toJsonList(list: readonly (string | number)[]): string {
  return JSON.stringify(list);
}

/** A whole number in 16 digits, read by `CAST(substr(…) AS INTEGER)`. */
export function pad(number: number): string {
  return String(number).padStart(16, "0");
}
