// What a step reads, in the view its producer wants, and whether all that was read were the recorded bytes.

import { rmSync } from "node:fs";
import type { StoredPartition } from "../backend/records.ts";
import type { OpenBytes } from "../data/open-bytes.ts";
import type { VerifiedBytes } from "../data/verified-bytes.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { GraphNode, ProducedNode } from "../graph/graph.ts";
import type { ViewKind } from "../graph/view.ts";
import { openPartition, partitionPlace } from "./open-partition.ts";
import { temporaryCopy } from "./temporary-copy.ts";
import { readPartitionBytes, storageOf, type Workspace } from "./workspace.ts";
import { decodeWritten, readWrittenRows, type WrittenForm } from "./written.ts";

/** Bytes of a produced partition were missing or changed when a step wanted to read them. */
export class InputDamaged extends Error {
  readonly node: ProducedNode;
  readonly partition: StoredPartition;
  readonly problem: "missing" | "damaged";
  constructor(node: ProducedNode, partition: StoredPartition, problem: "missing" | "damaged") {
    super(`${node.key}[${partition.key}] is ${problem}`);
    this.node = node;
    this.partition = partition;
    this.problem = problem;
  }
}

/** A pass over a partition, or a file that was handed out: `verify` says, after the producer is done, whether the bytes were right. */
interface Reading {
  verify(): Promise<void>;
  close(): void;
}

/**
 * The inputs of one step. A view hands bytes to a producer before all of them are verified, so nothing a producer made may be kept before
 * `settle` has said that they were right: it is asked between the producer's end and the writing of names.
 */
export class StepInputs implements Disposable {
  readonly #workspace: Workspace;
  readonly #heals: boolean;
  readonly #readings = new Set<Reading>();
  /** The first thing that went wrong with an input: it counts also where the producer caught it and went on. */
  #problem: { readonly error: unknown } | undefined;
  #over = false;

  /** `damage`: whether what is damaged can be built again, and so is an `InputDamaged`, or the error is the end of it. */
  constructor(workspace: Workspace, damage: "healed" | "final") {
    this.#workspace = workspace;
    this.#heals = damage === "healed";
  }

