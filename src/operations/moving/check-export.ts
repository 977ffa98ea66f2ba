// Whether what an export says of itself holds together: every fingerprint against the text it stands for, every row against the others.

import { setOf } from "../../build/partition-set.ts";
import { contentListFingerprint } from "../../build/step-identity.ts";
import { placeText } from "../../build/place.ts";
import { isStratigraphError } from "../../errors.ts";
import type { GraphDescription } from "../../graph/describe.ts";
import { describedDimensions } from "../../graph/described.ts";
import { fingerprintText, type Fingerprint } from "../../identity/fingerprint.ts";
import type { Dimensions, Key } from "../../identity/dimension.ts";
import { decodeKey, encodeKey, projectKeyText, type KeyText } from "../../identity/partition-key.ts";
import { compareText } from "../../util/text-order.ts";
import { edgeSchema, exportInvalid, graphSchema, manifestSchema, partitionSchema, runSchema, tagSchema, type EdgeRow, type GraphRow, type Index, type PartitionRow, type TagRow } from "./format.ts"; // prettier-ignore
import type { ExportFolder } from "./read-folder.ts";
import type { RunRecord } from "../../backend/records.ts";

/** Everything a folder says, checked, but for the bytes. */
export interface CheckedExport {
  readonly index: Index;
  readonly description: GraphDescription;
  readonly partitions: readonly CheckedPartition[];
  readonly manifests: readonly { readonly fingerprint: Fingerprint; readonly text: string }[];
  readonly runs: readonly RunRecord[];
  readonly edges: readonly EdgeRow[];
  readonly tags: readonly TagRow[];
}

export interface CheckedPartition {
  readonly row: PartitionRow;
  readonly key: Key;
  readonly dimensions: Dimensions;
  readonly extension: string;
}

type Description = GraphRow;

/** Error: EXPORT_INVALID. */
export function checkExport(folder: ExportFolder): CheckedExport {
  const { index } = folder;
  const { snapshot } = index;
  const texts = new Map<string, string>();
  for (const { fingerprint, text } of folder.rows("manifests.ndjson", manifestSchema)) {
    if (!isFingerprintOf(fingerprint, text))
      throw wrong("a text is not the one its fingerprint stands for", fingerprint);
    texts.set(fingerprint, text);
  }
  const description = folder.rows("graph.json", graphSchema)[0]!;
  checkGraph(index, description, texts);
  const partitions = folder.rows("partitions.ndjson", partitionSchema).map((row) => checkPartition(row, description, texts)); // prettier-ignore
  checkPlaces(partitions);
  checkSources(index, partitions, texts.get(snapshot.id)!);
  const runs = folder.rows("runs.ndjson", runSchema);
  const edges = folder.rows("edges.ndjson", edgeSchema);
  checkRuns(snapshot.graph, partitions, runs, edges);
  return {
    index,
    description: description as unknown as GraphDescription,
    partitions,
    manifests: [...texts].map(([fingerprint, text]) => ({ fingerprint: fingerprint as Fingerprint, text })),
    runs,
    edges,
    tags: folder.rows("tags.ndjson", tagSchema),
  };
}

function isFingerprintOf(fingerprint: string, text: string): boolean {
  try {
    return fingerprintText(text) === fingerprint;
  } catch {
    return false; // half of a surrogate pair: no text of ours
  }
}

function checkGraph({ snapshot }: Index, description: Description, texts: ReadonlyMap<string, string>): void {
  const { graph, graphFingerprint, id } = snapshot;
  if (description.name !== graph || description.fingerprint !== graphFingerprint) {
    throw wrong("the description is of another graph", `'${description.name}'`, `'${graph}'`);
  }
  const declared = partsOf(texts, graphFingerprint, "graph");
  const keys = description.artifacts.map(({ key }) => key);
  const known = Object.keys(Object(declared["artifacts"]) as object);
  if (declared["name"] !== graph || keys.toSorted(compareText).join("\n") !== known.toSorted(compareText).join("\n")) {
    throw wrong("the description is not of the graph that its fingerprint stands for", graphFingerprint);
  }
  if (partsOf(texts, id, "snapshot")["graph"] !== graphFingerprint) {
    throw wrong("the snapshot is of another graph", id);
  }
}

/** The parts of a manifest of this kind. */
function partsOf(
  texts: ReadonlyMap<string, string>,
  fingerprint: string,
  kind: string,
): Readonly<Record<string, unknown>> {
  const text = texts.get(fingerprint);
  if (text === undefined) throw wrong(`the text of its ${kind} is missing`, fingerprint);
  try {
    const manifest = JSON.parse(text) as { kind?: unknown; parts?: Record<string, unknown> } | null;
    if (manifest?.kind === kind && typeof manifest.parts === "object") return manifest.parts;
  } catch {
    // falls through: no manifest of ours
  }
  throw wrong(`a fingerprint stands for something that is no ${kind}`, fingerprint);
}

