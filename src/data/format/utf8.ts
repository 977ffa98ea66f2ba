// Bytes as text, where they are text.

import { isUtf8 } from "node:buffer";
import { StratigraphError } from "../../errors.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** UTF-8 without its byte order mark, where there is one. Throws DATA_UNPARSEABLE, with the offset of the first byte that is not UTF-8. */
export function decodeText(bytes: Uint8Array, kind: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    const mark =
      bytes[0] === 0xff && bytes[1] === 0xfe
        ? "UTF-16 (little endian)"
        : bytes[0] === 0xfe && bytes[1] === 0xff
          ? "UTF-16 (big endian)"
          : undefined;
    const offset = firstInvalid(bytes);
    const byte = bytes[offset]?.toString(16).toUpperCase().padStart(2, "0");
    throw new StratigraphError("DATA_UNPARSEABLE", `the ${kind} is not UTF-8 text`, {
      where: `byte ${offset}`,
      expected: "UTF-8",
      received: mark ?? `byte 0x${byte ?? ""}`,
      hint: "Save the file as UTF-8.",
      cause,
    });
  }
}

const encoder = new TextEncoder();

/** Throws DATA_INVALID for half of a surrogate pair, which would become another character. */
export function encodeText(text: string, kind: string): Uint8Array {
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) {
    throw new StratigraphError("DATA_INVALID", `a text holds half of a surrogate pair, which ${kind} cannot hold`);
  }
  return encoder.encode(text);
}

/** Character by character, as this only runs once decoding has failed. */
function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.byteLength) {
    const first = bytes[at] as number;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length > 1 && !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return at;
}
