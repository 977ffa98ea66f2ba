// Takes in an exported snapshot: everything is checked before anything is written, bytes before names, all names in one transaction.

import type { Connection } from "../../backend/backend.ts";
import type { PartitionId, PartitionRecord, RunId, RunPartition, RunRecord, StoredPartition, StoredSnapshot } from "../../backend/records.ts"; // prettier-ignore
import { placeText } from "../../build/place.ts";
import { checkTag, tagSnapshot } from "../../build/snapshot.ts";
import { readPartitionBytes, type Workspace } from "../../build/workspace.ts";
import { verifyContent } from "../../data/io.ts";
import { literal } from "../../data/storage/literal.ts";
import { managed } from "../../data/storage/local.ts";
import { StratigraphError } from "../../errors.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { KeyText } from "../../identity/partition-key.ts";
import { createId } from "../../util/id.ts";
import { aloneWithNamelessBytes, checkStillAlone } from "../nameless-bytes.ts";
import { checkExport, type CheckedExport, type CheckedPartition } from "./check-export.ts";
import { exportInvalid } from "./format.ts";
import { openExport, type ExportFolder } from "./read-folder.ts";

export interface ImportOptions {
  /** Also the tags that the folder holds. True unless told. */
  readonly tags?: boolean | undefined;
  /** Move tags that name another snapshot here. False unless told. */
  readonly move?: boolean | undefined;
  /** The SHA-256 that the export told, got on another way than the folder. */
  readonly digest?: string | undefined;
  readonly by: string;
  readonly signal?: AbortSignal | undefined;
  /** Called after each partition: first when its bytes were checked, then when they are here. */
  readonly on?: ((progress: { readonly checked: number; readonly written: number }) => void) | undefined;
}

export interface Imported {
  readonly snapshot: StoredSnapshot;
  readonly whole: boolean;
  /** Partitions of the snapshot; `written` of all had no bytes here yet. */
  readonly partitions: number;
  readonly written: number;
  readonly bytes: number;
  readonly tags: readonly string[];
  readonly digest: string;
}

/** Milliseconds that an import waits for another one. */
const LONGEST_WAIT = 600_000;

/**
 * Bytes go where this backend keeps its own, never where the folder says. Errors: EXPORT_INVALID, and then nothing was written; TAG_EXISTS
 * and CONFLICT likewise; BACKEND_BUSY where another import, or a gc, goes on and on; those of writing.
 */
export async function importSnapshotIn(workspace: Workspace, path: string, options: ImportOptions): Promise<Imported> {
  const folder = openExport(path);
  if (options.digest !== undefined && options.digest !== folder.digest) {
    throw exportInvalid("this is not the export that was named", {
      where: path,
      expected: `SHA-256 ${options.digest}`,
      received: `SHA-256 ${folder.digest}`,
    });
  }
  const checked = checkExport(folder);
  for (const [index, partition] of checked.partitions.entries()) {
    options.signal?.throwIfAborted();
    readBytes(folder, partition);
    options.on?.({ checked: index + 1, written: 0 });
  }
  await checkTarget(workspace.connection, checked, options);
  const { connection } = workspace;
  const { snapshot, records, bytes } = await aloneWithNamelessBytes(
    connection,
    { timeout: LONGEST_WAIT, signal: options.signal },
    async (fence) => {
      const { records, known, bytes } = await writeBytes(workspace, folder, checked, options);
      const snapshot = await connection.transaction(async (tx) => {
        await checkStillAlone(tx, fence);
        return writeNames(tx, checked, records, known, options);
      });
      return { snapshot, records, bytes };
    },
  );
  return {
    snapshot,
    whole: checked.index.whole,
    partitions: checked.partitions.filter(({ row }) => row.linked).length,
    written: records.filter((record) => record !== undefined).length,
    bytes,
    tags: options.tags === false ? [] : checked.tags.map(({ tag }) => tag),
    digest: folder.digest,
  };
}

