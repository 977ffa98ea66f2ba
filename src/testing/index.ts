// What authors of plugins need to test theirs: the cases every backend, store, registry and lineage passes, and clocks that stand still.

export {
  backendCases,
  capabilities,
  notApplicable,
  NotRun,
  runBackendContract,
  runCase,
  summarizeReports,
  type BackendSubject,
  type Capability,
  type CaseReport,
  type ContractCase,
  type OpenOptions,
  type OpenStore,
  type Trial,
} from "./backend-contract.ts";
export {
  artifactStoreCases,
  runArtifactStoreCase,
  type ArtifactStoreCase,
  type ArtifactStoreSubject,
  type ArtifactStoreTrial,
  type OpenArtifactStore,
} from "./artifact-store-contract.ts";
export { runArtifactStoreTask } from "./artifact-store-tasks.ts";
export { runChildTask } from "./child-tasks.ts";
export { manualClock, type ManualClock } from "./manual-clock.ts";
export { faulty, type Fault, type FaultScript, type FaultyCall } from "./faulty.ts";
export { runKit, runKitCase, type KitCase, type KitSubject, type OpenSubject } from "./kit.ts";
export { lineageBackendCases } from "./lineage-contract.ts";
export { registryBackendCases } from "./registry-contract.ts";
