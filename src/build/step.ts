// One producer, one partition: read, call, check, write.

import type { PartitionRecord, RunId, StoredPartition } from "../backend/records.ts";
import { contentOf } from "../data/io.ts";
import { isStratigraphError, type ErrorCode, type StratigraphError } from "../errors.ts";
import type { GraphNode } from "../graph/graph.ts";
import { retryDelay } from "../graph/retry.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { Executor, Task } from "./executor.ts";
import type { WrittenPlace } from "./ledger.ts";
import type { InputMapping } from "./mapping.ts";
import { storedInputs, type Network, type Step } from "./network.ts";
import { inspectOutputs, rowStatistics, type Inspected } from "./quality.ts";
import { discardRows, RowsRefused, WrittenRows, type RowTarget } from "./row-output.ts";
import type { StepInputs } from "./step-inputs.ts";
import type { AnyKey } from "./partition-set.ts";
import { WrittenParts, type PartTarget, type WrittenPart } from "./part-output.ts";
import { encodeOutputs, outputPlace } from "./step-outputs.ts";
import type { StepTools } from "./step-tools.ts";
import { targetStorage, type Workspace } from "./workspace.ts";

/** What a step read; kept for its lineage. */
export interface ReadInput {
  readonly name: string;
  readonly partitions: readonly StoredPartition[];
}

/** Reads every input in the view that is wanted; `inputs` says afterwards whether it was right. */
export async function readInputs(
  inputs: StepInputs,
  network: Network,
  step: Step,
): Promise<{ values: Record<string, unknown>; read: readonly ReadInput[] }> {
  // Plain objects cannot hold "__proto__" as a name of their own; names are checked at definition.
  const values: Record<string, unknown> = {};
  const read: ReadInput[] = [];
  for (const input of step.group.inputs) {
    const partitions = storedInputs(network, input, step.position);
    values[input.name] = await readInput(inputs, input, step.position, partitions);
    read.push({ name: input.name, partitions });
  }
  return { values, read };
}

async function readInput(
  inputs: StepInputs,
  input: InputMapping,
  position: number,
  partitions: readonly StoredPartition[],
): Promise<unknown> {
  const many = typeof input.many === "boolean" ? input.many : input.many[position]!;
  const { from, view } = input;
  if (!many) return partitions[0] === undefined ? undefined : inputs.view(from, partitions[0], view);
  const list: { key: unknown; value: unknown }[] = [];
  for (const partition of partitions) {
    const key = { ...input.set.keys[input.set.positions.get(partition.key)!]! };
    list.push({ key, value: await inputs.view(from, partition, view) });
  }
  return list;
}

/**
 * Calls the producer, trying again as its `retries` say; what was wrong with its inputs is the reason before all others, and is not tried
 * again.
 */
export async function callProducer(
  executor: Executor,
  task: Omit<Task, "attempt">,
  inputs: StepInputs,
  signal: AbortSignal,
  onRetry: (attempt: number, delay: number, error: StratigraphError) => void,
): Promise<{ result: unknown; attempts: number }> {
  const { retries } = task.producer;
  for (let attempt = 1; ; attempt++) {
    task.tools.temps.nextAttempt();
    try {
      const result = await executor.execute({ ...task, attempt }, signal);
      await settled(inputs, result);
      return { result, attempts: attempt };
    } catch (error) {
      inputs.check();
      const retryable = isStratigraphError(error) && mayTryAgain.has(error.code);
      if (!retryable || retries === undefined || attempt > retries.times || signal.aborted) {
        // It may have failed over bytes that it had not read to the end. After a timeout it may still be reading.
        if (isStratigraphError(error) && error.code === "STEP_FAILED") await inputs.settle();
        throw attempted(error, attempt);
      }
      const delay = retryDelay(retries, attempt);
      onRetry(attempt + 1, delay, error);
      await pause(delay, signal);
    }
  }
}

const mayTryAgain: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["STEP_FAILED", "STEP_TIMEOUT", "COMMAND_FAILED"]);