function readBytes(folder: ExportFolder, { row }: CheckedPartition): Uint8Array {
  const bytes = folder.bytes(row);
  try {
    const fingerprint = row.content as Fingerprint;
    verifyContent(bytes, { fingerprint, size: row.size, digest: undefined }, placeText(row.artifactKey, row.key));
  } catch (cause) {
    throw exportInvalid("the bytes of a partition are not what its fingerprint stands for", {
      where: placeText(row.artifactKey, row.key),
      cause,
    });
  }
  return bytes;
}

/** What is here already must not speak against it. */
async function checkTarget(
  connection: Connection,
  { index, manifests, runs, tags }: CheckedExport,
  { tags: wanted, move }: ImportOptions,
): Promise<void> {
  const { id, graph, graphFingerprint } = index.snapshot;
  const snapshot = await connection.readSnapshot(id as Fingerprint);
  if (snapshot !== undefined && (snapshot.graph !== graph || snapshot.graphFingerprint !== graphFingerprint)) {
    throw conflict("a snapshot of that id is here and is of another graph", id);
  }
  const texts = await inBatches(manifests, (batch) => connection.readManifests(batch.map((one) => one.fingerprint)));
  for (const [position, { fingerprint, text }] of manifests.entries()) {
    if (texts[position] !== undefined && texts[position].text !== text) {
      throw conflict("a fingerprint stands for another text here", fingerprint);
    }
  }
  const found = await inBatches(runs, (batch) => connection.readRuns(batch.map((one) => one.id)));
  for (const [position, run] of runs.entries()) {
    const here = found[position];
    if (here !== undefined && identityOf(here) !== identityOf(run)) {
      throw conflict("a run of that id is here and is another one", run.id);
    }
  }
  if (index.snapshot.state === "failed" && tags.length > 0) {
    throw exportInvalid("a snapshot whose build failed has tags", { received: tags[0]!.tag });
  }
  for (const { tag } of wanted === false ? [] : tags) {
    checkTag(tag);
    const current = await connection.readSnapshotTag(graph, tag);
    if (current === undefined || current.snapshot === id || move === true) continue;
    throw new StratigraphError("TAG_EXISTS", `the tag '${tag}' names another snapshot here`, {
      where: `graph '${graph}'`,
      expected: id.slice(0, 12),
      received: current.snapshot.slice(0, 12),
      hint: "Move it with --move, or leave the tags out with --no-tags.",
      data: { graph, tag, current: current.snapshot },
    });
  }
}

/** What of a run never changes. */
function identityOf({ kind, graph, producer, version, key, input, startedAt, holder }: RunRecord): string {
  return JSON.stringify([kind, graph, producer, version, key, input, startedAt, holder]);
}

/** By position: what is to be recorded, or the record that is here with good bytes. */
interface WrittenBytes {
  readonly records: readonly (PartitionRecord | undefined)[];
  readonly known: readonly (StoredPartition | undefined)[];
  readonly bytes: number;
}

async function writeBytes(
  workspace: Workspace,
  folder: ExportFolder,
  { index, partitions }: CheckedExport,
  { signal, on }: ImportOptions,
): Promise<WrittenBytes> {
  const storage = workspace.storage.home === undefined ? literal() : managed();
  const attempt = createId(workspace.clock);
  const here = await findKnown(workspace, partitions);
  const records: (PartitionRecord | undefined)[] = [];
  const locations: string[] = [];
  let written = 0;
  for (const [position, partition] of partitions.entries()) {
    signal?.throwIfAborted();
    if (here[position] !== undefined) {
      records.push(undefined);
      continue;
    }
    const { row, key, dimensions, extension } = partition;
    const { artifactKey, content, size, sha256 } = row;
    const keyText = row.key as KeyText;
    // Read again, and so checked again: what is written is what was checked.
    const bytes = readBytes(folder, partition);
    const input = row.input ?? content;
    const graph = index.snapshot.graph;
    const location = storage.locate({ graph, artifactKey, dimensions, key, keyText, input, attempt, extension });
    const inside = storage.kind === "literal";
    if (!inside) {
      await storage.write(location, bytes, workspace.storage);
      locations.push(location);
    }
    records.push({
      artifact: row.artifact as Fingerprint,
      key: keyText,
      input: row.input as Fingerprint | undefined,
      content: content as Fingerprint,
      size,
      digest: sha256,
      storage: storage.kind,
      location,
      value: inside ? bytes : undefined,
      run: row.run as RunId | undefined,
    });
    written += size;
    on?.({ checked: partitions.length, written: locations.length });
  }
  await storage.settle(locations, workspace.storage);
  return { records, known: here, bytes: written };
}

