// Where the registry keeps bytes, and where version numbers are claimed: the two things that are never left to a queue.

import type { ModelName, StoredArtifact } from "../backend/model-records.ts";

/** What is to be stored: a file or folder of this machine, bytes, or a function that fills an empty folder. */
export type ArtifactSource =
  | { readonly path: string }
  | { readonly bytes: Uint8Array; readonly name?: string | undefined }
  | { readonly fill: (folder: string, signal?: AbortSignal) => Promise<void> };

/** Which numbers are wanted. `sequence`: that one and no other, for versions that had their numbers elsewhere; the next unless told. */
export type VersionWish =
  | { readonly version: string; readonly sequence?: number | undefined }
  | { readonly bump: "patch" | "minor" | "major" }; /* 1.0.0 for the first */

/** The numbers the database knows, tombstones included; empty where it cannot be asked. */
export interface KnownNumbers {
  readonly highestSequence: number;
  readonly versions: readonly string[];
}

export interface VersionClaim {
  readonly version: string;
  readonly sequence: number;
}

/** The bytes of one version, readable as files until disposed. */
export interface ArtifactHandle extends AsyncDisposable {
  /** The file, or the folder. */
  readonly path: string;
  readonly isFolder: boolean;
}

export interface StoreStats {
  readonly objects: number;
  /** Bytes. */
  readonly size: number;
}

/** What versions refer to, tombstones and those that wait in the fallback journal included. */
export interface References {
  readonly versions: readonly (ModelName & { readonly version: string })[];
  readonly digests: ReadonlySet<string>;
}

export interface SweepOptions {
  /**
   * Asked once, after the store has looked whose claims are open: who claimed a version before that, may still live, and has none by the
   * time of the answer is still at it, and nothing that was put since his claim goes.
   */
  readonly references: () => Promise<References>;
  /** Milliseconds: what was put later than that stays in any case. */
  readonly olderThan: number;
  /** Count, do not remove. False unless told. */
  readonly dryRun?: boolean | undefined;
}

/** An artifact that no version has. */
export interface SweptArtifact {
  readonly digest: string;
  readonly files: number;
  /** Bytes; some of them may stay, as another artifact's. */
  readonly size: number;
}

export interface SweepResult {
  readonly artifacts: readonly SweptArtifact[];
  /** Files that no artifact names any more. */
  readonly objects: number;
  /** Bytes freed, those of temporary files included. */
  readonly size: number;
}

/** Bytes are found by what they are, so the same model stored twice is there once. Everything is durable when it resolves. */
export interface ArtifactStore {
  readonly kind: string;
  /**
   * Takes a semantic version and a sequence number nobody has or had, in any process. Highest existing = the highest of `known` and of what
   * was claimed here; claims older than the newest that is known need not count if nothing came of them. A claim by a process that is gone and left no version behind is taken over when that very version is asked for
   * again: `isTaken` says whether it did. Errors: VERSION_EXISTS, also for a sequence number; VALIDATION_FAILED for what is no semantic
   * version or no model name.
   */
  claim(
    name: ModelName,
    wish: VersionWish,
    known: KnownNumbers,
    isTaken: (version: string) => Promise<boolean>,
  ): Promise<VersionClaim>;
  /**
   * Says that nothing came of a claim of this store object, so that the same version may be asked for again before this process ends. The
   * sequence number stays used up.
   */
  release(name: ModelName, claim: VersionClaim): Promise<void>;
  /** Errors: ARTIFACT_NOT_FOUND for a path that is not there, STORAGE_FULL, STORAGE_FAILED. */
  put(source: ArtifactSource, signal?: AbortSignal): Promise<StoredArtifact>;
  /** A verified view. Errors: ARTIFACT_NOT_FOUND; ARTIFACT_CORRUPTED, naming the file. */
  open(artifact: StoredArtifact): Promise<ArtifactHandle>;
  /** Copies into a folder that is empty or not there, verified on the way. */
  download(artifact: StoredArtifact, folder: string): Promise<void>;
  exists(artifact: StoredArtifact): Promise<boolean>;
  /** Reads every byte again. */
  verify(artifact: StoredArtifact): Promise<void>;
  /** The digests of what is stored. */
  list(): AsyncIterable<string>;
  /** Whoever calls knows that no version refers to it. What somebody put again within the last hour stays for `sweep`. */
  remove(digest: string): Promise<void>;
  /** Removes what no version refers to: artifacts, objects, and the temporary files of processes that ended. */
  sweep(options: SweepOptions): Promise<SweepResult>;
  stats(): Promise<StoreStats>;
}
