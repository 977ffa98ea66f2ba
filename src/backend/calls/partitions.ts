// Calls about partitions, and about which snapshot holds them.

import type { PartitionStore } from "../backend.ts";
import {
  checkBytes,
  checkCount,
  checkDigest,
  checkDuration,
  checkFingerprint,
  checkName,
  checkOptionalFingerprint,
  checkOptionalText,
  checkPartitionIds,
  checkText,
} from "../check.ts";
import type { PartitionLink, PartitionRecord } from "../records.ts";
import type { CallsOf } from "./call.ts";

export const partitionCalls: CallsOf<PartitionStore> = {
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
    check: checkPartitionIds,
    nothing: (ids) => (ids.length === 0 ? { answer: [] } : undefined),
  },
  markPartitionsDamaged: {
    writes: true,
    check: checkPartitionIds,
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
  sumSnapshotSizes: { writes: false, check: (snapshot) => checkFingerprint(snapshot, "snapshot") },
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
    check: checkPartitionIds,
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
};

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
