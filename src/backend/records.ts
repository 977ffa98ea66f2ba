// What a backend keeps, as plain readonly data.

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition.ts";
import type { Brand } from "../util/brand.ts";

/** Names one stored partition inside one backend; made by the backend, opaque to everybody else. */
export type PartitionId = Brand<number, "PartitionId">;
/** Sortable by the time it was made. */
export type RunId = Brand<string, "RunId">;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A graph as a description: names, schemas, versions, edges. Code is never stored. */
export interface GraphRecord {
  readonly name: string;
  readonly fingerprint: Fingerprint;
  readonly description: Json;
}

/**
 * `open`: being built, or its build was interrupted; `partial`: what was asked for is linked, the rest was not asked for;
 * `complete`: every partition of the graph is linked; `failed`: some step failed.
 */
export const snapshotStates = ["open", "partial", "complete", "failed"] as const;
export type SnapshotState = (typeof snapshotStates)[number];

export interface SnapshotRecord {
  readonly id: Fingerprint;
  readonly graph: string;
  readonly graphFingerprint: Fingerprint;
  readonly state: SnapshotState;
  /** ISO time with zone, for people; the order of snapshots is `sequence`. */
  readonly createdAt: string;
}

export interface StoredSnapshot extends SnapshotRecord {
  /** Rises with every snapshot written; one that is written again gets a new one unless it is its graph's latest, so the highest is the latest. */
  readonly sequence: number;
}

/** One partition's bytes: which artifact, which key, made from what, with which content, and where they are. */
export interface PartitionRecord {
  /** The artifact's own identity, see `graph/artifact-identity.ts`: the same data under another name is the same artifact. */
  readonly artifact: Fingerprint;
  readonly key: KeyText;
  /** The input fingerprint of the step that made it; `undefined` for a source partition. */
  readonly input: Fingerprint | undefined;
  readonly content: Fingerprint;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 as hex, where one was taken. */
  readonly digest: string | undefined;
  /** The storage's kind, e.g. "local". */
  readonly storage: string;
  /** Where the storage keeps it; relative to the project's root or to the backend's home, as the storage defines. */
  readonly location: string;
  /** The bytes themselves, where the backend keeps them (storage "literal"). */
  readonly value: Uint8Array | undefined;
  /** The run that built it. */
  readonly run: RunId | undefined;
}

export interface StoredPartition extends PartitionRecord {
  readonly id: PartitionId;
  /** Its bytes were found missing or changed, see `markPartitionsDamaged`. */
  readonly damaged: boolean;
}

/** Asks for the newest partition of this artifact and key that was made from exactly this input. */
export interface PartitionQuery {
  readonly artifact: Fingerprint;
  readonly key: KeyText;
  readonly input: Fingerprint;
}

/** Puts a stored partition into a snapshot under the key the graph gives its artifact. */
export interface PartitionLink {
  readonly artifactKey: string;
  /** The stored partition's own key: another one is refused. */
  readonly key: KeyText;
  readonly partition: PartitionId;
}

export interface ManifestRecord {
  readonly fingerprint: Fingerprint;
  readonly text: string;
}

export interface TagRecord {
  readonly graph: string;
  readonly tag: string;
  readonly snapshot: Fingerprint;
  /** Rises with every change of any tag. */
  readonly sequence: number;
  readonly at: string;
  readonly by: string;
  readonly why: string | undefined;
}

/** One entry of a tag's append-only history; `snapshot` is `undefined` where the tag was deleted. */
export interface TagChange extends Omit<TagRecord, "snapshot"> {
  readonly snapshot: Fingerprint | undefined;
  readonly previous: Fingerprint | undefined;
}

export interface TagWrite {
  readonly graph: string;
  readonly tag: string;
  readonly snapshot: Fingerprint;
  readonly by: string;
  readonly why?: string | undefined;
  /**
   * Compare-and-set: the snapshot the tag must name now (`null`: it must not exist).
   * Left out: the tag may be new or already name this snapshot, anything else is TAG_EXISTS.
   * `"any"`: move it whatever it names.
   */
  readonly expected?: Fingerprint | null | "any" | undefined;
}

export const runStates = ["running", "succeeded", "failed", "cancelled", "lost"] as const;
export type RunState = (typeof runStates)[number];

export const runKinds = ["build", "step"] as const;

/** One build, or one step of a build (its `parent` is the build). */
export interface RunRecord {
  readonly id: RunId;
  readonly parent: RunId | undefined;
  readonly kind: (typeof runKinds)[number];
  readonly graph: string;
  readonly snapshot: Fingerprint | undefined;
  /** A step's producer, version, partition and input fingerprint. */
  readonly producer: string | undefined;
  readonly version: string | undefined;
  readonly key: KeyText | undefined;
  readonly input: Fingerprint | undefined;
  readonly state: RunState;
  /** Why it ran: the plan's reason as data. */
  readonly reason: Json | undefined;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  readonly attempts: number;
  /** Milliseconds the producer took. */
  readonly duration: number | undefined;
  readonly error: Json | undefined;
  /** host, process and user of whoever ran it. */
  readonly holder: string;
}

/** An edge of the lineage: a run read or wrote this partition under this input or output name. */
export interface RunPartition {
  readonly run: RunId;
  readonly name: string;
  readonly partition: PartitionId;
}

/** Proof of holding a lease: a token is never given twice, so a late holder's token is refused. */
export interface Fence {
  readonly name: string;
  readonly token: number;
}

export type LeaseAnswer =
  | { readonly granted: true; readonly fence: Fence }
  | { readonly granted: false; readonly name: string; readonly holder: string; readonly expiresAt: number };

export type Cursor = Brand<string, "Cursor">;

export interface PageRequest {
  /** 1 to 10,000; 1,000 unless told. */
  readonly limit?: number | undefined;
  readonly after?: Cursor | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Ask for the next page with it; `undefined` on the last page. */
  readonly next: Cursor | undefined;
}