  /**
   * What `build` receives of a partition: a value fresh from its verified bytes, or a view of them. `form`: how it was written, where that is
   * not as the artifact is declared; bytes and files are as they are.
   */
  async view(node: GraphNode, partition: StoredPartition, view: ViewKind, form?: WrittenForm): Promise<unknown> {
    switch (view) {
      case "value":
        return this.#value(node, partition, form);
      case "bytes":
        return this.#bytes(node, partition);
      case "lazy":
        return () => this.#noting(node, partition, () => this.#value(node, partition, form));
      case "stream":
        return { [Symbol.asyncIterator]: () => this.#rows(node, partition, form) };
      case "file":
        return this.#noting(node, partition, () => this.#file(node, partition));
    }
  }

  /** Throws the first thing that was wrong with what was read, as the reason before whatever the producer made of it. */
  async settle(): Promise<void> {
    this.#over = true;
    if (this.#problem === undefined) {
      for (const reading of this.#readings) {
        await reading.verify();
      }
    }
    if (this.#problem !== undefined) throw this.#problem.error;
  }

  /** The same of what is known already: for a producer that did not end by itself, and may still be reading. */
  check(): void {
    if (this.#problem !== undefined) throw this.#problem.error;
  }

  [Symbol.dispose](): void {
    this.#over = true;
    for (const reading of this.#readings) reading.close();
    this.#readings.clear();
  }

  async #value(node: GraphNode, partition: StoredPartition, form: WrittenForm | undefined): Promise<unknown> {
    const bytes = await this.#read(node, partition);
    return decodeWritten(node, form, bytes, partitionPlace(node, partition));
  }

  async #bytes(node: GraphNode, partition: StoredPartition): Promise<Uint8Array> {
    const bytes = await this.#read(node, partition);
    // What a backend keeps itself is shared: a producer that changes what it is given harms nobody.
    return partition.value === undefined
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
  }

  async #read(node: GraphNode, partition: StoredPartition): Promise<Uint8Array> {
    try {
      return await readPartitionBytes(this.#workspace, node, partition);
    } catch (error) {
      throw this.#damage(error, node, partition);
    }
  }

  async *#rows(node: GraphNode, partition: StoredPartition, form: WrittenForm | undefined): AsyncGenerator<unknown> {
    const verified = await this.#noting(node, partition, () => this.#open(node, partition));
    try {
      for await (const batch of readWrittenRows(node, form, verified, partitionPlace(node, partition))) {
        for (const row of batch) yield row;
      }
    } catch (error) {
      // Bytes that are not the recorded ones come before what a parser says of them.
      await this.#noting(node, partition, () => verified.verify());
      this.#problem ??= { error };
      throw error;
    }
    await this.#noting(node, partition, () => verified.verify());
  }

  async #open(node: GraphNode, partition: StoredPartition): Promise<VerifiedBytes> {
    const { verified } = await openPartition(this.#workspace, node, partition);
    this.#readings.add({
      verify: () => this.#quietly(node, partition, () => verified.verify()),
      close: () => verified.close(),
    });
    return verified;
  }

  /**
   * Verified before it is handed over, so that a producer starts from the right bytes, and after the producer is done by the file's stamps:
   * a name is no bytes, and between our look and the producer's `open` somebody may write into the file or put another in its place. A
   * private copy would be as safe and costs a second file of the same size; a hard link is not, as it is the same bytes under another name.
   * Where stamps prove nothing, because the file was touched just before, the bytes are read again.
   */
  async #file(node: GraphNode, partition: StoredPartition): Promise<string> {
    const { storage } = this.#workspace;
    const path =
      partition.value === undefined
        ? storageOf(node, partition.storage).path?.(partition.location, storage)
        : undefined;
    if (path === undefined) {
      const copy = temporaryCopy(await this.#read(node, partition), node.artifact.format.extension);
      this.#readings.add({
        verify: () => Promise.resolve(),
        close: () => rmSync(copy.folder, { recursive: true, force: true }),
      });
      return copy.path;
    }
    const { bytes, verified } = await openPartition(this.#workspace, node, partition);
    this.#readings.add({
      verify: () => this.#quietly(node, partition, () => this.#stillThere(node, partition, bytes)),
      close: () => verified.close(),
    });
    await verified.verify();
    return path;
  }

  async #stillThere(node: GraphNode, partition: StoredPartition, bytes: OpenBytes): Promise<void> {
    const unchanged = bytes.unchanged();
    if (unchanged === "yes") return;
    if (unchanged === "no") {
      throw new StratigraphError(
        partition.input === undefined ? "SOURCE_CHANGED" : "DATA_DAMAGED",
        "the file was touched while a producer read it",
        { where: partitionPlace(node, partition), hint: "Build again, when nobody writes to it." },
      );
    }
    const again = await openPartition(this.#workspace, node, partition);
    try {
      await again.verified.verify();
    } finally {
      again.verified.close();
    }
  }

  /** Remembers the first problem and throws it. */
  async #noting<T>(node: GraphNode, partition: StoredPartition, work: () => Promise<T>): Promise<T> {
    if (this.#over) {
      throw new StratigraphError("STEP_FAILED", "an input was asked for after its step was over", {
        where: partitionPlace(node, partition),
        hint: "Await what the producer reads before it returns.",
      });
    }
    try {
      return await work();
    } catch (error) {
      const damage = this.#damage(error, node, partition);
      this.#problem ??= { error: damage };
      throw damage;
    }
  }

  async #quietly(node: GraphNode, partition: StoredPartition, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => {
      this.#problem ??= { error: this.#damage(error, node, partition) };
    });
  }

  /** What of a produced partition can be built again is not an error yet. */
  #damage(error: unknown, node: GraphNode, partition: StoredPartition): unknown {
    if (!this.#heals || node.kind !== "produced" || !isStratigraphError(error)) return error;
    if (error.code === "DATA_MISSING") return new InputDamaged(node, partition, "missing");
    if (error.code === "DATA_DAMAGED") return new InputDamaged(node, partition, "damaged");
    return error;
  }
}
