// What differs between two snapshots of a graph: partitions by their content, and the declarations.

import type { Connection } from "../backend/backend.ts";
import { readDescription } from "../backend/description.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import type { GraphDescription } from "../graph/describe.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { jsonSchemaDifference, type SchemaDifference } from "../identity/schema-difference.ts";
import { compareText } from "../util/text-order.ts";
import { declarationsOf, describedDeclarations, type Declarations } from "./declarations.ts";
import { everyItem } from "../backend/pages.ts";

export interface SnapshotDiff {
  readonly before: StoredSnapshot;
  readonly after: StoredSnapshot;
  /** In the order of keys; only those that differ. */
  readonly artifacts: readonly ArtifactDiff[];
  readonly declarations: readonly DeclarationDiff[];
  /** Partitions that are in both with the same content. */
  readonly same: number;
}

export interface ArtifactDiff {
  readonly key: string;
  /** The key it has in the earlier snapshot, where that is another. */
  readonly was: string | undefined;
  /** `changed` where both snapshots have partitions of it. */
  readonly change: "added" | "removed" | "changed";
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly same: number;
  /** The first of them, in the order of keys; the numbers above count all. */
  readonly partitions: readonly PartitionDiff[];
}

export interface PartitionDiff {
  /** Canonical key text, "" where unpartitioned. */
  readonly partition: KeyText;
  readonly change: "added" | "removed" | "changed";
  readonly before: StoredPartition | undefined;
  readonly after: StoredPartition | undefined;
}

/** A producer or artifact that was declared differently. */
export interface DeclarationDiff {
  readonly kind: "producer" | "artifact";
  readonly name: string;
  /** "version", "schema", "format", …; "" for the whole. */
  readonly part: string;
  readonly change: "added" | "removed" | "changed";
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Of a schema that changed: whether what was written under the old one can be read with the new one, field by field. */
  readonly schema?: SchemaDifference;
}

export interface DiffOptions {
  /** Partitions listed for each artifact; 1,000 unless told. */
  readonly limit?: number | undefined;
}

/** Compares by content: a partition that was built again with the same result is the same. Reads both snapshots in pages, side by side. */
export async function diffSnapshotsIn(
  connection: Connection,
  before: StoredSnapshot,
  after: StoredSnapshot,
  { limit = 1_000 }: DiffOptions = {},
): Promise<SnapshotDiff> {
  const [had, has] = [
    await connection.countSnapshotPartitions(before.id),
    await connection.countSnapshotPartitions(after.id),
  ];
  const former = await renamedBetween(connection, after, had, has);
  const gone = new Set(former.values());
  const keys = [...new Set([...had.keys(), ...has.keys()])].filter((key) => !gone.has(key)).sort(compareText);
  const artifacts: ArtifactDiff[] = [];
  let same = 0;
  for (const key of keys) {
    const was = former.get(key);
    const diff = await diffArtifact(connection, key, was ?? key, before.id, after.id, limit);
    same += diff.same;
    if (diff.added + diff.removed + diff.changed === 0) continue;
    artifacts.push({ ...diff, was, change: !had.has(was ?? key) ? "added" : !has.has(key) ? "removed" : "changed" });
  }
  const [old, now] = [await declarationsOf(connection, before), await declarationsOf(connection, after)];
  return { before, after, artifacts, declarations: diffDeclarations(underNewKeys(old, former), now), same };
}

/**
 * What a graph declares now otherwise than when a snapshot of it was made: before anything is built, and so without partitions.
 */
export async function diffDeclared(
  connection: Connection,
  before: StoredSnapshot,
  after: GraphDescription,
): Promise<readonly DeclarationDiff[]> {
  const old = await declarationsOf(connection, before);
  const now = describedDeclarations(after);
  const former = new Map<string, string>();
  for (const { key, was = [] } of after.artifacts) {
    const one = old.artifacts.has(key)
      ? undefined
      : was.find((name) => old.artifacts.has(name) && !now.artifacts.has(name));
    if (one !== undefined) former.set(key, one);
  }
  return diffDeclarations(underNewKeys(old, former), now);
}

