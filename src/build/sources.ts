// The sources of a graph as they are at this moment, and the snapshot they make.

import { encodeValue } from "../data/io.ts";
import { unreadableError, unreadableIn, type Unreadable } from "../data/storage/findings.ts";
import { StratigraphError } from "../errors.ts";
import { recordText } from "../graph/canonical-record.ts";
import type { GraphDefinition, SourceNode } from "../graph/graph.ts";
import { fingerprintText, type Fingerprint } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import type { BuildListener } from "./events.ts";
import type { SourceState } from "./network.ts";
import { setOf, wholeSet } from "./partition-set.ts";
import { contentListFingerprint } from "./step-identity.ts";
import type { Workspace } from "./workspace.ts";

export interface SourceScan {
  readonly sources: readonly SourceState[];
  readonly strays: readonly { readonly key: string; readonly location: string; readonly problem: string }[];
}

/**
 * Looks through every source of the graph. A source without data is not an error here: only a step that needs it makes it one.
 * What cannot be read is, but only after all sources were looked at. Errors: STORAGE_FAILED, PARTITION_AMBIGUOUS, SOURCE_UNSTABLE.
 */
export async function scanSources(
  workspace: Workspace,
  graph: GraphDefinition,
  emit: BuildListener,
): Promise<SourceScan> {
  const sources: SourceState[] = [];
  const strays: { key: string; location: string; problem: string }[] = [];
  const unreadable: { readonly key: string; readonly found: Unreadable }[] = [];
  for (const node of graph.nodes.values()) {
    if (node.kind !== "source") continue;
    try {
      sources.push(await scanSource(workspace, node, emit, strays));
    } catch (error) {
      const found = unreadableIn(error);
      if (found === undefined) throw error;
      unreadable.push({ key: node.key, found });
    }
  }
  if (unreadable.length > 0) throw unreadableSources(unreadable);
  return { sources, strays };
}

function unreadableSources(sources: readonly { readonly key: string; readonly found: Unreadable }[]): StratigraphError {
  const named = sources.slice(0, 3).map(({ key }) => `source '${key}'`);
  const more = sources.length > named.length ? ` and ${sources.length - named.length} more` : "";
  return unreadableError({
    paths: sources.flatMap(({ found }) => found.paths),
    count: sources.reduce((sum, { found }) => sum + found.count, 0),
  }).within(named.join(", ") + more);
}

async function scanSource(
  workspace: Workspace,
  node: SourceNode,
  emit: BuildListener,
  strays: { key: string; location: string; problem: string }[],
): Promise<SourceState> {
  const { artifact, storage, key } = node;
  const encode = (value: unknown): Uint8Array | Promise<Uint8Array> => encodeValue(artifact, value, `source '${key}'`);
  const discovery = await storage.discover(artifact.dimensions, workspace.storage, encode);
  for (const stray of discovery.strays) strays.push({ key, ...stray });
  emit({
    type: "source-found",
    key,
    partitions: discovery.partitions.length,
    strays: discovery.strays,
    strayCount: discovery.strayCount,
  });
  const whole = Object.keys(artifact.dimensions).length === 0 && discovery.partitions.length === 1;
  const set = whole
    ? wholeSet
    : setOf(
        artifact.dimensions,
        discovery.partitions.map((partition) => [partition.keyText, partition.key]),
      );
  const found = whole ? discovery.partitions : byPosition(discovery.partitions, set.positions);
  const stored = new Array<undefined>(found.length).fill(undefined);
  return { kind: "source", node, set, found, stored, folders: discovery.folders };
}

function byPosition<T extends { readonly keyText: string }>(
  partitions: readonly T[],
  positions: ReadonlyMap<string, number>,
): T[] {
  const ordered = new Array<T>(partitions.length);
  for (const partition of partitions) ordered[positions.get(partition.keyText)!] = partition;
  return ordered;
}

/** The error for a source that a step needs and that has nothing. */
export function sourceMissing(source: SourceState, root: string): StratigraphError {
  const { key, storage } = source.node;
  return new StratigraphError("SOURCE_MISSING", `the source has no data`, {
    where: `source '${key}'`,
    expected: `at least one partition at ${storage.template === "" ? storage.kind : `'${storage.template}'`} in ${root}`,
    received: "none",
    hint: "Put the data there, or correct the template.",
  });
}

/**
 * A snapshot's identity: the graph's fingerprint and the content of every source partition. Each source counts as one
 * fingerprint over its list of (key, content); the list itself is not stored again, the snapshot's links hold it.
 *
 * `{ kind: "snapshot", format: 1, parts: { graph, pins?: { [place]: content }, sources: { [key]: fingerprint } } }`, written directly
 * as sources may be many; a test compares it with the general encoder. Pins are there only where there are any.
 */
export function snapshotManifest(
  graph: GraphDefinition,
  sources: readonly SourceState[],
  pins: readonly (readonly [place: string, content: Fingerprint])[] = [],
): SealedManifest {
  const lists = sources.map(({ node, set, found }): [string, string] => {
    const contents = found.map(({ content }) => content.fingerprint);
    return [node.key, `"${contentListFingerprint(set.texts, contents)}"`];
  });
  const pinned =
    pins.length === 0 ? "" : `"pins":${recordText(pins.map(([place, content]) => [place, `"${content}"`]))},`;
  const parts = `{"graph":"${graph.fingerprint}",${pinned}"sources":${recordText(lists)}}`;
  const text = `{"format":1,"kind":"snapshot","parts":${parts}}`;
  return { fingerprint: fingerprintText(text), text };
}
