// The entry point `stratigraph/mlops`: one instance with registry, lineage, events, hooks and audit log, and what they are made of.

export { createMLOps, type MLOps, type MLOpsOptions } from "./mlops.ts";
export type { InstanceBuildOptions } from "./build-in.ts";
export type { Changing } from "./open-facts.ts";
export { getMLOps, initMLOps, resetMLOps, withMLOps } from "./current.ts";
export { createAmbient, type Ambient } from "./ambient.ts";
export { projectionFolder } from "./projections.ts";

export {
  createHost,
  type FlushOptions,
  type Host,
  type HostOptions,
  type Receipt,
  type WriteMode,
} from "../changes/host.ts";
export { EventBus, type EventHandler, type HappenedEvent, type SubscribeOptions } from "../changes/event-bus.ts";
export { eventTypes, type EventMap, type EventType } from "../changes/event-types.ts";
export {
  Hooks,
  type DataOf,
  type HookContext,
  type HookOptions,
  type HookTypes,
  type Outcome,
  type ResultOf,
} from "../changes/hooks.ts";
export type { DeleteRequest, ImportRequest, RegisterRequest, StepRequest } from "../registry/hook-data.ts";
export { currentRun, currentStep, type StepScope } from "../build/run-scope.ts";
export { Audit, type AuditQuery, type AuditVerification } from "../changes/audit.ts";
export { cached, Cache, type CacheOptions } from "../changes/cached.ts";
export { resilient, Resilience, type ResilienceOptions } from "../changes/resilient.ts";
export { Circuit, type CircuitOptions } from "../changes/circuit.ts";
export { withRetry, type RetryOptions } from "../changes/with-retry.ts";
export { withLease } from "../changes/lease.ts";
export { FallbackJournal } from "../journal/fallback-journal.ts";
export { MetadataWriter } from "../journal/writer.ts";
export type { Intent, JournalKind } from "../journal/intent.ts";
export { syncJournal } from "../changes/sync.ts";

export type { Config } from "../config/project.ts";
export type { Settings } from "../config/settings.ts";
export { resolveConfig } from "../config/resolve.ts";
export { loadConfig, type LoadedConfig, type LoadOptions } from "../config/load.ts";

export { clearPluginCache, openPlugins, type PluginShelf } from "../plugins/shelf.ts";
export { assertConforms } from "../plugins/conform.ts";

export { definePlugins } from "../plugins/define.ts";
export { resolveBackend } from "../plugins/backend-url.ts";
export type { RegistryBackend } from "../plugins/protocols.ts";
export { asRegistryBackend } from "../plugins/registry-backend.ts";

export { toErrorResponse, type Problem } from "../util/problem.ts";
export { Secret } from "../util/secret.ts";
