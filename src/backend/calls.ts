// Every call of a connection: does it write, what does it refuse, and when is there nothing to do.

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Stores } from "./backend.ts";
import {
  checkBytes,
  checkCount,
  checkDigest,
  checkDuration,
  checkFingerprint,
  checkName,
  checkOneOf,
  checkOptionalFingerprint,
  checkOptionalText,
  checkText,
  invalid,
} from "./check.ts";
import {
  runKinds,
  runStates,
  snapshotStates,
  type Fence,
  type PartitionLink,
  type PartitionRecord,
  type RunPartition,
  type RunRecord,
  type TagWrite,
} from "./records.ts";

export type CallName = keyof Stores;
export type CallAnswer<Name extends CallName> = Awaited<ReturnType<Stores[Name]>>;

/** The same calls without waiting, for stores that answer at once. */
export type SyncStores = {
  readonly [Name in CallName]: (...args: Parameters<Stores[Name]>) => CallAnswer<Name>;
};

export interface Call<Name extends CallName> {
  readonly writes: boolean;
  /** Must be durable whatever durability was chosen for the rest: names that people rely on. */
  readonly precious?: boolean;
  /** Throws for what no backend stores. Runs before any input or output. */
  readonly check: (...args: Parameters<Stores[Name]>) => void;
  /** The answer to an empty question, which costs no statement. */
  readonly nothing?: (...args: Parameters<Stores[Name]>) => { readonly answer: CallAnswer<Name> } | undefined;
}