/** Partitions that are the same in every respect and whose bytes are still what they were: they stay as they are. */
async function findKnown(
  workspace: Workspace,
  partitions: readonly CheckedPartition[],
): Promise<(StoredPartition | undefined)[]> {
  const contents = partitions.map(({ row }) => row.content as Fingerprint);
  const found = await workspace.connection.findPartitionsOf(contents);
  const known: (StoredPartition | undefined)[] = [];
  for (const [position, { row }] of partitions.entries()) {
    const same = found[position]!.find(
      ({ artifact, key, input, damaged }) =>
        artifact === row.artifact && key === row.key && input === row.input && !damaged,
    );
    const isGood = same !== undefined && (await readPartitionBytes(workspace, undefined, same).then(() => true, () => false)); // prettier-ignore
    known.push(isGood ? same : undefined);
  }
  return known;
}

async function writeNames(
  tx: Connection,
  { index, description, partitions, manifests, runs, edges, tags }: CheckedExport,
  records: WrittenBytes["records"],
  known: WrittenBytes["known"],
  { tags: wanted, move, by }: ImportOptions,
): Promise<StoredSnapshot> {
  const { graph, state, createdAt } = index.snapshot;
  const id = index.snapshot.id as Fingerprint;
  const graphFingerprint = index.snapshot.graphFingerprint as Fingerprint;
  await tx.writeManifests(manifests);
  if ((await tx.readGraph(graph, graphFingerprint)) === undefined) {
    await tx.writeGraph({ name: graph, fingerprint: graphFingerprint, description: description });
  }
  await tx.startRuns(runs);
  const ids = [...(await tx.writeArtifactPartitions(records.filter((record) => record !== undefined)))];
  const stored = known.map((one): PartitionId => one?.id ?? ids.shift()!);
  const sides = (side: "input" | "output"): RunPartition[] =>
    edges
      .filter(({ direction }) => direction === side)
      .map(({ run, name, partition }) => ({ run: run as RunId, name, partition: stored[partition]! }));
  await tx.writeRunPartitions({ inputs: sides("input"), outputs: sides("output") });
  // One that was built or imported whole here before is not made less, nor the newest again.
  const before = await tx.readSnapshot(id);
  const whole = before?.state === "complete" || (before?.state === "partial" && !index.whole);
  const snapshot = whole
    ? before
    : await tx.writeSnapshot({ id, graph, graphFingerprint, state: index.whole ? state : "partial", createdAt });
  const links = partitions.flatMap(({ row }, position) =>
    row.linked ? [{ artifactKey: row.artifactKey, key: row.key as KeyText, partition: stored[position]! }] : [],
  );
  await tx.writeSnapshotPartitions(id, links);
  for (const { tag, at, by: author, why } of wanted === false ? [] : tags) {
    const said = `imported; tagged by ${author} at ${at}${why === undefined ? "" : `: ${why}`}`;
    await tagSnapshot(tx, snapshot, tag, { by, why: said, move });
  }
  return snapshot;
}

async function inBatches<Item, Found>(
  items: readonly Item[],
  read: (batch: readonly Item[]) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let start = 0; start < items.length; start += 1000) {
    for (const one of await read(items.slice(start, start + 1000))) found.push(one);
  }
  return found;
}

function conflict(what: string, received: string): StratigraphError {
  return new StratigraphError("CONFLICT", what, {
    received,
    hint: "Import it into another backend: these two cannot both be right.",
  });
}
