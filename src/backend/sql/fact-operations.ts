// Every call about facts beyond builds as an operation on a database; loaded by the first of them.

import type { FactCallName } from "../calls/call.ts";
import type { OperationsOf } from "./operations.ts";
import { dropKept, listKept, putKept } from "./kept/kept.ts";
import { writeCopyState } from "./kept/state.ts";
import { listAliases, readAliasHistory, writeAlias } from "./statements/aliases.ts";
import { listAudit, readAudit, writeAudit } from "./statements/audit.ts";
import { countEvents, listEvents, removeEvents, writeEvents } from "./statements/events.ts";
import { findPartitionsAt, findPartitionsOf, walkLineage } from "./statements/lineage.ts";
import {
  listAnnotations,
  listModels,
  listTransitions,
  readModels,
  writeAnnotations,
  writeModel,
  writeTransitions,
} from "./statements/models.ts";
import { removeSubmissions, takeSubmissions } from "./statements/submissions.ts";
import { listEngineVersions, removeTasks, writeTasks } from "./statements/tasks.ts";
import { listVersions } from "./statements/version-search.ts";
import { findVersions, readVersionNumbers, writeVersions } from "./statements/versions.ts";

export const factOperations: OperationsOf<FactCallName> = {
  writeTasks,
  listEngineVersions,
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
  countEvents,
  removeEvents,
  writeAudit,
  listAudit,
  readAudit,
  takeSubmissions,
  removeSubmissions,
  writeCopyState,
  listKept,
  putKept,
  dropKept,
};
