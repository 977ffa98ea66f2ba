// A store with something of every kind in it, and all that can be asked of one: to see whether two hold the same.

import type { Connection } from "../backend/backend.ts";
import { keptKinds, type KeptKind, type KeptRecords } from "../backend/kept-records.ts";
import type { PartitionId } from "../backend/records.ts";
import { annotation, auditEntry, churn, event, model, source, task, transition, version } from "./fact-samples.ts";
import { allPages, key, partition, print, run, runId, snapshot } from "./samples.ts";

/** Every kind of record, also what was moved, ended, removed, damaged and refused. */
export async function fillStore(connection: Connection): Promise<void> {
  await connection.writeGraph({ name: "spend", fingerprint: print("graph"), description: { b: 1, a: [1, null] } });
  await connection.writeGraph({ name: "other", fingerprint: print("other graph"), description: "x" });
  await connection.writeManifests(["m", "n", "o"].map((name) => ({ fingerprint: print(name), text: `{"${name}":1}` })));
  const first = await fillSnapshot(connection, "one", ["a", "é", "😀"]);
  await fillSnapshot(connection, "two", ["a", "b"]);
  await fillSnapshot(connection, "three", ["c"]);
  await connection.setSnapshotState(print("one"), "complete");
  await connection.writeSnapshot(snapshot({ id: print("one"), state: "complete" })); // the latest again
  await fillTags(connection);
  await connection.removeSnapshots([print("three")]);
  await fillJudgements(connection, first);
  await fillRuns(connection, first);
  await fillModels(connection, first[0]!);
  await connection.writeEvents([0, 1, 2].map((n) => event(n, { run: runId("done") })));
  await connection.removeEvents(1); // none is that old
  for (const n of [0, 1]) await connection.writeAudit([auditEntry(n), auditEntry(n + 2, { why: "because" })]);
  await connection.takeSubmissions(["k", "l", "ä"]);
}

async function fillSnapshot(connection: Connection, name: string, keys: readonly string[]): Promise<PartitionId[]> {
  await connection.writeSnapshot(snapshot({ id: print(name) }));
  const records = keys.map((text, index) =>
    partition({
      key: key(text),
      content: print(`${name} ${text}`),
      ...(index === 0 ? { value: new Uint8Array([0, 1, 255]), storage: "literal" } : { digest: "0f".repeat(32) }),
      run: runId("done"),
    }),
  );
  const ids = await connection.writeArtifactAndGraphPartitions(
    print(name),
    records.map((record) => ({ artifactKey: "days", partition: record })),
  );
  const raw = partition({ artifact: print("raw"), key: key(""), input: undefined, content: print(`raw ${name}`) });
  const [source] = await connection.writeArtifactPartitions([raw]);
  await connection.writeSnapshotPartitions(print(name), [
    { artifactKey: "raw", key: key(""), partition: source! },
    { artifactKey: "days again", key: key(keys[0]!), partition: ids[0]! },
  ]);
  return [...ids, source!];
}

async function fillTags(connection: Connection): Promise<void> {
  const write = { graph: "spend", tag: "prod", by: "ana" };
  await connection.writeSnapshotTag({ ...write, snapshot: print("one"), why: "first" });
  await connection.writeSnapshotTag({ ...write, snapshot: print("two"), expected: "any" });
  await connection.writeSnapshotTag({ ...write, tag: "old", snapshot: print("one") });
  await connection.removeSnapshotTag({ graph: "spend", tag: "old", by: "bo", why: "gone" });
}

