// What a producer returned, as the bytes of its outputs: every one is parsed before the first byte is written anywhere.

import { encodeValue } from "../data/io.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphCall } from "../graph/graph.ts";
import type { KeyText } from "../identity/partition.ts";
import { showValue } from "../util/show.ts";
import { placeText } from "./place.ts";

/** By slot. Errors: STEP_OUTPUT_INVALID, DATA_INVALID. */
export async function encodeOutputs(call: GraphCall, key: KeyText, returned: unknown): Promise<readonly Uint8Array[]> {
  const values = outputValues(call, key, returned);
  const encoded: Uint8Array[] = [];
  for (const [index, { node }] of call.outputs.entries()) {
    const where = `producer '${call.producer.name}', output '${placeText(node.key, key)}'`;
    encoded.push(await encodeValue(node.artifact, values[index], where));
  }
  return encoded;
}

function outputValues(call: GraphCall, key: KeyText, returned: unknown): unknown[] {
  if (call.producer.single) return [returned];
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
