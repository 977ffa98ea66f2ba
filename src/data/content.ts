// What bytes are, whoever holds them: fingerprint, size and, where taken, SHA-256.

import type { Fingerprint } from "../identity/fingerprint.ts";

export interface Content {
  readonly fingerprint: Fingerprint;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 as 64 hex characters. */
  readonly digest?: string | undefined;
}
