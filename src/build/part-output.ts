// What a fan-out makes, written while its producer gives it: partition by partition, so that no more than one is in memory.

import { contentOf, encodeValue } from "../data/io.ts";
import type { Content } from "../data/content.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { MadeKey } from "../graph/fan-out.ts";
import type { GraphCall } from "../graph/graph.ts";
import type { ProducerDefinition } from "../graph/producer.ts";
import { encodeKey, type KeyText } from "../identity/partition-key.ts";
import { showValue } from "../util/show.ts";
import { eachPart, type PartsEnd } from "./each-part.ts";
import type { AnyKey } from "./partition-set.ts";
import { placeText } from "./place.ts";
import { inspectPart, type Inspected } from "./quality.ts";
import { RowsRefused } from "./row-output.ts";
import { outputPlace } from "./step-outputs.ts";

/** The step that parts are of, and where they go. */
export interface PartTarget {
  readonly call: GraphCall;
  /** The step's own. */
  readonly key: AnyKey;
  readonly keyText: KeyText;
  readonly sha256: boolean;
  /** Throws for what must not be stored, because it holds a secret. */
  refuse?(given: unknown): void;
  store(key: AnyKey, keyText: KeyText, bytes: Uint8Array): Promise<StoredPart>;
}

export interface StoredPart {
  readonly storage: string;
  readonly location: string;
  /** Where nothing but the backend keeps the bytes. */
  readonly value: Uint8Array | undefined;
}

export interface WrittenPart extends StoredPart {
  readonly keyText: KeyText;
  readonly content: Content;
  readonly inspected: Inspected;
}

/** All partitions that one step made, in the order of their keys; they are nobody's before the step is committed. */
export class WrittenParts {
  readonly keys: readonly MadeKey[];
  readonly parts: readonly WrittenPart[];
  constructor(keys: readonly MadeKey[], parts: readonly WrittenPart[]) {
    this.keys = keys;
    this.parts = parts;
  }
}

/** The producer with what it fans out written while it runs; any other as it is. */
export function writingParts(producer: ProducerDefinition, open: () => PartWriter): ProducerDefinition {
  if (producer.fanOut === undefined) return producer;
  return {
    ...producer,
    async build(inputs, context) {
      const writer = open();
      const given = await producer.build(inputs, context);
      return writer.end(await eachPart(given, context.signal, (part) => writer.take(part)), given);
    },
  };
}

/** Gives each attempt of a step a writer of its own. */
export function partWriters(target: () => PartTarget): () => PartWriter {
  let writer: PartWriter | undefined;
  return () => (writer = new PartWriter(target(), writer));
}

/** Takes the partitions of one attempt. */
export class PartWriter {
  readonly #target: PartTarget;
  readonly #made = new Map<KeyText, { readonly line: MadeKey; readonly part: WrittenPart }>();
  #writing: Promise<unknown> | undefined;
  #refused: StratigraphError | undefined;

  constructor(target: PartTarget, before: PartWriter | undefined) {
    this.#target = target;
    // An attempt that was given up may still be writing, to the same places.
    this.#writing = before === undefined ? undefined : before.#writing;
  }

  /** False where it cannot be taken. */
  async take(given: unknown): Promise<boolean> {
    await this.#writing?.catch(() => {});
    try {
      await (this.#writing = this.#write(given));
      return true;
    } catch (error) {
      if (!isStratigraphError(error)) throw error;
      this.#refused = error;
      return false;
    }
  }

  /** `given`: what the producer returned, where there were no partitions in it. */
  end(end: PartsEnd, given?: unknown): WrittenParts | RowsRefused {
    if (end === "taken") return this.#finish();
    return new RowsRefused(this.#refused ?? this.#invalid("the producer did not return partitions", given));
  }

  #finish(): WrittenParts {
    // So that the list says the same in whatever order they came.
    const made = [...this.#made].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    return new WrittenParts(
      made.map(({ line }) => line),
      made.map(({ part }) => part),
    );
  }

  #invalid(what: string, received: unknown): StratigraphError {
    const { call, keyText } = this.#target;
    return new StratigraphError("STEP_OUTPUT_INVALID", what, {
      where: `producer '${call.producer.name}', ${placeText(call.parts!.node.key, keyText)}`,
      expected: `{ key: { ${call.producer.fanOut!.over.join(", ")} }, value } for each`,
      received: showValue(received),
    });
  }

  async #write(given: unknown): Promise<void> {
    const { call, key: stepKey, sha256 } = this.#target;
    const { node } = call.parts!;
    this.#target.refuse?.(given);
    const { key, value } = this.#partOf(given);
    const whole = { ...stepKey, ...key };
    const keyText = this.#keyText(whole);
    const place = outputPlace(call, node, keyText);
    if (this.#made.has(keyText)) {
      throw new StratigraphError("STEP_OUTPUT_INVALID", "this partition was given twice", {
        where: place,
        hint: "Gather what belongs together before it is given.",
      });
    }
    const bytes = await encodeValue(node.artifact, value, place);
    const content = contentOf(bytes, { sha256 });
    const stored = await this.#target.store(whole, keyText, bytes);
    const inspected = await inspectPart(node, call.producer, keyText, bytes);
    this.#made.set(keyText, {
      line: { key, content: content.fingerprint },
      part: { keyText, content, ...stored, inspected },
    });
  }

  #partOf(given: unknown): { readonly key: AnyKey; readonly value: unknown } {
    const { over } = this.#target.call.producer.fanOut!;
    const part = Object(given) as { readonly key?: unknown; readonly value?: unknown };
    if (typeof part.key !== "object" || part.key === null || !("value" in part)) {
      throw this.#invalid("this is not a partition", given);
    }
    const extra = Object.keys(part.key).find((name) => !over.includes(name));
    if (extra !== undefined) throw this.#invalid(`dimension '${extra}' is not the producer's to say`, part.key);
    return part as { readonly key: AnyKey; readonly value: unknown };
  }

  #keyText(key: AnyKey): KeyText {
    const { call } = this.#target;
    try {
      return encodeKey(call.parts!.node.artifact.dimensions, key);
    } catch (error) {
      throw isStratigraphError(error) ? error.within(`producer '${call.producer.name}'`) : error;
    }
  }
}
