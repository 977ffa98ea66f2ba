// Bytes that are checked against what was recorded while they are read: whoever reads them to the end reads exactly those, or is told.

import { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { createDigest, type Digest } from "../util/digest.ts";
import type { Content } from "./content.ts";
import type { ByteSource } from "./format/format.ts";
import type { OpenBytes } from "./open-bytes.ts";

/** How bytes that are not the recorded ones are refused. */
export type Refusal = (received: Content) => StratigraphError;

/** What a piece is made into, rows above all, should be forgotten while it is young: four times as much takes 70 MB more, and no less time. */
const PIECE = 64 * 1024;

/**
 * One pass over bytes. What is given out is not verified yet: `verify` reads what nobody asked for, and only then says whether all of it was
 * right. Nothing may be kept of a pass before that.
 */
export class VerifiedBytes implements ByteSource {
  readonly size: number;
  readonly #bytes: OpenBytes;
  readonly #expected: Content;
  readonly #refuse: Refusal;
  readonly #digest: Digest;
  #position = 0;
  /** Bytes were read out of order: nothing of that is in the digest. */
  #scattered = false;
  #turn: Promise<unknown> = Promise.resolve();
  #verdict: Promise<void> | undefined;

  constructor(bytes: OpenBytes, expected: Content, refuse: Refusal) {
    this.#bytes = bytes;
    this.#expected = expected;
    this.#refuse = refuse;
    this.size = bytes.size;
    this.#digest = createDigest({ sha256: expected.digest !== undefined });
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      this.#checkOpen();
      const piece = await this.#next();
      if (piece === undefined) return;
      yield piece;
    }
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    this.#checkOpen();
    this.#scattered = true;
    return this.#bytes.read(start, end);
  }

  /** Throws what `refuse` makes. Ends the pass, and closes what it read. */
  verify(): Promise<void> {
    return (this.#verdict ??= this.#verify().finally(() => this.#bytes.close()));
  }

  close(): void {
    // Not under a read that is on its way.
    this.#verdict ??= Promise.resolve();
    void this.#turn.finally(() => this.#bytes.close());
  }

  /** A reader that was left behind must not read from a descriptor that may be another file's by now. */
  #checkOpen(): void {
    if (this.#verdict === undefined) return;
    throw new StratigraphError("STEP_FAILED", "an input was read after its step was over", {
      hint: "Await what the producer reads before it returns.",
    });
  }

  async #verify(): Promise<void> {
    if (this.#bytes.size === this.#expected.size) while ((await this.#next()) !== undefined);
    const { hash, size, sha256: digest } = this.#digest.finish();
    const received = { fingerprint: hash as Fingerprint, size: Math.max(size, this.#bytes.size), digest };
    const { fingerprint, size: wanted, digest: wantedDigest } = this.#expected;
    const same = received.fingerprint === fingerprint && received.size === wanted && digest === wantedDigest;
    // What was read out of order was read by other reads than those in the digest: the file must not have moved in between.
    if (same && !(this.#scattered && this.#bytes.unchanged() === "no")) return;
    throw this.#refuse(received);
  }

  /** One at a time, also where an abandoned reader is still waiting for a piece. */
  #next(): Promise<Uint8Array | undefined> {
    const next = this.#turn.then(async () => {
      const piece = await this.#bytes.read(this.#position, this.#position + PIECE);
      if (piece.byteLength === 0) return undefined;
      this.#position += piece.byteLength;
      this.#digest.update(piece);
      return piece;
    });
    this.#turn = next.catch(() => {});
    return next;
  }
}