/** What the earlier snapshot has under another key, by the key the later one has: as the later one's graph says. */
async function renamedBetween(
  connection: Connection,
  after: StoredSnapshot,
  had: ReadonlyMap<string, number>,
  has: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, string>> {
  const former = new Map<string, string>();
  for (const { key, was = [] } of (await readDescription(connection, after))?.artifacts ?? []) {
    const old = had.has(key) ? undefined : was.find((one) => had.has(one) && !has.has(one));
    if (old !== undefined) former.set(key, old);
  }
  return former;
}

function underNewKeys(declarations: Declarations, former: ReadonlyMap<string, string>): Declarations {
  const renamed = {
    ...declarations,
    artifacts: new Map(declarations.artifacts),
    schemas: new Map(declarations.schemas),
  };
  for (const [key, old] of former) {
    for (const named of [renamed.artifacts, renamed.schemas] as Map<string, never>[]) {
      const what = named.get(old);
      if (what === undefined) continue;
      named.delete(old);
      named.set(key, what);
    }
  }
  return renamed;
}

async function diffArtifact(
  connection: Connection,
  key: string,
  was: string,
  before: Fingerprint,
  after: Fingerprint,
  limit: number,
): Promise<Omit<ArtifactDiff, "change" | "was">> {
  const partitions: PartitionDiff[] = [];
  const counts = { added: 0, removed: 0, changed: 0, same: 0 };
  const tell = (partition: KeyText, old: StoredPartition | undefined, now: StoredPartition | undefined): void => {
    const change =
      old === undefined ? "added" : now === undefined ? "removed" : old.content === now.content ? "same" : "changed";
    counts[change]++;
    if (change !== "same" && partitions.length < limit) partitions.push({ partition, change, before: old, after: now });
  };
  const olds = everyItem((page) => connection.readSnapshotPartitions(before, was, { page }));
  const nows = everyItem((page) => connection.readSnapshotPartitions(after, key, { page }));
  let [old, now] = [await olds.next(), await nows.next()];
  while (old.done !== true || now.done !== true) {
    // Both come in the order of key text.
    const order = old.done === true ? 1 : now.done === true ? -1 : compareText(old.value.key, now.value.key);
    const left = order <= 0 ? (old.value as StoredPartition) : undefined;
    const right = order >= 0 ? (now.value as StoredPartition) : undefined;
    tell((left ?? right)!.key, left, right);
    if (left !== undefined) old = await olds.next();
    if (right !== undefined) now = await nows.next();
  }
  return { key, ...counts, partitions };
}

function diffDeclarations(before: Declarations, after: Declarations): DeclarationDiff[] {
  return [
    ...diffNamed("producer", before.producers, after.producers),
    ...diffNamed("artifact", before.artifacts, after.artifacts).map((diff) => {
      const [old, now] = [before.schemas.get(diff.name), after.schemas.get(diff.name)];
      if (diff.part !== "schema" || old === undefined || now === undefined) return diff;
      return { ...diff, schema: jsonSchemaDifference(old, now) };
    }),
  ];
}

type Named = ReadonlyMap<string, Readonly<Record<string, string>>>;

function diffNamed(kind: DeclarationDiff["kind"], before: Named, after: Named): DeclarationDiff[] {
  const diffs: DeclarationDiff[] = [];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  for (const name of names) {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === undefined || now === undefined) {
      diffs.push({
        kind,
        name,
        part: "",
        change: old === undefined ? "added" : "removed",
        before: undefined,
        after: undefined,
      });
      continue;
    }
    for (const part of new Set([...Object.keys(old), ...Object.keys(now)])) {
      if (old[part] === now[part]) continue;
      const change = old[part] === undefined ? "added" : now[part] === undefined ? "removed" : "changed";
      diffs.push({ kind, name, part, change, before: old[part], after: now[part] });
    }
  }
  return diffs;
}
