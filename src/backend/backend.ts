// The place where we remember (Backend) and one open session with it (Connection).

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { CopyStore } from "./copy-store.ts";
import type { AuditFilter, AuditRecord, EventFilter, EventRecord, NewAudit, NewEvent } from "./fact-records.ts";
import type {
  AliasChange,
  AliasRecord,
  AnnotationRecord,
  ModelName,
  ModelRecord,
  TransitionKind,
  TransitionRecord,
  VersionFilter,
  VersionRecord,
  VersionRef,
} from "./model-records.ts";
import type {
  EndState,
  Fence,
  GraphRecord,
  LeaseAnswer,
  LineageWalk,
  ManifestRecord,
  MarkFilter,
  MarkRecord,
  NewMark,
  NewQuarantine,
  Page,
  PageRequest,
  PartitionId,
  PartitionLink,
  PartitionQuery,
  PartitionRecord,
  QualityRecord,
  QuarantineFilter,
  QuarantineRecord,
  RunFilter,
  RunId,
  RunPartition,
  RunRecord,
  SnapshotRecord,
  SnapshotState,
  StoredPartition,
  StoredSnapshot,
  TagChange,
  TagRecord,
  TagWrite,
  TaskRecord,
} from "./records.ts";

/** A metadata store. Holds no open resource itself; `connect` does. */
export interface Backend {
  readonly kind: string;
  /**
   * The folder for everything that belongs to this backend but is not in it (managed files under `data/`, caches under `cache/`).
   * `undefined`: there is none, and built values are kept inside the backend.
   */
  readonly home: string | undefined;
  /**
   * What tells it from other backends with the same `home`, and stays when that folder is moved with it: of a file, its path from there.
   * Its `kind` where it is absent.
   */
  readonly name?: string | undefined;
  connect(options?: ConnectOptions): Promise<Connection>;
  /**
   * A text that is another one after any change of what the backend holds, by whomever and in whatever process, and that costs next to
   * nothing to ask for. Where there is a `home`, it is kept there and compared by later processes.
   * `undefined`: that cannot be said, because something is being written just now. Absent where it never can.
   */
  stamp?(): string | undefined;
}

export interface ConnectOptions {
  /** Opens for reading only: nothing is created or migrated, writes are refused with BACKEND_READ_ONLY. False unless told. */
  readonly readOnly?: boolean | undefined;
}

/** Everything that can be asked of a backend; a transaction answers the same calls. */
export interface Stores
  extends
    GraphStore,
    SnapshotStore,
    TagStore,
    PartitionStore,
    MarkStore,
    QualityStore,
    ManifestStore,
    LeaseStore,
    RunStore,
    LineageStore,
    ModelStore,
    EventStore,
    AuditStore,
    SubmissionStore,
    CopyStore {}

/**
 * One open session. Every call takes many things and is one statement (or a few), never one per thing.
 * Every write outside `transaction` is a transaction of its own. An awaited write is durable; reads never see half a transaction.
 *
 * Any call may throw TEXT_INVALID, FINGERPRINT_INVALID, RECORD_INVALID or CURSOR_INVALID for what it was given, before anything is
 * read or written; BACKEND_BUSY, BACKEND_CORRUPT, BACKEND_FULL, BACKEND_READ_ONLY or BACKEND_FAILED; CONNECTION_CLOSED.
 */
export interface Connection extends Stores, AsyncDisposable {
  /**
   * Runs `work` with all its writes made at once, or none if it throws. Writers wait for each other, in order, up to the backend's busy
   * time. Use only `tx` inside: a write on the connection itself would wait for the end of the transaction it is in.
   * A write that throws inside dooms the transaction, also when `work` catches the error: every later call throws the same. Errors: TRANSACTION_INVALID for a
   * transaction inside a transaction, and for a `tx` that is used after its end.
   */
  transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T>;
  /**
   * Runs `work` with a connection that reads everything as it is at one moment, whatever is written meanwhile; a backend that cannot read
   * the past lets writers wait instead. Its writes are refused with BACKEND_READ_ONLY. Error: TRANSACTION_INVALID inside a transaction,
   * and for a `view` that is used after its end.
   */
  atOneMoment<T>(work: (view: Connection) => Promise<T>): Promise<T>;
  /**
   * Gives back the room that removed rows left, and answers the bytes before and after; zeros where there is nothing to measure. May take
   * a while and needs as much room again. Not inside a transaction.
   */
  compact(): Promise<{ readonly before: number; readonly after: number }>;
  /** Waits for writes under way; calls after it are refused with CONNECTION_CLOSED. Closing twice does nothing. */
  close(): Promise<void>;
}

