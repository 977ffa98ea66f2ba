// The entry point `stratigraph/operations`: what the command line does with snapshots that are there, for programs.

export { replay, type Replayed, type ReplayOptions, type ReplaySettings } from "./programs/replay.ts";
export { reproduce, type Reproduced, type ReproduceOptions } from "./programs/reproduce.ts";
export type { Irreproducible, NotReproduced } from "./reproduce.ts";
export { verify, type RepairOptions, type Verified, type VerifyOptions } from "./programs/verify.ts";
export type { Finding, Problem } from "./verify.ts";

export {
  diffSnapshots,
  type ComparedArtifact,
  type ComparedPartition,
  type ComparedSnapshots,
  type DiffSnapshotsOptions,
} from "./programs/diff-snapshots.ts";
export { diffDeclared, type DiffDeclaredOptions } from "./programs/diff-declared.ts";
export type { DeclarationDiff } from "./diff.ts";
export type { ValueDifference, ValueDifferences } from "./value-difference.ts";
export {
  bisect,
  type Bisected,
  type BisectOptions,
  type BisectSettings,
  type Judge,
  type JudgeAnswer,
  type Question,
} from "./programs/bisect.ts";
export type { Look, Verdict } from "./bisect.ts";

export { exportSnapshot, type ExportedSnapshot, type ExportSnapshotOptions } from "./programs/export-snapshot.ts";
export type { ExportProgress } from "./moving/export-snapshot.ts";
export { importSnapshot, type ImportSnapshotOptions } from "./programs/import-snapshot.ts";
export type { Imported } from "./moving/import-snapshot.ts";
export { collectGarbage, type CollectGarbageOptions } from "./programs/collect-garbage.ts";
export type { Garbage, GarbageFile, GarbagePartition } from "./gc.ts";

export type { SnapshotInput } from "./programs/snapshot-input.ts";
export type { Target } from "./programs/target.ts";
export type { RunRecord, StoredPartition, StoredSnapshot } from "../backend/records.ts";
