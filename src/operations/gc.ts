// What nothing needs any more: old snapshots, the partitions only they hold, and files that no record names. Found first, removed when told.

import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { PartitionId, StoredPartition, StoredSnapshot, TagRecord } from "../backend/records.ts";
import { isDead } from "../build/holder.ts";
import { refuseOthers } from "../build/home-marks.ts";
import { storageOf, type Workspace } from "../build/workspace.ts";
import { isManagedName } from "../data/storage/local.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { compareText } from "../util/text-order.ts";
import { sweepTemps } from "../util/temp-sweep.ts";
import { everyItem, everyPage } from "../backend/pages.ts";
import { aloneWithNamelessBytes } from "./nameless-bytes.ts";

export interface GcOptions {
  /** Newest snapshots kept of each graph, the latest always among them; 10 unless told. */
  readonly keep?: number | undefined;
  /** Milliseconds: files and partitions younger than this are never touched, because a build may be about to name them; an hour unless told. */
  readonly grace?: number | undefined;
  /** Remove what was found. False unless told. */
  readonly remove?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A stored partition that no snapshot which stays holds. */
export interface GarbagePartition {
  readonly partition: StoredPartition;
  /** The artifact's key where a snapshot still held it; `undefined` for what no snapshot holds. */
  readonly key: string | undefined;
  /** The newest snapshot that held it. */
  readonly lastReferrer: StoredSnapshot | undefined;
}

export interface GarbageFile {
  /** Relative to the state folder. */
  readonly path: string;
  readonly bytes: number;
  /** `orphan`: no record names it; `temp`: a writer that is gone left it half-written. */
  readonly kind: "orphan" | "temp";
}

export interface Garbage {
  readonly snapshots: readonly StoredSnapshot[];
  readonly partitions: readonly GarbagePartition[];
  readonly files: readonly GarbageFile[];
  /** Of partitions that were built, and of files. */
  readonly bytes: number;
  readonly removed: boolean;
  /** What could not be removed, and why. */
  readonly failures: readonly StratigraphError[];
  readonly kept: { readonly snapshots: number; readonly tagged: number };
}

const DEFAULT_KEEP = 10;
const HOUR = 3_600_000;
/** Milliseconds by which a file's time may lag behind the clock. */
const CLOCK_TICK = 20;
const BATCH = 1_000;

/**
 * Finds what can go and, if told, removes it. What a tag names stays, and what it named before, so that a rollback leads back;
 * so do each graph's latest snapshots and what is being built. A source's own files are never touched. Removal asks again, in the transaction that removes, whether anything refers to it by now.
 * Errors, where it should remove: FOLDER_SHARED; BACKEND_BUSY while a build, an import or another gc runs.
 */
export async function collectGarbageIn(workspace: Workspace, options: GcOptions = {}): Promise<Garbage> {
  const { keep = DEFAULT_KEEP, grace = HOUR, remove = false, signal } = options;
  // Taken before the question whether a build runs: what a build writes that begins after the question is younger than this.
  const before = workspace.clock.now() - grace - CLOCK_TICK;
  if (!remove) return collect();
  await refuseOthers(workspace);
  return aloneWithNamelessBytes(workspace.connection, { timeout: 0, signal }, async () => {
    await refuseDuringBuild(workspace);
    return collect();
  });

  async function collect(): Promise<Garbage> {
    const overdue = await overdueQuarantine(workspace);
    if (remove) await workspace.connection.endQuarantine(overdue.sequences);
    const { old, kept, tagged } = await sortSnapshots(workspace, Math.max(1, keep), before);
    const refused = await workspace.connection.readPartitions(overdue.partitions);
    const partitions = await findPartitions(workspace, { old, kept, refused }, before, signal);
    const files = await findStrayFiles(workspace, { before, grace, signal });
    const found = { snapshots: old, partitions, files, kept: { snapshots: kept.length, tagged } };
    if (!remove) return { ...found, bytes: bytesOf(partitions, files), removed: false, failures: [] };
    return removeGarbage(workspace, found, before, grace, signal);
  }
}

/** A build that has planned to use a partition must find it when it comes to link it. */
async function refuseDuringBuild({ connection }: Workspace): Promise<void> {
  for await (const run of everyItem((page) => connection.listRuns({ kind: "build", state: "running" }, page))) {
    if (isDead(run.holder)) continue;
    throw new StratigraphError("BACKEND_BUSY", "a build is running", {
      where: `graph '${run.graph}', started ${run.startedAt} by ${run.holder}`,
      hint: "Delete when it has finished; without --delete everything can be listed meanwhile.",
    });
  }
}

/** Milliseconds that refused values are kept. */
const QUARANTINE = 30 * 24 * HOUR;

/** Entries that have been kept long enough, and the partitions that nothing in quarantine holds without them. */
async function overdueQuarantine({
  connection,
  clock,
}: Workspace): Promise<{ readonly sequences: readonly number[]; readonly partitions: readonly PartitionId[] }> {
  const oldest = clock.now() - QUARANTINE;
  const sequences: number[] = [];
  const [overdue, held] = [new Set<PartitionId>(), new Set<PartitionId>()];
  for await (const { sequence, at, partition } of everyItem((page) =>
    connection.listQuarantine({ open: true }, page),
  )) {
    const isOld = Date.parse(at) < oldest;
    if (isOld) sequences.push(sequence);
    (isOld ? overdue : held).add(partition);
  }
  return { sequences, partitions: [...overdue].filter((partition) => !held.has(partition)) };
}

async function sortSnapshots(
  { connection }: Workspace,
  keep: number,
  before: number,
): Promise<{ old: StoredSnapshot[]; kept: StoredSnapshot[]; tagged: number }> {
  const tags = new Set<Fingerprint>();
  // Where a rollback would lead, too: it must not be gone when it is needed.
  const wayBack = new Set<Fingerprint>();
  for await (const { graph, tag, snapshot } of everyItem<TagRecord>((page) =>
    connection.listSnapshotTags(undefined, page),
  )) {
    tags.add(snapshot);
    const [newest] = (await connection.readSnapshotTagHistory(graph, tag, { limit: 1 })).items;
    if (newest?.previous !== undefined) wayBack.add(newest.previous);
  }
  const building = new Set<Fingerprint>();
  for await (const run of everyItem((page) => connection.listRuns({ kind: "build", state: "running" }, page))) {
    if (run.snapshot !== undefined && !isDead(run.holder)) building.add(run.snapshot);
  }
  const seen = new Map<string, number>();
  const [old, kept]: [StoredSnapshot[], StoredSnapshot[]] = [[], []];
  // Newest first, of all graphs.
  for await (const snapshot of everyItem((page) => connection.listSnapshots(undefined, page))) {
    const newer = seen.get(snapshot.graph) ?? 0;
    seen.set(snapshot.graph, newer + 1);
    const young = Date.parse(snapshot.createdAt) > before;
    const stays =
      newer < keep || young || tags.has(snapshot.id) || wayBack.has(snapshot.id) || building.has(snapshot.id);
    (stays ? kept : old).push(snapshot);
  }
  return { old, kept, tagged: tags.size };
}

/** Partitions that only old snapshots hold, and those that no snapshot holds. `refused`: what the quarantine lets go. */
async function findPartitions(
  workspace: Workspace,
  {
    old,
    kept,
    refused,
  }: {
    readonly old: readonly StoredSnapshot[];
    readonly kept: readonly StoredSnapshot[];
    readonly refused: readonly (StoredPartition | undefined)[];
  },
  before: number,
  signal: AbortSignal | undefined,
): Promise<GarbagePartition[]> {
  const { connection } = workspace;
  const found = new Map<PartitionId, GarbagePartition>();
  for (const partition of refused) {
    // One that was accepted since is like any other.
    if (partition?.damaged === true) found.set(partition.id, { partition, key: undefined, lastReferrer: undefined });
  }
  if (old.length > 0 || found.size > 0) {
    for (const snapshot of old) {
      for await (const { key, partition } of linkedPartitions(workspace, snapshot.id, signal)) {
        // Old snapshots come newest first: the first that holds a partition is its last referrer.
        if (!found.has(partition.id)) found.set(partition.id, { partition, key, lastReferrer: snapshot });
      }
    }
    for (const snapshot of kept) {
      for await (const { partition } of linkedPartitions(workspace, snapshot.id, signal)) found.delete(partition.id);
    }
  }
  for await (const partition of everyItem((page) => connection.listUnlinkedPartitions(before, page))) {
    if (!found.has(partition.id)) found.set(partition.id, { partition, key: undefined, lastReferrer: undefined });
  }
  return inOrder([...found.values()]);
}

/** By artifact, then key: what is found comes in the order of ids, and what is removed in that of removal. */
function inOrder(partitions: GarbagePartition[]): GarbagePartition[] {
  const name = ({ key, partition }: GarbagePartition): string => key ?? partition.location;
  return partitions.sort(
    (a, b) =>
      compareText(name(a), name(b)) || compareText(a.partition.key, b.partition.key) || a.partition.id - b.partition.id,
  );
}

async function* linkedPartitions(
  { connection }: Workspace,
  snapshot: Fingerprint,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ key: string; partition: StoredPartition }> {
  for (const key of (await connection.countSnapshotPartitions(snapshot)).keys()) {
    signal?.throwIfAborted();
    for await (const partition of everyItem((page) => connection.readSnapshotPartitions(snapshot, key, { page }))) {
      yield { key, partition };
    }
  }
}

/** Files in the state folder's data that no record names, and temporary ones whose writer is gone. */
export async function findStrayFiles(
  workspace: Workspace,
  {
    grace = HOUR,
    before,
    signal,
  }: { readonly grace?: number; readonly before?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<GarbageFile[]> {
  const { home } = workspace.storage;
  if (home === undefined) return [];
  const temps = sweepTemps(home, { olderThan: grace, dryRun: true, clock: workspace.clock });
  const files: GarbageFile[] = temps.map(({ path, bytes }) => ({ path: relative(home, path), bytes, kind: "temp" }));
  const oldest = before ?? workspace.clock.now() - grace;
  for (const batch of batches(dataFiles(home, oldest), BATCH)) {
    signal?.throwIfAborted();
    const named = await namedFiles(
      workspace,
      batch.map(({ path }) => path),
    );
    for (const file of batch) if (!named.has(file.path)) files.push({ ...file, kind: "orphan" });
  }
  return files;
}

/** Those of these files, relative to the state folder, that a record names: as a managed one, or as one of an artifact that has a place of its own. */
async function namedFiles({ connection, storage }: Workspace, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const { home, root } = storage;
  const own = new Map(paths.map((path) => [relative(root, join(home!, path)).split(sep).join("/"), path]));
  const named = new Set(await connection.findLocations("managed", paths));
  for (const location of await connection.findLocations("local", [...own.keys()])) named.add(own.get(location)!);
  return named;
}

/**
 * Every file under `data/` older than that, with its location as records write it. Links are not followed. Only names that we give: the
 * state folder may be a project's own, with a `data/` full of sources.
 */
function* dataFiles(home: string, oldest: number): Generator<{ path: string; bytes: number }> {
  const folders = [join(home, "data")];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      if (!entry.isFile() || !isManagedName(entry.name)) continue;
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined || stats.mtimeMs > oldest || stats.ctimeMs > oldest) continue;
      yield { path: relative(home, path).split(sep).join("/"), bytes: stats.size };
    }
  }
}

