// Every call that builds make, by the store it belongs to, and the names of all others.

import type { Call, CoreCallName, FactCallName } from "./calls/call.ts";
import { copyStateCalls } from "./calls/copy-state.ts";
import { graphCalls } from "./calls/graphs.ts";
import { leaseCalls } from "./calls/leases.ts";
import { manifestCalls } from "./calls/manifests.ts";
import { markCalls } from "./calls/marks.ts";
import { partitionCalls } from "./calls/partitions.ts";
import { qualityCalls } from "./calls/quality.ts";
import { runCalls } from "./calls/runs.ts";
import { snapshotCalls } from "./calls/snapshots.ts";
import { tagCalls } from "./calls/tags.ts";

export const calls: { readonly [Name in CoreCallName]: Call<Name> } = {
  ...graphCalls,
  ...snapshotCalls,
  ...tagCalls,
  ...partitionCalls,
  ...markCalls,
  ...qualityCalls,
  ...manifestCalls,
  ...leaseCalls,
  ...runCalls,
  ...copyStateCalls,
};

/** Those that are loaded by the first of them, see calls/facts.ts. */
const facts: { readonly [Name in FactCallName]: true } = {
  writeTasks: true,
  listEngineVersions: true,
  removeTasks: true,
  walkLineage: true,
  findPartitionsAt: true,
  findPartitionsOf: true,
  readModels: true,
  listModels: true,
  writeModel: true,
  findVersions: true,
  listVersions: true,
  readVersionNumbers: true,
  writeVersions: true,
  writeTransitions: true,
  listTransitions: true,
  listAliases: true,
  writeAlias: true,
  readAliasHistory: true,
  writeAnnotations: true,
  listAnnotations: true,
  writeEvents: true,
  listEvents: true,
  countEvents: true,
  removeEvents: true,
  writeAudit: true,
  listAudit: true,
  readAudit: true,
  takeSubmissions: true,
  removeSubmissions: true,
  writeCopyState: true,
  listKept: true,
  putKept: true,
  dropKept: true,
};

export const coreCallNames: readonly CoreCallName[] = Object.keys(calls) as CoreCallName[];
export const factCallNames: readonly FactCallName[] = Object.keys(facts) as FactCallName[];