export const calls: { readonly [Name in CallName]: Call<Name> } = {
  readGraph: {
    writes: false,
    check(name, fingerprint) {
      checkText(name, "graph name");
      checkFingerprint(fingerprint, "graph");
    },
  },
  writeGraph: {
    writes: true,
    check({ name, fingerprint }) {
      checkName(name, "graph name");
      checkFingerprint(fingerprint, "graph");
    },
  },
  listGraphs: { writes: false, check: () => {} },

  readSnapshot: { writes: false, check: (id) => checkFingerprint(id, "snapshot") },
  readLatestSnapshot: { writes: false, check: (graph) => checkText(graph, "graph name") },
  findSnapshots: {
    writes: false,
    check: (prefix) => checkText(prefix, "beginning of a snapshot id"),
    nothing: (prefix) => (/^[0-9a-f]{0,32}$/.test(prefix) ? undefined : { answer: [] }),
  },
  writeSnapshot: {
    writes: true,
    precious: true,
    check({ id, graph, graphFingerprint, state, createdAt }) {
      checkFingerprint(id, "snapshot");
      checkName(graph, "graph name");
      checkFingerprint(graphFingerprint, "graph");
      checkOneOf(state, snapshotStates, "snapshot's state");
      checkText(createdAt, "snapshot's time");
    },
  },
  setSnapshotState: {
    writes: true,
    precious: true,
    check(id, state) {
      checkFingerprint(id, "snapshot");
      checkOneOf(state, snapshotStates, "snapshot's state");
    },
  },
  listSnapshots: { writes: false, check: (graph) => checkOptionalText(graph, "graph name") },
  removeSnapshots: {
    writes: true,
    check: (ids) => checkFingerprints(ids, "snapshot"),
    nothing: (ids) => (ids.length === 0 ? { answer: undefined } : undefined),
  },

  readSnapshotTag: {
    writes: false,
    check(graph, tag) {
      checkText(graph, "graph name");
      checkText(tag, "tag");
    },
  },
  writeSnapshotTag: { writes: true, precious: true, check: checkTagWrite },
  listSnapshotTags: { writes: false, check: (graph) => checkOptionalText(graph, "graph name") },
  removeSnapshotTag: {
    writes: true,
    precious: true,
    check({ graph, tag, by, why, expected }) {
      checkText(graph, "graph name");
      checkText(tag, "tag");
      checkText(by, "author of a change");
      checkOptionalText(why, "reason of a change");
      checkOptionalFingerprint(expected, "expected snapshot");
    },
  },
  readSnapshotTagHistory: {
    writes: false,
    check(graph, tag) {
      checkText(graph, "graph name");
      checkText(tag, "tag");
    },
  },

  readArtifactPartitions: {
    writes: false,
    check(artifact, options = {}) {
      checkFingerprint(artifact, "artifact");
      for (const [key, input] of options.inputs ?? []) {
        checkText(key, "partition key");
        checkFingerprint(input, "input");
      }
    },
    nothing: (_, options = {}) => (options.inputs?.size === 0 ? { answer: { items: [], next: undefined } } : undefined),
  },
  writeArtifactPartitions: {
    writes: true,
    check: (partitions) => partitions.forEach(checkPartition),
    nothing: (partitions) => (partitions.length === 0 ? { answer: [] } : undefined),
  },
  findPartitions: {
    writes: false,
    check(queries) {
      for (const { artifact, key, input } of queries) {
        checkFingerprint(artifact, "artifact");
        checkText(key, "partition key");
        checkFingerprint(input, "input");
      }
    },
    nothing: (queries) => (queries.length === 0 ? { answer: [] } : undefined),
  },
  readPartitions: {
    writes: false,
    check: checkIds,
    nothing: (ids) => (ids.length === 0 ? { answer: [] } : undefined),
  },
  markPartitionsDamaged: {
    writes: true,
    check: checkIds,
    nothing: (ids) => (ids.length === 0 ? { answer: undefined } : undefined),
  },
  readSnapshotPartitions: {
    writes: false,
    check(snapshot, artifactKey, options = {}) {
      checkFingerprint(snapshot, "snapshot");
      checkText(artifactKey, "artifact key");
      for (const key of options.keys ?? []) checkText(key, "partition key");
    },
    nothing: (_, __, options = {}) =>
      options.keys?.length === 0 ? { answer: { items: [], next: undefined } } : undefined,
  },
  writeSnapshotPartitions: {
    writes: true,
    check(snapshot, links) {
      checkFingerprint(snapshot, "snapshot");
      links.forEach(checkLink);
    },
    nothing: (_, links) => (links.length === 0 ? { answer: undefined } : undefined),
  },
  writeArtifactAndGraphPartitions: {
    writes: true,
    check(snapshot, partitions) {
      checkFingerprint(snapshot, "snapshot");
      for (const { artifactKey, partition } of partitions) {
        checkName(artifactKey, "artifact key");
        checkPartition(partition);
      }
    },
    nothing: (_, partitions) => (partitions.length === 0 ? { answer: [] } : undefined),
  },
  countSnapshotPartitions: { writes: false, check: (snapshot) => checkFingerprint(snapshot, "snapshot") },
  findLatestPartitions: {
    writes: false,
    check(graph, places) {
      checkText(graph, "graph name");
      for (const { artifactKey, key } of places) {
        checkText(artifactKey, "artifact key");
        checkText(key, "partition key");
      }
    },
    nothing: (_, places) => (places.length === 0 ? { answer: [] } : undefined),
  },
  listUnlinkedPartitions: { writes: false, check: (before) => checkDuration(before, "time") },
  removeUnlinkedPartitions: {
    writes: true,
    check: checkIds,
    nothing: (ids) => (ids.length === 0 ? { answer: [] } : undefined),
  },
  findLocations: {
    writes: false,
    check(storage, locations) {
      checkText(storage, "storage");
      for (const location of locations) checkText(location, "location");
    },
    nothing: (_, locations) => (locations.length === 0 ? { answer: new Set() } : undefined),
  },

  writeManifests: {
    writes: true,
    check(manifests) {
      for (const { fingerprint, text } of manifests) {
        checkFingerprint(fingerprint, "manifest");
        checkText(text, "manifest");
      }
    },
    nothing: (manifests) => (manifests.length === 0 ? { answer: undefined } : undefined),
  },
  readManifests: {
    writes: false,
    check: (fingerprints) => checkFingerprints(fingerprints, "manifest"),
    nothing: (fingerprints) => (fingerprints.length === 0 ? { answer: [] } : undefined),
  },

  acquireLeases: {
    writes: true,
    check(names, { holder, ttl }) {
      for (const name of names) checkName(name, "lease name");
      checkText(holder, "lease's holder");
      checkDuration(ttl, "lease's time");
    },
    nothing: (names) => (names.length === 0 ? { answer: [] } : undefined),
  },
  checkLeases: {
    writes: false,
    check: checkFences,
    nothing: (fences) => (fences.length === 0 ? { answer: [] } : undefined),
  },
  renewLeases: {
    writes: true,
    check(fences, ttl) {
      checkFences(fences);
      checkDuration(ttl, "lease's time");
    },
    nothing: (fences) => (fences.length === 0 ? { answer: [] } : undefined),
  },
  releaseLeases: {
    writes: true,
    check: checkFences,
    nothing: (fences) => (fences.length === 0 ? { answer: undefined } : undefined),
  },

  startRuns: {
    writes: true,
    check: (runs) => runs.forEach(checkRun),
    nothing: (runs) => (runs.length === 0 ? { answer: undefined } : undefined),
  },
  finishRuns: {
    writes: true,
    check(runs) {
      for (const { id, state, finishedAt, attempts, duration } of runs) {
        checkText(id, "run id");
        if ((state as string) === "running") throw invalid("run's state", "a state that ends it", state);
        checkOneOf(state, runStates, "run's state");
        checkOptionalText(finishedAt, "run's time");
        checkCount(attempts, "run's attempts");
        if (duration !== undefined) checkDuration(duration, "run's duration");
      }
    },
    nothing: (runs) => (runs.length === 0 ? { answer: [] } : undefined),
  },
  writeRunPartitions: {
    writes: true,
    check({ inputs, outputs }) {
      inputs.forEach(checkRunPartition);
      outputs.forEach(checkRunPartition);
    },
    nothing: ({ inputs, outputs }) => (inputs.length + outputs.length === 0 ? { answer: undefined } : undefined),
  },
  readRun: { writes: false, check: (id) => checkText(id, "run id") },
  readRunPartitions: { writes: false, check: (id) => checkText(id, "run id") },
  listRuns: {
    writes: false,
    check({ graph, parent, kind, state, snapshot, input } = {}) {
      checkOptionalText(graph, "graph name");
      checkOptionalText(parent, "run id");
      if (kind !== undefined) checkOneOf(kind, runKinds, "run's kind");
      if (state !== undefined) checkOneOf(state, runStates, "run's state");
      checkOptionalFingerprint(snapshot, "snapshot");
      checkOptionalFingerprint(input, "input");
    },
  },
};

