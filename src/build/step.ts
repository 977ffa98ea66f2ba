// One producer, one partition: read, call, check, write.

import type { PartitionRecord, RunId, StoredPartition } from "../backend/records.ts";
import { contentOf, decodeValue, encodeValue } from "../data/io.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { ProducedNode } from "../graph/graph.ts";
import { SINGLE } from "../graph/producer.ts";
import { retryDelay } from "../graph/retry.ts";
import type { Executor, Task } from "./executor.ts";
import type { WrittenPlace } from "./ledger.ts";
import type { InputMapping } from "./mapping.ts";
import { stepName, storedInputs, type Network, type Step } from "./network.ts";
import { placeText } from "./place.ts";
import { showValue } from "../util/show.ts";
import { describeThrown } from "./thrown.ts";
import { readPartitionBytes, targetStorage, type Workspace } from "./workspace.ts";

/** What a step read; kept for its lineage. */
export interface ReadInput {
  readonly name: string;
  readonly partitions: readonly StoredPartition[];
}

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

/** Reads every input, each value fresh from its verified bytes: a producer that changes what it is given harms nobody. */
export async function readInputs(
  workspace: Workspace,
  network: Network,
  step: Step,
): Promise<{ values: Record<string, unknown>; read: readonly ReadInput[] }> {
  // Plain objects cannot hold "__proto__" as a name of their own; names are checked at definition.
  const values: Record<string, unknown> = {};
  const read: ReadInput[] = [];
  for (const input of step.group.inputs) {
    const partitions = storedInputs(network, input, step.position);
    values[input.name] = await readInput(workspace, input, step.position, partitions);
    read.push({ name: input.name, partitions });
  }
  return { values, read };
}

async function readInput(
  workspace: Workspace,
  input: InputMapping,
  position: number,
  partitions: readonly StoredPartition[],
): Promise<unknown> {
  const many = typeof input.many === "boolean" ? input.many : input.many[position]!;
  if (!many) return partitions[0] === undefined ? undefined : readValue(workspace, input, partitions[0]);
  const list: { key: unknown; value: unknown }[] = [];
  for (const partition of partitions) {
    const key = { ...input.set.keys[input.set.positions.get(partition.key)!]! };
    list.push({ key, value: await readValue(workspace, input, partition) });
  }
  return list;
}

async function readValue(workspace: Workspace, input: InputMapping, partition: StoredPartition): Promise<unknown> {
  const { from } = input;
  let bytes: Uint8Array;
  try {
    bytes = await readPartitionBytes(workspace, from, partition);
  } catch (error) {
    if (from.kind === "produced" && isStratigraphError(error)) {
      if (error.code === "DATA_MISSING") throw new InputDamaged(from, partition, "missing");
      if (error.code === "DATA_DAMAGED") throw new InputDamaged(from, partition, "damaged");
    }
    throw error;
  }
  return decodeValue(from.artifact, bytes, `${placeText(from.key, partition.key)} at ${partition.location}`);
}

/** Calls the producer, trying again as its `retries` say. */
export async function callProducer(
  executor: Executor,
  task: Omit<Task, "attempt">,
  signal: AbortSignal,
  onRetry: (attempt: number, delay: number, error: StratigraphError) => void,
): Promise<{ result: unknown; attempts: number }> {
  const { retries } = task.producer;
  for (let attempt = 1; ; attempt++) {
    try {
      return { result: await executor.execute({ ...task, attempt }, signal), attempts: attempt };
    } catch (error) {
      const retryable = isStratigraphError(error) && (error.code === "STEP_FAILED" || error.code === "STEP_TIMEOUT");
      if (!retryable || retries === undefined || attempt > retries.times || signal.aborted)
        throw attempted(error, attempt);
      const delay = retryDelay(retries, attempt);
      onRetry(attempt + 1, delay, error);
      await pause(delay, signal);
    }
  }
}

