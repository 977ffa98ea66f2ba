// Exports a snapshot: its bytes, what they were made from, and what is known of it, as a folder that any backend can take in.

import { readDescription } from "../../backend/description.ts";
import { everyItem } from "../../backend/pages.ts";
import type { PartitionId, RunId, RunRecord, StoredPartition, StoredSnapshot } from "../../backend/records.ts";
import { placeText } from "../../build/place.ts";
import { parseStepManifest } from "../../build/step-identity.ts";
import { readPartitionBytes, type Workspace } from "../../build/workspace.ts";
import { packageVersion } from "../../changes/package-version.ts";
import { StratigraphError } from "../../errors.ts";
import type { GraphDescription } from "../../graph/describe.ts";
import type { GraphDefinition } from "../../graph/graph.ts";
import type { Selection } from "../../graph/selector.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import { dataPath, FORMAT, INDEX, KIND, tableNames, type EdgeRow, type Index, type PartitionRow, type TableName, type TagRow } from "./format.ts"; // prettier-ignore
import { sha256Of } from "./read-folder.ts";
import { writeFolder, type NewFolder } from "./write-folder.ts";

export interface ExportOptions {
  /** Only these partitions; all unless told. */
  readonly select?: Selection | undefined;
  /** Also the tags that name the snapshot. False unless told. */
  readonly tags?: boolean | undefined;
  /** Whose storages read the bytes; a graph's own storages are found only with it. */
  readonly graph?: GraphDefinition | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each partition. */
  readonly on?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly partitions: number;
  readonly bytes: number;
}

export interface Exported extends ExportProgress {
  readonly whole: boolean;
  readonly runs: number;
  readonly tags: readonly string[];
  /** SHA-256 of the folder's index, which seals everything in it: whoever is told it otherwise can check it. */
  readonly digest: string;
}

/**
 * Errors: SNAPSHOT_INCOMPLETE while it is being built, SELECTOR_UNKNOWN where nothing is chosen, STORAGE_FAILED where the folder is not
 * empty, and those of reading: SOURCE_CHANGED, DATA_MISSING, DATA_DAMAGED.
 */
export async function exportSnapshotIn(
  workspace: Workspace,
  snapshot: StoredSnapshot,
  path: string,
  options: ExportOptions = {},
): Promise<Exported> {
  const { connection } = workspace;
  const where = `snapshot ${snapshot.id.slice(0, 8)} of graph '${snapshot.graph}'`;
  if (snapshot.state === "open") {
    throw new StratigraphError("SNAPSHOT_INCOMPLETE", "the snapshot is still being built", {
      where,
      hint: "Build again until it ends, then export it.",
    });
  }
  const description = await readDescription(connection, snapshot);
  if (description === undefined) {
    throw new StratigraphError("SNAPSHOT_UNKNOWN", "what its graph declared is not remembered", { where });
  }
  return writeFolder(path, async (folder) => {
    const { chosen, whole } = await choose(workspace, snapshot, options);
    if (chosen.length === 0) {
      throw new StratigraphError("SELECTOR_UNKNOWN", "the snapshot has nothing of what was chosen", { where });
    }
    const lineage = await readLineage(workspace, description, chosen);
    const partitions: PartitionRow[] = [];
    let bytes = 0;
    const digests = new Map<string, string>();
    for (const [index, one] of [...chosen, ...lineage.unlinked].entries()) {
      options.signal?.throwIfAborted();
      partitions.push(await writePartition(workspace, folder, one, index < chosen.length, digests, options));
      bytes += one.partition.size;
      options.on?.({ partitions: partitions.length, bytes });
    }
    const manifests = await readManifests(workspace, snapshot, partitions);
    const tags = options.tags === true ? await readTags(workspace, snapshot) : [];
    const tables: Readonly<Record<TableName, string>> = {
      "graph.json": `${JSON.stringify(description)}\n`,
      "partitions.ndjson": lines(partitions),
      "manifests.ndjson": lines(manifests),
      "runs.ndjson": lines(lineage.runs),
      "edges.ndjson": lines(lineage.edges),
      "tags.ndjson": lines(tags),
    };
    const files = {} as Record<TableName, { size: number; sha256: string }>;
    for (const name of tableNames) {
      const table = Buffer.from(tables[name]);
      await folder.write(name, table);
      files[name] = { size: table.byteLength, sha256: sha256Of(table) };
    }
    const { id, graph, graphFingerprint, state, createdAt } = snapshot;
    const index: Index = {
      kind: KIND,
      format: FORMAT,
      writtenBy: packageVersion(),
      snapshot: { id, graph, graphFingerprint, state: state as Exclude<typeof state, "open">, createdAt },
      whole,
      files,
    };
    const text = Buffer.from(`${JSON.stringify(index, undefined, 2)}\n`);
    await folder.write(INDEX, text);
    const names = tags.map(({ tag }) => tag);
    return { partitions: chosen.length, bytes, whole, runs: lineage.runs.length, tags: names, digest: sha256Of(text) };
  });
}

