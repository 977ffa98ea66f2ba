// Runs one producer again on exactly what a stored result was made from, and compares. Stores nothing.

import type { RunRecord, StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { settleVersions } from "../build/code-versions.ts";
import { LocalExecutor } from "../build/local-executor.ts";
import { placeText } from "../build/place.ts";
import { partWriters, WrittenParts, writingParts, type PartTarget } from "../build/part-output.ts";
import { RowsRefused, writingRows, WrittenRows, type RowTarget } from "../build/row-output.ts";
import { parseStepManifest, producerManifest, type StepManifest } from "../build/step-identity.ts";
import { inspectOutputs, refusal } from "../build/quality.ts";
import { StepInputs } from "../build/step-inputs.ts";
import { StepTools } from "../build/step-tools.ts";
import type { SecretProvider } from "../util/secret.ts";
import { encodeOutputs } from "../build/step-outputs.ts";
import type { Workspace } from "../build/workspace.ts";
import { formInProducer, type WrittenForm } from "../build/written.ts";
import { contentOf } from "../data/io.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphCall, GraphDefinition, GraphInput, ProducedNode } from "../graph/graph.ts";
import { withStoredParams } from "../graph/params.ts";
import { parseManifest } from "../identity/manifest.ts";
import { decodeKey, projectKeyText, type KeyText } from "../identity/partition-key.ts";

/** What a replay of one stored partition gave. */
export interface Replay {
  readonly key: string;
  readonly partition: KeyText;
  readonly stored: StoredPartition;
  /** The build's run that made it. */
  readonly run: RunRecord;
  /** By input name, in the order the producer got them. */
  readonly inputs: readonly { readonly name: string; readonly partition: StoredPartition }[];
  /** Whether name, version, schemas and formats are still those the result was made with. */
  readonly sameProducer: boolean;
  readonly same: boolean;
  /** What the producer returned now, as it would be stored: by artifact key, as several outputs are made together. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  /** Milliseconds the producer took. */
  readonly duration: number;
}

export interface ReplayOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told what the producer logs. */
  readonly log?: ((line: string) => void) | undefined;
  /** As of a build. */
  readonly secrets?: SecretProvider | undefined;
  /** Called with the inputs read, right before the producer: where a debugger stops. */
  readonly before?: (() => void | Promise<void>) | undefined;
}

/**
 * Runs the producer as it is declared now. Errors: those of reading its inputs (SOURCE_CHANGED where a source file is not what it was,
 * DATA_MISSING, DATA_DAMAGED), of the producer (STEP_…), and REPLAY_IMPOSSIBLE where it is not known what the result was made from.
 */
export async function replayPartition(
  workspace: Workspace,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  target: { readonly key: string; readonly partition: StoredPartition },
  { signal = new AbortController().signal, log = () => {}, before, secrets }: ReplayOptions = {},
): Promise<Replay> {
  const { key, partition: stored } = target;
  const where = `${placeText(key, stored.key)} of snapshot ${snapshot.id.slice(0, 8)}`;
  const node = producedNode(graph, key, where);
  const { call } = node;
  const stepText = projectKeyText(node.artifact.dimensions, stored.key, Object.keys(call.dimensions));
  const stepKey = decodeKey(call.dimensions, stepText);
  if (call.producer.sink) throw impossible(`sink '${call.producer.name}' would do again what it did outside`, where);
  const { run, manifest, read } = await recall(workspace, stored, where);
  const [made] = await workspace.connection.readManifests([manifest.producer]);
  const inputs: { name: string; partition: StoredPartition }[] = [];
  using views = new StepInputs(workspace, "final");
  const values: Record<string, unknown> = {};
  for (const input of call.inputs) {
    const wanted = manifest.inputs.get(input.name);
    if (wanted === undefined && !input.spec.optional) throw otherInputs(call, manifest, where);
    const partitions = [...(wanted ?? [])].map(([text, content]) => {
      const found = read.find(
        ({ name, partition }) => name === input.name && partition.key === text && partition.content === content,
      );
      if (found === undefined) {
        throw impossible(`the record of its input ${placeText(input.name, text)} is gone`, where);
      }
      return found.partition;
    });
    for (const partition of partitions) inputs.push({ name: input.name, partition });
    values[input.name] = await readInput(views, input, stepText, partitions, made?.text);
  }
  await settleVersions(graph, workspace);
  await before?.();
  const started = workspace.clock.monotonic();
  // Always in this thread: where it runs changes no result, and a debugger stops here.
  const executor = new LocalExecutor();
  const inMemory = (slot: string): RowTarget => {
    const output = call.outputs.find((one) => one.slot === slot)!.node;
    return { artifact: output.artifact, where, sha256: false, create: () => undefined };
  };
  const partInMemory = (): PartTarget => ({
    call,
    key: stepKey,
    keyText: stepText,
    sha256: false,
    store: async (_key, _text, bytes) => ({ storage: "literal", location: "", value: bytes }),
  });
  // With the params of then: as much a part of what the result was made from as its inputs.
  const then = made === undefined ? undefined : parseManifest(made.text).parts["params"];
  const producer = withStoredParams(call.producer, then);
  const tools = new StepTools({
    step: { key: node.key, partition: stored.key, producer: call.producer.name },
    home: workspace.storage.home,
    secrets,
    emit: (event) => event.type === "step-log" && log(event.text),
    monotonic: () => workspace.clock.monotonic(),
  });
  let returned: unknown;
  try {
    const step = { key: node.key, partition: stored.key, producer: call.producer.name };
    returned = await executor.execute(
      {
        step,
        producer: writingParts(writingRows(producer, inMemory), partWriters(partInMemory)),
        inputs: values,
        key: stepKey,
        attempt: 1,
        work: stored.input!,
        tools,
      },
      signal,
    );
    if (returned instanceof RowsRefused) throw returned.error;
    await views.settle();
  } catch (error) {
    throw tools.secrets.redactError(error);
  } finally {
    tools.close();
    await executor.close();
  }
  const duration = workspace.clock.monotonic() - started;
  const parts = returned instanceof WrittenParts ? returned : undefined;
  const encoded = await encodeOutputs(call, stepText, parts === undefined ? returned : parts.keys);
  const inspected = [
    ...(await inspectOutputs(call, stepText, encoded)),
    ...(parts?.parts ?? []).map((part) => part.inspected),
  ];
  const refused = refusal(
    placeText(key, stored.key),
    inspected.flatMap(({ findings }) => findings),
    undefined,
  );
  if (refused !== undefined) throw refused;
  const outputs = new Map(call.outputs.map((output, slot) => [output.node.key, bytesOf(encoded[slot]!)]));
  if (node === call.parts?.node) {
    const part = parts?.parts.find(({ keyText }) => keyText === stored.key);
    if (part === undefined) throw impossible("the producer does not make this partition from these inputs now", where);
    outputs.set(key, part.value!);
  }
  return {
    key,
    partition: stored.key,
    stored,
    run,
    inputs,
    sameProducer: producerManifest({ ...call, producer }).fingerprint === manifest.producer,
    same: contentOf(outputs.get(key)!).fingerprint === stored.content,
    outputs,
    duration,
  };
}