async function fillJudgements(connection: Connection, [first, second, third]: readonly PartitionId[]): Promise<void> {
  const place = { graph: "spend", artifactKey: "days" };
  const pin = { ...place, kind: "pin", key: key("a"), partition: first!, by: "ana" } as const;
  await connection.writeMarks([{ ...pin, why: "wait" }]);
  await connection.writeMarks([{ ...pin, why: "wait on" }]);
  const [taint] = await connection.writeMarks([
    { ...pin, kind: "taint", key: key("é"), partition: second!, why: "wrong" },
  ]);
  await connection.endMarks({ sequences: [taint!.sequence], by: "bo" });
  await connection.markPartitionsDamaged([second!]);
  await connection.writeQuality([
    { partition: first!, statistics: { rows: 3 }, findings: [] },
    { partition: second!, statistics: undefined, findings: ["few"] },
  ]);
  const refused = { ...place, key: key("😀"), partition: third!, run: runId("done"), findings: { a: 1 } };
  const [, last] = await connection.writeQuarantine([refused, { ...refused, run: undefined }]);
  await connection.endQuarantine([last!.sequence]);
  const lost = partition({ key: key("lost"), content: print("lost") });
  const [gone] = await connection.writeArtifactPartitions([lost]);
  await connection.writeArtifactPartitions([{ ...lost, location: "elsewhere" }]);
  await connection.removeUnlinkedPartitions([gone!]);
  await connection.writeArtifactPartitions([lost]);
}

async function fillRuns(connection: Connection, ids: readonly PartitionId[]): Promise<void> {
  const build = run({ id: runId("build"), kind: "build", producer: undefined, key: undefined, input: undefined });
  const step = { parent: runId("build"), reason: { code: "changed", of: ["a"] } };
  await connection.startRuns([build, run({ id: runId("done"), ...step }), run({ id: runId("failed"), ...step })]);
  const end = { finishedAt: "2026-01-02T03:04:06.000Z", attempts: 2, duration: 1.5, error: undefined };
  await connection.finishRuns([
    { ...end, id: runId("done"), state: "succeeded" },
    { ...end, id: runId("failed"), state: "failed", error: { message: "no" } },
  ]);
  await connection.writeRunPartitions({
    inputs: ids.map((id) => ({ run: runId("done"), name: "raw", partition: id })),
    outputs: ids.slice(1).flatMap((id) => ["x", "ä"].map((name) => ({ run: runId("done"), name, partition: id }))),
  });
  await connection.writeTasks([
    task({ id: runId("task"), state: "running" }, { extensions: { newer: [1] } }),
    task({ id: runId("ended"), state: "succeeded", finishedAt: "2026-01-02T03:05:00.000Z" }),
  ]);
}

async function fillModels(connection: Connection, from: PartitionId): Promise<void> {
  await connection.writeModel(model(), undefined);
  await connection.writeModel(model({ description: "now with words" }), 1);
  await connection.writeModel(model({ name: "empty" }), undefined);
  await connection.writeVersions([
    { version: version(0, { stage: "production", stagedAt: 1, source: source(from) }), expected: undefined },
    { version: version(1, { stage: "staging", metrics: { auc: 0.5 }, params: { on: true } }), expected: undefined },
    { version: version(2), expected: undefined },
  ]);
  const deleted = { at: "2026-01-03T00:00:00.000Z", by: "ana", why: undefined };
  await connection.writeVersions([{ version: version(2, { deleted }), expected: 1 }]);
  await connection.writeTransitions([transition(0), transition(1, { gates: [{ passed: true }], forced: true })]);
  const alias = { ...churn, at: "2026-01-02T03:04:05.000Z", by: "ana" };
  await connection.writeAlias({ ...alias, alias: "champion", version: version(0).version });
  await connection.writeAlias({ ...alias, alias: "champion", version: version(1).version, why: "better" });
  await connection.writeAlias({ ...alias, alias: "gone", version: version(0).version });
  await connection.writeAlias({ ...alias, alias: "gone", version: undefined });
  await connection.writeAnnotations([annotation(), annotation({ version: version(0).version })]);
}

export type WholeStore = { readonly [Kind in KeptKind]: readonly KeptRecords[Kind][] };