interface Placed {
  readonly artifactKey: string;
  readonly partition: StoredPartition;
}

async function choose(
  { connection }: Workspace,
  snapshot: StoredSnapshot,
  { select, signal }: ExportOptions,
): Promise<{ readonly chosen: readonly Placed[]; readonly whole: boolean }> {
  const chosen: Placed[] = [];
  let all = 0;
  for (const [artifactKey, count] of await connection.countSnapshotPartitions(snapshot.id)) {
    signal?.throwIfAborted();
    all += count;
    const keys = select?.partitions.get(artifactKey);
    if (select !== undefined && keys === undefined && !select.keys.has(artifactKey)) continue;
    const read = everyItem((page) => connection.readSnapshotPartitions(snapshot.id, artifactKey, { keys, page }));
    for await (const partition of read) chosen.push({ artifactKey, partition });
  }
  return { chosen, whole: chosen.length === all };
}

/** The steps that made what was chosen, and those of what they read whose bytes are here as well. */
async function readLineage(
  { connection }: Workspace,
  description: GraphDescription,
  chosen: readonly Placed[],
): Promise<{ readonly runs: readonly RunRecord[]; readonly edges: readonly EdgeRow[]; readonly unlinked: Placed[] }> {
  const places = new Map<PartitionId, number>(chosen.map(({ partition }, index) => [partition.id, index]));
  const contents = new Set(chosen.map(({ partition }) => partition.content));
  const keys = new Map(description.artifacts.map(({ identity, key }) => [identity, key]));
  const unlinked: Placed[] = [];
  /** One that was replaced by another with the same bytes is what the step read all the same. */
  const placeOf = (partition: StoredPartition): number | undefined => {
    const known = places.get(partition.id);
    const artifactKey = keys.get(partition.artifact);
    if (known !== undefined || artifactKey === undefined || !contents.has(partition.content)) return known;
    const place = chosen.length + unlinked.length;
    places.set(partition.id, place);
    unlinked.push({ artifactKey, partition });
    return place;
  };
  const steps = await readRuns(
    connection,
    chosen.map(({ partition }) => partition.run),
  );
  const edges: EdgeRow[] = [];
  for (const { id } of steps) {
    const { inputs, outputs } = await connection.readRunPartitions(id);
    for (const [direction, list] of [
      ["input", inputs],
      ["output", outputs],
    ] as const) {
      // prettier-ignore
      for (const { name, partition } of list) {
        const place = placeOf(partition);
        if (place !== undefined) edges.push({ run: id, direction, name, partition: place });
      }
    }
  }
  const builds = await readRuns(
    connection,
    steps.map(({ parent }) => parent),
  );
  return { runs: [...builds, ...steps], edges, unlinked };
}

/** Those that have ended: how another one ends nobody can say here. */
async function readRuns(
  connection: Workspace["connection"],
  ids: readonly (RunId | undefined)[],
): Promise<RunRecord[]> {
  const wanted = [...new Set(ids.filter((id) => id !== undefined))];
  const runs: RunRecord[] = [];
  for (let start = 0; start < wanted.length; start += 1000) {
    for (const run of await connection.readRuns(wanted.slice(start, start + 1000))) {
      if (run !== undefined && run.kind !== "task" && run.state !== "running" && run.state !== "scheduled")
        runs.push(run);
    }
  }
  return runs;
}

