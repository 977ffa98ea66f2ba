// What a producer returned, as the bytes of its outputs: every one is parsed before the first byte is written anywhere.

import { encodeValue } from "../data/io.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphCall, GraphNode } from "../graph/graph.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { showValue } from "../util/show.ts";
import { placeText } from "./place.ts";
import { WrittenRows } from "./row-output.ts";

/** By slot; a streamed output was encoded while it was made. Errors: STEP_OUTPUT_INVALID, DATA_INVALID. */
export async function encodeOutputs(
  call: GraphCall,
  key: KeyText,
  returned: unknown,
): Promise<readonly (Uint8Array | WrittenRows)[]> {
  const values = outputValues(call, key, returned);
  const encoded: (Uint8Array | WrittenRows)[] = [];
  for (const [index, { node }] of call.outputs.entries()) {
    const value = values[index];
    encoded.push(
      value instanceof WrittenRows ? value : await encodeValue(node.artifact, value, outputPlace(call, node, key)),
    );
  }
  return encoded;
}

export function outputPlace({ producer }: GraphCall, { key: artifact }: GraphNode, key: KeyText): string {
  return `producer '${producer.name}', output '${placeText(artifact, key)}'`;
}

function outputValues(call: GraphCall, key: KeyText, returned: unknown): unknown[] {
  if (call.producer.single) return [returned]; // of a fan-out the list of its keys
  const slots = call.outputs.map(({ slot }) => slot);
  const where = `producer '${call.producer.name}', ${placeText(call.outputs[0]!.node.key, key)}`;
  const isRecord = typeof returned === "object" && returned !== null && !Array.isArray(returned);
  const names = isRecord ? Object.keys(returned) : [];
  const missing = slots.filter((slot) => !names.includes(slot));
  const extra = names.filter((name) => !slots.includes(name));
  if (!isRecord || missing.length + extra.length > 0) {
    throw new StratigraphError("STEP_OUTPUT_INVALID", "the producer did not return its outputs", {
      where,
      expected: `an object with ${slots.map((slot) => `'${slot}'`).join(", ")}`,
      received: isRecord
        ? names.length === 0
          ? "an empty object"
          : names.map((name) => `'${name}'`).join(", ")
        : showValue(returned),
    });
  }
  return slots.map((slot) => (returned as Record<string, unknown>)[slot]);
}