const attemptsOf = new WeakMap<object, number>();

function attempted(error: unknown, attempts: number): unknown {
  if (typeof error === "object" && error !== null) attemptsOf.set(error, attempts);
  return error;
}

/** How often the producer was called before this error was given up on. */
export function attemptsBefore(error: unknown): number {
  return (typeof error === "object" && error !== null ? attemptsOf.get(error) : undefined) ?? 1;
}

function pause(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, delay);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}

/** A step's outputs as bytes in their place, not yet remembered. */
export interface WrittenOutputs {
  readonly outputs: readonly { readonly name: string; readonly partition: PartitionRecord }[];
  /** What must be settled before the names are written. */
  readonly places: readonly WrittenPlace[];
}

/** Where each output of a step will go; asked before the producer runs, so that a name too long costs nothing. */
export function locateOutputs(workspace: Workspace, network: Network, step: Step, attempt: string): string[] {
  const { call, set, position } = { ...step.group, position: step.position };
  return call.outputs.map(({ node }) =>
    targetStorage(node, workspace).locate({
      graph: network.graph.name,
      artifactKey: node.key,
      dimensions: node.artifact.dimensions,
      key: set.keys[position]!,
      keyText: set.texts[position]!,
      input: step.manifest!.fingerprint,
      attempt,
      extension: node.artifact.format.extension,
    }),
  );
}

/** Checks what a producer returned and writes it: every output is checked before the first byte is written. */
export async function writeOutputs(
  workspace: Workspace,
  step: Step,
  returned: unknown,
  locations: readonly string[],
  run: RunId,
): Promise<WrittenOutputs> {
  const { call, set } = step.group;
  const { producer } = call;
  const key = set.texts[step.position]!;
  const values = outputValues(step, returned);
  const encoded: Uint8Array[] = [];
  for (const [index, { node }] of call.outputs.entries()) {
    const where = `producer '${producer.name}', output '${placeText(node.key, key)}'`;
    encoded.push(await encodeValue(node.artifact, values[index], where));
  }
  await checkOutputs(step, encoded);
  const outputs: { name: string; partition: PartitionRecord }[] = [];
  const places: WrittenPlace[] = [];
  for (const [index, { node, slot }] of call.outputs.entries()) {
    const storage = targetStorage(node, workspace);
    const bytes = encoded[index]!;
    const content = contentOf(bytes, { sha256: workspace.storage.sha256 });
    const location = locations[index]!;
    const inline = storage.kind === "literal";
    if (!inline) {
      await storage.write(location, bytes, workspace.storage);
      places.push({ storage, location });
    }
    outputs.push({
      name: slot,
      partition: {
        artifact: node.identity,
        key,
        input: step.manifest!.fingerprint,
        content: content.fingerprint,
        size: content.size,
        digest: content.digest,
        storage: storage.kind,
        location,
        value: inline ? bytes : undefined,
        run,
      },
    });
  }
  return { outputs, places };
}

/** `validate` and the artifacts' checks see what readers will see: each value parsed back from its bytes. */
async function checkOutputs(step: Step, encoded: readonly Uint8Array[]): Promise<void> {
  const { call, set } = step.group;
  const { producer } = call;
  const key = set.texts[step.position]!;
  const checked =
    producer.validate !== undefined || call.outputs.some(({ node }) => Object.keys(node.artifact.checks).length > 0);
  if (!checked) return;
  const values: Record<string, unknown> = {};
  for (const [index, { node, slot }] of call.outputs.entries()) {
    const place = placeText(node.key, key);
    const value = await decodeValue(node.artifact, encoded[index]!, place);
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

function outputValues(step: Step, returned: unknown): unknown[] {
  const { call } = step.group;
  if (call.producer.single) return [returned];
  const slots = call.outputs.map(({ slot }) => slot);
  const where = `producer '${call.producer.name}', ${placeText(stepName(step).key, stepName(step).partition)}`;
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
