// Everything a backend keeps but leases, by kind, as it is copied into another: with the numbers and times it has here.

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { compareText } from "../util/text-order.ts";
import type { AuditRecord, EventRecord } from "./fact-records.ts";
import type { AliasChange, AliasRecord, AnnotationRecord, ModelRecord, TransitionRecord, VersionRecord } from "./model-records.ts"; // prettier-ignore
import type { Position } from "./page.ts";
import type {
  GraphRecord,
  ManifestRecord,
  MarkRecord,
  PartitionId,
  QualityRecord,
  QuarantineRecord,
  RunRecord,
  StoredPartition,
  StoredSnapshot,
  TagChange,
  TagRecord,
} from "./records.ts";

/** What is kept of each kind. */
export interface KeptRecords {
  readonly graphs: GraphRecord;
  readonly manifests: ManifestRecord;
  readonly snapshots: StoredSnapshot;
  readonly tags: TagRecord;
  readonly tagChanges: TagChange;
  readonly partitions: KeptPartition;
  readonly quality: QualityRecord;
  readonly links: KeptLink;
  readonly latest: KeptLatest;
  readonly marks: MarkRecord;
  readonly quarantine: QuarantineRecord;
  readonly runs: KeptRun;
  readonly runPartitions: KeptRunPartition;
  readonly models: ModelRecord;
  readonly versions: VersionRecord;
  readonly transitions: TransitionRecord;
  readonly aliases: AliasRecord;
  readonly aliasChanges: AliasChange;
  readonly annotations: AnnotationRecord;
  readonly events: EventRecord;
  readonly audit: AuditRecord;
  readonly submissions: KeptSubmission;
}

export interface KeptPartition extends StoredPartition {
  /** Rises with every write: of several for one question the highest is the newest. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/** A partition is linked into a snapshot. */
export interface KeptLink {
  readonly snapshot: Fingerprint;
  readonly artifactKey: string;
  readonly key: KeyText;
  readonly partition: PartitionId;
}

/** What was linked last at a place of a graph, in whichever snapshot. The partition may be gone. */
export interface KeptLatest {
  readonly graph: string;
  readonly artifactKey: string;
  readonly key: KeyText;
  readonly partition: PartitionId;
}

export type KeptRun = RunRecord & {
  /** The order in which runs began. */
  readonly sequence: number;
};

/** What a run read or wrote. */
export interface KeptRunPartition {
  /** Of the run. */
  readonly sequence: number;
  readonly direction: "input" | "output";
  readonly name: string;
  readonly partition: PartitionId;
}

export interface KeptSubmission {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly takenAt: number;
}

/** The order in which they are put: what is referred to comes first. */
export const keptKinds = [
  "graphs",
  "manifests",
  "snapshots",
  "tags",
  "tagChanges",
  "partitions",
  "quality",
  "latest",
  "links",
  "marks",
  "quarantine",
  "runs",
  "runPartitions",
  "models",
  "versions",
  "transitions",
  "aliases",
  "aliasChanges",
  "annotations",
  "events",
  "audit",
  "submissions",
] as const;
export type KeptKind = (typeof keptKinds)[number];

/** Those of which something may be gone one day. All others only grow. */
export const removableKinds = [
  "snapshots",
  "tags",
  "partitions",
  "quality",
  "links",
  "runs",
  "runPartitions",
  "aliases",
  "events",
  "submissions",
] as const;
export type RemovableKind = (typeof removableKinds)[number];

/** What a record is found by, and listed in the order of: the same on every backend. */
const keys: { readonly [Kind in KeptKind]: (record: KeptRecords[Kind]) => Position } = {
  graphs: ({ name, fingerprint }) => [name, fingerprint],
  manifests: ({ fingerprint }) => [fingerprint],
  snapshots: ({ id }) => [id],
  tags: ({ graph, tag }) => [graph, tag],
  tagChanges: ({ sequence }) => [sequence],
  partitions: ({ id }) => [id],
  quality: ({ partition }) => [partition],
  links: ({ snapshot, artifactKey, key }) => [snapshot, artifactKey, key],
  latest: ({ graph, artifactKey, key }) => [graph, artifactKey, key],
  marks: ({ sequence }) => [sequence],
  quarantine: ({ sequence }) => [sequence],
  runs: ({ sequence }) => [sequence],
  runPartitions: ({ sequence, direction, name, partition }) => [
    sequence,
    directions.indexOf(direction),
    name,
    partition,
  ],
  models: ({ namespace, name }) => [namespace, name],
  versions: ({ id }) => [id],
  transitions: ({ number }) => [number],
  aliases: ({ namespace, name, alias }) => [namespace, name, alias],
  aliasChanges: ({ number }) => [number],
  annotations: ({ number }) => [number],
  events: ({ number }) => [number],
  audit: ({ number }) => [number],
  submissions: ({ key }) => [key],
};

/** In the order in which they are listed. */
export const directions = ["input", "output"] as const;

export function keptKey<Kind extends KeptKind>(kind: Kind, record: KeptRecords[Kind]): Position {
  return keys[kind](record);
}

/** Below zero where `a` comes first. Both are of one kind. */
export function compareKeys(a: Position, b: Position): number {
  for (const [index, one] of a.entries()) {
    const other = b[index]!;
    const order = typeof one === "number" ? one - Number(other) : compareText(one, String(other));
    if (order !== 0) return order;
  }
  return 0;
}

/** Where a backend stands. */
export interface CopyState {
  /** The same text for every connection to one store, and another for every other store. */
  readonly store: string;
  /** Made with the store and kept wherever that is moved. A copy of a database's file has it as well. */
  readonly id: string;
  /** The highest of the numbers that were given in it so far: to a run, a change of a tag, an event, a lease, … */
  readonly given: number;
  /** Of the last copy into it; `undefined` where there was none. */
  readonly copied: CopyMark | undefined;
}

/** The numbers given as a copy ended: where it came from, and here. Any other number here is of something written since. */
export interface CopyMark {
  readonly from: number;
  readonly here: number;
}
