// Small records of models, tasks and what happened, for contract cases: each test changes what it is about.

import type { NewAudit, NewEvent } from "../backend/fact-records.ts";
import {
  versionFacts,
  type AnnotationRecord,
  type ModelName,
  type ModelRecord,
  type TransitionRecord,
  type VersionId,
  type VersionRecord,
  type VersionSource,
} from "../backend/model-records.ts";
import type { PartitionId, TaskFacts, TaskRecord } from "../backend/records.ts";
import { key, print, run, runId } from "./samples.ts";

const at = "2026-01-02T03:04:05.678Z";

export const churn: ModelName = { namespace: "team", name: "churn" };

export function model(change: Partial<ModelRecord> = {}): Omit<ModelRecord, "revision"> {
  return {
    ...churn,
    description: "who leaves",
    labels: { owner: "ana" },
    gates: [{ metric: "auc", is: "gte", value: 0.9 }],
    createdAt: at,
    createdBy: "ana",
    ...change,
  };
}

export function versionId(text: string): VersionId {
  return text as VersionId;
}

export function source(partition: PartitionId): VersionSource {
  const place = { graph: "spend", snapshot: print("snapshot"), artifactKey: "model", key: key("") };
  return { ...place, partition, content: print("model") };
}

/** The nth version of a model. */
export function version(n: number, change: Partial<VersionRecord> = {}): Omit<VersionRecord, "revision"> {
  const { namespace, name } = { ...churn, ...change };
  return {
    ...churn,
    id: versionId(`${namespace}/${name}/${String(n).padStart(5, "0")}`),
    version: `1.${n}.0`,
    sequence: n,
    stage: "development",
    stagedAt: n,
    createdAt: at,
    createdBy: "ana",
    engineVersion: "0.2.0",
    run: undefined,
    source: undefined,
    artifact: undefined,
    ...versionFacts({}),
    deleted: undefined,
    ...change,
  };
}

/** A version with a value for everything. */
export function fullVersion(n: number, change: Partial<VersionRecord> = {}): Omit<VersionRecord, "revision"> {
  return version(n, {
    run: runId("run"),
    source: source(7 as PartitionId),
    artifact: { digest: "ab".repeat(32), size: 17, files: 2, location: "models/ab" },
    artifactType: "model",
    framework: "ml-cart",
    description: 'an "odd"\ntext',
    metrics: { auc: 0.1 + 0.2, loss: 1e-300, count: 3 },
    params: { depth: 5, name: "x", deep: { list: [1, null, true] }, on: false, none: null },
    metadata: { "a.b['c']": 1, "": "empty name" },
    labels: { team: "ä", "": "" },
    inputSchema: { type: "object" },
    outputSchema: { type: "number" },
    dependencies: { "ml-cart": "2.1.1" },
    configFingerprint: "c0ffee",
    gates: [],
    promotedToStagingAt: at,
    promotedToProductionAt: "2026-01-03T03:04:05+02:00",
    archivedAt: at,
    deleted: { at, by: "bo", why: undefined },
    extensions: { newer: { what: 1 } },
    ...change,
  });
}

export function transition(n: number, change: Partial<TransitionRecord> = {}): Omit<TransitionRecord, "number"> {
  return {
    ...churn,
    version: `1.${n}.0`,
    sequence: n,
    kind: "register",
    from: undefined,
    to: "development",
    at,
    by: "ana",
    why: undefined,
    forced: false,
    gates: undefined,
    correlation: "c1",
    ...change,
  };
}

export function annotation(change: Partial<AnnotationRecord> = {}): Omit<AnnotationRecord, "number"> {
  return { ...churn, version: undefined, author: "ana", text: "looks well", at, ...change };
}

export function event(n: number, change: Partial<NewEvent> = {}): NewEvent {
  return {
    id: `event ${String(n).padStart(5, "0")}`,
    type: "model.registered",
    at: new Date(Date.parse(at) + n * 1000).toISOString(),
    actor: "ana",
    subject: "model:team/churn@1.0.0",
    run: undefined,
    correlation: "c1",
    data: { n },
    ...change,
  };
}

export function auditEntry(n: number, change: Partial<NewAudit> = {}): NewAudit {
  return {
    at: new Date(Date.parse(at) + n * 1000).toISOString(),
    actor: "ana",
    action: "model.promote",
    resource: "model:team/churn@1.0.0",
    status: "done",
    why: undefined,
    correlation: "c1",
    data: { n },
    ...change,
  };
}

export function task(change: Partial<TaskRecord> = {}, facts: Partial<TaskFacts> = {}): TaskRecord {
  return {
    ...run({ snapshot: undefined, producer: undefined, version: undefined, key: undefined, input: undefined }),
    graph: "nightly",
    reason: undefined,
    kind: "task",
    ...change,
    task: {
      namespace: "team",
      name: "etl",
      target: "prod",
      recordedAt: at,
      engineVersion: "0.2.0",
      io: [],
      labels: {},
      config: undefined,
      extensions: {},
      ...facts,
    },
  };
}
