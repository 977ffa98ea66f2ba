// What a backend keeps, as plain readonly data.

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
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

/** `pin`: builds use this partition whatever changed; `taint`: builds must not use it again. */
export const markKinds = ["pin", "taint"] as const;
export type MarkKind = (typeof markKinds)[number];

/** What somebody said of a stored partition where a graph keeps it, and why. */
export interface MarkRecord {
  /** Rises with every mark. */
  readonly sequence: number;
  readonly kind: MarkKind;
  readonly graph: string;
  readonly artifactKey: string;
  readonly key: KeyText;
  readonly partition: PartitionId;
  /** The run that had built it then: what is built anew at the same place is not meant. */
  readonly run: RunId | undefined;
  readonly at: string;
  readonly by: string;
  readonly why: string;
  /** When it ceased to hold, by whom and why; `undefined` while it holds. */
  readonly ended: { readonly at: string; readonly by: string; readonly why: string | undefined } | undefined;
}

export type NewMark = Omit<MarkRecord, "sequence" | "run" | "at" | "ended">;

export interface MarkFilter {
  readonly graph?: string | undefined;
  readonly kind?: MarkKind | undefined;
  /** Only those that hold, or only those that ceased to. */
  readonly open?: boolean | undefined;
}

/** What is known of a stored partition's data: its statistics, and what its checks warned of when it was made. */
export interface QualityRecord {
  readonly partition: PartitionId;
  /** `undefined` where none were taken. */
  readonly statistics: Json | undefined;
  readonly findings: Json;
}

/** A partition that was made and refused: its bytes are kept, and no snapshot may link it. */
export interface QuarantineRecord {
  /** Rises with every entry. */
  readonly sequence: number;
  readonly graph: string;
  readonly artifactKey: string;
  readonly key: KeyText;
  readonly partition: PartitionId;
  /** The run that made it. */
  readonly run: RunId | undefined;
  readonly at: string;
  /** What refused it. */
  readonly findings: Json;
  /** Since when its bytes need not be kept any longer. */
  readonly ended: string | undefined;
}

export type NewQuarantine = Omit<QuarantineRecord, "sequence" | "at" | "ended">;

export interface QuarantineFilter {
  readonly graph?: string | undefined;
  /** Only those that are kept, or only those that need not be. */
  readonly open?: boolean | undefined;
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
  /** ISO time with zone; now unless told. Changes that belong together have the same. */
  readonly at?: string | undefined;
  /**
   * Compare-and-set: the snapshot the tag must name now (`null`: it must not exist).
   * Left out: the tag may be new or already name this snapshot, anything else is TAG_EXISTS.
   * `"any"`: move it whatever it names.
   */
  readonly expected?: Fingerprint | null | "any" | undefined;
}

/**
 * `scheduled`: not begun; `warning`: succeeded, and something should be looked at; `lost`: its process went away without a word;
 * `skipped`: never begun. A state other than `scheduled` and `running` is an end and never changes.
 */
export const runStates = [
  "scheduled",
  "running",
  "succeeded",
  "warning",
  "failed",
  "cancelled",
  "lost",
  "skipped",
] as const;
export type RunState = (typeof runStates)[number];

/** The states that end a run. */
export const endStates = ["succeeded", "warning", "failed", "cancelled", "lost", "skipped"] as const;
export type EndState = (typeof endStates)[number];

/** `task`: something that ran outside of a build, and told us. */
export const runKinds = ["build", "step", "task"] as const;

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
  /** What a task says of itself; `undefined` for builds and steps. */
  readonly task?: TaskFacts | undefined;
}

/** The facts of a task's record beyond those every run has. Its `graph` is the pipeline's name. */
export interface TaskFacts {
  /** The use case, team or project. */
  readonly namespace: string;
  readonly name: string;
  /** Where it was aimed at: "dev", "prod", a table. */
  readonly target: string;
  /** When the record was made, as ISO time with zone; not when the task started. */
  readonly recordedAt: string;
  /** The version of this package that wrote the record; never changed afterwards. */
  readonly engineVersion: string;
  /** What it read and wrote outside of any graph. */
  readonly io: readonly TaskIO[];
  readonly labels: Readonly<Record<string, string>>;
  /** Fingerprint of its configuration. */
  readonly config: string | undefined;
  /** What a newer writer put beside the fields above; kept through every rewrite. */
  readonly extensions: Readonly<Record<string, Json>>;
}

export interface TaskIO {
  readonly direction: "input" | "output";
  readonly name: string;
  /** Where it is: a path, a table, a URL. */
  readonly location: string;
  readonly format: string | undefined;
  readonly rows: number | undefined;
  readonly content: string | undefined;
}

/** A run of kind "task". */
export interface TaskRecord extends RunRecord {
  readonly kind: "task";
  readonly task: TaskFacts;
}

/** All that are given hold together. */
export interface RunFilter {
  readonly graph?: string | undefined;
  readonly parent?: RunId | undefined;
  readonly kind?: RunRecord["kind"] | undefined;
  /** Of any of these kinds. */
  readonly kinds?: readonly RunRecord["kind"][] | undefined;
  readonly state?: RunState | undefined;
  /** In any of these states. */
  readonly states?: readonly RunState[] | undefined;
  readonly snapshot?: Fingerprint | undefined;
  readonly input?: Fingerprint | undefined;
  /** Begins the id. */
  readonly idPrefix?: string | undefined;
  /** Started at or after: milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Of tasks. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly engineVersions?: readonly string[] | undefined;
  /** The content of something it read or wrote, of tasks as they told it. */
  readonly content?: string | undefined;
  /** The name or location of something a task told it read or wrote. */
  readonly artifact?: string | undefined;
}

/** What was walked over, nearest first. */
export interface LineageWalk {
  readonly partitions: readonly StoredPartition[];
  readonly edges: readonly LineageEdge[];
  /** There is more than was asked for. */
  readonly truncated: boolean;
}

/** A run read `input` under a name and wrote `output`. */
export interface LineageEdge {
  readonly run: RunId;
  readonly name: string;
  readonly input: PartitionId;
  readonly output: PartitionId;
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
