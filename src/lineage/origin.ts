// Where a trace starts: what people name, turned into stored partitions.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { PartitionId, RunRecord, StoredPartition, TaskRecord } from "../backend/records.ts";
import type { VersionRecord } from "../backend/model-records.ts";
import { placeText } from "../build/place.ts";
import { resolveSnapshot } from "../build/snapshot.ts";
import { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { findRun } from "./find-run.ts";
import { modelText, parseModelReference } from "./model-reference.ts";
import type { ArtifactName } from "./names.ts";

/** What to trace. */
export type TraceTarget =
  /** "team/churn@1.3.0", "team/churn@production", "models:/team/churn/1.3.0". */
  | { readonly model: string }
  /** An artifact of a graph, whole or one partition of it, in a snapshot ("latest" unless told), a tag, or the beginning of an id. */
  | {
      readonly graph: string;
      readonly artifact: string;
      readonly key?: KeyText | undefined;
      readonly snapshot?: string | undefined;
    }
  /** An id or at least its first six characters; a build stands for all it made. */
  | { readonly run: string }
  /** Where bytes are or were, as their storage says it; several are the places one file may be known under. */
  | { readonly file: string | readonly string[]; readonly storage?: string | undefined };

export interface Origin {
  readonly kind: "model" | "partition" | "run" | "file";
  /** In the words of whoever asked, complete. */
  readonly name: string;
  /** Where to go upstream and downstream from. */
  readonly above: readonly StoredPartition[];
  readonly below: readonly StoredPartition[];
  readonly names: ReadonlyMap<PartitionId, ArtifactName>;
  readonly snapshot: Fingerprint | undefined;
  readonly version: VersionRecord | undefined;
  readonly run: RunRecord | undefined;
}

/** Errors: MODEL_NOT_FOUND, VERSION_NOT_FOUND, SNAPSHOT_UNKNOWN, PARTITION_NOT_BUILT, RUN_UNKNOWN, RUN_AMBIGUOUS, PARTITION_UNKNOWN. */
export async function findOrigin(connection: Connection, target: TraceTarget): Promise<Origin> {
  if ("model" in target) return modelOrigin(connection, target.model);
  if ("run" in target) return runOrigin(connection, await findRun(connection, target.run));
  if ("file" in target) return fileOrigin(connection, [target.file].flat(), target.storage);
  return partitionOrigin(connection, target);
}

async function modelOrigin(connection: Connection, text: string): Promise<Origin> {
  const query = parseModelReference(text);
  const [version] = await connection.findVersions([query]);
  if (version === undefined) {
    const [model] = await connection.readModels([query]);
    const name = `${query.namespace}/${query.name}`;
    throw model === undefined
      ? new StratigraphError("MODEL_NOT_FOUND", `there is no model '${name}'`, { hint: "See: strata models list" })
      : new StratigraphError("VERSION_NOT_FOUND", `model '${name}' has no such version`, { received: `'${text}'` });
  }
  const name = modelText(version);
  const { source, run: made } = version;
  const run = made === undefined ? undefined : await connection.readRun(made);
  if (source === undefined) {
    const from = run === undefined ? undefined : await runOrigin(connection, run);
    return { ...(from ?? nothing), kind: "model", name, version, run, snapshot: from?.snapshot };
  }
  const [partition] = await connection.readPartitions([source.partition]);
  const found = partition === undefined ? [] : [partition];
  return {
    kind: "model",
    name,
    above: found,
    below: found,
    names: new Map(found.map(({ id }) => [id, { graph: source.graph, key: source.artifactKey }])),
    snapshot: source.snapshot,
    version,
    run,
  };
}

const nothing = { above: [], below: [], names: new Map<PartitionId, ArtifactName>() };

async function partitionOrigin(
  connection: Connection,
  { graph, artifact, key, snapshot: reference = "latest" }: Extract<TraceTarget, { artifact: string }>,
): Promise<Origin> {
  const snapshot = await resolveSnapshot(connection, graph, reference);
  const keys = key === undefined ? undefined : [key];
  const found: StoredPartition[] = [];
  for await (const one of everyItem((page) => connection.readSnapshotPartitions(snapshot.id, artifact, { keys, page })))
    found.push(one);
  const name = placeText(artifact, key ?? "");
  if (found.length === 0) {
    throw new StratigraphError("PARTITION_NOT_BUILT", `there is no ${name}`, {
      where: `snapshot ${snapshot.id.slice(0, 8)} of graph '${graph}'`,
      hint: "See what there is: strata ls",
    });
  }
  return {
    kind: "partition",
    name,
    above: found,
    below: found,
    names: new Map(found.map(({ id }) => [id, { graph, key: artifact }])),
    snapshot: snapshot.id,
    version: undefined,
    run: undefined,
  };
}

async function runOrigin(connection: Connection, run: RunRecord): Promise<Origin> {
  const common = { kind: "run", name: `run ${run.id}`, version: undefined, run, snapshot: run.snapshot } as const;
  if (run.kind === "task") return { ...common, ...(await taskEnds(connection, run as TaskRecord)), names: new Map() };
  if (run.kind === "build") {
    const made = await builtBy(connection, run);
    const found = [...made.keys()];
    return { ...common, above: found, below: found, names: new Map([...made].map(([{ id }, name]) => [id, name])) };
  }
  const { inputs, outputs } = await connection.readRunPartitions(run.id);
  const written = outputs.map(({ partition }) => partition);
  // A step that failed wrote nothing; what it read is what can be told.
  const above = written.length > 0 ? written : inputs.map(({ partition }) => partition);
  return { ...common, above, below: written, names: new Map() };
}

/** What a build's own steps made, by the names of its graph. */
async function builtBy(connection: Connection, build: RunRecord): Promise<Map<StoredPartition, ArtifactName>> {
  const steps = new Set<string>();
  for await (const { id } of everyItem((page) => connection.listRuns({ parent: build.id }, page))) steps.add(id);
  const made = new Map<StoredPartition, ArtifactName>();
  if (build.snapshot === undefined || steps.size === 0) return made;
  for (const key of (await connection.countSnapshotPartitions(build.snapshot)).keys()) {
    const snapshot = build.snapshot;
    for await (const partition of everyItem((page) => connection.readSnapshotPartitions(snapshot, key, { page }))) {
      if (partition.run !== undefined && steps.has(partition.run)) made.set(partition, { graph: build.graph, key });
    }
  }
  return made;
}

/** The partitions a task read and wrote, as far as it said their contents. */
async function taskEnds(
  connection: Connection,
  { task }: TaskRecord,
): Promise<{ readonly above: readonly StoredPartition[]; readonly below: readonly StoredPartition[] }> {
  const told = task.io.filter(({ content }) => content !== undefined && /^[0-9a-f]{32}$/.test(content));
  const found = await connection.findPartitionsOf(told.map(({ content }) => content as Fingerprint));
  const of = (direction: "input" | "output"): StoredPartition[] =>
    told.flatMap((one, index) => (one.direction === direction ? [...(found[index] ?? [])] : []));
  return { above: of("input"), below: of("output") };
}

async function fileOrigin(
  connection: Connection,
  locations: readonly string[],
  storage: string | undefined,
): Promise<Origin> {
  const found = (await connection.findPartitionsAt(storage, locations)).flat();
  if (found.length === 0) {
    throw new StratigraphError("PARTITION_UNKNOWN", "nothing that was ever built or read lies there", {
      where: locations[0],
      hint: "See what is known: strata ls <artifact>",
    });
  }
  return {
    kind: "file",
    name: found[0]!.location,
    above: found,
    below: found,
    names: new Map(),
    snapshot: undefined,
    version: undefined,
    run: undefined,
  };
}
