// Builds everything a snapshot holds a second time, and says whose results came out differently.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { keyInSnapshot } from "../build/snapshot.ts";
import { readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { decodeWritten, formAsMade } from "../build/written.ts";
import { contentOf, decodeValue } from "../data/io.ts";
import { isStratigraphError, type StratigraphError } from "../errors.ts";
import type { GraphDefinition, GraphNode } from "../graph/graph.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { SecretProvider } from "../util/secret.ts";
import { replayPartition, type Replay } from "./replay.ts";
import { differencesOf, type ValueDifferences } from "./value-difference.ts";

/** A result that the same producer did not make again from the same inputs. */
export interface Irreproducible {
  readonly key: string;
  readonly partition: StoredPartition;
  /** Where the two values differ; `undefined` where the stored bytes cannot be read any more. */
  readonly differences: ValueDifferences | undefined;
}

/** A step that was not run again, or that failed. */
export interface NotReproduced {
  readonly key: string;
  readonly partition: StoredPartition;
  /** `changed`: its producer is another one now, so that another result would say nothing. */
  readonly why: "changed" | "failed";
  readonly error: StratigraphError | undefined;
}

export interface Reproduction {
  /** Results that came out the same. */
  readonly same: number;
  readonly different: readonly Irreproducible[];
  readonly left: readonly NotReproduced[];
}

export interface ReproduceOptions {
  readonly signal?: AbortSignal | undefined;
  /** As of a build. */
  readonly secrets?: SecretProvider | undefined;
  /** Called after each step. */
  readonly on?: ((progress: { readonly steps: number }) => void) | undefined;
}

/** Runs each step once, on its stored inputs. What comes out is compared and thrown away. */
export async function reproduceSnapshot(
  workspace: Workspace,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  { signal, secrets, on }: ReproduceOptions = {},
): Promise<Reproduction> {
  const { connection } = workspace;
  const different: Irreproducible[] = [];
  const left: NotReproduced[] = [];
  let same = 0;
  let steps = 0;
  for (const { outputs } of graph.calls) {
    const first = outputs[0]!.node;
    const then = await keyInSnapshot(connection, graph, snapshot.id, first.key);
    const list = everyItem((page) => connection.readSnapshotPartitions(snapshot.id, then, { page }));
    for await (const partition of list) {
      signal?.throwIfAborted();
      const replay = await attempt(workspace, graph, snapshot, { key: first.key, partition }, { signal, secrets });
      on?.({ steps: ++steps });
      if ("why" in replay) {
        left.push(replay);
        continue;
      }
      for (const { node } of outputs) {
        const stored =
          node === first ? partition : await storedBeside(connection, graph, snapshot, node.key, partition.key);
        if (stored === undefined) continue;
        const bytes = replay.outputs.get(node.key)!;
        if (contentOf(bytes).fingerprint === stored.content) same++;
        else {
          const differences = await compareWith(workspace, node, stored, bytes);
          different.push({ key: node.key, partition: stored, differences });
        }
      }
    }
  }
  return { same, different, left };
}

/** What the snapshot has of another output of the same step. */
async function storedBeside(
  connection: Connection,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  key: string,
  partition: KeyText,
): Promise<StoredPartition | undefined> {
  const then = await keyInSnapshot(connection, graph, snapshot.id, key);
  return (await connection.readSnapshotPartitions(snapshot.id, then, { keys: [partition] })).items[0];
}

async function attempt(
  workspace: Workspace,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  target: { readonly key: string; readonly partition: StoredPartition },
  options: Pick<ReproduceOptions, "signal" | "secrets">,
): Promise<Replay | NotReproduced> {
  try {
    const replay = await replayPartition(workspace, graph, snapshot, target, options);
    return replay.sameProducer ? replay : { ...target, why: "changed", error: undefined };
  } catch (error) {
    if (!isStratigraphError(error) || error.code === "BUILD_CANCELLED") throw error;
    return { ...target, why: "failed", error };
  }
}

/** The places where what is stored differs from these bytes. */
export async function compareWith(
  workspace: Workspace,
  node: GraphNode,
  stored: StoredPartition,
  bytes: Uint8Array,
): Promise<ValueDifferences | undefined> {
  try {
    const before = await readPartitionBytes(workspace, node, stored);
    return differencesOf(
      await decodeWritten(node, await formAsMade(workspace.connection, node, stored), before, "what is stored"),
      await decodeValue(node.artifact, bytes, "what was made now"),
    );
  } catch (error) {
    if (isStratigraphError(error)) return undefined;
    throw error;
  }
}