function checkPartition(
  row: PartitionRow,
  description: Description,
  texts: ReadonlyMap<string, string>,
): CheckedPartition {
  const place = placeText(row.artifactKey, row.key);
  const artifact = description.artifacts.find(({ key }) => key === row.artifactKey);
  if (artifact === undefined || artifact.identity !== row.artifact) {
    throw wrong("a partition is of an artifact that the graph does not have", place);
  }
  if ((artifact.kind === "source") !== (row.input === undefined)) {
    throw wrong("a source was made by a step, or a result by none", place);
  }
  const dimensions = describedDimensions(artifact.dimensions);
  const key = decoded(dimensions, row.key, place);
  if (row.input !== undefined) {
    const parts = partsOf(texts, row.input, "step");
    if (parts["key"] !== stepKeyOf(row, artifact, description))
      throw wrong("a partition was made by the step of another one", place);
    partsOf(texts, String(parts["producer"]), "producer");
  }
  return { row, key, dimensions, extension: artifact.format.extension };
}

/** The key of the step that made a partition: its own, but for the dimensions that a fan-out found. */
function stepKeyOf(
  { key }: PartitionRow,
  { producer, dimensions }: Description["artifacts"][number],
  { artifacts, producers }: Description,
): KeyText {
  const first = producers[producer ?? -1]?.outputs[0]?.key;
  const listed = artifacts.find((one) => one.key === first)?.dimensions ?? dimensions;
  return projectKeyText(describedDimensions(dimensions), key as KeyText, Object.keys(describedDimensions(listed)));
}

function decoded(dimensions: Dimensions, text: string, place: string): Key {
  try {
    const key = decodeKey(dimensions, text);
    if (encodeKey(dimensions, key) === text) return key;
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
  }
  throw wrong("a partition's key does not fit its artifact", place);
}

/** One partition for each place of the snapshot. */
function checkPlaces(partitions: readonly CheckedPartition[]): void {
  const linked = new Set<string>();
  for (const { row } of partitions) {
    if (!row.linked) continue;
    const place = placeText(row.artifactKey, row.key);
    if (linked.has(place)) throw wrong("two partitions are at one place of the snapshot", place);
    linked.add(place);
  }
}

/** A snapshot's id says which content its sources had. Where only some of a source is here, nothing can be compared. */
function checkSources({ snapshot, whole }: Index, partitions: readonly CheckedPartition[], text: string): void {
  if (!whole) return;
  const { sources } = (JSON.parse(text) as { parts: { sources?: Record<string, string> } }).parts;
  const found = new Map<string, CheckedPartition[]>();
  for (const partition of partitions) {
    const { row } = partition;
    if (row.input !== undefined || !row.linked) continue;
    const list = found.get(row.artifactKey);
    if (list === undefined) found.set(row.artifactKey, [partition]);
    else list.push(partition);
  }
  for (const [key, expected] of Object.entries(Object(sources) as Record<string, string>)) {
    const list = found.get(key) ?? [];
    const contents = new Map(list.map(({ row }) => [row.key as KeyText, row.content as Fingerprint]));
    // In the order of the keys, which for integers is not that of their texts.
    const { texts } = setOf(
      list[0]?.dimensions ?? {},
      list.map(({ row, key: values }) => [row.key as KeyText, values]),
    );
    if (
      contentListFingerprint(
        texts,
        texts.map((text) => contents.get(text)!),
      ) !== expected
    ) {
      throw wrong("a source is not what the snapshot found", `'${key}' of snapshot ${snapshot.id.slice(0, 8)}`);
    }
  }
}

function checkRuns(
  graph: string,
  partitions: readonly CheckedPartition[],
  runs: readonly RunRecord[],
  edges: readonly EdgeRow[],
): void {
  const known = new Map(runs.map((run) => [run.id as string, run]));
  if (known.size !== runs.length) throw wrong("a run is named twice", "runs.ndjson");
  for (const run of runs) {
    if (run.kind === "build" && run.graph !== graph) throw wrong("a build was of another graph", run.id);
  }
  for (const { run, direction, name, partition } of edges) {
    const found = known.get(run);
    const row = partitions[partition]?.row;
    if (found?.kind !== "step" || row === undefined) throw wrong("an edge names what is not there", `${run} ${name}`);
    if (direction === "output" && row.input !== found.input) {
      throw wrong("a partition was written by a run of another step", placeText(row.artifactKey, row.key));
    }
  }
}

function wrong(what: string, received: string, expected?: string): Error {
  return exportInvalid(what, { received, expected });
}
