// Outputs that are written row by row while their producer makes them: under a temporary name, hashed and checked on the way.

import type { Content } from "../data/content.ts";
import { encodeRows } from "../data/rows.ts";
import type { Accumulator, Statistics } from "../data/statistics/statistics.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { DeclaredArtifact } from "../graph/artifact.ts";
import { SINGLE } from "../graph/output.ts";
import type { BuildContext, ProducerDefinition } from "../graph/producer.ts";
import { createDigest } from "../util/digest.ts";
import type { DurableFile } from "../util/durable-file.ts";
import { showValue } from "../util/show.ts";

/** All rows of one output, which has no name yet. */
export class WrittenRows {
  readonly content: Content;
  readonly file: DurableFile | undefined;
  /** Where there is no file: the bytes. */
  readonly bytes: Uint8Array | undefined;
  readonly statistics: Statistics | undefined;
  constructor(
    content: Content,
    file: DurableFile | undefined,
    bytes: Uint8Array | undefined,
    statistics: Statistics | undefined,
  ) {
    this.content = content;
    this.file = file;
    this.bytes = bytes;
    this.statistics = statistics;
  }
}

/** Our own refusal of what a producer gave, carried past whoever calls producers and takes all they throw for theirs. */
export class RowsRefused {
  readonly error: StratigraphError;
  constructor(error: StratigraphError) {
    this.error = error;
  }
}

/** Where the rows of a slot go. */
export interface RowTarget {
  readonly artifact: DeclaredArtifact;
  /** For messages. */
  readonly where: string;
  readonly sha256: boolean;
  /** `undefined`: they are gathered in memory, for storages that take whole bytes. */
  create(): Promise<DurableFile> | undefined;
  /** Throws for a row that must not be stored, because it holds a secret. */
  refuse?(row: unknown): void;
  /** Takes every row as it was given, after it was checked. */
  readonly statistics?: Accumulator | undefined;
}

/**
 * The producer with its streamed outputs written while it runs: an `async *build` is at work until its last row, so its time limit, its
 * retries and its cancellation count until then.
 */
export function writingRows(producer: ProducerDefinition, target: (slot: string) => RowTarget): ProducerDefinition {
  if (producer.streamed.size === 0) return producer;
  const { single, streamed } = producer;
  return {
    ...producer,
    async build(inputs, context) {
      const returned = await producer.build(inputs, context);
      if (!single && (typeof returned !== "object" || returned === null)) return returned; // told where outputs are counted
      const written: Record<string, unknown> = single ? { [SINGLE]: returned } : { ...(returned as object) };
      try {
        for (const slot of streamed) {
          if (slot in written) written[slot] = await writeRows(written[slot], target(slot), context);
        }
      } catch (error) {
        discardRows(written);
        if (error instanceof Refusal) return new RowsRefused(error.error);
        throw error;
      }
      return single ? written[SINGLE] : written;
    },
  };
}

/** Leaves nothing of what was written for a step that failed after all. */
export function discardRows(returned: unknown): void {
  if (returned instanceof WrittenRows) returned.file?.discard();
  else if (typeof returned === "object" && returned !== null) {
    for (const value of Object.values(returned)) if (value instanceof WrittenRows) value.file?.discard();
  }
}

/** Ours, not the producer's: see `RowsRefused`. */
class Refusal extends Error {
  readonly error: StratigraphError;
  constructor(error: StratigraphError) {
    super(error.message);
    this.error = error;
  }
}

async function writeRows(given: unknown, target: RowTarget, { signal }: BuildContext): Promise<WrittenRows> {
  const { artifact, where, sha256, statistics } = target;
  const rows = rowIterator(given, where);
  const encoder = encodeRows(artifact, where);
  const digest = createDigest({ sha256 });
  const gathered: Uint8Array[] = [];
  const file = await ours(async () => target.create());
  // At once, also while a producer that does not listen is still thinking about its next row.
  const giveUp = (): void => file?.discard();
  signal.addEventListener("abort", giveUp, { once: true });
  const take = async (bytes: Uint8Array | undefined): Promise<void> => {
    if (bytes === undefined || bytes.byteLength === 0) return;
    digest.update(bytes);
    if (file === undefined) gathered.push(bytes);
    else await file.write(bytes);
  };
  let ended = false;
  try {
    for (;;) {
      const step = rows.next();
      const next = step instanceof Promise ? await step : step;
      signal.throwIfAborted();
      if (next.done === true) break;
      const row: unknown = next.value;
      // Most rows fill no piece: those cost no promise.
      const ready = refusing(() => {
        target.refuse?.(row);
        return encoder.add(row);
      });
      if (ready !== undefined) await ours(async () => take(await ready));
      statistics?.add(row);
    }
    ended = true;
    await ours(async () => {
      await take(encoder.end());
      await file?.finish();
    });
  } catch (error) {
    file?.discard();
    // A producer whose rows nobody wants any more may close what it has open; what it says then changes nothing.
    if (!ended) void Promise.resolve(rows.return?.()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  const { hash, size, sha256: checksum } = digest.finish();
  const content = { fingerprint: hash as Fingerprint, size, digest: checksum };
  return new WrittenRows(content, file, file === undefined ? Buffer.concat(gathered) : undefined, statistics?.finish());
}

type RowIterator = Pick<AsyncIterator<unknown>, "next" | "return"> | Pick<Iterator<unknown>, "next" | "return">;

function rowIterator(given: unknown, where: string): RowIterator {
  if (typeof given === "object" && given !== null) {
    if (Symbol.asyncIterator in given) return (given as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in given) return (given as Iterable<unknown>)[Symbol.iterator]();
  }
  throw new Refusal(
    new StratigraphError("STEP_OUTPUT_INVALID", "the producer did not return rows", {
      where,
      expected: "an async iterable or iterable of rows, as async *build gives",
      received: showValue(given),
    }),
  );
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isStratigraphError(error) ? new Refusal(error) : error;
  }
}

async function ours<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isStratigraphError(error) ? new Refusal(error) : error;
  }
}