/**
 * Names before bytes: a record goes in the transaction that finds it unreferenced, and only then the file it named, unless
 * another record names it by then. What is interrupted in between is an orphan for the next time.
 */
async function removeGarbage(
  workspace: Workspace,
  found: Pick<Garbage, "snapshots" | "partitions" | "files" | "kept">,
  before: number,
  grace: number,
  signal: AbortSignal | undefined,
): Promise<Garbage> {
  const { connection, storage } = workspace;
  const failures: StratigraphError[] = [];
  const snapshots = await removeSnapshots(workspace, found.snapshots, failures, signal);
  const gone: GarbagePartition[] = [];
  const known = new Map(found.partitions.map((garbage) => [garbage.partition.id, garbage]));
  for await (const page of everyPage((request) => connection.listUnlinkedPartitions(before, request))) {
    signal?.throwIfAborted();
    const removed = new Set(await connection.removeUnlinkedPartitions(page.map(({ id }) => id)));
    for (const partition of page) {
      if (!removed.has(partition.id)) continue;
      gone.push(known.get(partition.id) ?? { partition, key: undefined, lastReferrer: undefined });
    }
  }
  await removeBytes(workspace, gone, failures);
  const files: GarbageFile[] = [];
  for (const batch of batches(found.files, BATCH)) {
    signal?.throwIfAborted();
    const named = await namedFiles(
      workspace,
      batch.map(({ path }) => path),
    );
    for (const file of batch) {
      if (named.has(file.path) || storage.home === undefined) continue;
      if (attempt(() => rmSync(join(storage.home!, file.path), { force: true }), file.path, failures)) files.push(file);
    }
  }
  if (storage.home !== undefined) sweepTemps(storage.home, { olderThan: grace, clock: workspace.clock });
  return {
    snapshots,
    partitions: inOrder(gone),
    files,
    kept: found.kept,
    bytes: bytesOf(gone, files),
    removed: true,
    failures,
  };
}

