// What a producer returned, as the bytes of its outputs: every one is checked before the first byte is written anywhere.

import { decodeValue, encodeValue } from "../data/io.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphCall, GraphNode } from "../graph/graph.ts";
import { SINGLE } from "../graph/producer.ts";
import type { KeyText } from "../identity/partition.ts";
import { showValue } from "../util/show.ts";
import { placeText } from "./place.ts";
import { WrittenRows } from "./row-output.ts";
import { describeThrown } from "./thrown.ts";

/** By slot; a streamed output was encoded, and checked, while it was made. Errors: STEP_OUTPUT_INVALID, DATA_INVALID, STEP_CHECK_FAILED. */
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
  await checkOutputs(call, key, encoded);
  return encoded;
}

export function outputPlace({ producer }: GraphCall, { key: artifact }: GraphNode, key: KeyText): string {
  return `producer '${producer.name}', output '${placeText(artifact, key)}'`;
}

/** `validate` and the artifacts' checks see what readers will see: each value parsed back from its bytes. */
async function checkOutputs(
  call: GraphCall,
  key: KeyText,
  encoded: readonly (Uint8Array | WrittenRows)[],
): Promise<void> {
  const { producer } = call;
  const checked =
    producer.validate !== undefined || call.outputs.some(({ node }) => Object.keys(node.artifact.checks).length > 0);
  if (!checked) return;
  const values: Record<string, unknown> = {};
  for (const [index, { node, slot }] of call.outputs.entries()) {
    const place = placeText(node.key, key);
    const bytes = encoded[index]!;
    if (bytes instanceof WrittenRows) continue; // has no checks: see `says.streamedChecks`
    const value = await decodeValue(node.artifact, bytes, place);
    values[slot] = value;
    for (const [name, check] of Object.entries(node.artifact.checks)) {
      await must(place, `check '${name}'`, () => check(value));
    }
  }
  const { validate, single } = producer;
  if (validate === undefined) return;
  const where = `producer '${producer.name}', ${placeText(call.outputs[0]!.node.key, key)}`;
  await must(where, "validate", () => validate(single ? values[SINGLE] : values));
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

/** A check says `true` or a sentence; anything else is no answer. */
async function must(where: string, name: string, check: () => unknown): Promise<void> {
  let answer: unknown;
  try {
    answer = await check();
  } catch (error) {
    throw new StratigraphError("STEP_CHECK_FAILED", `${name} threw: ${describeThrown(error)}`, { where, cause: error });
  }
  if (answer === true) return;
  throw new StratigraphError(
    "STEP_CHECK_FAILED",
    `${name} failed: ${typeof answer === "string" ? answer : "no reason given"}`,
    {
      where,
      ...(typeof answer === "string" ? {} : { expected: "true or a sentence", received: String(answer) }),
    },
  );
}
