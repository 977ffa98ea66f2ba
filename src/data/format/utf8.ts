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
    throw notText(kind, offset, bytes[offset], mark, cause);
  }
}

const plainDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The same for bytes that come in pieces: no character is cut in two. */
export async function* decodePieces(pieces: AsyncIterable<Uint8Array>, kind: string): AsyncGenerator<string> {
  let before = 0;
  let held = new Uint8Array();
  for await (const piece of pieces) {
    const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
    const whole = bytes.length - cutCharacter(bytes);
    const text = decodePiece(bytes.subarray(0, whole), before, kind);
    before += whole;
    held = Uint8Array.from(bytes.subarray(whole));
    if (text !== "") yield text;
  }
  if (held.length > 0) yield decodePiece(held, before, kind);
}

function decodePiece(bytes: Uint8Array, before: number, kind: string): string {
  if (before === 0) return decodeText(bytes, kind);
  try {
    return plainDecoder.decode(bytes);
  } catch (cause) {
    const offset = firstInvalid(bytes);
    throw notText(kind, before + offset, bytes[offset], undefined, cause);
  }
}

/** How many bytes at the end begin a character that goes on in the next piece. */
function cutCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? back : 0;
  }
  return 0;
}

function notText(
  kind: string,
  offset: number,
  byte: number | undefined,
  mark: string | undefined,
  cause: unknown,
): StratigraphError {
  return new StratigraphError("DATA_UNPARSEABLE", `the ${kind} is not UTF-8 text`, {
    where: `byte ${offset}`,
    expected: "UTF-8",
    received: mark ?? `byte 0x${byte?.toString(16).toUpperCase().padStart(2, "0") ?? ""}`,
    hint: "Save the file as UTF-8.",
    cause,
  });
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