async function writePartition(
  workspace: Workspace,
  folder: NewFolder,
  { artifactKey, partition }: Placed,
  linked: boolean,
  digests: Map<string, string>,
  { graph }: ExportOptions,
): Promise<PartitionRow> {
  const { artifact, key, input, content, size, run } = partition;
  let sha256 = linked ? undefined : digests.get(content);
  if (sha256 === undefined) {
    const found = graph?.nodes.get(graph.keyNow(artifactKey));
    const node = found?.identity === artifact ? found : undefined;
    const bytes = await readPartitionBytes(workspace, node, partition);
    sha256 = sha256Of(bytes);
    if (digests.get(content) !== sha256) await folder.write(dataPath(sha256), bytes);
    digests.set(content, sha256);
  }
  return { artifactKey, artifact, key, input, content, size, sha256, run, linked };
}

/** The texts of all fingerprints: of graph and snapshot, of the steps with their producers, and of what those name in turn. */
async function readManifests(
  { connection }: Workspace,
  snapshot: StoredSnapshot,
  partitions: readonly PartitionRow[],
): Promise<{ fingerprint: Fingerprint; text: string }[]> {
  const steps = new Map(
    partitions.flatMap((row) => (row.input === undefined ? [] : [[row.input as Fingerprint, row]])),
  );
  const manifests = new Map<Fingerprint, string>();
  const missing = (fingerprint: Fingerprint): StratigraphError => {
    const step = steps.get(fingerprint);
    const where = step === undefined ? `snapshot ${snapshot.id.slice(0, 8)}` : placeText(step.artifactKey, step.key);
    return new StratigraphError("DATA_MISSING", "the text of a fingerprint is not remembered", {
      where,
      received: fingerprint,
      hint: "Build it again, then export it.",
    });
  };
  let open: readonly Fingerprint[] = [...steps.keys()];
  const producers = new Set<Fingerprint>();
  for await (const { fingerprint, text } of readTexts(connection, open)) {
    if (text === undefined) throw missing(fingerprint);
    manifests.set(fingerprint, text);
    producers.add(parseStepManifest(text).producer);
  }
  open = [...producers, snapshot.id, snapshot.graphFingerprint];
  const needed = new Set(open);
  while (open.length > 0) {
    const named = new Set<Fingerprint>();
    for await (const { fingerprint, text } of readTexts(connection, open)) {
      if (text === undefined && needed.has(fingerprint)) throw missing(fingerprint);
      if (text === undefined) continue;
      manifests.set(fingerprint, text);
      // Schemas and code. Contents look the same and are nobody's manifest.
      for (const [found] of text.matchAll(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g)) named.add(found as Fingerprint);
    }
    open = [...named].filter((one) => !manifests.has(one));
  }
  return [...manifests].map(([fingerprint, text]) => ({ fingerprint, text }));
}

async function* readTexts(
  connection: Workspace["connection"],
  fingerprints: readonly Fingerprint[],
): AsyncGenerator<{ readonly fingerprint: Fingerprint; readonly text: string | undefined }> {
  for (let start = 0; start < fingerprints.length; start += 1000) {
    const asked = fingerprints.slice(start, start + 1000);
    const found = await connection.readManifests(asked);
    for (const [index, fingerprint] of asked.entries()) yield { fingerprint, text: found[index]?.text };
  }
}

async function readTags({ connection }: Workspace, snapshot: StoredSnapshot): Promise<TagRow[]> {
  const tags: TagRow[] = [];
  for await (const one of everyItem((page) => connection.listSnapshotTags(snapshot.graph, page))) {
    if (one.snapshot === snapshot.id) tags.push({ tag: one.tag, at: one.at, by: one.by, why: one.why });
  }
  return tags;
}

function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
