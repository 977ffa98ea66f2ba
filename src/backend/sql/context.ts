// What the operations of one connection share: the clock, and the small numbers that stand for long names.

import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { Clock } from "../../util/clock.ts";
import { toJsonList } from "./column.ts";
import { all, change, first, type Operation } from "./operation.ts";
import { sql } from "./statement.ts";

export interface SqlContext {
  readonly clock: Clock;
  readonly names: Names;
  /** Tells this store from every other one, see `CopyState`. */
  store(): string;
}

/** Numbers of artifacts, graphs and their nodes. They are never removed or changed, so what was once read stays true. */
export class Names {
  readonly artifacts: Map<Fingerprint, number> = new Map();
  readonly fingerprints: Map<number, Fingerprint> = new Map();
  readonly graphs: Map<string, number> = new Map();
  /** By graph, then by artifact key. */
  readonly nodes: Map<number, Map<string, number>> = new Map();

  /** A rollback takes back numbers that were given in its transaction. */
  forget(): void {
    this.artifacts.clear();
    this.fingerprints.clear();
    this.graphs.clear();
    this.nodes.clear();
  }
}

/** The first of `count` numbers that nobody got before or gets again; they rise in the order of commits. */
export function* takeSequence(count: number): Operation<number> {
  const row = yield* first<[value: number]>(
    sql`UPDATE counter SET value = value + ${count} WHERE name = 'sequence' RETURNING value`,
  );
  return row![0] - count + 1;
}

/**
 * Changes something that nobody reads, so that a commit has a page to write. Not a number: taking one would be a change that others see, and
 * one written over by itself is no change at all to SQLite, which then syncs nothing.
 */
export function* touch(): Operation<void> {
  yield* change(sql`
    INSERT INTO meta (name, value) VALUES ('touched', '0')
    ON CONFLICT (name) DO UPDATE SET value = CASE value WHEN '0' THEN '1' ELSE '0' END`);
}

/** Those of the artifacts that are known. */
export function* findArtifacts(
  { names }: SqlContext,
  fingerprints: ReadonlySet<Fingerprint>,
): Operation<ReadonlyMap<Fingerprint, number>> {
  const missing = [...fingerprints].filter((fingerprint) => !names.artifacts.has(fingerprint));
  if (missing.length > 0) yield* readArtifacts(names, missing);
  return names.artifacts;
}

/** All of the artifacts, given a number where they have none. */
export function* numberArtifacts(
  context: SqlContext,
  fingerprints: ReadonlySet<Fingerprint>,
): Operation<ReadonlyMap<Fingerprint, number>> {
  const { names } = context;
  yield* findArtifacts(context, fingerprints);
  const missing = [...fingerprints].filter((fingerprint) => !names.artifacts.has(fingerprint));
  if (missing.length > 0) {
    yield* change(sql`
      INSERT INTO artifact (fingerprint) SELECT unhex(q.value) FROM json_each(${toJsonList(missing)}) q
      WHERE true ON CONFLICT (fingerprint) DO NOTHING`);
    yield* readArtifacts(names, missing);
  }
  return names.artifacts;
}

function* readArtifacts(names: Names, fingerprints: readonly Fingerprint[]): Operation<void> {
  const found = yield* all<[ordinal: number, id: number]>(sql`
    SELECT q.key, a.id FROM json_each(${toJsonList(fingerprints)}) q
    CROSS JOIN artifact a ON a.fingerprint = unhex(q.value)`);
  for (const [ordinal, id] of found) {
    names.artifacts.set(fingerprints[ordinal]!, id);
    names.fingerprints.set(id, fingerprints[ordinal]!);
  }
}

/** The fingerprints of artifacts that stored partitions refer to. */
export function* fingerprintsOf(
  { names }: SqlContext,
  artifacts: ReadonlySet<number>,
): Operation<ReadonlyMap<number, Fingerprint>> {
  const missing = [...artifacts].filter((id) => !names.fingerprints.has(id));
  if (missing.length > 0) {
    const found = yield* all<[id: number, fingerprint: Fingerprint]>(sql`
      SELECT a.id, lower(hex(a.fingerprint)) FROM json_each(${toJsonList(missing)}) q
      CROSS JOIN artifact a ON a.id = q.value`);
    for (const [id, fingerprint] of found) {
      names.artifacts.set(fingerprint, id);
      names.fingerprints.set(id, fingerprint);
    }
  }
  return names.fingerprints;
}

export function* findGraph({ names }: SqlContext, name: string): Operation<number | undefined> {
  const known = names.graphs.get(name);
  if (known !== undefined) return known;
  const row = yield* first<[id: number]>(sql`SELECT id FROM graph WHERE name = ${name}`);
  if (row !== undefined) names.graphs.set(name, row[0]);
  return row?.[0];
}

export function* numberGraph(context: SqlContext, name: string): Operation<number> {
  const known = yield* findGraph(context, name);
  if (known !== undefined) return known;
  yield* change(sql`INSERT INTO graph (name) VALUES (${name})`);
  return (yield* findGraph(context, name))!;
}

/** Those of a graph's nodes that are known, by artifact key. */
export function* findNodes(
  { names }: SqlContext,
  graph: number,
  keys: ReadonlySet<string>,
): Operation<ReadonlyMap<string, number>> {
  const nodes = nodesOf(names, graph);
  const missing = [...keys].filter((key) => !nodes.has(key));
  if (missing.length > 0) yield* readNodes(nodes, graph, missing);
  return nodes;
}

export function* numberNodes(
  context: SqlContext,
  graph: number,
  keys: ReadonlySet<string>,
): Operation<ReadonlyMap<string, number>> {
  yield* findNodes(context, graph, keys);
  const nodes = nodesOf(context.names, graph);
  const missing = [...keys].filter((key) => !nodes.has(key));
  if (missing.length > 0) {
    yield* change(sql`
      INSERT INTO node (graph, key) SELECT ${graph}, q.value FROM json_each(${toJsonList(missing)}) q
      WHERE true ON CONFLICT (graph, key) DO NOTHING`);
    yield* readNodes(nodes, graph, missing);
  }
  return nodes;
}

function* readNodes(nodes: Map<string, number>, graph: number, keys: readonly string[]): Operation<void> {
  const found = yield* all<[ordinal: number, id: number]>(sql`
    SELECT q.key, n.id FROM json_each(${toJsonList(keys)}) q
    CROSS JOIN node n ON n.graph = ${graph} AND n.key = q.value`);
  for (const [ordinal, id] of found) nodes.set(keys[ordinal]!, id);
}

function nodesOf(names: Names, graph: number): Map<string, number> {
  let nodes = names.nodes.get(graph);
  if (nodes === undefined) names.nodes.set(graph, (nodes = new Map<string, number>()));
  return nodes;
}
