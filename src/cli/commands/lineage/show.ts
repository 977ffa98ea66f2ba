// strata lineage show: one run, whatever kind it is: what it read and wrote, with what, and how it went.

import type { RunRecord } from "../../../backend/records.ts";
import { StratigraphError } from "../../../errors.ts";
import { findRun } from "../../../lineage/find-run.ts";
import { NameBook } from "../../../lineage/names.ts";
import { stepFacts } from "../../../lineage/step-facts.ts";
import { errorText, toRecord } from "../../../lineage/record.ts";
import { receiptOfRun } from "../../../lineage/receipt.ts";
import { placeText } from "../../../build/place.ts";
import { defineCommand, text, type Answer, type Call, type Command } from "../../command.ts";
import { escapeText } from "../../terminal/escape.ts";
import { bytesText, count, duration, moment, short } from "../../terminal/quantity.ts";
import { table } from "../../terminal/table.ts";
import { facts, reasonText, runJson } from "../show.ts";
import { partitionJson } from "../ls.ts";
import { recordJson } from "./list.ts";
import { withDatabase, type OpenProject } from "./open.ts";

const MOST_LISTED = 20;

export const show: Command = defineCommand({
  name: "lineage show",
  summary: "one run: what it read and wrote, with what, and how it went",
  arguments: [{ shape: "[run]", says: "its id, or at least the first six characters" }],
  options: { runId: text("--run-id <id>", "the same, as an option") },
  examples: [
    { command: "strata lineage show --run-id 01kx3f", says: "by the first characters of its id" },
    { command: "strata lineage show 01kx3f --json", says: "for a program" },
  ],
  run: (call) =>
    withDatabase(call, async (open) => {
      const typed = call.args[0] ?? call.options.runId;
      if (typed === undefined) {
        throw new StratigraphError("USAGE", "no run is named", { hint: "See which there are: strata lineage list" });
      }
      return answer(call, open, await findRun(open.connection, typed));
    }),
});

interface Touched {
  readonly name: string;
  readonly place: string;
  readonly content: string;
  readonly size: string;
  readonly location: string;
}

async function answer({ terminal }: Call, { connection }: OpenProject, run: RunRecord): Promise<Answer> {
  const { colors } = terminal;
  const record = toRecord(run);
  const { config, producers, inputs, outputs, metrics } = await receiptOfRun(connection, run);
  const step = run.kind === "step" ? await stepFacts(connection, new NameBook(connection), run) : undefined;
  const touched = (wanted: "input" | "output"): readonly Touched[] => {
    const named = wanted === "input" ? step?.inputs : step?.outputs;
    if (named !== undefined) {
      return named.map(({ artifact, partition }) => ({
        name: artifact,
        place: placeText(artifact, partition.key),
        content: partition.content,
        size: bytesText(partition.size),
        location: partition.location,
      }));
    }
    if (run.task !== undefined) {
      return run.task.io
        .filter(({ direction }) => direction === wanted)
        .map(({ name, location, content = "", rows }) => ({
          name,
          place: name,
          content,
          size: rows === undefined ? "" : count(rows, "row"),
          location,
        }));
    }
    return Object.entries(wanted === "input" ? inputs : outputs).map(([place, content]) => ({
      name: place,
      place,
      content,
      size: "",
      location: "",
    }));
  };
  const [read, wrote] = [touched("input"), touched("output")];
  const rows = (verb: string, list: readonly Touched[]): string[][] =>
    list
      .slice(0, MOST_LISTED)
      .map(({ place, content, size, location }) => [
        colors.dim(verb),
        escapeText(place),
        run.kind === "step" ? content : short(content),
        size,
        colors.dim(escapeText(location)),
      ]);
  const more = Math.max(0, read.length - MOST_LISTED) + Math.max(0, wrote.length - MOST_LISTED);
  return {
    json: {
      ...runJson(run),
      graph: run.graph,
      snapshot: run.snapshot ?? null,
      record: run.kind === "step" ? null : recordJson(record),
      config,
      producers,
      metrics,
      inputs: step?.inputs.map(({ artifact, partition }) => ({ artifact, ...partitionJson(partition) })) ?? inputs,
      outputs: step?.outputs.map(({ artifact, partition }) => ({ artifact, ...partitionJson(partition) })) ?? outputs,
    },
    lines: [
      ...facts(colors, `run ${run.id}`, [
        ["kind", run.kind],
        ["name", run.task === undefined ? run.graph : `${run.task.namespace}/${run.graph}/${run.task.name}`],
        ["target", run.task?.target ?? ""],
        ["state", run.state],
        ["began", `${moment(run.startedAt)} UTC`],
        ["took", run.duration === undefined ? "" : duration(run.duration)],
        ["by", run.holder],
        ["because", reasonText(run) ?? ""],
        ["error", errorText(run.error) ?? ""],
        ["part of", run.parent ?? ""],
        ["snapshot", run.snapshot ?? ""],
        ...Object.entries(config).map(
          ([name, value]) => [name === "config" ? name : `${name} fingerprint`, value] as const,
        ),
        [
          "producers",
          run.kind === "task"
            ? ""
            : Object.entries(producers)
                .map(([name, version]) => `${name} ${version}`)
                .join(", "),
        ],
        ["engine", run.task?.engineVersion ?? ""],
        ...Object.entries(metrics).map(([name, value]) => [name, String(value)] as const),
        ...Object.entries(run.task?.labels ?? {}),
      ]),
      ...table([...rows("read", read), ...rows("wrote", wrote)], { indent: "  ", right: [3] }),
      ...(more === 0 ? [] : [colors.dim(`  and ${count(more, "more")}`)]),
    ],
  };
}
