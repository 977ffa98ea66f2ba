// Fingerprint: the identity of something's meaningful inputs, as 32 hex characters.

import { StratigraphError } from "../errors.ts";
import type { Brand } from "../util/brand.ts";
import { hashBytes, hashText } from "../util/digest.ts";
import { showValue } from "../util/show.ts";

/** 128 bits as 32 lower-case hex characters: XXH64 under two seeds. An identity among parties who mean well, no protection against malice. */
export type Fingerprint = Brand<string, "Fingerprint">;

/** Names the way fingerprints are computed. Whoever keeps fingerprints keeps this beside them and never compares across two. */
export const fingerprintAlgorithm = "xxh64x2";

export function isFingerprint(text: unknown): text is Fingerprint {
  return typeof text === "string" && /^[0-9a-f]{32}$/.test(text);
}

/** The text as a fingerprint. Throws FINGERPRINT_INVALID when it is not 32 lower-case hex characters. */
export function parseFingerprint(text: string): Fingerprint {
  if (isFingerprint(text)) return text;
  throw new StratigraphError("FINGERPRINT_INVALID", "this is not a fingerprint", {
    expected: "32 lower-case hex characters",
    received: showValue(text),
  });
}

/** The fingerprint of a text's UTF-8 bytes, as they are: NFC and NFD forms differ. For more than one text, seal a manifest: concatenation is ambiguous. */
export function fingerprintText(text: string): Fingerprint {
  return hashText(text) as Fingerprint;
}

export function fingerprintBytes(bytes: Uint8Array): Fingerprint {
  return hashBytes(bytes) as Fingerprint;
}
