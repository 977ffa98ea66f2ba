// strata lineage trace: what something came from, down to raw files, and what it was used for.

import { resolve } from "node:path";
import { StratigraphError } from "../../../errors.ts";
import type { TraceTarget } from "../../../lineage/origin.ts";
import { traceSvg } from "../../../lineage/svg.ts";
import { trace as traceLineage, type Direction, type Trace, type TracedRun } from "../../../lineage/trace.ts";
import { summaryOf, traceTree } from "../../../lineage/tree.ts";
import { suggest } from "../../../util/suggest.ts";
import { defineCommand, flag, text, whole, type Answer, type Call, type Command } from "../../command.ts";
import { shownPath } from "../../../code/frames.ts";
import { findSnapshot, formerKey } from "../../lookup.ts";
import { writeOutput } from "../../output-file.ts";
import { findArtifact, keyTextOf, nameNow, parseTarget } from "../../target.ts";
import { escapeText } from "../../terminal/escape.ts";
import { moment, number } from "../../terminal/quantity.ts";
import { table } from "../../terminal/table.ts";
import type { Colors } from "../../terminal/terminal.ts";
import { facts } from "../show.ts";
import { isFile, placesOf, withDatabase, type OpenProject } from "./open.ts";

export const trace: Command = defineCommand({
  name: "lineage trace",
  summary: "what something came from, down to raw files, and what it was used for",
  details: [
    "Goes from partition to run to partition, exactly as it was recorded; nothing is guessed and no file is read. Upstream unless told, of a file downstream.",
    "A thing is a model version (team/churn@1.3.0, @production), an artifact or partition (total, days[2026-01-02]), a run, or a file.",
  ],
  arguments: [{ shape: "[thing]", says: "a model version, an artifact or partition, a run, or a file" }],
  options: {
    model: text("--model <ref>", "this model version: team/churn@1.3.0, team/churn@production"),
    runId: text("--run-id <id>", "this run, or the first characters of its id"),
    path: text("--path <path>", "this file"),
    snapshot: text("--snapshot <ref>", "of an artifact or partition: in this snapshot; latest unless told"),
    upstream: flag("--upstream", "what it was made from"),
    downstream: flag("--downstream", "what was made from it, models too"),
    partitions: flag("--partitions", "each partition on its own, not many of one artifact in one line"),
    depth: whole("--depth <n>", "runs to walk over at most", 1),
    limit: whole("--limit <n>", "partitions at most in each direction; 10000 unless told", 1),
    svg: text("--svg <file>", "draw it into this file as well"),
  },
  examples: [
    { command: "strata lineage trace total", says: "which files total was made from, with their fingerprints" },
    { command: "strata lineage trace data/2026-01-02.json", says: "everything that file was used for" },
    { command: "strata lineage trace --model team/churn@production --svg churn.svg", says: "a picture of it" },
  ],
  run: (call) => withDatabase(call, (open) => answer(call, open)),
});

type Given = Call<{
  readonly model: string | undefined;
  readonly runId: string | undefined;
  readonly path: string | undefined;
  readonly snapshot: string | undefined;
  readonly upstream: boolean;
  readonly downstream: boolean;
  readonly partitions: boolean;
  readonly depth: number | undefined;
  readonly limit: number | undefined;
  readonly svg: string | undefined;
}>;

async function answer(call: Given, open: OpenProject): Promise<Answer> {
  const { options, terminal, cwd } = call;
  const wanted: Direction[] = [
    ...(options.upstream ? (["upstream"] as const) : []),
    ...(options.downstream ? (["downstream"] as const) : []),
  ];
  const found = await traceLineage(open.connection, await targetOf(call, open), {
    directions: wanted.length === 0 ? undefined : wanted,
    depth: options.depth,
    limit: options.limit,
  });
  const drawn = options.svg === undefined ? undefined : resolve(cwd, options.svg);
  if (drawn !== undefined) writeOutput(drawn, traceSvg(found, options));
  return {
    json: { ...traceJson(found), svg: drawn === undefined ? null : shownPath(drawn, cwd) },
    lines: [
      ...originLines(found, terminal.colors),
      ...traceTree(found, options).flatMap(({ direction, lines }) => [
        "",
        terminal.colors.bold(direction === "upstream" ? "made from" : "used for"),
        ...lines.map(({ branch, title, notes }) =>
          [
            terminal.colors.dim(branch) + escapeText(title),
            ...notes.map((note) => terminal.colors.dim(escapeText(note))),
          ].join("  "),
        ),
      ]),
      ...producerLines(found, terminal.colors),
      "",
      summaryOf(found).join(", "),
      ...(drawn === undefined ? [] : [`drawn into ${escapeText(shownPath(drawn, cwd))}`]),
    ],
  };
}

