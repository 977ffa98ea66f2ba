// A receipt: what a run or a snapshot came to, small and complete enough to be kept in a file and compared with another one.

import { z } from "zod";
import type { Connection } from "../backend/backend.ts";
import { readDescription } from "../backend/description.ts";
import { everyItem } from "../backend/pages.ts";
import type { RunId, RunRecord, StoredSnapshot } from "../backend/records.ts";
import { placeText } from "../build/place.ts";
import { parseStepManifest } from "../build/step-identity.ts";
import { StratigraphError } from "../errors.ts";
import { modelText } from "./model-reference.ts";
import { NameBook } from "./names.ts";
import { stepFacts } from "./step-facts.ts";

type Texts = Readonly<Record<string, string>>;

/** Plain JSON. */
export interface LineageReceipt {
  readonly format: 1;
  readonly subject: {
    readonly kind: "snapshot" | "build" | "step" | "task";
    /** The snapshot's or run's id. */
    readonly id: string;
    /** What it was asked for by: "prod", the beginning of an id. */
    readonly name: string;
    readonly graph: string;
    readonly at: string;
    readonly by: string;
  };
  /** How it ended; of a snapshot its state. */
  readonly state: string;
  /** Milliseconds; `null` where nobody measured. */
  readonly duration: number | null;
  /** Fingerprints of what it was configured with, by what they are of. */
  readonly config: Texts;
  /** Versions by producer. */
  readonly producers: Texts;
  /** Contents by place: "vendor.transactions[date=2026-01-01]"; "" where only the place is known. */
  readonly inputs: Texts;
  readonly outputs: Texts;
  /** Of the model versions it made: "team/churn auc". */
  readonly metrics: Readonly<Record<string, number>>;
}

const texts = z.record(z.string(), z.string());
const Receipt: z.ZodType<LineageReceipt> = z.object({
  format: z.literal(1),
  subject: z.object({
    kind: z.enum(["snapshot", "build", "step", "task"]),
    id: z.string(),
    name: z.string(),
    graph: z.string(),
    at: z.string(),
    by: z.string(),
  }),
  state: z.string(),
  duration: z.number().nullable(),
  config: texts,
  producers: texts,
  inputs: texts,
  outputs: texts,
  metrics: z.record(z.string(), z.number()),
});

type Parts = Pick<LineageReceipt, "config" | "producers" | "inputs" | "outputs">;

/** A receipt read from a file. Error: VALIDATION_FAILED. */
export function parseReceipt(value: unknown, where: string): LineageReceipt {
  const parsed = Receipt.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StratigraphError("VALIDATION_FAILED", "the file holds no receipt", {
    where: [where, ...(issue?.path.map(String) ?? [])].join(" "),
    received: issue?.message,
    hint: "Write one with: strata lineage gate <run or snapshot> --write <file>",
    cause: parsed.error,
  });
}

export async function receiptOfSnapshot(
  connection: Connection,
  snapshot: StoredSnapshot,
  name: string = snapshot.id.slice(0, 8),
): Promise<LineageReceipt> {
  const builds: RunRecord[] = [];
  for await (const run of everyItem((page) => connection.listRuns({ snapshot: snapshot.id, kind: "build" }, page)))
    builds.push(run);
  const { id, graph, state, createdAt: at } = snapshot;
  const by = builds.at(-1)?.holder.split(" ")[0] ?? "";
  return {
    format: 1,
    subject: { kind: "snapshot", id, name, graph, at, by },
    state,
    duration: null,
    ...(await partsOfSnapshot(connection, snapshot)),
    metrics: await metricsOf(
      connection,
      builds.map((run) => run.id),
    ),
  };
}

export async function receiptOfRun(
  connection: Connection,
  run: RunRecord,
  name: string = run.id,
): Promise<LineageReceipt> {
  const { id, kind, graph, startedAt: at, state, duration = null, holder } = run;
  return {
    format: 1,
    subject: { kind, id, name, graph, at, by: holder.split(" ")[0] ?? "" },
    state,
    duration,
    ...(await partsOfRun(connection, run)),
    metrics: await metricsOf(connection, [id]),
  };
}

async function partsOfRun(connection: Connection, run: RunRecord): Promise<Parts> {
  if (run.task !== undefined) return partsOfTask(run.task);
  if (run.kind === "step") return partsOfStep(connection, run);
  const snapshot = run.snapshot === undefined ? undefined : await connection.readSnapshot(run.snapshot);
  return snapshot === undefined
    ? { config: {}, producers: {}, inputs: {}, outputs: {} }
    : partsOfSnapshot(connection, snapshot);
}

async function partsOfSnapshot(connection: Connection, snapshot: StoredSnapshot): Promise<Parts> {
  const description = await readDescription(connection, snapshot);
  const inputs: Record<string, string> = {};
  const outputs: Record<string, string> = {};
  for (const { key, kind } of description?.artifacts ?? []) {
    const into = kind === "source" ? inputs : outputs;
    const { id } = snapshot;
    for await (const one of everyItem((page) => connection.readSnapshotPartitions(id, key, { page })))
      into[placeText(key, one.key)] = one.content;
  }
  return {
    config: { graph: snapshot.graphFingerprint },
    producers: Object.fromEntries((description?.producers ?? []).map(({ name, version }) => [name, version.text])),
    inputs,
    outputs,
  };
}

async function partsOfStep(connection: Connection, run: RunRecord): Promise<Parts> {
  const { inputs } = await connection.readRunPartitions(run.id);
  const { outputs } = await stepFacts(connection, new NameBook(connection), run);
  const [manifest] = run.input === undefined ? [] : await connection.readManifests([run.input]);
  return {
    config: manifest === undefined ? {} : { producer: parseStepManifest(manifest.text).producer },
    producers: run.producer === undefined ? {} : { [run.producer]: run.version ?? "" },
    // By the names of the inputs, of which two may read one artifact.
    inputs: Object.fromEntries(
      inputs.map(({ name, partition }) => [placeText(name, partition.key), partition.content]),
    ),
    outputs: Object.fromEntries(
      outputs.map(({ artifact, partition }) => [placeText(artifact, partition.key), partition.content]),
    ),
  };
}

function partsOfTask({ name, io, config, engineVersion, target }: NonNullable<RunRecord["task"]>): Parts {
  const contents = (wanted: "input" | "output"): Record<string, string> =>
    Object.fromEntries(
      io
        .filter(({ direction }) => direction === wanted)
        .map((one) => [one.location === "" ? one.name : `${one.name} ${one.location}`, one.content ?? ""]),
    );
  return {
    config: { ...(config === undefined ? {} : { config }), ...(target === "" ? {} : { target }) },
    producers: { [name]: engineVersion },
    inputs: contents("input"),
    outputs: contents("output"),
  };
}

async function metricsOf(connection: Connection, runs: readonly RunId[]): Promise<Record<string, number>> {
  const metrics: Record<string, number> = {};
  for (const run of runs) {
    for await (const version of everyItem((page) => connection.listVersions({ run }, page))) {
      const model = modelText(version).replace(/@[^@]*$/, "");
      // Newest first: of several versions of one model the last one made speaks.
      for (const [metric, value] of Object.entries(version.metrics)) metrics[`${model} ${metric}`] ??= value;
    }
  }
  return metrics;
}