async function settled(inputs: StepInputs, result: unknown): Promise<void> {
  try {
    if (result instanceof RowsRefused) throw result.error;
    await inputs.settle();
  } catch (error) {
    discardRows(result);
    throw error;
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
  /** By slot. */
  readonly inspected: readonly Inspected[];
}

/** Where each output of a step will go; asked before the producer runs, so that a name too long costs nothing. */
export function locateOutputs(workspace: Workspace, network: Network, step: Step, attempt: string): string[] {
  const { call, set } = step.group;
  const key = set.keys[step.position]!;
  const keyText = set.texts[step.position]!;
  return call.outputs.map(({ node }) => locate(workspace, network, step, node, { key, keyText, attempt }));
}

function locate(
  workspace: Workspace,
  network: Network,
  step: Step,
  node: GraphNode,
  place: { readonly key: AnyKey; readonly keyText: KeyText; readonly attempt: string },
): string {
  return targetStorage(node, workspace).locate({
    graph: network.graph.name,
    artifactKey: node.key,
    dimensions: node.artifact.dimensions,
    ...place,
    input: step.input!,
    extension: node.artifact.format.extension,
  });
}

/** Where the partitions of a step's fan-out go. */
export function partTarget(
  workspace: Workspace,
  network: Network,
  step: Step,
  attempt: string,
  tools: StepTools,
): PartTarget {
  const { call, set } = step.group;
  const { node } = call.parts!;
  return {
    call,
    key: set.keys[step.position]!,
    keyText: set.texts[step.position]!,
    sha256: workspace.storage.sha256,
    refuse: (given) => tools.checkResult(given),
    async store(key, keyText, bytes) {
      const storage = targetStorage(node, workspace);
      const location = locate(workspace, network, step, node, { key, keyText, attempt });
      if (storage.kind === "literal") return { storage: storage.kind, location, value: bytes };
      await storage.write(location, bytes, workspace.storage);
      return { storage: storage.kind, location, value: undefined };
    },
  };
}

/** Where the rows of a step's streamed outputs go; they have no name before `writeOutputs` gives them one. */
export function rowTarget(
  workspace: Workspace,
  step: Step,
  locations: readonly string[],
  tools: StepTools,
): (slot: string) => RowTarget {
  const { call, set } = step.group;
  return (slot) => {
    const index = call.outputs.findIndex((output) => output.slot === slot);
    const { node } = call.outputs[index]!;
    return {
      artifact: node.artifact,
      where: outputPlace(call, node, set.texts[step.position]!),
      sha256: workspace.storage.sha256,
      statistics: rowStatistics(node.artifact),
      refuse: (row) => tools.checkResult(row),
      create: () => targetStorage(node, workspace).create?.(locations[index]!, workspace.storage),
    };
  };
}

/** Checks what a producer returned and writes it: every output is checked before the first has its name. */
export async function writeOutputs(
  workspace: Workspace,
  step: Step,
  returned: unknown,
  locations: readonly string[],
  run: RunId,
): Promise<WrittenOutputs> {
  try {
    return await writeAll(workspace, step, returned, locations, run);
  } catch (error) {
    discardRows(returned);
    throw error;
  }
}

async function writeAll(
  workspace: Workspace,
  step: Step,
  returned: unknown,
  locations: readonly string[],
  run: RunId,
): Promise<WrittenOutputs> {
  const { call, set } = step.group;
  const key = set.texts[step.position]!;
  const parts = returned instanceof WrittenParts ? returned : undefined;
  const encoded = await encodeOutputs(call, key, parts === undefined ? returned : parts.keys);
  const inspected = [...(await inspectOutputs(call, key, encoded))];
  const outputs: { name: string; partition: PartitionRecord }[] = [];
  const places: WrittenPlace[] = [];
  const remember = (name: string, { identity }: GraphNode, made: Omit<WrittenPart, "inspected">): void => {
    const { keyText, content, storage, location, value } = made;
    const { fingerprint, size, digest } = content;
    const written = { content: fingerprint, size, digest, storage, location, value, run };
    outputs.push({ name, partition: { artifact: identity, key: keyText, input: step.input!, ...written } });
  };
  for (const [index, { node, slot }] of call.outputs.entries()) {
    const storage = targetStorage(node, workspace);
    const output = encoded[index]!;
    const content =
      output instanceof WrittenRows ? output.content : contentOf(output, { sha256: workspace.storage.sha256 });
    const file = output instanceof WrittenRows ? output.file : undefined;
    const bytes = output instanceof WrittenRows ? output.bytes : output;
    const location = locations[index]!;
    const inline = storage.kind === "literal";
    if (!inline) {
      if (file === undefined) await storage.write(location, bytes!, workspace.storage);
      else file.place();
      places.push({ storage, location });
    }
    const value = inline ? bytes : undefined;
    remember(slot, node, { keyText: key, content, storage: storage.kind, location, value });
  }
  for (const part of parts?.parts ?? []) {
    const { slot, node } = call.parts!;
    remember(slot, node, part);
    if (part.value === undefined) places.push({ storage: targetStorage(node, workspace), location: part.location });
    inspected.push(part.inspected);
  }
  return { outputs, places, inspected };
}
