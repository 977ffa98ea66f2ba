// Everything a memory backend remembers, as maps.

import { randomUUID } from "node:crypto";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { KeyText } from "../../identity/partition-key.ts";
import type { Clock } from "../../util/clock.ts";
import { counters } from "../../util/counters.ts";
import { compareText } from "../../util/text-order.ts";
import type { AuditRecord, EventRecord } from "../fact-records.ts";
import type { CopyMark } from "../kept-records.ts";
import type {
  AliasChange,
  AliasRecord,
  AnnotationRecord,
  ModelName,
  ModelRecord,
  TransitionRecord,
  VersionId,
  VersionRecord,
} from "../model-records.ts";
import type {
  MarkRecord,
  PartitionId,
  QuarantineRecord,
  RunId,
  RunPartition,
  RunRecord,
  StoredPartition,
  StoredSnapshot,
  TagChange,
  TagRecord,
  TaskFacts,
} from "../records.ts";
import { Journal } from "./journal.ts";
import { OrderedMap } from "./ordered-map.ts";

export interface PartitionRow {
  readonly partition: StoredPartition;
  /** Rises with every write, so the highest is the newest. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

export interface RunRow {
  /** Without `reason` and `error`, which are kept as text like everywhere. */
  readonly record: Omit<RunRecord, "reason" | "error" | "task">;
  readonly reason: string | undefined;
  readonly error: string | undefined;
  readonly task: TaskFacts | undefined;
  readonly sequence: number;
}

export interface LeaseRow {
  readonly token: number;
  readonly holder: string;
  readonly expiresAt: number;
}

/** Rows are replaced, never changed: a row once read stays as it was. All changes go through `set` and `delete`. */
export class MemoryState {
  readonly clock: Clock;
  readonly journal: Journal = new Journal();
  #sequence = 0;

  /** Graph name, graph fingerprint, description as JSON text. */
  readonly graphs: OrderedMap<string, Map<Fingerprint, string>> = new OrderedMap(compareText);
  readonly snapshots: OrderedMap<Fingerprint, StoredSnapshot> = new OrderedMap<Fingerprint, StoredSnapshot>(
    compareText,
  );
  readonly snapshotOrder: OrderedMap<number, Fingerprint> = new OrderedMap(ascending);
  /** Graph name, tag. */
  readonly tags: OrderedMap<string, OrderedMap<string, TagRecord>> = new OrderedMap(compareText);
  readonly tagChanges: Map<string, OrderedMap<number, TagChange>> = new Map();

  readonly partitions: OrderedMap<PartitionId, PartitionRow> = new OrderedMap<PartitionId, PartitionRow>(ascending);
  /** Artifact, key, all partitions oldest first. */
  readonly partitionsByKey: Map<Fingerprint, OrderedMap<KeyText, readonly PartitionId[]>> = new Map();
  /** Snapshot, artifact key, key. */
  readonly links: Map<Fingerprint, Map<string, OrderedMap<KeyText, PartitionId>>> = new Map();
  /** Graph name, artifact key, key: what was linked last in any snapshot. */
  readonly latest: Map<string, Map<string, OrderedMap<KeyText, PartitionId>>> = new Map();

  readonly marks: OrderedMap<number, MarkRecord> = new OrderedMap(ascending);
  readonly quality: Map<PartitionId, { readonly statistics: string | undefined; readonly findings: string }> =
    new Map();
  /** With the findings as text, like everywhere. */
  readonly quarantine: OrderedMap<number, Omit<QuarantineRecord, "findings"> & { readonly findings: string }> =
    new OrderedMap(ascending);
  readonly manifests: OrderedMap<Fingerprint, string> = new OrderedMap<Fingerprint, string>(compareText);
  readonly leases: Map<string, LeaseRow> = new Map();
  readonly runs: Map<RunId, RunRow> = new Map();
  readonly runOrder: OrderedMap<number, RunId> = new OrderedMap(ascending);
  readonly runInputs: Map<RunId, readonly RunPartition[]> = new Map();
  readonly runOutputs: Map<RunId, readonly RunPartition[]> = new Map();

  /** All of the following by model, see `modelPlace`. */
  readonly models: OrderedMap<string, ModelRecord> = new OrderedMap(compareText);
  readonly versions: Map<string, OrderedMap<number, VersionRecord>> = new Map();
  /** The sequence of each version's other number. */
  readonly versionNumbers: Map<string, Map<string, number>> = new Map();
  readonly versionsById: OrderedMap<VersionId, VersionRecord> = new OrderedMap<VersionId, VersionRecord>(compareText);
  readonly transitions: Map<string, OrderedMap<number, TransitionRecord>> = new Map();
  readonly aliases: Map<string, OrderedMap<string, AliasRecord>> = new Map();
  /** By model and alias. */
  readonly aliasChanges: Map<string, OrderedMap<number, AliasChange>> = new Map();
  readonly annotations: Map<string, OrderedMap<number, AnnotationRecord>> = new Map();

  readonly events: OrderedMap<number, EventRecord> = new OrderedMap(ascending);
  readonly eventNumbers: Map<string, number> = new Map();
  readonly audit: OrderedMap<number, AuditRecord> = new OrderedMap(ascending);
  /** Key, and when it was taken: milliseconds since 1970. */
  readonly submissions: OrderedMap<string, number> = new OrderedMap(compareText);

  /** Tells this store from every other one. */
  readonly store: string = randomUUID();
  /** Of the last copy into it, if there was one. */
  readonly copied: Map<"copied", CopyMark> = new Map();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Never given twice, also not after a rollback. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  get given(): number {
    return this.#sequence;
  }

  /** From now on only higher numbers are given. */
  passOver(given: number): void {
    this.#sequence = Math.max(this.#sequence, given);
  }

  set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
    counters.rowsWritten++;
    this.journal.set(map, key, value);
  }

  delete<Key>(map: Map<Key, unknown>, key: Key): void {
    this.journal.delete(map, key);
  }

  /** The inner map at a key, made when it is not there. Making an empty one is no change that anybody can see, but is taken back all the same. */
  within<Key, Inner>(map: Map<Key, Inner>, key: Key, make: () => Inner): Inner {
    const there = map.get(key);
    if (there !== undefined) return there;
    const made = make();
    this.journal.set(map, key, made);
    return made;
  }
}

export function ascending(a: number, b: number): number {
  return a - b;
}

/** One text for a model, in the order of namespace, then name: no name holds a NUL, which comes before everything else. */
export function modelPlace({ namespace, name }: ModelName): string {
  return `${namespace}\0${name}`;
}