async function targetOf(call: Given, open: OpenProject): Promise<TraceTarget> {
  const { options, args, cwd } = call;
  const [thing] = args;
  const given = [thing, options.model, options.runId, options.path].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new StratigraphError(
      "USAGE",
      given.length === 0 ? "nothing is named to trace" : "more than one thing is named",
      {
        expected: "one of: <thing>, --model, --run-id, --path",
        hint: "See: strata lineage trace --help",
      },
    );
  }
  if (options.model !== undefined) return { model: options.model };
  if (options.runId !== undefined) return { run: options.runId };
  if (options.path !== undefined) return { file: placesOf(options.path, call, open) };
  const typed = thing!;
  if (isFile(resolve(cwd, typed))) return { file: placesOf(typed, call, open) };
  if (/^models?:/.test(typed) || typed.includes("@")) return { model: typed };
  if (/[\\/]/.test(typed.replace(/\[.*$/s, ""))) return { file: placesOf(typed, call, open) };
  return partitionOrRun(call, open, typed);
}

async function partitionOrRun(
  call: Given,
  { project, workspace, connection }: OpenProject,
  typed: string,
): Promise<TraceTarget> {
  const { snapshot: reference = "latest" } = call.options;
  const isRun = async (): Promise<boolean> =>
    typed.length >= 6 && (await connection.listRuns({ idPrefix: typed }, { limit: 1 })).items.length > 0;
  // Ids of runs look like no artifact's key in use; a database of tasks alone has no graph to look into.
  const { items: graphs } = await connection.listGraphs({ limit: 1 });
  const latest = graphs.length === 0 || /^[0-9a-z]{26}$/.test(typed) ? undefined : await project.graphName(workspace);
  if (latest === undefined) return { run: typed };
  const { snapshot, description } = await findSnapshot(connection, latest, reference);
  const { key, partition } = parseTarget(typed);
  const then = await formerKey(connection, latest, description, key);
  if (then === undefined && partition === undefined && nameNow(description, key) === undefined) {
    if (await isRun()) return { run: typed };
    const guess = suggest(
      key,
      description.artifacts.map((one) => one.key),
    );
    throw new StratigraphError("SELECTOR_UNKNOWN", `there is no artifact, file, run or model '${typed}'`, {
      where: `graph '${latest}'`,
      hint: guess === undefined ? "See: strata ls, strata lineage list" : `Did you mean '${guess}'?`,
    });
  }
  const artifact = findArtifact(description, then ?? key);
  return {
    graph: latest,
    artifact: artifact.key,
    key: partition === undefined ? undefined : keyTextOf(artifact, partition),
    snapshot: snapshot.id,
  };
}

function originLines({ origin, runs }: Trace, colors: Colors): string[] {
  const { model, snapshot } = origin;
  const run = runs.find(({ id }) => id === origin.run);
  return facts(colors, origin.name, [
    ["stage", model === undefined ? "" : model.deleted ? "deleted" : model.stage],
    ["registered", model === undefined ? "" : `${moment(model.registeredAt)} UTC by ${model.registeredBy}`],
    [
      "metrics",
      Object.entries(model?.metrics ?? {})
        .map(([name, value]) => `${name}=${value.toFixed(3)}`)
        .join(", "),
    ],
    ["config", model?.config ?? ""],
    ["sha256", model?.digest ?? ""],
    ["snapshot", snapshot ?? ""],
    ["graph", run?.graphFingerprint ?? runs.find((one) => one.snapshot === snapshot)?.graphFingerprint ?? ""],
    ["run", run === undefined ? "" : `${run.id}  ${run.state}  ${moment(run.startedAt)} UTC  ${run.by}`],
  ]);
}

/** Every producer that took part, with its version and the fingerprint of all that counts of it. */
function producerLines({ runs }: Trace, colors: Colors): string[] {
  const producers = new Map<string, { readonly run: TracedRun; count: number }>();
  for (const run of runs) {
    if (run.producer === undefined) continue;
    const name = JSON.stringify([run.graph, run.producer, run.version, run.producerFingerprint]);
    const known = producers.get(name);
    if (known === undefined) producers.set(name, { run, count: 1 });
    else known.count++;
  }
  if (producers.size === 0) return [];
  const rows = [...producers.values()].map(({ run, count }) => [
    escapeText(run.producer!),
    escapeText(run.version ?? ""),
    run.producerFingerprint ?? "",
    `${number(count)} ${count === 1 ? "run" : "runs"}`,
  ]);
  return ["", colors.bold("producers"), ...table(rows, { indent: "  " })];
}

/** As --json prints it: nothing is left out, what is not known is null. */
export function traceJson(trace: Trace): object {
  return withNulls(trace) as object;
}

function withNulls(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withNulls(one)]));
}
