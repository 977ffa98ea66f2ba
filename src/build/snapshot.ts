// A snapshot as users hold it: read what was built, name it.

import type { Connection } from "../backend/backend.ts";
import { checkName } from "../backend/check.ts";
import type { Cursor, StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition, GraphNode } from "../graph/graph.ts";
import { checkStreamable } from "../graph/view.ts";
import type { GraphArtifact } from "../graph/wired.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Key } from "../identity/dimension.ts";
import { decodeKey, encodeKey, type KeyText } from "../identity/partition-key.ts";
import { suggest } from "../util/suggest.ts";
import type { BuildResult } from "./events.ts";
import { userName } from "./holder.ts";
import { StepInputs } from "./step-inputs.ts";
import { placeText } from "./place.ts";
import { openWorkspace, readPartitionBytes, type WorkspaceOptions } from "./workspace.ts";
import { decodeWritten, formInSnapshot, type WrittenForm } from "./written.ts";

export interface TagOptions {
  /** Move the tag if it names another snapshot. False unless told: a tag does not move by accident. */
  readonly move?: boolean | undefined;
  /** Move it only from this snapshot (compare-and-set); `null`: only if the tag does not exist. */
  readonly expected?: string | null | undefined;
  /** Who and why, for the tag's history; who is the user of the process unless told. */
  readonly by?: string | undefined;
  readonly why?: string | undefined;
}

/** Immutable: a graph and its sources at one moment, with what was built from them. */
export class Snapshot<G extends string = string, Result extends BuildResult | undefined = BuildResult | undefined> {
  readonly graph: G;
  readonly id: Fingerprint;
  /** What the build did that this snapshot comes from; `undefined` for one that was looked up. */
  readonly result: Result;
  readonly #definition: GraphDefinition;
  readonly #options: WorkspaceOptions;

  constructor(graph: G, id: Fingerprint, definition: GraphDefinition, options: WorkspaceOptions, result: Result) {
    this.graph = graph;
    this.id = id;
    this.result = result;
    this.#definition = definition;
    this.#options = options;
  }

