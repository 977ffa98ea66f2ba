// strata ls: the artifacts of a graph, or the partitions of one.

import type { Cursor, StoredPartition } from "../../backend/records.ts";
import { describeSettled } from "../../build/code-versions.ts";
import { placeText } from "../../build/place.ts";
import { isStratigraphError } from "../../errors.ts";
import type { ArtifactDescription } from "../../graph/describe.ts";
import { describeDimensionKinds } from "../../operations/declarations.ts";
import { defineCommand, text, whole, type Answer, type Call, type Command } from "../command.ts";
import { looksAt, referenceOf } from "../environment.ts";
import { findFormer, findSnapshot, tagsBySnapshot, withLookup, type Lookup } from "../lookup.ts";
import { parseTarget } from "../target.ts";
import { escapeText } from "../terminal/escape.ts";
import { bytesText, count, moment, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

interface Options {
  readonly snapshot: string | undefined;
  readonly env: string | undefined;
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

export const ls: Command = defineCommand({
  name: "ls",
  summary: "list artifacts, or the partitions of one",
  arguments: [{ shape: "[artifact]", says: "list this one's partitions" }],
  options: {
    snapshot: text("--snapshot <ref>", "a tag or the first characters of an id; latest unless told"),
    env: looksAt,
    limit: whole("--limit <n>", "partitions listed at once; 100 unless told, at most 10000", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
  },
  examples: [
    { command: "strata ls", says: "every artifact, with partitions and size" },
    { command: "strata ls days --snapshot prod", says: "the partitions of days that prod holds" },
  ],
  run: (call) =>
    withLookup(call, (lookup) =>
      call.args[0] === undefined ? listArtifacts(lookup, call) : listPartitions(lookup, call, call.args[0]),
    ),
});

async function listArtifacts(lookup: Lookup, call: Call<Options>): Promise<Answer> {
  const { connection } = lookup.workspace;
  const { colors } = call.terminal;
  const reference = referenceOf(call);
  const found = await findSnapshot(connection, lookup.graph, reference).catch((error: unknown) => {
    if (reference === "latest" && isStratigraphError(error) && error.code === "SNAPSHOT_UNKNOWN") return undefined;
    throw error;
  });
  // Before the first build there is only what the file declares.
  const description =
    found?.description ?? (await describeSettled((await lookup.project.graph()).definition, lookup.workspace));
  const counts = found === undefined ? undefined : await connection.countSnapshotPartitions(found.snapshot.id);
  const sizes = found === undefined ? undefined : await connection.sumSnapshotSizes(found.snapshot.id);
  const rows = description.artifacts.map((artifact) => ({
    artifact,
    producer: artifact.producer === null ? undefined : description.producers[artifact.producer],
    partitions: counts?.get(artifact.key) ?? 0,
    bytes: sizes?.get(artifact.key) ?? 0,
  }));
  const tags =
    found === undefined ? [] : ((await tagsBySnapshot(connection, lookup.graph)).get(found.snapshot.id) ?? []);
  return {
    json: {
      graph: lookup.graph,
      snapshot:
        found === undefined
          ? null
          : { id: found.snapshot.id, state: found.snapshot.state, createdAt: found.snapshot.createdAt, tags },
      artifacts: rows.map(({ artifact, producer, partitions, bytes }) => ({
        key: artifact.key,
        kind: artifact.kind,
        dimensions: artifact.dimensions,
        format: artifact.format.kind,
        producer: producer?.name ?? null,
        version: producer?.version.text ?? null,
        partitions,
        size: bytes,
        description: artifact.description,
      })),
    },
    lines: [
      [
        colors.bold(escapeText(lookup.graph)),
        ...(found === undefined
          ? ["not built yet"]
          : [`snapshot ${short(found.snapshot.id)}`, found.snapshot.state, moment(found.snapshot.createdAt)]),
        ...(tags.length === 0 ? [] : [colors.cyan(escapeText(tags.join(", ")))]),
      ].join(" · "),
      ...table(
        rows.map(({ artifact, producer, partitions, bytes }) => [
          escapeText(artifact.key),
          ...(found === undefined ? [] : [countOf(artifact, partitions), partitions === 0 ? "" : bytesText(bytes)]),
          colors.dim(
            escapeText(producer === undefined ? sourceText(artifact) : `${producer.name} ${producer.version.text}`),
          ),
          colors.dim(escapeText(describeDimensionKinds(artifact.dimensions))),
        ]),
        { indent: "  ", right: found === undefined ? [] : [2] },
      ),
    ],
  };
}

function sourceText({ storage }: ArtifactDescription): string {
  return storage === null ? "source" : `source ${storage.template === "" ? storage.kind : storage.template}`;
}

function countOf({ dimensions }: ArtifactDescription, partitions: number): string {
  if (Object.keys(Object(dimensions) as object).length > 0) return count(partitions, "partition");
  return partitions === 0 ? "not there" : "there";
}

async function listPartitions(lookup: Lookup, call: Call<Options>, named: string): Promise<Answer> {
  const { connection } = lookup.workspace;
  const { options, terminal } = call;
  const { snapshot, description } = await findSnapshot(connection, lookup.graph, referenceOf(call));
  const { key } = await findFormer(connection, lookup.graph, description, parseTarget(named).key);
  const page = await connection.readSnapshotPartitions(snapshot.id, key, {
    page: { limit: Math.min(options.limit ?? 100, 10_000), after: options.after as Cursor | undefined },
  });
  return {
    json: {
      graph: lookup.graph,
      snapshot: snapshot.id,
      artifact: key,
      partitions: page.items.map(partitionJson),
      next: page.next ?? null,
    },
    lines: [
      ...table(
        page.items.map(({ key: partition, content, size: bytes, location, damaged }) => [
          escapeText(placeText(key, partition)),
          short(content),
          bytesText(bytes),
          terminal.colors.dim(escapeText(location)),
          damaged ? terminal.colors.red("damaged") : "",
        ]),
        { right: [2] },
      ),
      ...(page.items.length === 0 ? [`snapshot ${short(snapshot.id)} has no partition of ${escapeText(key)}`] : []),
      ...(page.next === undefined
        ? []
        : [terminal.colors.dim(`more than ${number(page.items.length)}; go on with --after ${page.next}`)]),
    ],
  };
}

/** A stored partition as `ls --json` and `show --json` print it. */
export function partitionJson({
  key,
  content,
  size: bytes,
  digest,
  storage,
  location,
  input,
  run,
  damaged,
}: StoredPartition): object {
  return {
    partition: key,
    content,
    size: bytes,
    digest: digest ?? null,
    storage,
    location,
    input: input ?? null,
    run: run ?? null,
    damaged,
  };
}
