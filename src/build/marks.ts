// Pins and taints: what people decide about stored results, each with a reason.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { MarkKind, MarkRecord, NewMark, StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { userName } from "./holder.ts";
import { placeText } from "./place.ts";
import { keyInSnapshot, resolveSnapshot } from "./snapshot.ts";
import { openWorkspace, type Workspace, type WorkspaceOptions } from "./workspace.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { selectNodes } from "../graph/selector.ts";

export interface MarkOptions {
  /** Kept with it, and told wherever it decides something. */
  readonly why: string;
  /** Who; the user of the process unless told. */
  readonly by?: string | undefined;
}

export interface MarkingOptions extends MarkOptions, WorkspaceOptions {
  /** Whose results: a tag, the first characters of an id; "latest" unless told. */
  readonly snapshot?: string | undefined;
}

export interface UnpinOptions extends Partial<MarkOptions>, WorkspaceOptions {}

/** See `Graph.pin` and `Graph.taint`. */
export async function markResults(
  kind: MarkKind,
  graph: GraphDefinition,
  selectors: readonly string[],
  { snapshot = "latest", why, by, ...options }: MarkingOptions,
): Promise<readonly MarkRecord[]> {
  await using workspace = await openWorkspace(options);
  const found = await resolveSnapshot(workspace.connection, graph.name, snapshot);
  return await (kind === "pin" ? pin : taint)(workspace, graph, found, selectors, { why, by });
}

/** See `Graph.unpin`. */
export async function releasePins(
  graph: GraphDefinition,
  selectors: readonly string[],
  { why, by, ...options }: UnpinOptions,
): Promise<readonly MarkRecord[]> {
  await using workspace = await openWorkspace(options);
  return await unpin(workspace, graph, selectors, { why, by });
}

/**
 * Builds will not use these results again, and make them anew. Everything that selectors name in the snapshot, with the other outputs of
 * the same steps. Errors: SELECTOR_UNKNOWN, PARTITION_NOT_BUILT, GRAPH_INVALID for sources, PIN_INVALID for what is pinned.
 */
export async function taint(
  workspace: Workspace,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  selectors: readonly string[],
  options: MarkOptions,
): Promise<readonly MarkRecord[]> {
  const chosen = await choose(workspace, graph, snapshot, selectors);
  return workspace.connection.transaction(async (tx) => {
    await refusePinned(tx, graph, chosen);
    await tx.markPartitionsDamaged(chosen.map(({ partition }) => partition.id));
    return tx.writeMarks(chosen.map((one) => newMark("taint", graph.name, one, options)));
  });
}

/** Builds will use these results, whatever changes, until they are let go. Errors: as of `taint`; PIN_INVALID for a damaged one. */
export async function pin(
  workspace: Workspace,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  selectors: readonly string[],
  options: MarkOptions,
): Promise<readonly MarkRecord[]> {
  const chosen = await choose(workspace, graph, snapshot, selectors);
  for (const { key, partition } of chosen) {
    if (!partition.damaged) continue;
    throw new StratigraphError("PIN_INVALID", "a result that is damaged or tainted cannot be pinned", {
      where: placeText(key, partition.key),
      hint: "Build it again first.",
    });
  }
  return workspace.connection.writeMarks(chosen.map((one) => newMark("pin", graph.name, one, options)));
}

/**
 * Lets pins go; answers which. What is gone from the graph is named as `strata pin` lists it. Error: SELECTOR_UNKNOWN; PIN_INVALID where
 * nothing that is named is pinned.
 */
export async function unpin(
  { connection }: Workspace,
  graph: GraphDefinition,
  selectors: readonly string[],
  { why, by = userName() }: { readonly why?: string | undefined; readonly by?: string | undefined },
): Promise<readonly MarkRecord[]> {
  const held: MarkRecord[] = [];
  for await (const mark of everyItem((page) =>
    connection.listMarks({ graph: graph.name, kind: "pin", open: true }, page),
  )) {
    held.push(mark);
  }
  const gone = new Set<string>();
  for (const { artifactKey, key } of held) {
    if (!graph.nodes.has(graph.keyNow(artifactKey))) gone.add(artifactKey).add(placeText(artifactKey, key));
  }
  const there = selectors.filter((selector) => !gone.has(selector));
  // Without any selector everything would be chosen.
  const { keys, partitions } =
    there.length > 0 ? selectNodes(graph, there) : { keys: new Set<string>(), partitions: new Map<string, string[]>() };
  const named = (key: string, text: string): boolean =>
    (partitions.get(key) as readonly string[] | undefined)?.includes(text) ?? keys.has(key);
  const pins = held.filter(({ artifactKey, key: text }) => {
    const key = graph.keyNow(artifactKey);
    if (!graph.nodes.has(key)) {
      return selectors.includes(artifactKey) || selectors.includes(placeText(artifactKey, text));
    }
    return [...siblingsOf(graph, key), ...partsOf(graph, key)].some((one) => named(one, text));
  });
  if (pins.length === 0) {
    throw new StratigraphError("PIN_INVALID", "nothing that is named is pinned", {
      received: selectors.join(" "),
      hint: "List what is: strata pin",
    });
  }
  await connection.endMarks({ sequences: pins.map(({ sequence }) => sequence), by, why });
  return pins;
}

