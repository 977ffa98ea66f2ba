// Which partitions a snapshot holds, and what was linked last, in a database, as they are copied.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { KeyText } from "../../../identity/partition-key.ts";
import type { KeptLatest, KeptLink } from "../../kept-records.ts";
import type { Position } from "../../page.ts";
import type { PartitionId } from "../../records.ts";
import { toBytes } from "../column.ts";
import { numberGraph, numberNodes, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";
import { linkPartitions } from "../statements/links.ts";
import type { KeptOf } from "./kept.ts";

type Placed = readonly [key: KeyText, partition: PartitionId];

// In three loops, each on an index: one statement would look through all places that come before the page.

/** Links by snapshot, by node, by key. */
function* listLinks(_: SqlContext, after: Position | undefined, limit: number): Operation<readonly KeptLink[]> {
  const found: KeptLink[] = [];
  let from = (after?.[0] ?? "") as Fingerprint;
  for (let within = after; found.length < limit; within = undefined) {
    const snapshot = yield* first<[id: number, fingerprint: Fingerprint, graph: number]>(
      within === undefined
        ? sql`SELECT s.id, lower(hex(s.fingerprint)), s.graph FROM snapshot s WHERE s.fingerprint > ${toBytes(from)}
            ORDER BY s.fingerprint LIMIT 1`
        : sql`SELECT s.id, lower(hex(s.fingerprint)), s.graph FROM snapshot s WHERE s.fingerprint >= ${toBytes(from)}
            ORDER BY s.fingerprint LIMIT 1`,
    );
    if (snapshot === undefined) break;
    const [id, fingerprint, graph] = snapshot;
    const resumed = fingerprint === from ? within : undefined;
    const nodes = yield* all<[id: number, key: string]>(sql`
      SELECT n.id, n.key FROM node n WHERE n.graph = ${graph} AND n.key >= ${resumed?.[1] ?? ""}
        AND EXISTS (SELECT 1 FROM link k WHERE k.snapshot = ${id} AND k.node = n.id)
      ORDER BY n.key`);
    for (const [node, artifactKey] of nodes) {
      const last = artifactKey === resumed?.[1] ? sql`AND l.key > ${resumed[2]}` : sql``;
      const placed = yield* all<Placed>(sql`
        SELECT l.key, k.partition FROM place l
        CROSS JOIN link k ON k.snapshot = ${id} AND k.node = ${node} AND k.place = l.id
        WHERE l.node = ${node} ${last} ORDER BY l.key LIMIT ${limit - found.length}`);
      for (const [key, partition] of placed) found.push({ snapshot: fingerprint, artifactKey, key, partition });
      if (found.length >= limit) break;
    }
    from = fingerprint;
  }
  return found;
}

/** What was linked last, by graph, by node, by key. */
function* listLatest(_: SqlContext, after: Position | undefined, limit: number): Operation<readonly KeptLatest[]> {
  const [fromGraph, fromNode, fromKey] = after ?? ["", "", ""];
  const nodes = yield* all<[graph: string, key: string, id: number]>(sql`
    SELECT g.name, n.key, n.id FROM graph g CROSS JOIN node n ON n.graph = g.id
    WHERE g.name >= ${fromGraph} AND (g.name > ${fromGraph} OR n.key >= ${fromNode}) ORDER BY g.name, n.key`);
  const found: KeptLatest[] = [];
  for (const [graph, artifactKey, node] of nodes) {
    const resumed = after !== undefined && graph === fromGraph && artifactKey === fromNode;
    const placed = yield* all<Placed>(sql`
      SELECT l.key, l.latest FROM place l WHERE l.node = ${node} ${resumed ? sql`AND l.key > ${fromKey}` : sql``}
      ORDER BY l.key LIMIT ${limit - found.length}`);
    for (const [key, partition] of placed) found.push({ graph, artifactKey, key, partition });
    if (found.length >= limit) break;
  }
  return found;
}

export const keptLinks: KeptOf<"links" | "latest"> = {
  links: {
    list: listLinks,
    *put(context, records) {
      for (const [snapshot, links] of grouped(records, (link) => link.snapshot)) {
        yield* linkPartitions(context, snapshot, links, "and that is all");
      }
    },
    *drop(_, records) {
      for (const { snapshot, artifactKey, key } of records) {
        const found = yield* first<[snapshot: number, node: number, place: number]>(sql`
          SELECT s.id, n.id, l.id FROM snapshot s CROSS JOIN node n ON n.graph = s.graph CROSS JOIN place l ON l.node = n.id
          WHERE s.fingerprint = ${toBytes(snapshot)} AND n.key = ${artifactKey} AND l.key = ${key}`);
        if (found === undefined) continue;
        const [id, node, place] = found;
        yield* change(sql`DELETE FROM link WHERE snapshot = ${id} AND node = ${node} AND place = ${place}`);
      }
    },
  },
  latest: {
    list: listLatest,
    *put(context, records) {
      for (const [name, places] of grouped(records, ({ graph }) => graph)) {
        const graph = yield* numberGraph(context, name);
        const nodes = yield* numberNodes(context, graph, new Set(places.map(({ artifactKey }) => artifactKey)));
        for (const chunk of eachChunk(places)) {
          const list = chunk.map(({ artifactKey, key, partition }) => [nodes.get(artifactKey), key, partition]);
          yield* change(sql`
            INSERT INTO place (node, key, latest) VALUES ${rows(list)}
            ON CONFLICT (node, key) DO UPDATE SET latest = excluded.latest`);
        }
      }
    },
  },
};

function grouped<Item, Name>(items: readonly Item[], nameOf: (item: Item) => Name): ReadonlyMap<Name, readonly Item[]> {
  const groups = new Map<Name, Item[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
