// strata lineage list, search: which builds and tasks ran.

import type { Page } from "../../../backend/records.ts";
import { StratigraphError } from "../../../errors.ts";
import type { LineageRecord } from "../../../lineage/record.ts";
import { toRecord } from "../../../lineage/record.ts";
import { parseLabel, searchRuns, type LineageQuery } from "../../../lineage/search.ts";
import { defineCommand, text, texts, whole, type Answer, type Call, type Command } from "../../command.ts";
import { escapeText } from "../../terminal/escape.ts";
import { duration, moment } from "../../terminal/quantity.ts";
import { table } from "../../terminal/table.ts";
import { withDatabase } from "./open.ts";

const kind = text("--kind <kind>", "only these: task, build");
const cursor = text("--cursor <cursor>", "go on after a list that ended early: its `next`");

export const list: Command = defineCommand({
  name: "lineage list",
  summary: "the builds and tasks that ran, newest first",
  options: { n: whole("-n <count>", "how many; 10 unless told", 1), kind, cursor },
  examples: [{ command: "strata lineage list -n 10", says: "the last ten" }],
  run: (call) =>
    find(call, { limit: call.options.n ?? 10, kind: kindOf(call.options.kind), cursor: call.options.cursor }),
});

export const search: Command = defineCommand({
  name: "lineage search",
  summary: "builds and tasks that fit all that is given",
  details: ["A time has its zone: 2026-01-02T08:00:00+02:00. A date alone begins in UTC."],
  options: {
    task: text("--task <name>", "the task's name"),
    usecase: text("--usecase <name>", "its use case"),
    pipeline: text("--pipeline <name>", "its pipeline; of a build its graph"),
    status: text("--status <status>", "running, success, error; or warning, cancelled, lost, …"),
    since: text("--since <time>", "began then or later"),
    run: text("--run <prefix>", "the run's id begins so"),
    label: texts("--label <pairs...>", "key=value, each of them"),
    engine: text("--engine <range>", 'written by such a version of strata: ">=0.3 <0.5"'),
    artifact: text("--artifact <name>", "read or wrote something of this name or place"),
    content: text("--content <fingerprint>", "read or wrote this content"),
    limit: whole("--limit <n>", "how many; 100 unless told", 1),
    kind,
    cursor,
  },
  examples: [
    { command: "strata lineage search --task etl --status error", says: "every time etl failed" },
    { command: "strata lineage search --since 2026-01-02T08:00:00+02:00", says: "what began since then" },
  ],
  run: (call) => {
    const { label, engine, kind: wanted, ...query } = call.options;
    const labels = label === undefined ? undefined : labelsOf(label === true ? [] : label);
    return find(call, { ...query, labels, engineVersion: engine, kind: kindOf(wanted) });
  },
});

function labelsOf(given: readonly string[]): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const [key, value] of given.map(parseLabel)) {
    if (labels.has(key)) {
      throw new StratigraphError("USAGE", `label '${key}' is asked for twice, and a run has it once`, {
        received: `'${labels.get(key)}' and '${value}'`,
      });
    }
    labels.set(key, value);
  }
  return Object.fromEntries(labels);
}

function kindOf(word: string | undefined): LineageQuery["kind"] {
  if (word === undefined || word === "task" || word === "build") return word;
  throw new StratigraphError("USAGE", "--kind cannot be that", { expected: "task or build", received: `'${word}'` });
}

export function find(call: Call, query: LineageQuery): Promise<Answer> {
  return withDatabase(call, async ({ connection }) => {
    const { items, next }: Page<LineageRecord> = await searchRuns(connection, query).then((page) => ({
      ...page,
      items: page.items.map(toRecord),
    }));
    const { colors } = call.terminal;
    return {
      json: { runs: items.map(recordJson), next: next ?? null },
      lines:
        items.length === 0
          ? [colors.dim("nothing was recorded that fits")]
          : [
              ...table(
                items.map((one) => [
                  one.runId,
                  one.kind,
                  escapeText(nameOf(one)),
                  one.status === "error" ? colors.red(one.state) : one.state,
                  moment(one.startedAt),
                  one.durationSec === undefined ? "" : duration(one.durationSec * 1000),
                ]),
                { right: [5] },
              ),
              ...(next === undefined ? [] : [colors.dim(`more: --cursor ${next}`)]),
            ],
    };
  });
}

/** "fraud/ingestion/etl"; of a build its graph. */
export function nameOf({ kind: of, usecase, pipeline, task }: LineageRecord): string {
  return of === "build" ? pipeline : `${usecase}/${pipeline}/${task}`;
}

export function recordJson(record: LineageRecord): object {
  const { finishedAt = null, durationSec = null, error = null, config = null, ...rest } = record;
  return {
    ...rest,
    finishedAt,
    durationSec,
    error,
    config,
    io: record.io.map(({ format = null, rows = null, content = null, ...one }) => ({ ...one, format, rows, content })),
  };
}
