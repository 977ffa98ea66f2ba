// What one step read and wrote, by the names its graph has for it.

import type { Connection } from "../backend/backend.ts";
import type { RunRecord, StoredPartition } from "../backend/records.ts";
import type { GraphDescription } from "../graph/describe.ts";
import type { NameBook } from "./names.ts";

/** A partition as an input or output of a step, with what its graph calls it. */
export interface NamedPartition {
  readonly artifact: string;
  readonly partition: StoredPartition;
}

export interface StepFacts {
  readonly inputs: readonly NamedPartition[];
  readonly outputs: readonly NamedPartition[];
  readonly description: GraphDescription | undefined;
}

/** What a step read and wrote, by the names its graph has for them. */
export async function stepFacts(connection: Connection, book: NameBook, run: RunRecord): Promise<StepFacts> {
  const { inputs, outputs } = await connection.readRunPartitions(run.id);
  const found = await book.callOf(
    run,
    outputs.map(({ partition }) => partition),
    inputs,
  );
  const from = new Map(found?.call.inputs.map((input) => [input.name, input.from]));
  const to = new Map(found?.call.outputs.map(({ slot, key }) => [slot, key]));
  return {
    inputs: inputs.map(({ name, partition }) => ({ artifact: from.get(name) ?? name, partition })),
    outputs: outputs.map(({ name, partition }) => ({ artifact: to.get(name) ?? name, partition })),
    description: found?.declared.description,
  };
}