function producedNode(graph: GraphDefinition, key: string, where: string): ProducedNode {
  const node = graph.nodes.get(key);
  if (node?.kind === "produced") return node;
  throw impossible(
    node === undefined
      ? `graph '${graph.name}' does not declare it any more`
      : "it is a source: nothing in the graph makes it",
    where,
  );
}

async function recall(
  { connection }: Workspace,
  stored: StoredPartition,
  where: string,
): Promise<{
  run: RunRecord;
  manifest: StepManifest;
  read: readonly { readonly name: string; readonly partition: StoredPartition }[];
}> {
  if (stored.input === undefined) throw impossible("it is a source: nothing in the graph made it", where);
  const run = stored.run === undefined ? undefined : await connection.readRun(stored.run);
  const [record] = await connection.readManifests([stored.input]);
  if (run === undefined || record === undefined) {
    throw impossible("the record of the run that made it is gone", where);
  }
  const { inputs } = await connection.readRunPartitions(run.id);
  return { run, manifest: parseStepManifest(record.text), read: inputs };
}

/** As `build` receives it: see the edges of `graph/edge.ts`. `made`: the manifest of the producer as it was. */
async function readInput(
  views: StepInputs,
  { name, from, spec: { edge, view } }: GraphInput,
  key: KeyText,
  partitions: readonly StoredPartition[],
  made: string | undefined,
): Promise<unknown> {
  const old = made === undefined ? undefined : formInProducer(made, "inputs", name);
  const formOf = ({ artifact }: StoredPartition): WrittenForm | undefined =>
    artifact === from.identity ? undefined : old;
  const valueOf = (partition: StoredPartition): Promise<unknown> =>
    views.view(from, partition, view, formOf(partition));
  const many =
    edge.kind === "map"
      ? Array.isArray(edge.keys(decodeKey(edge.output.dimensions, key)))
      : edge.kind === "all" || edge.kind === "window";
  if (!many) return partitions[0] === undefined ? undefined : valueOf(partitions[0]);
  const list: { key: unknown; value: unknown }[] = [];
  for (const partition of partitions) {
    list.push({ key: decodeKey(from.artifact.dimensions, partition.key), value: await valueOf(partition) });
  }
  return list;
}

function bytesOf(output: Uint8Array | WrittenRows): Uint8Array {
  return output instanceof WrittenRows ? output.bytes! : output;
}

function otherInputs({ producer }: GraphCall, manifest: StepManifest, where: string): StratigraphError {
  const had = [...manifest.inputs.keys()].map((name) => `'${name}'`).join(", ");
  return impossible(
    `producer '${producer.name}' reads other inputs now than it was made from (${had === "" ? "none" : had})`,
    where,
    "Check out the version of the code that made it.",
  );
}

function impossible(why: string, where: string, hint?: string): StratigraphError {
  return new StratigraphError("REPLAY_IMPOSSIBLE", `this cannot be replayed: ${why}`, { where, hint });
}