  /**
   * One value, verified byte by byte against what was recorded, and parsed by the artifact's schema. What was written under an older schema
   * goes through the upcast that is declared for it; without one it has to fit. Errors: DATA_INVALID, PARTITION_KEY_INVALID, PARTITION_NOT_BUILT, DATA_MISSING, DATA_DAMAGED; for a source SOURCE_CHANGED.
   */
  async read<V, D>(artifact: GraphArtifact<V, D, G>, ...key: keyof D extends never ? [] : [key: Key<D>]): Promise<V> {
    const node = this.#definition.node(artifact);
    const text = encodeKey(node.artifact.dimensions, key[0] ?? {});
    await using workspace = await openWorkspace({ ...this.#options, readOnly: true });
    const stored = await this.#stored(workspace.connection, node, text);
    const form = await this.#form(workspace.connection, node, stored);
    const bytes = await readPartitionBytes(workspace, node, stored);
    return (await decodeWritten(node, form, bytes, placeText(node.key, text))) as V;
  }

  /**
   * The rows of one value, one after the other, never all of it in memory. The bytes are verified on the way: what was read is right once
   * the last row has come. Errors: as of `read`; GRAPH_INVALID for an artifact without rows, or an upcast that is not row by row.
   */
  async *stream<V extends readonly unknown[], D>(
    artifact: GraphArtifact<V, D, G>,
    ...key: keyof D extends never ? [] : [key: Key<D>]
  ): AsyncGenerator<V[number]> {
    const node = this.#definition.node(artifact);
    checkStreamable(node.artifact, `artifact '${node.key}'`);
    const text = encodeKey(node.artifact.dimensions, key[0] ?? {});
    await using workspace = await openWorkspace({ ...this.#options, readOnly: true });
    const stored = await this.#stored(workspace.connection, node, text);
    const form = await this.#form(workspace.connection, node, stored);
    using inputs = new StepInputs(workspace, "final");
    yield* (await inputs.view(node, stored, "stream", form)) as AsyncIterable<V[number]>;
  }

  /** The keys of an artifact's partitions in this snapshot, in order of key text. */
  async *keys<V, D>(artifact: GraphArtifact<V, D, G>): AsyncGenerator<Key<D>> {
    const node = this.#definition.node(artifact);
    await using workspace = await openWorkspace({ ...this.#options, readOnly: true });
    const stored = await this.#keyIn(workspace.connection, node);
    let after: Cursor | undefined;
    do {
      const page = await workspace.connection.readSnapshotPartitions(this.id, stored, { page: { after } });
      for (const { key } of page.items) yield decodeKey(node.artifact.dimensions, key) as Key<D>;
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * Names this snapshot. Naming it again the same way does nothing.
   * Errors: TEXT_INVALID for "latest", TAG_EXISTS when the tag names another one, TAG_CONFLICT when `expected` is not what it names,
   * SNAPSHOT_INCOMPLETE when its build has not succeeded.
   */
  async tag(name: string, options: TagOptions = {}): Promise<void> {
    await using workspace = await openWorkspace(this.#options);
    const tag = this.result?.outcome === "succeeded" ? tagBuilt : tagSnapshot;
    await tag(workspace.connection, { graph: this.graph, id: this.id }, name, options);
  }

  async #stored(connection: Connection, node: GraphNode, key: KeyText): Promise<StoredPartition> {
    const { items } = await connection.readSnapshotPartitions(this.id, await this.#keyIn(connection, node), {
      keys: [key],
    });
    if (items[0] === undefined) throw this.#notBuilt(node, key);
    return items[0];
  }

  async #form(connection: Connection, node: GraphNode, stored: StoredPartition): Promise<WrittenForm | undefined> {
    if (stored.artifact === node.identity) return undefined;
    const snapshot = await connection.readSnapshot(this.id);
    return formInSnapshot(connection, snapshot, await this.#keyIn(connection, node), node, stored);
  }

  #keyIn(connection: Connection, { key }: GraphNode): Promise<string> {
    return keyInSnapshot(connection, this.#definition, this.id, key);
  }

  #notBuilt(node: GraphNode, key: KeyText): StratigraphError {
    return new StratigraphError("PARTITION_NOT_BUILT", `the snapshot has no ${placeText(node.key, key)}`, {
      where: `snapshot ${this.id.slice(0, 12)} of graph '${this.graph}'`,
      hint:
        node.kind === "source"
          ? "The source had no such partition."
          : "Build it first, or read one of snapshot.keys(…).",
    });
  }
}

/** The artifact's key, or the one it had when the snapshot was made. */
export async function keyInSnapshot(
  connection: Connection,
  graph: GraphDefinition,
  snapshot: Fingerprint,
  key: string,
): Promise<string> {
  const former = graph.was.get(key);
  if (former === undefined) return key;
  const has = await connection.countSnapshotPartitions(snapshot);
  return [key, ...former].find((one) => has.has(one)) ?? key;
}

/** See `Graph.snapshot`. */
export async function findSnapshot<G extends string>(
  graph: G,
  definition: GraphDefinition,
  reference: string,
  options: WorkspaceOptions,
): Promise<Snapshot<G, undefined>> {
  await using workspace = await openWorkspace({ ...options, readOnly: true });
  const { id } = await resolveSnapshot(workspace.connection, graph, reference);
  return new Snapshot(graph, id, definition, options, undefined);
}

/** What always means the newest snapshot, and so can be no tag. */
const LATEST = "latest";

/** Errors: TEXT_INVALID for what can be no name, and for "latest": a tag of that name would hide every snapshot after it. */
export function checkTag(tag: string): void {
  checkName(tag, "tag");
  if (tag !== LATEST) return;
  throw new StratigraphError("TEXT_INVALID", `'${LATEST}' cannot be a tag: it always means the newest snapshot`, {
    hint: "Choose another name.",
  });
}

/** Tags a snapshot whose build has succeeded. See `Snapshot.tag`. */
export async function tagSnapshot(
  connection: Connection,
  snapshot: { readonly graph: string; readonly id: Fingerprint },
  tag: string,
  options: TagOptions,
): Promise<void> {
  checkTag(tag);
  const stored = await connection.readSnapshot(snapshot.id);
  if (stored !== undefined && (stored.state === "failed" || stored.state === "open")) {
    throw new StratigraphError(
      "SNAPSHOT_INCOMPLETE",
      "the snapshot cannot be tagged because its build has not succeeded",
      {
        where: `snapshot ${snapshot.id.slice(0, 12)} of graph '${snapshot.graph}'`,
        hint: "Build again until it succeeds, then tag it.",
      },
    );
  }
  await tagBuilt(connection, snapshot, tag, options);
}

/**
 * The same for a build that knows to have succeeded. What is stored of the snapshot's state is no better witness: by now another build
 * may have opened it again, to make anew what was tainted or lost.
 */
export async function tagBuilt(
  connection: Connection,
  snapshot: { readonly graph: string; readonly id: Fingerprint },
  tag: string,
  { move, expected, by, why }: TagOptions,
): Promise<void> {
  checkTag(tag);
  await connection.writeSnapshotTag({
    graph: snapshot.graph,
    tag,
    snapshot: snapshot.id,
    by: by ?? userName(),
    why,
    expected: expected === undefined ? (move === true ? "any" : undefined) : (expected as Fingerprint | null),
  });
}

/**
 * Finds a snapshot by what people type: "latest", a tag, or at least 4 characters of its id.
 * Errors: SNAPSHOT_UNKNOWN, naming the nearest tag.
 */
export async function resolveSnapshot(
  connection: Connection,
  graph: string,
  reference: string,
): Promise<StoredSnapshot> {
  if (reference === LATEST) {
    const latest = await connection.readLatestSnapshot(graph);
    if (latest !== undefined) return latest;
    throw new StratigraphError("SNAPSHOT_UNKNOWN", `graph '${graph}' has no snapshot yet`, { hint: "Build it first." });
  }
  const tag = await connection.readSnapshotTag(graph, reference);
  if (tag !== undefined) {
    // Where it was moved in between, and what it named collected, it names another one by now.
    return (await connection.readSnapshot(tag.snapshot)) ?? (await resolveSnapshot(connection, graph, reference));
  }
  if (/^[0-9a-f]{4,32}$/.test(reference)) {
    const found = (await connection.findSnapshots(reference)).filter((snapshot) => snapshot.graph === graph);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      throw new StratigraphError("SNAPSHOT_UNKNOWN", `'${reference}' begins the ids of ${found.length} snapshots`, {
        expected: `more characters, such as ${found.map(({ id }) => id.slice(0, reference.length + 4)).join(" or ")}`,
      });
    }
  }
  const { items } = await connection.listSnapshotTags(graph);
  const names = items.map((item) => item.tag);
  const near = suggest(reference, [LATEST, ...names]);
  throw new StratigraphError("SNAPSHOT_UNKNOWN", `no snapshot of graph '${graph}' is called '${reference}'`, {
    expected: `"latest", a tag (${names.length === 0 ? "there is none yet" : names.slice(0, 5).join(", ")}) or the first characters of an id`,
    hint: near === undefined ? "List them: strata snapshots" : `Did you mean '${near}'?`,
  });
}
