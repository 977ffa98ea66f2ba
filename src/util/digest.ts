// Two XXH64 lanes and, when asked, SHA-256 of bytes, texts and streams, in one pass.

import { createHash } from "node:crypto";
import xxhash from "xxhash-wasm";
import { StratigraphError } from "../errors.ts";
import { counters } from "./counters.ts";

// The only await here: everything below is synchronous, so a fingerprint never needs a promise.
const wasm = await xxhash();

/** The seed of each lane. One lane of 64 bits would reach a 2.7 % chance of a collision at 10^9 values, two never matter. */
const SEED_0 = 0n;
const SEED_1 = 0x9e3779b97f4a7c15n;

/** The one-shot call copies its input into WebAssembly memory, which never shrinks: larger input goes through in pieces. */
const ONE_SHOT_LIMIT = 4 * 1024 * 1024;
/** Small enough for the copy of a piece to stay in the second-level cache while both lanes read it. */
const PIECE = 256 * 1024;

export interface Digest {
  /** Takes the next bytes; the array may be reused as soon as this returns. */
  update(bytes: Uint8Array): void;
  /** Ends the digest; call it once. */
  finish(): DigestResult;
}

export interface DigestResult {
  /** 32 lower-case hex characters: lane 0, then lane 1, each big-endian. */
  readonly hash: string;
  /** Bytes taken in. */
  readonly size: number;
  /** 64 lower-case hex characters, where asked for. */
  readonly sha256: string | undefined;
}

/** Both lanes of the text's UTF-8 bytes, as 32 hex characters. Throws VALUE_NOT_ENCODABLE for a lone surrogate, which has no UTF-8. */
export function hashText(text: string): string {
  if (!isWellFormed(text)) {
    throw new StratigraphError(
      "VALUE_NOT_ENCODABLE",
      "the text holds half of a surrogate pair and so has no UTF-8 form",
    );
  }
  if (text.length > PIECE) return hashLongText(text);
  // 3 bytes is the most that one UTF-16 unit becomes.
  if (scratch.length < 3 * text.length) scratch = new Uint8Array(3 * text.length);
  const { written } = encoder.encodeInto(text, scratch);
  return hashBytes(scratch.subarray(0, written));
}

/** Both lanes of the bytes, as 32 hex characters. */
export function hashBytes(bytes: Uint8Array): string {
  if (bytes.byteLength > ONE_SHOT_LIMIT) {
    const digest = createDigest();
    digest.update(bytes);
    return digest.finish().hash;
  }
  counters.bytesHashed += bytes.byteLength;
  return hex(wasm.h64Raw(bytes, SEED_0)) + hex(wasm.h64Raw(bytes, SEED_1));
}

/** A digest to be fed piece by piece, in constant memory. SHA-256 is taken only when asked for. */
export function createDigest(options: { readonly sha256?: boolean | undefined } = {}): Digest {
  const lane0 = wasm.create64(SEED_0);
  const lane1 = wasm.create64(SEED_1);
  const sha256 = options.sha256 === true ? createHash("sha256") : undefined;
  let size = 0;
  return {
    update(bytes) {
      for (let start = 0; start < bytes.byteLength; start += PIECE) {
        const piece = bytes.byteLength <= PIECE ? bytes : bytes.subarray(start, start + PIECE);
        lane0.update(piece);
        lane1.update(piece);
        sha256?.update(piece);
      }
      size += bytes.byteLength;
      counters.bytesHashed += bytes.byteLength;
    },
    finish: () => ({ hash: hex(lane0.digest()) + hex(lane1.digest()), size, sha256: sha256?.digest("hex") }),
  };
}

const encoder = new TextEncoder();
let scratch = new Uint8Array(4096);

function hashLongText(text: string): string {
  const digest = createDigest();
  const buffer = new Uint8Array(PIECE);
  for (let start = 0; start < text.length;) {
    // Never stops inside a surrogate pair, and a slice of a long string is a view, not a copy.
    const { read, written } = encoder.encodeInto(text.slice(start, start + PIECE), buffer);
    digest.update(buffer.subarray(0, written));
    start += read;
  }
  return digest.finish().hash;
}

/** Fixed width: dropping leading zeros would give 6.9 % of all values another length. */
function hex(lane: bigint): string {
  return lane.toString(16).padStart(16, "0");
}

// Node has it since 20.0; TypeScript's library for es2023 does not know it yet.
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
