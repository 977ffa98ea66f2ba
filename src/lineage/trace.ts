// A trace: everything something was made from, down to raw files, and everything it was used for, partition by partition, as plain data.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { Stage, VersionRecord } from "../backend/model-records.ts";
import type { LineageEdge, PartitionId, RunId, RunRecord, RunState, StoredPartition } from "../backend/records.ts";
import { parseStepManifest } from "../build/step-identity.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { endsOf, namePartitions, NameBook, type ArtifactName } from "./names.ts";
import { findOrigin, type Origin, type TraceTarget } from "./origin.ts";
import { walkThroughFiles, type FileLink } from "./walk.ts";

export const directions = ["upstream", "downstream"] as const;
export type Direction = (typeof directions)[number];

export interface TraceOptions {
  /** Upstream unless told, for a file downstream; both are two walks from one start. */
  readonly directions?: readonly Direction[] | undefined;
  /** Runs to walk over at most; no limit unless told. */
  readonly depth?: number | undefined;
  /** Partitions at most in each direction, nearest first; 10,000 unless told. */
  readonly limit?: number | undefined;
}

export interface Trace {
  readonly format: 1;
  readonly origin: {
    readonly kind: Origin["kind"];
    /** "team/churn@1.3.0", "days[date=2026-01-02]", "run 01kx…", "data/2026-01-02.json". */
    readonly name: string;
    readonly snapshot: Fingerprint | undefined;
    readonly run: RunId | undefined;
    readonly model: TracedModel | undefined;
  };
  readonly directions: readonly Direction[];
  /** Nearest first, the origin's own before all. */
  readonly partitions: readonly TracedPartition[];
  readonly runs: readonly TracedRun[];
  readonly edges: readonly TracedEdge[];
  /** Model versions made from any of the partitions at or below the origin. */
  readonly models: readonly TracedModel[];
  /** There is more than `limit` or `depth` let through. */
  readonly truncated: boolean;
}

export interface TracedPartition {
  readonly id: PartitionId;
  readonly role: "origin" | Direction;
  /** What the graph of the run that made or read it calls it; `undefined` where that graph is not remembered any more. */
  readonly graph: string | undefined;
  readonly artifact: string | undefined;
  /** "" where unpartitioned. */
  readonly key: string;
  readonly content: Fingerprint;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 as hex, where one was taken. */
  readonly digest: string | undefined;
  readonly storage: string;
  readonly location: string;
  /** Nothing here made it: it was found. */
  readonly raw: boolean;
  /** Its bytes were found missing or changed. */
  readonly damaged: boolean;
  /** The run that made it last. */
  readonly run: RunId | undefined;
  /**
   * Of upstream partitions of the origin's own graph: whether the origin's snapshot links it. Where it does not, the same value was made
   * again since, from something else, and what is traced is what it was really made from.
   */
  readonly current: boolean | undefined;
}

export interface TracedRun {
  readonly id: RunId;
  readonly kind: RunRecord["kind"];
  readonly parent: RunId | undefined;
  readonly graph: string;
  readonly snapshot: Fingerprint | undefined;
  /** Of the graph as it was declared then: what a configuration is to a task. */
  readonly graphFingerprint: Fingerprint | undefined;
  readonly producer: string | undefined;
  readonly version: string | undefined;
  /** Of everything that counts of the producer: name, version, schemas and formats of what it reads and writes. */
  readonly producerFingerprint: Fingerprint | undefined;
  readonly key: string | undefined;
  readonly state: RunState;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  /** Milliseconds the producer took. */
  readonly duration: number | undefined;
  /** user@host and process. */
  readonly by: string;
}

/** A run read `input` as `name` and wrote `output`; without a run: the output is the same file, found by another graph. */
export interface TracedEdge {
  readonly run: RunId | undefined;
  readonly name: string;
  readonly input: PartitionId;
  readonly output: PartitionId;
}

