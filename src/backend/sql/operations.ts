// Every call that builds make as an operation on a database.

import type { CallAnswer, CallName, CoreCallName } from "../calls/call.ts";
import type { Stores } from "../backend.ts";
import type { SqlContext } from "./context.ts";
import type { Operation } from "./operation.ts";
import { readCopyState } from "./kept/state.ts";
import { listGraphs, readGraph, writeGraph } from "./statements/graphs.ts";
import { acquireLeases, checkLeases, releaseLeases, renewLeases } from "./statements/leases.ts";
import {
  countSnapshotPartitions,
  sumSnapshotSizes,
  findLatestPartitions,
  readSnapshotPartitions,
  writeArtifactAndGraphPartitions,
  writeSnapshotPartitions,
} from "./statements/links.ts";
import { readManifests, writeManifests } from "./statements/manifests.ts";
import { endMarks, listMarks, writeMarks } from "./statements/marks.ts";
import { endQuarantine, listQuarantine, readQuality, writeQuality, writeQuarantine } from "./statements/quality.ts";
import { writeArtifactPartitions } from "./statements/partition-writes.ts";
import {
  findLocations,
  findPartitions,
  listUnlinkedPartitions,
  markPartitionsDamaged,
  readArtifactPartitions,
  readPartitions,
  removeUnlinkedPartitions,
} from "./statements/partitions.ts";
import {
  finishRuns,
  listRuns,
  readRun,
  readRunPartitions,
  readRuns,
  startRuns,
  writeRunPartitions,
} from "./statements/runs.ts";
import {
  findSnapshots,
  listSnapshots,
  readLatestSnapshot,
  readSnapshot,
  removeSnapshots,
  setSnapshotState,
  writeSnapshot,
} from "./statements/snapshots.ts";
import {
  listSnapshotTags,
  readSnapshotTag,
  readSnapshotTagHistory,
  removeSnapshotTag,
  writeSnapshotTag,
} from "./statements/tags.ts";

/** As operations: the calls of these names. */
export type OperationsOf<Name extends CallName> = {
  readonly [Each in Name]: (context: SqlContext, ...args: Parameters<Stores[Each]>) => Operation<CallAnswer<Each>>;
};

export const operations: OperationsOf<CoreCallName> = {
  readCopyState,
  readGraph,
  writeGraph,
  listGraphs,
  readSnapshot,
  readLatestSnapshot,
  findSnapshots,
  writeSnapshot,
  setSnapshotState,
  listSnapshots,
  removeSnapshots,
  readSnapshotTag,
  writeSnapshotTag,
  listSnapshotTags,
  removeSnapshotTag,
  readSnapshotTagHistory,
  readArtifactPartitions,
  writeArtifactPartitions,
  findPartitions,
  readPartitions,
  markPartitionsDamaged,
  readSnapshotPartitions,
  writeSnapshotPartitions,
  writeArtifactAndGraphPartitions,
  countSnapshotPartitions,
  sumSnapshotSizes,
  findLatestPartitions,
  listUnlinkedPartitions,
  removeUnlinkedPartitions,
  findLocations,
  writeMarks,
  listMarks,
  endMarks,
  writeQuality,
  readQuality,
  writeQuarantine,
  listQuarantine,
  endQuarantine,
  writeManifests,
  readManifests,
  acquireLeases,
  checkLeases,
  renewLeases,
  releaseLeases,
  startRuns,
  finishRuns,
  writeRunPartitions,
  readRun,
  readRunPartitions,
  listRuns,
  readRuns,
};
