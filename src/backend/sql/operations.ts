// Every call of a connection as an operation on a database.

import type { CallAnswer, CallName } from "../calls/call.ts";
import type { Stores } from "../backend.ts";
import type { SqlContext } from "./context.ts";
import type { Operation } from "./operation.ts";
import { listAliases, readAliasHistory, writeAlias } from "./statements/aliases.ts";
import { listAudit, readAudit, writeAudit } from "./statements/audit.ts";
import { listEvents, removeEvents, writeEvents } from "./statements/events.ts";
import { listGraphs, readGraph, writeGraph } from "./statements/graphs.ts";
import { acquireLeases, checkLeases, releaseLeases, renewLeases } from "./statements/leases.ts";
import { findPartitionsAt, findPartitionsOf, walkLineage } from "./statements/lineage.ts";
import {
  countSnapshotPartitions,
  findLatestPartitions,
  readSnapshotPartitions,
  writeArtifactAndGraphPartitions,
  writeSnapshotPartitions,
} from "./statements/links.ts";
import { readManifests, writeManifests } from "./statements/manifests.ts";
import {
  listAnnotations,
  listModels,
  listTransitions,
  readModels,
  writeAnnotations,
  writeModel,
  writeTransitions,
} from "./statements/models.ts";
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
import { removeSubmissions, takeSubmissions } from "./statements/submissions.ts";
import {
  listSnapshotTags,
  readSnapshotTag,
  readSnapshotTagHistory,
  removeSnapshotTag,
  writeSnapshotTag,
} from "./statements/tags.ts";
import { listEngineVersions, removeTasks, writeTasks } from "./statements/tasks.ts";
import { listVersions } from "./statements/version-search.ts";
import { findVersions, readVersionNumbers, writeVersions } from "./statements/versions.ts";

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
  readRuns,
  listEngineVersions,
  writeTasks,
  removeTasks,
  walkLineage,
  findPartitionsAt,
  findPartitionsOf,
  readModels,
  listModels,
  writeModel,
  findVersions,
  listVersions,
  readVersionNumbers,
  writeVersions,
  writeTransitions,
  listTransitions,
  listAliases,
  writeAlias,
  readAliasHistory,
  writeAnnotations,
  listAnnotations,
  writeEvents,
  listEvents,
  removeEvents,
  writeAudit,
  listAudit,
  readAudit,
  takeSubmissions,
  removeSubmissions,
};