export interface GraphStore {
  readGraph(name: string, fingerprint: Fingerprint): Promise<GraphRecord | undefined>;
  /** Writing the same fingerprint again replaces the description (annotations are not part of a graph's identity). */
  writeGraph(graph: GraphRecord): Promise<void>;
  /** The names of the graphs that were written, in UTF-8 order. */
  listGraphs(page?: PageRequest): Promise<Page<string>>;
}

export interface SnapshotStore {
  readSnapshot(id: Fingerprint): Promise<StoredSnapshot | undefined>;
  /** The snapshot of this graph with the highest sequence. */
  readLatestSnapshot(graph: string): Promise<StoredSnapshot | undefined>;
  /** Snapshots whose id begins with this hex text, in order, at most 10: for people who type the first characters. */
  findSnapshots(prefix: string): Promise<readonly StoredSnapshot[]>;
  /**
   * Idempotent; a snapshot that exists keeps `createdAt` and its links, gets the given state and becomes its graph's latest.
   * Error: FINGERPRINT_COLLISION where the id exists in another graph or with another graph fingerprint.
   */
  writeSnapshot(snapshot: SnapshotRecord): Promise<StoredSnapshot>;
  /** Error: SNAPSHOT_UNKNOWN. */
  setSnapshotState(id: Fingerprint, state: SnapshotState): Promise<void>;
  /** Newest first. Without a graph: of all graphs. */
  listSnapshots(graph: string | undefined, page?: PageRequest): Promise<Page<StoredSnapshot>>;
  /** Removes snapshots and their links, not the partitions; unknown ids are passed over. A tagged one is refused with TAG_CONFLICT, and then none is removed. */
  removeSnapshots(ids: readonly Fingerprint[]): Promise<void>;
}

export interface TagStore {
  readSnapshotTag(graph: string, tag: string): Promise<TagRecord | undefined>;
  /** Errors: TAG_EXISTS, TAG_CONFLICT (both carry the current snapshot in `data.current`), SNAPSHOT_UNKNOWN. Nothing is written when the tag already names the snapshot. */
  writeSnapshotTag(write: TagWrite): Promise<TagRecord>;
  /** In order of tag; without a graph: of all graphs, by graph then tag. */
  listSnapshotTags(graph: string | undefined, page?: PageRequest): Promise<Page<TagRecord>>;
  /** Error: TAG_UNKNOWN; TAG_CONFLICT where `expected` is given and differs. */
  removeSnapshotTag(change: {
    graph: string;
    tag: string;
    by: string;
    why?: string | undefined;
    /** ISO time with zone; now unless told. */
    at?: string | undefined;
    expected?: Fingerprint | undefined;
  }): Promise<void>;
  /** Newest first; stays after the tag is deleted. */
  readSnapshotTagHistory(graph: string, tag: string, page?: PageRequest): Promise<Page<TagChange>>;
}

export interface PartitionStore {
  /** All known partitions of an artifact, by key in UTF-8 order, then oldest first. With `inputs`: only those made from that input at that key. */
  readArtifactPartitions(
    artifact: Fingerprint,
    options?: {
      readonly inputs?: ReadonlyMap<KeyText, Fingerprint> | undefined;
      readonly page?: PageRequest | undefined;
    },
  ): Promise<Page<StoredPartition>>;
  /**
   * Idempotent on (artifact, key, input, content): writing again replaces location, size, digest, value and run, makes it the newest,
   * and clears `damaged`; where nothing would change, nothing is written. Ids in the order given.
   */
  writeArtifactPartitions(partitions: readonly PartitionRecord[]): Promise<readonly PartitionId[]>;
  /** One answer per query, in order: the newest undamaged partition, or `undefined`. One statement however many there are. */
  findPartitions(queries: readonly PartitionQuery[]): Promise<readonly (StoredPartition | undefined)[]>;
  readPartitions(ids: readonly PartitionId[]): Promise<readonly (StoredPartition | undefined)[]>;
  /** From now on `findPartitions` passes over them; what links them stays. Unknown ids are passed over. */
  markPartitionsDamaged(ids: readonly PartitionId[]): Promise<void>;

