// Which partitions came and which left: of each source since the snapshot before, of each fan-out since its step ran last.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { Json, StoredSnapshot } from "../backend/records.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { Network, Step } from "./network.ts";
import { madeParts } from "./parts.ts";
import type { Rebuilder } from "./rebuilder.ts";
import type { Workspace } from "./workspace.ts";

export interface KeyChange {
  /** Of the artifact. */
  readonly key: string;
  readonly came: KeyList;
  readonly left: KeyList;
}

export interface KeyList {
  readonly count: number;
  /** The first of them, in the order of key texts. */
  readonly examples: readonly KeyText[];
}

const MOST_EXAMPLES = 20;

/** Reads what a source had page by page, and only of those whose list of partitions is another one now. */
export async function sourceKeyChanges(
  connection: Connection,
  { sources }: Network,
  manifest: SealedManifest,
  before: StoredSnapshot | undefined,
): Promise<readonly KeyChange[]> {
  if (before === undefined || before.id === manifest.fingerprint) return [];
  const [stored] = await connection.readManifests([before.id]);
  if (stored === undefined) return [];
  const [had, has] = [listsIn(stored.text), listsIn(manifest.text)];
  const changes: KeyChange[] = [];
  for (const { node, set } of sources) {
    if (had[node.key] === undefined || had[node.key] === has[node.key]) continue;
    const earlier = new Set<KeyText>();
    const list = everyItem((page) => connection.readSnapshotPartitions(before.id, node.key, { page }));
    for await (const { key } of list) earlier.add(key);
    const change = changeOf(node.key, earlier, set.positions);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

function listsIn(manifest: string): Readonly<Record<string, string>> {
  return (JSON.parse(manifest) as { readonly parts: { readonly sources: Record<string, string> } }).parts.sources;
}

/** Of the fan-outs that ran: what their lists say now that those of their last run did not, and the other way round. */
export async function fanOutKeyChanges(
  workspace: Workspace,
  built: Iterable<Step>,
  rebuilder: Rebuilder,
): Promise<readonly KeyChange[]> {
  const lists = new Map<string, { readonly had: Set<KeyText>; readonly has: Set<KeyText> }>();
  for (const step of built) {
    const { call } = step.group;
    const before = call.parts === undefined ? undefined : rebuilder.latestOf(call.outputs[0]!.node, step.position);
    if (before === undefined) continue;
    const { key } = call.parts!.node;
    const mine = lists.get(key) ?? { had: new Set(), has: new Set() };
    lists.set(key, mine);
    for (const one of (await madeParts(workspace, step, before)) ?? []) mine.had.add(one.key);
    for (const { key: text } of step.outputs!.slice(1)) mine.has.add(text);
  }
  return [...lists].flatMap(([key, { had, has }]) => changeOf(key, had, has) ?? []);
}

interface Keys {
  has(key: KeyText): boolean;
  keys(): Iterable<KeyText>;
}

function changeOf(key: string, had: Keys, has: Keys): KeyChange | undefined {
  const came = missingIn(had, has);
  const left = missingIn(has, had);
  return came.count + left.count === 0 ? undefined : { key, came, left };
}

/** Of these keys those that the others lack. */
function missingIn(others: Keys, these: Keys): KeyList {
  const missing: KeyText[] = [];
  for (const key of these.keys()) if (!others.has(key)) missing.push(key);
  return { count: missing.length, examples: missing.sort().slice(0, MOST_EXAMPLES) };
}

/** As it is kept with the run of the build. */
export function keyChangesJson(changes: readonly KeyChange[]): Json | undefined {
  return changes.length === 0 ? undefined : { keys: changes as unknown as Json };
}