/** Builds cannot both use a result whatever changes and never use it again. */
async function refusePinned(tx: Connection, graph: GraphDefinition, chosen: readonly Chosen[]): Promise<void> {
  const wanted = new Map(chosen.map(({ key, partition }) => [partition.id, placeText(key, partition.key)]));
  for await (const { partition } of everyItem((page) =>
    tx.listMarks({ graph: graph.name, kind: "pin", open: true }, page),
  )) {
    const place = wanted.get(partition);
    if (place === undefined) continue;
    throw new StratigraphError("PIN_INVALID", "a pinned result cannot be tainted", {
      where: place,
      hint: `Let it go first: strata unpin '${place}'`,
    });
  }
}

interface Chosen {
  readonly key: string;
  readonly partition: StoredPartition;
}

function newMark(kind: MarkKind, graph: string, { key, partition }: Chosen, options: MarkOptions): NewMark {
  const { why, by = userName() } = options;
  return { kind, graph, artifactKey: key, key: partition.key, partition: partition.id, by, why };
}

/** The keys of all that the same producer makes, because its outputs are made together; of a fan-out its list stands for all; none of a source. */
function siblingsOf(graph: GraphDefinition, key: string): readonly string[] {
  const node = graph.nodes.get(key);
  return node?.kind === "produced" ? node.call.outputs.map((output) => output.node.key) : [];
}

async function choose(
  { connection }: Workspace,
  graph: GraphDefinition,
  snapshot: StoredSnapshot,
  selectors: readonly string[],
): Promise<readonly Chosen[]> {
  const { keys, partitions } = selectNodes(graph, selectors);
  const chosen = new Map<string, Chosen>();
  const take = async (key: string, only: readonly string[] | undefined): Promise<void> => {
    if (only !== undefined) refuseParts(graph, key, only);
    for (const one of siblingsOf(graph, key)) {
      const then = await keyInSnapshot(connection, graph, snapshot.id, one);
      const list = everyItem((page) =>
        connection.readSnapshotPartitions(snapshot.id, then, {
          page,
          ...(only === undefined ? {} : { keys: only as readonly StoredPartition["key"][] }),
        }),
      );
      let found = 0;
      for await (const partition of list) {
        found++;
        chosen.set(placeText(one, partition.key), { key: one, partition });
      }
      if (found < (only?.length ?? 1)) throw notBuilt(snapshot, one, only);
    }
  };
  // What a pattern chooses besides are sources, which are found and not built.
  const made = [...keys].filter((key) => siblingsOf(graph, key).length > 0);
  if (made.length === 0) {
    throw new StratigraphError("GRAPH_INVALID", "a source is found, not built", {
      where: selectors.join(" "),
      hint: "Name an artifact that a producer makes.",
    });
  }
  for (const key of made) await take(key, partitions.get(key));
  return [...chosen.values()];
}

/** The key of the fan-out that a list is of. */
function partsOf(graph: GraphDefinition, key: string): readonly string[] {
  const node = graph.nodes.get(key);
  return node?.kind === "produced" && node.call.parts !== undefined ? [node.call.parts.node.key] : [];
}

/** Its partitions are made together with others, by one step: the step is marked by its list of keys. */
function refuseParts(graph: GraphDefinition, key: string, only: readonly string[]): void {
  const node = graph.nodes.get(key);
  if (node?.kind !== "produced" || node !== node.call.parts?.node) return;
  throw new StratigraphError("GRAPH_INVALID", "one partition of a fan-out is made together with all others", {
    where: placeText(key, only[0]!),
    hint: `Name what its producer makes at once: ${node.call.outputs[0]!.node.key}`,
  });
}

function notBuilt(snapshot: StoredSnapshot, key: string, only: readonly string[] | undefined): StratigraphError {
  return new StratigraphError("PARTITION_NOT_BUILT", `there is no ${placeText(key, only?.[0] ?? "")}`, {
    where: `snapshot ${snapshot.id.slice(0, 8)} of graph '${snapshot.graph}'`,
    hint: `See what there is: strata ls ${key}`,
  });
}