  /** Partitions linked to an artifact key in a snapshot, in UTF-8 order of key. `keys`: only these. */
  readSnapshotPartitions(
    snapshot: Fingerprint,
    artifactKey: string,
    options?: { readonly keys?: readonly KeyText[] | undefined; readonly page?: PageRequest | undefined },
  ): Promise<Page<StoredPartition>>;
  /**
   * Links stored partitions into a snapshot; a key that is linked already is linked anew. Errors: SNAPSHOT_UNKNOWN; PARTITION_UNKNOWN
   * (with the ids in `data.partitions`: somebody removed them, or they never were); PARTITION_KEY_INVALID.
   */
  writeSnapshotPartitions(snapshot: Fingerprint, links: readonly PartitionLink[]): Promise<void>;
  /** Both writes in one transaction. */
  writeArtifactAndGraphPartitions(
    snapshot: Fingerprint,
    partitions: readonly { readonly artifactKey: string; readonly partition: PartitionRecord }[],
  ): Promise<readonly PartitionId[]>;
  /** How many partitions each artifact key has in a snapshot. */
  countSnapshotPartitions(snapshot: Fingerprint): Promise<ReadonlyMap<string, number>>;
  /** How many bytes they have together, by artifact key. */
  sumSnapshotSizes(snapshot: Fingerprint): Promise<ReadonlyMap<string, number>>;
  /**
   * The partition most recently linked under each (artifact key, key) in any snapshot of the graph, one removed since included;
   * `undefined` once that partition itself is removed. It may be damaged.
   */
  findLatestPartitions(
    graph: string,
    places: readonly { readonly artifactKey: string; readonly key: KeyText }[],
  ): Promise<readonly (StoredPartition | undefined)[]>;