function checkTagWrite({ graph, tag, snapshot, by, why, expected }: TagWrite): void {
  checkName(graph, "graph name");
  checkName(tag, "tag");
  checkFingerprint(snapshot, "snapshot");
  checkText(by, "author of a change");
  checkOptionalText(why, "reason of a change");
  if (expected !== "any" && expected !== null) checkOptionalFingerprint(expected, "expected snapshot");
}

function checkPartition(record: PartitionRecord): void {
  checkFingerprint(record.artifact, "artifact");
  checkText(record.key, "partition key");
  checkOptionalFingerprint(record.input, "input");
  checkFingerprint(record.content, "content");
  checkCount(record.size, "partition's size");
  checkDigest(record.digest, "partition's digest");
  checkName(record.storage, "storage");
  checkText(record.location, "location");
  checkBytes(record.value, "partition's value");
  checkOptionalText(record.run, "run id");
}

function checkLink({ artifactKey, key, partition }: PartitionLink): void {
  checkName(artifactKey, "artifact key");
  checkText(key, "partition key");
  checkCount(partition, "partition id");
}

function checkRun(run: RunRecord): void {
  checkName(run.id, "run id");
  checkOptionalText(run.parent, "run id");
  checkOneOf(run.kind, runKinds, "run's kind");
  checkName(run.graph, "graph name");
  checkOptionalFingerprint(run.snapshot, "snapshot");
  checkOptionalText(run.producer, "producer's name");
  checkOptionalText(run.version, "producer's version");
  checkOptionalText(run.key, "partition key");
  checkOptionalFingerprint(run.input, "input");
  checkOneOf(run.state, runStates, "run's state");
  checkText(run.startedAt, "run's time");
  checkOptionalText(run.finishedAt, "run's time");
  checkCount(run.attempts, "run's attempts");
  if (run.duration !== undefined) checkDuration(run.duration, "run's duration");
  checkText(run.holder, "run's holder");
}

function checkRunPartition({ run, name, partition }: RunPartition): void {
  checkText(run, "run id");
  checkText(name, "name of an input or output");
  checkCount(partition, "partition id");
}

function checkFences(fences: readonly Fence[]): void {
  for (const { name, token } of fences) {
    checkText(name, "lease name");
    checkCount(token, "lease's token");
  }
}

function checkIds(ids: readonly number[]): void {
  for (const id of ids) checkCount(id, "partition id");
}

function checkFingerprints(fingerprints: readonly Fingerprint[], what: string): void {
  for (const fingerprint of fingerprints) checkFingerprint(fingerprint, what);
}
