// strata show: everything known about one thing.

import type { Connection } from "../../backend/backend.ts";
import type { RunId, RunRecord, StoredSnapshot, TagRecord } from "../../backend/records.ts";
import { describeSettled } from "../../build/code-versions.ts";
import { placeText } from "../../build/place.ts";
import type { Reason } from "../../build/reason.ts";
import { resolveSnapshot } from "../../build/snapshot.ts";
import { knownOf } from "../../build/statistics.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import type { ArtifactDescription, GraphDescription } from "../../graph/describe.ts";
import { describeDimensionKinds } from "../../operations/declarations.ts";
import { everyItem } from "../../backend/pages.ts";
import { suggest, suggestKey } from "../../util/suggest.ts";
import { errorText } from "../../lineage/record.ts";
import { defineCommand, text, type Answer, type Call, type Command } from "../command.ts";
import { looksAt, referenceOf } from "../environment.ts";
import { findSnapshot, formerKey, tagsBySnapshot, withLookup, type Lookup } from "../lookup.ts";
import { findArtifact, findPartition, nameHint, parseTarget } from "../target.ts";
import { escapeBeginning, escapeText } from "../terminal/escape.ts";
import { statisticLines } from "../report/statistics.ts";
import { pastReason } from "../report/summary.ts";
import { bytesText, count, duration, moment, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";
import { partitionJson } from "./ls.ts";

const KINDS = ["artifact", "tag", "snapshot", "run"] as const;

export const show: Command = defineCommand({
  name: "show",
  summary: "show an artifact, partition, snapshot, tag or run",
  details: [
    "A name is looked for in this order: artifacts, tags, snapshots, runs. Say which with a word before it: artifact:total, tag:prod, snapshot:7f3a, run:01kx….",
  ],
  arguments: [{ shape: "<thing>", says: "total, days[2026-01-02], prod, latest, 7f3a91c2, or a run's id" }],
  options: {
    snapshot: text("--snapshot <ref>", "for an artifact or partition: in this snapshot; latest unless told"),
    env: looksAt,
  },
  examples: [
    { command: "strata show total", says: "how total is declared, and what is stored of it" },
    { command: "strata show 'days[2026-01-02]'", says: "where it is, who built it when, from what" },
    { command: "strata show prod", says: "the snapshot that is called prod" },
  ],
  run: (call) => withLookup(call, (lookup) => showThing(lookup, call, call.args[0]!)),
});

/** Thresholds are data of the program, which may demand something else by now. */
const JUDGED_ANEW = "of a threshold, which every plan judges anew: strata plan";

type Shown = Call<{ readonly snapshot: string | undefined; readonly env: string | undefined }>;

async function showThing(lookup: Lookup, call: Shown, typed: string): Promise<Answer> {
  const { connection } = lookup.workspace;
  const [, kind, name = typed] = new RegExp(`^(${KINDS.join("|")}):(.*)$`, "s").exec(typed) ?? [];
  const target = parseTarget(name);
  if (kind === undefined || kind === "artifact") {
    const reference = referenceOf(call);
    const found = await findSnapshot(connection, lookup.graph, reference).catch((error: unknown) => {
      if (isStratigraphError(error) && error.code === "SNAPSHOT_UNKNOWN" && reference === "latest") return undefined;
      throw error;
    });
    const description =
      found?.description ?? (await describeSettled((await lookup.project.graph()).definition, lookup.workspace));
    const known = await formerKey(connection, lookup.graph, description, target.key);
    if (known !== undefined || kind === "artifact" || target.partition !== undefined) {
      const artifact = findArtifact(description, known ?? target.key);
      if (found === undefined || target.partition === undefined)
        return showArtifact(lookup, call, artifact, description, found?.snapshot);
      return showPartition(lookup, call, artifact, found.snapshot, target.partition);
    }
  }
  if (kind === undefined || kind === "tag") {
    const tag = await connection.readSnapshotTag(lookup.graph, name);
    if (tag !== undefined) return showSnapshot(lookup, call, (await connection.readSnapshot(tag.snapshot))!, tag);
  }
  if (kind === undefined || kind === "snapshot") {
    if (name === "latest" || /^[0-9a-f]{4,32}$/.test(name)) {
      return showSnapshot(lookup, call, await resolveSnapshot(connection, lookup.graph, name), undefined);
    }
  }
  if (kind === undefined || kind === "run") {
    const run = await connection.readRun(name as RunId).catch((error: unknown) => {
      if (isStratigraphError(error) && kind === undefined) return undefined;
      throw error;
    });
    if (run !== undefined) return showRun(lookup, call, run);
  }
  throw await unknownThing(lookup, kind, name);
}

async function unknownThing(
  { workspace: { connection }, graph }: Lookup,
  kind: string | undefined,
  name: string,
): Promise<StratigraphError> {
  const tags: string[] = [];
  for await (const { tag } of everyItem((page) => connection.listSnapshotTags(graph, page))) tags.push(tag);
  const latest = await connection.readLatestSnapshot(graph);
  const description = latest === undefined ? undefined : (await findSnapshot(connection, graph, latest.id)).description;
  const artifacts = description?.artifacts ?? [];
  const keys = artifacts.map(({ key }) => key);
  const [, rest] = /^\w+:(.*)$/s.exec(name) ?? [];
  const kinds = rest === undefined ? [] : KINDS.map((known) => `${known}:${rest}`);
  const guess = suggest(name, [...tags, ...keys, ...kinds]) ?? suggestKey(name, keys);
  const code = kind === "tag" ? "TAG_UNKNOWN" : kind === "snapshot" ? "SNAPSHOT_UNKNOWN" : "SELECTOR_UNKNOWN";
  return new StratigraphError(code, `graph '${graph}' knows no ${kind ?? "artifact, tag, snapshot or run"} '${name}'`, {
    hint: nameHint(artifacts, name, guess) ?? "See: strata ls, strata snapshots, strata tag",
  });
}

async function showArtifact(
  { workspace: { connection }, graph }: Lookup,
  { terminal }: Call,
  artifact: ArtifactDescription,
  description: GraphDescription,
  snapshot: StoredSnapshot | undefined,
): Promise<Answer> {
  const { key, storage, format, dimensions, annotations, checks } = artifact;
  const producer = artifact.producer === null ? undefined : description.producers[artifact.producer];
  const readers = description.producers.filter(({ inputs }) => inputs.some(({ from }) => from === key));
  const partitions =
    snapshot === undefined ? undefined : ((await connection.countSnapshotPartitions(snapshot.id)).get(key) ?? 0);
  const schema = description.schemas[artifact.schema] ?? null;
  return {
    json: {
      kind: "artifact",
      graph,
      snapshot: snapshot?.id ?? null,
      artifact: { ...artifact, schema: { fingerprint: artifact.schema, json: schema }, producer: producer ?? null },
      readBy: readers.map(({ name, outputs }) => ({
        producer: name,
        outputs: outputs.map(({ key: output }) => output),
      })),
      partitions: partitions ?? null,
    },
    lines: facts(terminal.colors, key, [
      ["kind", artifact.kind],
      ["about", artifact.description ?? ""],
      ["dimensions", describeDimensionKinds(dimensions)],
      ["format", format.kind],
      ["storage", storage === null ? "" : `${storage.kind} ${storage.template}`.trimEnd()],
      ["made by", producer === undefined ? "" : `${producer.name} ${producer.version.text}`],
      [
        "from",
        producer === undefined
          ? ""
          : producer.inputs.map(({ name, from }) => (name === from ? name : `${name}: ${from}`)).join(", "),
      ],
      ["read by", readers.map(({ name }) => name).join(", ")],
      ["checks", checks.join(", ")],
      ...Object.entries(annotations).map(
        ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
      ),
      [
        "stored",
        partitions === undefined
          ? "nothing yet"
          : `${count(partitions, "partition")} in snapshot ${short(snapshot!.id)}`,
      ],
    ]),
  };
}

async function showPartition(
  { workspace: { connection }, graph }: Lookup,
  { terminal }: Call,
  artifact: ArtifactDescription,
  snapshot: StoredSnapshot,
  typed: string,
): Promise<Answer> {
  const { colors } = terminal;
  const partition = await findPartition(connection, snapshot, artifact, typed);
  const run = partition.run === undefined ? undefined : await connection.readRun(partition.run);
  const edges = run === undefined ? undefined : await connection.readRunPartitions(run.id);
  const inputs = edges?.inputs ?? [];
  const [record] = await connection.readQuality([partition.id]);
  const { statistics, findings } = knownOf(record);
  return {
    json: {
      kind: "partition",
      graph,
      snapshot: snapshot.id,
      artifact: artifact.key,
      partition: partitionJson(partition),
      builtBy: run === undefined ? null : runJson(run),
      ...(statistics === undefined ? {} : { statistics }),
      ...(findings.length === 0 ? {} : { findings }),
      inputs: inputs.map(({ name, partition: input }) => ({ name, ...partitionJson(input) })),
    },
    lines: [
      ...facts(colors, placeText(artifact.key, partition.key), [
        ["content", partition.content],
        ["size", bytesText(partition.size)],
        ["stored", `${partition.storage} ${partition.location}`.trimEnd()],
        ["damaged", partition.damaged ? "yes; build again" : ""],
        ["snapshot", short(snapshot.id)],
        ...(run === undefined ? [] : runFacts(run)),
        ...findings.map(({ text: sentence }): [string, string] => ["warning", sentence]),
        ["warning", run?.state === "warning" && findings.length === 0 ? JUDGED_ANEW : ""],
      ]),
      ...(statistics === undefined ? [] : [`  ${colors.dim("statistics")}`, ...statisticLines(statistics)]),
      ...(inputs.length === 0 ? [] : [`  ${colors.dim("from")}`]),
      ...table(
        inputs
          .slice(0, 20)
          .map(({ name, partition: input }) => [
            escapeText(placeText(name, input.key)),
            short(input.content),
            bytesText(input.size),
            colors.dim(escapeText(input.location)),
          ]),
        { indent: "    ", right: [2] },
      ),
      ...(inputs.length > 20 ? [colors.dim(`    and ${count(inputs.length - 20, "more input")}`)] : []),
    ],
  };
}

async function showSnapshot(
  { workspace: { connection }, graph }: Lookup,
  { terminal }: Call,
  snapshot: StoredSnapshot,
  tag: TagRecord | undefined,
): Promise<Answer> {
  const counts = await connection.countSnapshotPartitions(snapshot.id);
  const tags = (await tagsBySnapshot(connection, graph)).get(snapshot.id) ?? [];
  const { items: runs } = await connection.listRuns({ snapshot: snapshot.id, kind: "build" }, { limit: 10 });
  return {
    json: {
      kind: tag === undefined ? "snapshot" : "tag",
      graph,
      ...(tag === undefined ? {} : { tag: { name: tag.tag, at: tag.at, by: tag.by, why: tag.why ?? null } }),
      snapshot: {
        id: snapshot.id,
        state: snapshot.state,
        createdAt: snapshot.createdAt,
        graphFingerprint: snapshot.graphFingerprint,
        tags,
      },
      artifacts: [...counts].map(([key, partitions]) => ({ key, partitions })),
      builds: runs.map(runJson),
    },
    lines: [
      ...facts(terminal.colors, `snapshot ${snapshot.id}`, [
        ["graph", graph],
        ["state", snapshot.state],
        ["made", `${moment(snapshot.createdAt)} UTC`],
        ["tags", tags.join(", ")],
        [
          "tagged",
          tag === undefined
            ? ""
            : `${tag.tag} by ${tag.by}, ${moment(tag.at)} UTC${tag.why === undefined ? "" : `: ${tag.why}`}`,
        ],
      ]),
      ...table(
        [...counts].map(([key, partitions]) => [escapeText(key), count(partitions, "partition")]),
        { indent: "    " },
      ),
      ...runs.map(
        (run) => `  ${terminal.colors.dim("build")}  ${run.id}  ${run.state}  ${moment(run.startedAt)}${tookText(run)}`,
      ),
    ],
  };
}

async function showRun(
  { workspace: { connection }, graph }: Lookup,
  { terminal }: Call,
  run: RunRecord,
): Promise<Answer> {
  const { colors } = terminal;
  const { inputs, outputs } = await connection.readRunPartitions(run.id);
  const steps = run.kind === "build" ? await stepsOf(connection, run.id) : undefined;
  return {
    json: {
      kind: "run",
      graph,
      run: runJson(run),
      inputs: inputs.map(({ name, partition }) => ({ name, ...partitionJson(partition) })),
      outputs: outputs.map(({ name, partition }) => ({ name, ...partitionJson(partition) })),
      ...(steps === undefined ? {} : { steps: Object.fromEntries(steps) }),
    },
    lines: [
      ...facts(colors, `run ${run.id}`, [
        ["kind", run.kind],
        ["graph", run.graph],
        ["snapshot", run.snapshot === undefined ? "" : short(run.snapshot)],
        ...runFacts(run),
        ["part of", run.parent ?? ""],
        ["steps", steps === undefined ? "" : [...steps].map(([state, many]) => `${number(many)} ${state}`).join(", ")],
      ]),
      ...table(
        [
          ...inputs
            .slice(0, 20)
            .map(({ name, partition }) => ["read", placeText(name, partition.key), partition] as const),
          ...outputs.map(({ name, partition }) => ["wrote", placeText(name, partition.key), partition] as const),
        ].map(([verb, place, partition]) => [
          colors.dim(verb),
          escapeText(place),
          short(partition.content),
          bytesText(partition.size),
        ]),
        { indent: "  ", right: [3] },
      ),
      ...(inputs.length > 20 ? [colors.dim(`  and ${count(inputs.length - 20, "more input")}`)] : []),
    ],
  };
}

async function stepsOf(connection: Connection, parent: RunId): Promise<Map<string, number>> {
  const states = new Map<string, number>();
  for await (const { state } of everyItem((page) => connection.listRuns({ parent }, page))) {
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  return states;
}

export function runJson(run: RunRecord): object {
  const {
    id,
    parent,
    kind,
    producer,
    version,
    key,
    state,
    reason,
    startedAt,
    finishedAt,
    attempts,
    duration: took,
    error,
    holder,
  } = run;
  return {
    run: id,
    parent: parent ?? null,
    kind,
    producer: producer ?? null,
    version: version ?? null,
    partition: key ?? null,
    state,
    reason: reason ?? null,
    because: reasonText(run) ?? null,
    startedAt,
    finishedAt: finishedAt ?? null,
    attempts,
    duration: took ?? null,
    error: error ?? null,
    by: holder,
  };
}

function runFacts(run: RunRecord): (readonly [string, string])[] {
  return [
    ["producer", run.producer === undefined ? "" : `${run.producer} ${run.version ?? ""}`.trimEnd()],
    ["state", run.state],
    ["because", reasonText(run) ?? ""],
    ["error", errorText(run.error) ?? ""],
    ["when", `${moment(run.startedAt)} UTC${tookText(run)}`],
    ["attempts", run.attempts > 1 ? String(run.attempts) : ""],
    ["by", run.holder],
    ["run", run.id],
  ];
}

function tookText({ duration: took }: RunRecord): string {
  return took === undefined ? "" : `, took ${duration(took)}`;
}

/** Written by the engine as its own reason, see `Reason`. */
export function reasonText({ reason }: RunRecord): string | undefined {
  return reason === undefined || reason === null ? undefined : pastReason(reason as unknown as Reason);
}

/** One line, or the beginning of it: an error may be a whole document. */
function escapeFact(value: string): string {
  const line = escapeText(value);
  return escapeBeginning(line, "--json has the whole text").join(" ");
}

/** A headline, and below it what is known, without what is not. */
export function facts(colors: Colors, title: string, rows: readonly (readonly [string, string])[]): string[] {
  const known = rows.filter(([, value]) => value !== "");
  return [
    colors.bold(escapeText(title)),
    ...table(
      known.map(([name, value]) => [colors.dim(escapeText(name)), escapeFact(value)]),
      { indent: "  " },
    ),
  ];
}