  /** Partitions that no snapshot links, oldest first, made before `before` (ms since 1970). For gc. */
  listUnlinkedPartitions(before: number, page?: PageRequest): Promise<Page<StoredPartition>>;
  /** Removes those of these partitions that no snapshot links at that moment, with the edges of runs to them, and answers which it removed. */
  removeUnlinkedPartitions(ids: readonly PartitionId[]): Promise<readonly PartitionId[]>;
  /** Of these locations of this storage, those some partition refers to. */
  findLocations(storage: string, locations: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface MarkStore {
  /**
   * A mark that holds at the same place and of the same kind ends with it, with the same reason. Precious as tags are. While a pin holds,
   * its partition is not removed. Error: PARTITION_UNKNOWN.
   */
  writeMarks(marks: readonly NewMark[]): Promise<readonly MarkRecord[]>;
  /** Newest first. */
  listMarks(filter?: MarkFilter, page?: PageRequest): Promise<Page<MarkRecord>>;
  /** Those that hold cease to; answers how many did. */
  endMarks(change: {
    readonly sequences: readonly number[];
    readonly by: string;
    readonly why?: string | undefined;
  }): Promise<number>;
}

export interface QualityStore {
  /** Replaces what is known of each partition; it is removed with the partition. Error: PARTITION_UNKNOWN. */
  writeQuality(records: readonly QualityRecord[]): Promise<void>;
  /** One answer per id, in order. */
  readQuality(ids: readonly PartitionId[]): Promise<readonly (QualityRecord | undefined)[]>;
  /**
   * Refuses partitions: from now on `findPartitions` passes over them, until the same content is written again and not refused. While an
   * entry is open, its partition is not removed. Error: PARTITION_UNKNOWN.
   */
  writeQuarantine(entries: readonly NewQuarantine[]): Promise<readonly QuarantineRecord[]>;
  /** Newest first. */
  listQuarantine(filter?: QuarantineFilter, page?: PageRequest): Promise<Page<QuarantineRecord>>;
  /** Those that are open cease to be; answers how many did. */
  endQuarantine(sequences: readonly number[]): Promise<number>;
}

export interface ManifestStore {
  /** Error: FINGERPRINT_COLLISION when a fingerprint exists with another text. */
  writeManifests(manifests: readonly ManifestRecord[]): Promise<void>;
  readManifests(fingerprints: readonly Fingerprint[]): Promise<readonly (ManifestRecord | undefined)[]>;
}

export interface LeaseStore {
  /**
   * Takes each lease that is free, expired, held by `holder` itself, or held by somebody `isDead` says is gone. One transaction for all.
   * A taken lease has a new, higher token. `ttl`: milliseconds from now, by the backend's clock. Answers in the order of the names.
   */
  acquireLeases(
    names: readonly string[],
    options: {
      readonly holder: string;
      readonly ttl: number;
      readonly isDead?: ((holder: string) => boolean) | undefined;
    },
  ): Promise<readonly LeaseAnswer[]>;
  /** Whether each fence still holds its lease (not taken over; expiry alone does not lose it). Ask inside the transaction that commits. */
  checkLeases(fences: readonly Fence[]): Promise<readonly boolean[]>;
  /** Moves the expiry of those the fences still hold to `ttl` milliseconds from now, and answers which. */
  renewLeases(fences: readonly Fence[], ttl: number): Promise<readonly boolean[]>;
  /** Releases those the fences still hold; the others are left alone. */
  releaseLeases(fences: readonly Fence[]): Promise<void>;
}

export interface RunStore {
  /** Of builds and steps. A run that exists already is passed over. */
  startRuns(runs: readonly RunRecord[]): Promise<void>;
  /** A run that has finished never changes again: such entries are passed over, and their ids are not in the answer. */
  finishRuns(
    runs: readonly (Pick<RunRecord, "id" | "finishedAt" | "attempts" | "duration" | "error"> & {
      readonly state: EndState;
    })[],
  ): Promise<readonly RunId[]>;
  /** Idempotent. Errors: RUN_UNKNOWN, PARTITION_UNKNOWN. */
  writeRunPartitions(edges: {
    readonly inputs: readonly RunPartition[];
    readonly outputs: readonly RunPartition[];
  }): Promise<void>;
  readRun(id: RunId): Promise<RunRecord | undefined>;
  /** One answer per id, in order. */
  readRuns(ids: readonly RunId[]): Promise<readonly (RunRecord | undefined)[]>;
  /** By name, then by key; without partitions that were removed since. */
  readRunPartitions(id: RunId): Promise<{
    readonly inputs: readonly { readonly name: string; readonly partition: StoredPartition }[];
    readonly outputs: readonly { readonly name: string; readonly partition: StoredPartition }[];
  }>;
  /** Newest first. */
  listRuns(filter?: RunFilter, page?: PageRequest): Promise<Page<RunRecord>>;
  /**
   * Writes runs of kind "task", told by whoever ran them, usually twice: as it starts and as it ends. In any order and as often as one
   * likes, with the same result: an ended one is never overwritten by one that has not ended, and of two ended ones the later
   * `recordedAt` stays. Answers, in order, whether each changed anything.
   */
  writeTasks(tasks: readonly TaskRecord[]): Promise<readonly boolean[]>;
  /** The versions of this package that wrote any task, in UTF-8 order: few, however many tasks there are. */
  listEngineVersions(): Promise<readonly string[]>;
  /** Removes runs of kind "task" that ended before this time (ms since 1970), and answers how many. */
  removeTasks(before: number): Promise<number>;
}

/** Where lineage is asked, over partitions and the runs between them. */
export interface LineageStore {
  /**
   * Everything these partitions were made from (upstream), or everything made with them (downstream), themselves included, by walking from
   * partition to run to partition. Edges are those among the partitions in the answer. Unknown ids are passed over.
   */
  walkLineage(
    start: readonly PartitionId[],
    options: {
      readonly direction: "upstream" | "downstream";
      /** Runs to walk over at most; no limit unless told. */
      readonly depth?: number | undefined;
      /** Partitions to answer with at most, nearest first; 10,000 unless told. */
      readonly limit?: number | undefined;
    },
  ): Promise<LineageWalk>;
  /** The partitions, oldest first, whose bytes are or were at each of these locations: a raw file has one for every content it had. */
  findPartitionsAt(
    storage: string | undefined,
    locations: readonly string[],
  ): Promise<readonly (readonly StoredPartition[])[]>;
  /** The partitions, oldest first, that have each of these contents. */
  findPartitionsOf(contents: readonly Fingerprint[]): Promise<readonly (readonly StoredPartition[])[]>;
}

/** The registry's rows; its rules are in `registry/`. Everything a call writes is written whole or not at all. */
export interface ModelStore {
  readModels(names: readonly ModelName[]): Promise<readonly (ModelRecord | undefined)[]>;
  /** By namespace, then name, in UTF-8 order. `name`: `*` and `?` stand for any text and any character. */
  listModels(
    filter?: { readonly namespace?: string | undefined; readonly name?: string | undefined },
    page?: PageRequest,
  ): Promise<Page<ModelRecord>>;
  /** `expected`: the revision it must have now, `undefined`: it must not exist. Errors: MODEL_EXISTS, CONFLICT. */
  writeModel(model: Omit<ModelRecord, "revision">, expected: number | undefined): Promise<ModelRecord>;

  /** One answer per query, in order; a deleted version is found by its numbers only. */
  findVersions(
    queries: readonly (ModelName & { readonly ref: VersionRef })[],
  ): Promise<readonly (VersionRecord | undefined)[]>;
  /** Newest first, by sequence within a model, or in the order the filter says. */
  listVersions(filter?: VersionFilter, page?: PageRequest): Promise<Page<VersionRecord>>;
  /** The highest sequence and all semantic versions ever given, tombstones included, these in the order of their texts. */
  readVersionNumbers(
    name: ModelName,
  ): Promise<{ readonly highestSequence: number; readonly versions: readonly string[] }>;
  /**
   * Inserts each (`expected` undefined) or replaces it if it has the expected revision. In the order given, so a version may leave
   * production before another enters it. Errors: MODEL_NOT_FOUND; VERSION_EXISTS for either number; CONFLICT, with the revisions, where
   * another one is there, and where a second version would be in production.
   */
  writeVersions(
    writes: readonly {
      readonly version: Omit<VersionRecord, "revision">;
      readonly expected: number | undefined;
    }[],
  ): Promise<readonly VersionRecord[]>;

  writeTransitions(transitions: readonly Omit<TransitionRecord, "number">[]): Promise<readonly TransitionRecord[]>;
  /** Newest first. */
  listTransitions(
    filter: ModelName & { readonly version?: string | undefined; readonly kind?: TransitionKind | undefined },
    page?: PageRequest,
  ): Promise<Page<TransitionRecord>>;

  /** In order of alias. */
  listAliases(name: ModelName, page?: PageRequest): Promise<Page<AliasRecord>>;
  /**
   * Sets (`version`) or removes (`version` undefined) an alias. `expected`: the version it must name now, `null`: none; left out: whatever.
   * Errors: VERSION_NOT_FOUND, ALIAS_NOT_FOUND (to remove), CONFLICT. Nothing is written when it names that version already.
   */
  writeAlias(
    change: ModelName & {
      readonly alias: string;
      readonly version: string | undefined;
      readonly at: string;
      readonly by: string;
      readonly why?: string | undefined;
      readonly expected?: string | null | undefined;
    },
  ): Promise<AliasRecord | undefined>;
  /** Newest first; stays after the alias is removed. */
  readAliasHistory(name: ModelName & { readonly alias: string }, page?: PageRequest): Promise<Page<AliasChange>>;

  writeAnnotations(annotations: readonly Omit<AnnotationRecord, "number">[]): Promise<readonly AnnotationRecord[]>;
  /** Newest first; `version` left out: those of the model and of all its versions. */
  listAnnotations(
    name: ModelName & { readonly version?: string | undefined },
    page?: PageRequest,
  ): Promise<Page<AnnotationRecord>>;
}

export interface EventStore {
  /** In the transaction of what they tell of. An id that is there already is passed over. */
  writeEvents(events: readonly NewEvent[]): Promise<readonly EventRecord[]>;
  /** Newest first; with `after` oldest first. */
  listEvents(filter?: EventFilter, page?: PageRequest): Promise<Page<EventRecord>>;
  /** How many are from before this time (ms since 1970). */
  countEvents(before: number): Promise<number>;
  /** Removes those from before this time, and answers how many. */
  removeEvents(before: number): Promise<number>;
}

/** Append-only: there is no call that changes or removes a row, and the SQL backends refuse it to raw statements as well. */
export interface AuditStore {
  writeAudit(entries: readonly NewAudit[]): Promise<readonly AuditRecord[]>;
  /** Newest first. */
  listAudit(filter?: AuditFilter, page?: PageRequest): Promise<Page<AuditRecord>>;
  /** In order, from a number on: for whoever checks the chain. */
  readAudit(from: number, limit: number): Promise<readonly AuditRecord[]>;
}

/** Which submissions were written already, so that one delivered twice is written once. */
export interface SubmissionStore {
  /** Takes each key that nobody took before, and answers which: `true` for those taken now. In the transaction of what is written. */
  takeSubmissions(keys: readonly string[]): Promise<readonly boolean[]>;
  /** Forgets those taken before this time (ms since 1970), and answers how many. */
  removeSubmissions(before: number): Promise<number>;
}
