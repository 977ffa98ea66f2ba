// One producer, one partition: read, call, check, write.

import type { PartitionRecord, RunId, StoredPartition } from "../backend/records.ts";
import { contentOf, decodeValue } from "../data/io.ts";
import { isStratigraphError, type ErrorCode, type StratigraphError } from "../errors.ts";
import type { ProducedNode } from "../graph/graph.ts";
import { retryDelay } from "../graph/retry.ts";
import type { Executor, Task } from "./executor.ts";
import type { WrittenPlace } from "./ledger.ts";
import type { InputMapping } from "./mapping.ts";
import { storedInputs, type Network, type Step } from "./network.ts";
import { placeText } from "./place.ts";
import { encodeOutputs } from "./step-outputs.ts";
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
    task.tools.temps.nextAttempt();
    try {
      return { result: await executor.execute({ ...task, attempt }, signal), attempts: attempt };
    } catch (error) {
      const retryable = isStratigraphError(error) && mayTryAgain.has(error.code);
      if (!retryable || retries === undefined || attempt > retries.times || signal.aborted)
        throw attempted(error, attempt);
      const delay = retryDelay(retries, attempt);
      onRetry(attempt + 1, delay, error);
      await pause(delay, signal);
    }
  }
}

const mayTryAgain: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["STEP_FAILED", "STEP_TIMEOUT", "COMMAND_FAILED"]);

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
  const key = set.texts[step.position]!;
  const encoded = await encodeOutputs(call, key, returned);
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