/** Every record, of every kind. */
export async function wholeStore(connection: Connection, limit = 1000): Promise<WholeStore> {
  const all: Partial<Record<KeptKind, unknown>> = {};
  for (const kind of keptKinds) all[kind] = await allPages((page) => connection.listKept(kind, page), limit);
  return all as WholeStore;
}

/** What people ask: by the calls that answer them. Where two stores answer the same, they are the same to everybody. */
export async function everyAnswer(connection: Connection): Promise<unknown> {
  const kept = await wholeStore(connection);
  const ids = kept.partitions.map(({ id }) => id);
  const stages = ["development", "staging", "production", "archived"] as const;
  return {
    graphs: await allPages((page) => connection.listGraphs(page)),
    described: await of(kept.graphs, ({ name, fingerprint }) => connection.readGraph(name, fingerprint)),
    manifests: await connection.readManifests(kept.manifests.map(({ fingerprint }) => fingerprint)),
    snapshots: await allPages((page) => connection.listSnapshots(undefined, page)),
    latest: await of(["spend", "other"], (graph) => connection.readLatestSnapshot(graph)),
    tags: await allPages((page) => connection.listSnapshotTags(undefined, page)),
    tagHistory: await of(kept.tagChanges, ({ graph, tag }) => connection.readSnapshotTagHistory(graph, tag)),
    partitions: await connection.readPartitions(ids),
    byArtifact: await of(kept.partitions, ({ artifact }) => connection.readArtifactPartitions(artifact)),
    found: await connection.findPartitions(
      kept.partitions.flatMap(({ artifact, key: of, input }) =>
        input === undefined ? [] : [{ artifact, key: of, input }],
      ),
    ),
    unlinked: await allPages((page) => connection.listUnlinkedPartitions(Number.MAX_SAFE_INTEGER, page)),
    counts: await of(kept.snapshots, async ({ id }) => [...(await connection.countSnapshotPartitions(id))]),
    linked: await of(kept.links, (link) => connection.readSnapshotPartitions(link.snapshot, link.artifactKey)),
    last: await of(kept.latest, ({ graph, ...place }) => connection.findLatestPartitions(graph, [place])),
    locations: await connection.findPartitionsAt(
      undefined,
      kept.partitions.map(({ location }) => location),
    ),
    quality: await connection.readQuality(ids),
    marks: await allPages((page) => connection.listMarks({}, page)),
    quarantine: await allPages((page) => connection.listQuarantine({}, page)),
    runs: await allPages((page) => connection.listRuns({}, page)),
    tasks: await allPages((page) => connection.listRuns({ kind: "task", namespace: "team" }, page)),
    engines: await connection.listEngineVersions(),
    edges: await of(kept.runs, ({ id }) => connection.readRunPartitions(id)),
    lineage: await connection.walkLineage(ids, { direction: "upstream" }),
    models: await allPages((page) => connection.listModels({}, page)),
    versions: await allPages((page) => connection.listVersions({ deleted: true }, page)),
    searched: await allPages((page) =>
      connection.listVersions({ where: [{ in: "metrics", key: "auc", is: "gte", value: 0 }] }, page),
    ),
    numbers: await of(kept.models, (name) => connection.readVersionNumbers(name)),
    staged: await of(kept.models, ({ namespace, name }) =>
      connection.findVersions(stages.map((stage) => ({ namespace, name, ref: { kind: "stage", stage } as const }))),
    ),
    transitions: await of(kept.models, (name) => connection.listTransitions(name)),
    aliases: await of(kept.models, (name) => connection.listAliases(name)),
    aliasHistory: await of(kept.aliasChanges, (alias) => connection.readAliasHistory(alias)),
    annotations: await of(kept.models, ({ namespace, name }) => connection.listAnnotations({ namespace, name })),
    events: await allPages((page) => connection.listEvents({}, page)),
    audit: await connection.readAudit(1, 10_000),
    submissions: kept.submissions,
  };
}

function of<Item, Answer>(items: readonly Item[], ask: (item: Item) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(items.map(ask));
}
