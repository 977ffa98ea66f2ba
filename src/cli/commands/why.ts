// strata why: the reason a partition would be, or was, built or reused.

import type { Why } from "../../build/why.ts";
import { explainReason } from "../../build/explain.ts";
import { placeText } from "../../build/place.ts";
import type { Change } from "../../build/reason.ts";
import { plannedStates } from "../../build/step-state.ts";
import { defineCommand, whole, type Command } from "../command.ts";
import { paramOption, withTexts } from "../params.ts";
import { findProject } from "../project.ts";
import { stepJson } from "../report/json.ts";
import { pastReason, stepLines } from "../report/summary.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment, short, duration } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";
import { partitionJson } from "./ls.ts";
import { runJson } from "./show.ts";

const MOST_INPUTS = 10;
/** "….<input fingerprint>-<attempt>.json", as the engine names what it writes. */
const MANAGED = /[0-9a-f]{32}-[0-9a-z]{26}(\.\w+)?$/;

export const why: Command = defineCommand({
  name: "why",
  summary: "why something would be, or was, built or reused",
  details: [
    "Compares what a partition was built from with what it would be built from now, part by part: producer, version, schemas, and the content of every input. " +
      "Of a whole artifact it tells the partitions that would change, or else the first.",
  ],
  arguments: [{ shape: "<artifact[partition]>", says: "total, days[2026-01-02]" }],
  options: {
    limit: whole("--limit <n>", "partitions told at once; 5 unless told, all with --json", 1),
    param: paramOption,
  },
  examples: [
    { command: "strata why total", says: "after an edit: would it be built again, and because of what" },
    { command: "strata why 'days[2026-01-02]'", says: "one partition" },
  ],
  async run(call) {
    const project = await findProject(call);
    const graph = await withTexts(await project.graph(), call.options.param);
    const { why: explain } = await import("../../build/why.ts");
    const answers = await explain(graph.definition, call.args[0]!, {
      backend: await project.backend(),
      root: project.root,
    });
    const told = answers.slice(0, call.options.limit ?? (call.terminal.json ? answers.length : 5));
    return {
      json: {
        graph: graph.name,
        partitions: told.map((answer) => whyJson(answer, call.cwd)),
        more: answers.length - told.length,
      },
      lines: [
        ...told.flatMap((answer) => whyLines(answer, call.terminal.colors)),
        ...(answers.length > told.length
          ? [call.terminal.colors.dim(`and ${count(answers.length - told.length, "more partition")}; see --limit`)]
          : []),
      ],
    };
  },
});

function whyJson({ key, partition, now, last, code, causes }: Why, cwd: string): object {
  return {
    key,
    partition,
    now: stepJson(now, cwd),
    last:
      last === undefined
        ? null
        : {
            ...partitionJson(last.partition),
            builtBy: last.run === undefined ? null : runJson(last.run),
            inputs: last.inputs,
          },
    ...(code === undefined ? {} : { code: { counted: code.counted, because: code.because ?? null } }),
    causes: causes.map((cause) => stepJson(cause, cwd)),
  };
}

function whyLines({ key, partition, now, last, code, causes }: Why, colors: Colors): string[] {
  const state = now.state === "up-to-date" ? colors.green("up to date") : colors.yellow(now.state);
  const changes = now.reason.changes ?? [];
  const untold = (now.reason.changeCount ?? changes.length) - changes.length;
  const told = escapeText(explainReason(now.reason));
  return [
    // "is stale: blocked: …" would say two things, and the first is not the point.
    `${escapeText(placeText(key, partition))} is ${now.reason.code === "blocked" ? told : `${state}: ${told}`}`,
    ...table(
      changes.map((change) => changeRow(change)),
      { indent: "  " },
    ),
    ...(untold > 0 ? [`  and ${count(untold, "more change")}`] : []),
    ...(code === undefined ? [] : [`  ${colors.dim("code")}  ${codeText(code)}`]),
    ...stepLines(causes, colors),
    ...lastLines(last, colors),
    ...(now.state === "pending" ? [colors.dim(`  pending: ${plannedStates.pending}`)] : []),
  ];
}

/** That functions count is the rule; what counts more says why. */
function codeText({ counted, because }: NonNullable<Why["code"]>): string {
  return because === undefined ? `counted by ${counted}` : `counted by ${counted}: ${because}`;
}

function changeRow({ part, change, partition, before, after }: Change): string[] {
  const name = partition === undefined ? part : placeText(part, partition);
  const values = [before, after].filter((value) => value !== undefined).map(shown);
  return [escapeText(name), change, escapeText(values.join(" → "))];
}

/** Fingerprints are cut to what tells them apart; other texts are as they are. */
function shown(value: string): string {
  return /^[0-9a-f]{32}$/.test(value) ? short(value) : value;
}

function lastLines(last: Why["last"], colors: Colors): string[] {
  if (last === undefined) return [];
  const { run, reason, inputs } = last;
  const when = run === undefined ? [] : [`built ${moment(run.startedAt)} UTC by ${run.holder.split(" ")[0] ?? ""}`];
  const how =
    run === undefined
      ? []
      : [
          `${run.producer ?? ""} ${run.version ?? ""}`.trim(),
          ...(run.duration === undefined ? [] : [duration(run.duration)]),
        ];
  return [
    ...(run === undefined ? [] : [`  ${colors.dim("last")}  ${escapeText([...when, ...how].join(", "))}`]),
    ...(reason === undefined ? [] : [`  ${colors.dim("then")}  ${escapeText(pastReason(reason))}`]),
    ...table(
      inputs.slice(0, MOST_INPUTS).map(({ name, key, content, location }) => [
        colors.dim("from"),
        escapeText(placeText(name, key)),
        short(content),
        // A result's own file has a name that says nothing more.
        MANAGED.test(location) ? "" : colors.dim(escapeText(location)),
      ]),
      { indent: "  " },
    ),
    ...(inputs.length > MOST_INPUTS ? [colors.dim(`  and ${count(inputs.length - MOST_INPUTS, "more input")}`)] : []),
  ];
}
