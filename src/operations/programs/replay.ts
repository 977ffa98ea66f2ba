// Replay for programs: one producer once more on exactly what a stored result was made from, with its types.

import type { RunRecord, StoredPartition, StoredSnapshot } from "../../backend/records.ts";
import type { Graph } from "../../build/graph.ts";
import { placeText } from "../../build/place.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { decodeValue } from "../../data/io.ts";
import type { Key } from "../../identity/dimension.ts";
import { decodeKey } from "../../identity/partition-key.ts";
import type { SecretProvider } from "../../util/secret.ts";
import { replayPartition } from "../replay.ts";
import { compareWith } from "../reproduce.ts";
import type { ValueDifferences } from "../value-difference.ts";
import { checkCall, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";
import { findTarget, storedTarget, type AnyTarget, type Target } from "./target.ts";

export interface ReplaySettings<G extends string = string> extends WorkspaceOptions {
  /** Whose result; the latest snapshot's unless told. */
  readonly snapshot?: SnapshotInput<G> | undefined;
  /** Answers secrets that no variable of the environment holds. */
  readonly secrets?: SecretProvider | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what the producer logs, line by line. */
  readonly log?: ((line: string) => void) | undefined;
  /** Called once the inputs are read, right before the producer: the place for `debugger`. */
  readonly before?: (() => void | Promise<void>) | undefined;
}

export type ReplayOptions<V, D, G extends string> = Target<V, D, G> & ReplaySettings<G>;

export interface Replayed<V, D> {
  readonly snapshot: StoredSnapshot;
  /** The artifact's key in the graph: "vendor.days". */
  readonly artifact: string;
  readonly key: Key<D>;
  /** Whether the bytes are those that are stored. */
  readonly same: boolean;
  /** Whether name, version, schemas and formats of the producer are still those the result was made with. */
  readonly sameProducer: boolean;
  /** What the producer made now, as a reader would get it. */
  readonly value: V;
  /** The same as it would be stored. */
  readonly bytes: Uint8Array;
  /** Where it differs from what is stored; `undefined` where it is the same, and where what is stored cannot be read any more. */
  readonly differences: ValueDifferences | undefined;
  /** What made the stored result: who, when, with which version. */
  readonly run: RunRecord;
  /** What was read, by the producer's names of its inputs, in the order it got them. */
  readonly inputs: readonly { readonly name: string; readonly partition: StoredPartition }[];
  /** Milliseconds the producer took. */
  readonly duration: number;
}

const names: OptionNames<AnyTarget & ReplaySettings> = {
  ...{ artifact: true, key: true, snapshot: true, secrets: true, signal: true, log: true, before: true },
  ...workspaceNames,
};

/**
 * Runs the producer as it is declared now on the inputs of then, with the params of then, and compares. Stores nothing.
 *
 * @example
 * const { same, value } = await replay(spend, { artifact: spend.artifacts.days, key: { date: "2026-01-02" }, snapshot: "prod" });
 *
 * Errors: SNAPSHOT_UNKNOWN, PARTITION_NOT_BUILT, PARTITION_KEY_INVALID, GRAPH_INVALID for an artifact of another graph; REPLAY_IMPOSSIBLE
 * for a source, a sink, and where it is not known what the result was made from; those of reading its inputs (SOURCE_CHANGED,
 * DATA_MISSING, DATA_DAMAGED) and of the producer (STEP_…, SECRET_MISSING).
 */
export async function replay<G extends string, N, V, D>(
  graph: Graph<G, N>,
  options: ReplayOptions<V, D, NoInfer<G>>,
): Promise<Replayed<V, D>> {
  checkCall("replay()", graph, options, names);
  const {
    artifact,
    key,
    snapshot = "latest",
    secrets,
    signal,
    log,
    before,
    ...place
  }: AnyTarget & ReplaySettings = options;
  const { definition } = graph;
  const target = findTarget("replay()", definition, { artifact, key });
  await using workspace = await openWorkspace({ ...place, signal, readOnly: true });
  const { connection } = workspace;
  const found = await storedSnapshot(connection, graph.name, snapshot, "replay(), snapshot");
  const { node, text } = target;
  const partition = await storedTarget(connection, definition, found, target);
  const settings = { secrets, signal, log, before };
  const result = await replayPartition(workspace, definition, found, { key: node.key, partition }, settings);
  const bytes = result.outputs.get(node.key)!;
  return {
    snapshot: found,
    artifact: node.key,
    key: decodeKey(node.artifact.dimensions, text) as Key<D>,
    same: result.same,
    sameProducer: result.sameProducer,
    value: (await decodeValue(node.artifact, bytes, placeText(node.key, text))) as V,
    bytes,
    differences: result.same ? undefined : await compareWith(workspace, node, partition, bytes),
    run: result.run,
    inputs: result.inputs,
    duration: result.duration,
  };
}