export interface TracedModel {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly stage: Stage;
  readonly registeredAt: string;
  readonly registeredBy: string;
  readonly deleted: boolean;
  readonly partition: PartitionId | undefined;
  readonly run: RunId | undefined;
  /** Fingerprint of the configuration it was registered with. */
  readonly config: string | undefined;
  /** SHA-256 of its bytes in the registry, as hex. */
  readonly digest: string | undefined;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Walks over what was recorded; nothing is loaded or read but the backend's rows.
 * Errors: those of finding the target, see `TraceTarget`.
 */
export async function trace(connection: Connection, target: TraceTarget, options: TraceOptions = {}): Promise<Trace> {
  const origin = await findOrigin(connection, target);
  const wanted = options.directions ?? (origin.kind === "file" ? ["downstream"] : ["upstream"]);
  const roles = new Map<PartitionId, TracedPartition["role"]>();
  const partitions = new Map<PartitionId, StoredPartition>();
  const edges = new Map<string, LineageEdge | FileLink>();
  let truncated = false;
  for (const start of [
    ...(wanted.includes("upstream") ? origin.above : []),
    ...(wanted.includes("downstream") ? origin.below : []),
  ]) {
    roles.set(start.id, "origin");
    partitions.set(start.id, start);
  }
  for (const direction of directions.filter((one) => wanted.includes(one))) {
    const start = direction === "upstream" ? origin.above : origin.below;
    const walk = await walkThroughFiles(
      connection,
      start.map(({ id }) => id),
      direction,
      options,
    );
    truncated ||= walk.truncated;
    for (const one of walk.partitions) {
      if (!roles.has(one.id)) roles.set(one.id, direction);
      partitions.set(one.id, one);
    }
    for (const edge of walk.edges) edges.set(`${edge.run ?? ""} ${edge.name} ${edge.input} ${edge.output}`, edge);
  }

  const book = new NameBook(connection);
  const runEdges = [...edges.values()].filter((edge): edge is LineageEdge => edge.run !== undefined);
  const ends = endsOf(runEdges, partitions);
  const runs = await readRuns(connection, [...ends.keys()]);
  const names = await namePartitions(book, runs, ends, origin.names);
  const current = await currentOnes(connection, book, origin, partitions, names, roles);
  return {
    format: 1,
    origin: {
      kind: origin.kind,
      name: origin.name,
      snapshot: origin.snapshot,
      run: origin.run?.id,
      model: origin.version === undefined ? undefined : tracedModel(origin.version),
    },
    directions: directions.filter((one) => wanted.includes(one)),
    partitions: [...partitions.values()].map((one) =>
      tracedPartition(one, roles.get(one.id)!, names.get(one.id), current),
    ),
    runs: await tracedRuns(connection, book, withOrigin(runs, origin.run)),
    edges: [...edges.values()].map(({ run, name, input, output }) => ({ run, name, input, output })),
    models: wanted.includes("downstream") ? await modelsFrom(connection, partitions, roles) : [],
    truncated,
  };
}

async function readRuns(connection: Connection, ids: readonly RunId[]): Promise<RunRecord[]> {
  return (await connection.readRuns(ids)).filter((run) => run !== undefined);
}

function withOrigin(runs: readonly RunRecord[], own: RunRecord | undefined): readonly RunRecord[] {
  return own === undefined || runs.some(({ id }) => id === own.id) ? runs : [own, ...runs];
}

function tracedPartition(
  partition: StoredPartition,
  role: TracedPartition["role"],
  name: ArtifactName | undefined,
  current: ReadonlyMap<PartitionId, boolean>,
): TracedPartition {
  const { id, key, content, size, digest, storage, location, input, run, damaged } = partition;
  return {
    id,
    role,
    graph: name?.graph,
    artifact: name?.key,
    key,
    content,
    size,
    digest,
    storage,
    location,
    raw: input === undefined,
    damaged,
    run,
    current: current.get(id),
  };
}

/** Which upstream partitions the origin's snapshot links, by artifact key. */
async function currentOnes(
  connection: Connection,
  book: NameBook,
  { snapshot }: Origin,
  partitions: ReadonlyMap<PartitionId, StoredPartition>,
  names: ReadonlyMap<PartitionId, ArtifactName>,
  roles: ReadonlyMap<PartitionId, TracedPartition["role"]>,
): Promise<Map<PartitionId, boolean>> {
  const current = new Map<PartitionId, boolean>();
  const declared = snapshot === undefined ? undefined : await book.declared(snapshot);
  if (declared === undefined) return current;
  const byKey = new Map<string, StoredPartition[]>();
  for (const [id, partition] of partitions) {
    const name = names.get(id);
    if (roles.get(id) === "downstream" || name?.graph !== declared.snapshot.graph || !declared.identities.has(name.key))
      continue;
    const same = byKey.get(name.key);
    if (same === undefined) byKey.set(name.key, [partition]);
    else same.push(partition);
  }
  for (const [key, same] of byKey) {
    const keys = same.length > 1_000 ? undefined : [...new Set(same.map((one) => one.key))];
    const linked = new Set<PartitionId>();
    const { id } = declared.snapshot;
    for await (const one of everyItem((page) => connection.readSnapshotPartitions(id, key, { keys, page })))
      linked.add(one.id);
    for (const one of same) current.set(one.id, linked.has(one.id));
  }
  return current;
}

async function tracedRuns(connection: Connection, book: NameBook, runs: readonly RunRecord[]): Promise<TracedRun[]> {
  const prints = await producerFingerprints(connection, runs);
  const traced: TracedRun[] = [];
  for (const run of runs) {
    const {
      id,
      kind,
      parent,
      graph,
      snapshot,
      producer,
      version,
      key,
      state,
      startedAt,
      finishedAt,
      duration,
      holder,
    } = run;
    const declared = snapshot === undefined ? undefined : await book.declared(snapshot);
    traced.push({
      id,
      kind,
      parent,
      graph,
      snapshot,
      graphFingerprint: declared?.snapshot.graphFingerprint,
      producer,
      version,
      producerFingerprint: prints.get(likeness(run)),
      key,
      state,
      startedAt,
      finishedAt,
      duration,
      by: holder,
    });
  }
  return traced;
}

/** Steps of one producer and version in one snapshot share what counts of it: one manifest is read for all of them. */
async function producerFingerprints(
  connection: Connection,
  runs: readonly RunRecord[],
): Promise<Map<string, Fingerprint>> {
  const first = new Map<string, Fingerprint>();
  for (const run of runs) {
    if (run.input !== undefined && !first.has(likeness(run))) first.set(likeness(run), run.input);
  }
  const manifests = await connection.readManifests([...first.values()]);
  const prints = new Map<string, Fingerprint>();
  [...first.keys()].forEach((like, index) => {
    const manifest = manifests[index];
    if (manifest !== undefined) prints.set(like, parseStepManifest(manifest.text).producer);
  });
  return prints;
}

function likeness({ producer, version, snapshot }: RunRecord): string {
  return `${producer ?? ""} ${version ?? ""} ${snapshot ?? ""}`;
}

/** So few that each content is asked for; more, and all versions are looked through instead. */
const FEW = 200;

async function modelsFrom(
  connection: Connection,
  partitions: ReadonlyMap<PartitionId, StoredPartition>,
  roles: ReadonlyMap<PartitionId, TracedPartition["role"]>,
): Promise<TracedModel[]> {
  const from = new Map([...partitions].filter(([id]) => roles.get(id) !== "upstream"));
  const models: TracedModel[] = [];
  const contents = new Set([...from.values()].map(({ content }) => content));
  for (const content of contents.size > FEW ? [undefined] : contents) {
    for await (const version of everyItem((page) => connection.listVersions({ content, deleted: true }, page))) {
      if (version.source !== undefined && from.has(version.source.partition)) models.push(tracedModel(version));
    }
  }
  return models;
}

function tracedModel(version: VersionRecord): TracedModel {
  const { namespace, name, sequence, stage, createdAt, createdBy, deleted, source, run, artifact, metrics } = version;
  return {
    namespace,
    name,
    version: version.version,
    sequence,
    stage,
    registeredAt: createdAt,
    registeredBy: createdBy,
    deleted: deleted !== undefined,
    partition: source?.partition,
    run,
    config: version.configFingerprint,
    digest: artifact?.digest,
    metrics,
  };
}
