// The public surface, name by name, in the order one learns it.

export { artifact } from "./graph/artifact.ts";
export type { Artifact, ArtifactOptions, KeyOf, ValueOf } from "./graph/artifact.ts";
export type { Check, DeclaredCheck, Severity, StatisticName, Threshold } from "./graph/quality.ts";
export type { Upcast, UpcastFrom } from "./graph/upcast.ts";
export { producer } from "./graph/producer.ts";
export type { BuildContext, Producer } from "./graph/producer.ts";
export { command, type CommandOptions } from "./graph/command.ts";
export { sink, type SinkContext, type SinkOptions } from "./graph/sink.ts";
export { graph, type BuildablePlan, type Graph } from "./build/graph.ts";
export { all, clean, latest, mapKeys, optional, window, type Partition } from "./graph/edge.ts";
export { file, lazy, stream, type View } from "./graph/view.ts";
export { fanOut, type FanOut, type PartsOf } from "./graph/fan-out.ts";
export type { GivenParams } from "./graph/params.ts";
export type { GraphArtifact, WiredArtifact } from "./graph/wired.ts";

export { intervalOf, labelOf, type Interval, type TimeDimension } from "./identity/interval.ts";
export { daily, hourly, integers, monthly, oneOf, strings, weekly } from "./identity/declare-dimension.ts";
export type {
  Daily,
  Dimension,
  Dimensions,
  Hourly,
  Integers,
  Key,
  Monthly,
  OneOf,
  Strings,
  Weekly,
} from "./identity/dimension.ts";
export type { KeyText } from "./identity/partition-key.ts";
export { code, gitCommit, semver, text as versionText, timestamp, type Version } from "./identity/version.ts";

export { json } from "./data/format/json.ts";
export { ndjson } from "./data/format/ndjson.ts";
export { csv } from "./data/format/csv.ts";
export { parquet } from "./data/format/parquet.ts";
export { text } from "./data/format/text.ts";
export { bytes } from "./graph/bytes.ts";
export type { ByteSource, Format, RowFormat, RowWriter } from "./data/format/format.ts";
export type { RowValidation } from "./data/row-sample.ts";
export { local } from "./data/storage/local.ts";
export { literal } from "./data/storage/literal.ts";
export { memory as memoryStorage } from "./data/storage/memory.ts";
export type { Discovery, Storage, StorageContext } from "./data/storage/storage.ts";

export type { Snapshot, TagOptions } from "./build/snapshot.ts";
export type { BuildOptions } from "./build/build.ts";
export type { PoolLimits } from "./build/pools.ts";
export type { BuildEvent, BuildListener, BuildResult, StepReport } from "./build/events.ts";
export type { Plan } from "./build/plan.ts";
export { reasonCodes, type Change, type Reason, type ReasonCode } from "./build/reason.ts";
export { explainReason, explainStep } from "./build/explain.ts";
export { why, type Why } from "./build/why.ts";
export {
  promote,
  rollback,
  type EnvironmentChange,
  type Move,
  type PromoteOptions,
} from "./operations/environments.ts";

export { memory } from "./backend/memory/memory-backend.ts";
export type { Backend, Connection } from "./backend/backend.ts";
export {
  copyBackend,
  type Copied,
  type CopiedKind,
  type CopyOptions,
  type CopyProgress,
} from "./operations/moving/copy-backend.ts";

export { canonicalText } from "./util/canonical.ts";
export { fingerprintBytes, fingerprintText, type Fingerprint } from "./identity/fingerprint.ts";
export {
  schemaDifference,
  type SchemaChange,
  type SchemaDifference,
  type SchemaVerdict,
} from "./identity/schema-difference.ts";
export {
  diffManifests,
  fingerprintManifest,
  parseManifest,
  type Manifest,
  type ManifestChange,
} from "./identity/manifest.ts";
export { counters } from "./util/counters.ts";
export {
  errorCodes,
  isStratigraphError,
  StratigraphError,
  wrapError,
  type ErrorCode,
  type ErrorFrame,
  type ErrorTraits,
  type StratigraphErrorJson,
} from "./errors.ts";
export { toErrorResponse, type Problem, type ProblemOptions } from "./util/problem.ts";
export { isDegradable, isRetryable } from "./util/transient.ts";
export { Secret, type SecretProvider } from "./util/secret.ts";

export type { Config } from "./config/project.ts";
export { definePlugins } from "./plugins/define.ts";
export type { Plugin, PluginContext, PluginDeclarations } from "./plugins/declare.ts";
export type { Hooks } from "./changes/hooks.ts";
export type { RegisterRequest, StepRequest } from "./registry/hook-data.ts";
export type { PluginGroup } from "./plugins/groups.ts";
export type {
  ModelVersionInfo,
  NewModelVersion,
  OpenArtifact,
  PromotionOptions,
  RegistryBackend,
} from "./plugins/protocols.ts";
export type { LineageBackend } from "./lineage/lineage.ts";
export type { LineageRecord, NewLineageRecord } from "./lineage/record.ts";
export type { LineageQuery } from "./lineage/search.ts";
