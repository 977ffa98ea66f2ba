// Which partitions a snapshot holds under which key.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { KeyText } from "../../../identity/partition-key.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest, PartitionId, PartitionLink, PartitionRecord, StoredPartition } from "../../records.ts";
import { otherKey, partitionsUnknown, snapshotUnknown } from "../../refusals.ts";
import { pad, toBytes, toJsonList } from "../column.ts";
import { findGraph, findNodes, numberNodes, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";
import { writeArtifactPartitions } from "./partition-writes.ts";
import { partitionColumns, partitionReader, type PartitionRow } from "./partition-row.ts";
import { inOrder } from "./partitions.ts";

export function* readSnapshotPartitions(
  context: SqlContext,
  snapshot: Fingerprint,
  artifactKey: string,
  options: { keys?: readonly KeyText[] | undefined; page?: PageRequest | undefined } = {},
): Operation<Page<StoredPartition>> {
  const listing: Listing = ["readSnapshotPartitions", snapshot, artifactKey];
  const page = openPage(listing, options.page);
  const found = yield* first<[snapshot: number, node: number]>(sql`
    SELECT s.id, n.id FROM snapshot s JOIN node n ON n.graph = s.graph
    WHERE s.fingerprint = ${toBytes(snapshot)} AND n.key = ${artifactKey}`);
  if (found === undefined) return { items: [], next: undefined };
  const [snapshotNumber, node] = found;
  // In order of key by walking the node's places: the links of a node have no order of their own.
  const places =
    options.keys === undefined
      ? sql`place l`
      : sql`json_each(${toJsonList([...new Set(options.keys)])}) q CROSS JOIN place l ON l.key = q.value`;
  const after = page.after === undefined ? sql`` : sql`AND l.key > ${page.after[0]}`;
  const rows = yield* all<PartitionRow>(sql`
    SELECT ${partitionColumns} FROM ${places}
    CROSS JOIN link k ON k.snapshot = ${snapshotNumber} AND k.node = ${node} AND k.place = l.id
    CROSS JOIN partition p ON p.id = k.partition
    WHERE l.node = ${node} ${after} ORDER BY l.key LIMIT ${page.limit + 1}`);
  return closePage(listing, page, rows, (row) => [row[2]], yield* partitionReader(context, rows, 0));
}

export function* writeSnapshotPartitions(
  context: SqlContext,
  snapshot: Fingerprint,
  links: readonly PartitionLink[],
): Operation<void> {
  yield* linkPartitions(context, snapshot, links, "and is the latest");
}

/** Links, each of which is what was linked last at its place, or says nothing of that. */
export function* linkPartitions(
  context: SqlContext,
  snapshot: Fingerprint,
  links: readonly PartitionLink[],
  which: "and is the latest" | "and that is all",
): Operation<void> {
  const found = yield* first<[snapshot: number, graph: number]>(sql`
    SELECT s.id, s.graph FROM snapshot s WHERE s.fingerprint = ${toBytes(snapshot)}`);
  if (found === undefined) throw snapshotUnknown(snapshot);
  const [snapshotNumber, graph] = found;
  yield* checkLinks(links);
  const nodes = yield* numberNodes(context, graph, new Set(links.map(({ artifactKey }) => artifactKey)));
  const list = toJsonList(
    links.map(({ artifactKey, key, partition }) => pad(nodes.get(artifactKey)!) + pad(partition) + key),
  );
  // What was linked last is kept up to date here, where nearly always nothing differs, so that asking for it is one lookup.
  yield* change(sql`
    INSERT INTO place (node, key, latest)
    SELECT CAST(substr(q.value, 1, 16) AS INTEGER), substr(q.value, 33), CAST(substr(q.value, 17, 16) AS INTEGER)
    FROM json_each(${list}) q WHERE true
    ON CONFLICT (node, key) DO ${
      which === "and that is all"
        ? sql`NOTHING`
        : sql`UPDATE SET latest = excluded.latest WHERE place.latest <> excluded.latest`
    }`);
  yield* change(sql`
    INSERT INTO link (snapshot, node, place, partition)
    SELECT ${snapshotNumber}, l.node, l.id, CAST(substr(q.value, 17, 16) AS INTEGER) FROM json_each(${list}) q
    CROSS JOIN place l ON l.node = CAST(substr(q.value, 1, 16) AS INTEGER) AND l.key = substr(q.value, 33) WHERE true
    ON CONFLICT (snapshot, node, place) DO UPDATE SET partition = excluded.partition
    WHERE link.partition <> excluded.partition`);
}

function* checkLinks(links: readonly PartitionLink[]): Operation<void> {
  const list = toJsonList(links.map(({ key, partition }) => pad(partition) + key));
  const wrong = yield* all<[ordinal: number, key: string | null]>(sql`
    SELECT q.key, p.key FROM json_each(${list}) q
    LEFT JOIN partition p ON p.id = CAST(substr(q.value, 1, 16) AS INTEGER)
    WHERE p.key IS NULL OR p.key <> substr(q.value, 17) ORDER BY q.key`);
  const unknown: PartitionId[] = [];
  for (const [ordinal, key] of wrong) if (key === null) unknown.push(links[ordinal]!.partition);
  if (unknown.length > 0) throw partitionsUnknown(unknown);
  for (const [ordinal, key] of wrong) throw otherKey(links[ordinal]!.partition, key!, links[ordinal]!.key);
}

export function* writeArtifactAndGraphPartitions(
  context: SqlContext,
  snapshot: Fingerprint,
  partitions: readonly { readonly artifactKey: string; readonly partition: PartitionRecord }[],
): Operation<readonly PartitionId[]> {
  const ids = yield* writeArtifactPartitions(
    context,
    partitions.map(({ partition }) => partition),
  );
  const links = partitions.map(({ artifactKey, partition: { key } }, index) => ({
    artifactKey,
    key,
    partition: ids[index]!,
  }));
  yield* writeSnapshotPartitions(context, snapshot, links);
  return ids;
}

export function* countSnapshotPartitions(_: SqlContext, snapshot: Fingerprint): Operation<ReadonlyMap<string, number>> {
  const rows = yield* all<[artifactKey: string, count: number]>(sql`
    SELECT n.key, count(*) FROM link k JOIN node n ON n.id = k.node
    WHERE k.snapshot = (SELECT id FROM snapshot WHERE fingerprint = ${toBytes(snapshot)})
    GROUP BY k.node ORDER BY n.key`);
  return new Map(rows);
}

export function* sumSnapshotSizes(_: SqlContext, snapshot: Fingerprint): Operation<ReadonlyMap<string, number>> {
  const rows = yield* all<[artifactKey: string, bytes: number]>(sql`
    SELECT n.key, sum(p.size) FROM link k JOIN node n ON n.id = k.node CROSS JOIN partition p ON p.id = k.partition
    WHERE k.snapshot = (SELECT id FROM snapshot WHERE fingerprint = ${toBytes(snapshot)})
    GROUP BY k.node ORDER BY n.key`);
  return new Map(rows);
}

export function* findLatestPartitions(
  context: SqlContext,
  graph: string,
  places: readonly { readonly artifactKey: string; readonly key: KeyText }[],
): Operation<readonly (StoredPartition | undefined)[]> {
  const number = yield* findGraph(context, graph);
  if (number === undefined) return places.map(() => undefined);
  const nodes = yield* findNodes(context, number, new Set(places.map(({ artifactKey }) => artifactKey)));
  const list = toJsonList(places.map(({ artifactKey, key }) => pad(nodes.get(artifactKey) ?? 0) + key));
  const rows = yield* all<readonly [ordinal: number, ...PartitionRow]>(sql`
    SELECT q.key, ${partitionColumns} FROM json_each(${list}) q
    CROSS JOIN place l ON l.node = CAST(substr(q.value, 1, 16) AS INTEGER) AND l.key = substr(q.value, 17)
    CROSS JOIN partition p ON p.id = l.latest`);
  return inOrder(places.length, rows, yield* partitionReader(context, rows, 1));
}
