// Every call of a connection as an operation on a database.

import type { CallAnswer, CallName } from "../calls/call.ts";
import type { Stores } from "../backend.ts";
import type { SqlContext } from "./context.ts";
import type { Operation } from "./operation.ts";
import { listGraphs, readGraph, writeGraph } from "./statements/graphs.ts";
import { acquireLeases, checkLeases, releaseLeases, renewLeases } from "./statements/leases.ts";
import {
  countSnapshotPartitions,
  findLatestPartitions,
  readSnapshotPartitions,
  writeArtifactAndGraphPartitions,
  writeSnapshotPartitions,
} from "./statements/links.ts";
import { readManifests, writeManifests } from "./statements/manifests.ts";
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
import { finishRuns, listRuns, readRun, readRunPartitions, startRuns, writeRunPartitions } from "./statements/runs.ts";
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

type Operations = {
  readonly [Name in CallName]: (context: SqlContext, ...args: Parameters<Stores[Name]>) => Operation<CallAnswer<Name>>;
};

export const operations: Operations = {
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
  findLatestPartitions,
  listUnlinkedPartitions,
  removeUnlinkedPartitions,
  findLocations,
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
  readRuns: comes,
  listEngineVersions: comes,
  writeTasks: comes,
  removeTasks: comes,
  walkLineage: comes,
  findPartitionsAt: comes,
  findPartitionsOf: comes,
  readModels: comes,
  listModels: comes,
  writeModel: comes,
  findVersions: comes,
  listVersions: comes,
  readVersionNumbers: comes,
  writeVersions: comes,
  writeTransitions: comes,
  listTransitions: comes,
  listAliases: comes,
  writeAlias: comes,
  readAliasHistory: comes,
  writeAnnotations: comes,
  listAnnotations: comes,
  writeEvents: comes,
  listEvents: comes,
  removeEvents: comes,
  writeAudit: comes,
  listAudit: comes,
  readAudit: comes,
  takeSubmissions: comes,
  removeSubmissions: comes,
};

// eslint-disable-next-line require-yield
function* comes(): Operation<never> {
  throw new Error("comes with the next commit");
}