/** One that got a tag in between stays. */
async function removeSnapshots(
  { connection }: Workspace,
  snapshots: readonly StoredSnapshot[],
  failures: StratigraphError[],
  signal: AbortSignal | undefined,
): Promise<StoredSnapshot[]> {
  const removed: StoredSnapshot[] = [];
  for (const snapshot of snapshots) {
    signal?.throwIfAborted();
    try {
      await connection.removeSnapshots([snapshot.id]);
      removed.push(snapshot);
    } catch (error) {
      if (!isStratigraphError(error) || error.code !== "TAG_CONFLICT") throw error;
      failures.push(error);
    }
  }
  return removed;
}

async function removeBytes(
  workspace: Workspace,
  partitions: readonly GarbagePartition[],
  failures: StratigraphError[],
): Promise<void> {
  const built = partitions
    .map(({ partition }) => partition)
    .filter(({ input, value }) => input !== undefined && value === undefined);
  for (const batch of batches(built, BATCH)) {
    const byStorage = new Map<string, string[]>();
    for (const { storage, location } of batch) byStorage.set(storage, [...(byStorage.get(storage) ?? []), location]);
    for (const [kind, locations] of byStorage) {
      // The same content built twice may share a place with a partition that stays.
      const named = await workspace.connection.findLocations(kind, locations);
      for (const location of locations) {
        if (named.has(location)) continue;
        try {
          await storageOf(undefined, kind).remove(location, workspace.storage);
        } catch (error) {
          if (!isStratigraphError(error)) throw error;
          if (error.code !== "DATA_MISSING") failures.push(error);
        }
      }
    }
  }
}

function attempt(work: () => void, path: string, failures: StratigraphError[]): boolean {
  try {
    work();
    return true;
  } catch (cause) {
    failures.push(new StratigraphError("STORAGE_FAILED", "the file could not be removed", { where: path, cause }));
    return false;
  }
}

/** A source's bytes are the user's and stay; only those of built partitions are freed. */
function bytesOf(partitions: readonly GarbagePartition[], files: readonly GarbageFile[]): number {
  let bytes = 0;
  for (const { partition } of partitions) if (partition.input !== undefined) bytes += partition.size;
  for (const file of files) bytes += file.bytes;
  return bytes;
}

function* batches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
