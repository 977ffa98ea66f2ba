// The entry point `stratigraph/registry`: models, their versions and stages, and the bytes they are.

export { createRegistry, type GetOptions, type ModelRegistry, type RollbackOptions } from "./registry.ts";
export type { ArchivePrevious, StepOptions, StepOutcome } from "./stepping.ts";
export { registryProfiles, type ChangeOptions, type RegistryOptions, type RegistryProfile } from "./core.ts";
export type { RegisterFields, RegisterInput } from "./registering.ts";
export type { PartitionRef } from "./source-partition.ts";
export type { ListOptions, Model, ModelListOptions, OpenedVersion, VersionTrace } from "./reading.ts";
export type { SearchOptions } from "./search.ts";
export type { AliasOptions, GatesShown } from "./noting.ts";
export type { DeleteRequest, ImportRequest, RegisterRequest, StepRequest } from "./hook-data.ts";
export type { DeleteOptions } from "./removing.ts";
export { modelVersionSchema, type ModelVersion } from "./model-version.ts";
export type { Written } from "./written.ts";
export type { MetricComparison, MetricPair } from "./comparison.ts";

export { parseModelName, formatModelName, type ModelNameInput } from "./name.ts";
export {
  formatRef,
  parseModelRef,
  parseVersionRef,
  type ModelRef,
  type ModelRefInput,
  type VersionPick,
  type VersionRefInput,
} from "./reference.ts";
export { parseStage } from "./stage.ts";
export { stages, type Stage, type ModelName, type TransitionRecord } from "../backend/model-records.ts";
export {
  askGates,
  parseGates,
  type CheckResult,
  type CustomGate,
  type CustomGates,
  type GateInput,
  type GateResult,
  type GateSettings,
} from "./gate.ts";
export { lifecycle, type Step } from "./lifecycle.ts";
export {
  annotationSchema,
  dependenciesSchema,
  descriptionSchema,
  labelsSchema,
  metadataSchema,
  metricsSchema,
  nameSchema,
  paramsSchema,
  versionSchema,
} from "./limits.ts";
export { knownFrameworks, type Framework, type KnownFramework } from "./framework.ts";

export {
  fileCodec,
  jsonCodec,
  type ModelCodec,
  type ModelMetadata,
  type Trainable,
  type TrainedModel,
} from "./codec.ts";
export { train, type Trained, type TrainOptions, type TrainResult } from "./train.ts";
export { trainingTargetSchema, type TrainingTarget } from "./train.ts";
export {
  asNumberedRegistry,
  type NumberedRegistry,
  type NumberedVersion,
  type RegisterModelInput,
} from "./facade/numbered-registry.ts";
export {
  asRegistryBackend,
  registryBackendMethods,
  type BackendDeletion,
  type BackendDemotion,
  type BackendModel,
  type BackendPromotion,
  type BackendRegisterInput,
  type ModelVersionInfo,
  type RegistryBackend,
} from "./facade/registry-backend.ts";

export type { ArtifactHandle, ArtifactSource, ArtifactStore, VersionClaim } from "./artifact-store.ts";
export { localStore } from "./store/local-store.ts";
export { memoryStore } from "./store/memory-store.ts";
export { openArtifactStore } from "./store/open-store.ts";

export { exportModels, importModels, modelLayouts, projections, type ModelLayout } from "./layout/layouts.ts";
export { projectUbunye } from "./layout/ubunye.ts";
export { projectTauro } from "./layout/tauro.ts";
export { importUbunye } from "./layout/ubunye-import.ts";
export { importTauro } from "./layout/tauro-import.ts";
export { importVersions } from "./importing.ts";
export { modelReader } from "./layout/read-models.ts";
