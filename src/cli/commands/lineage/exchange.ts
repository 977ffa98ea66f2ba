// strata lineage openlineage, export, import, compact: records in other people's forms, and fewer of them.

import { resolve } from "node:path";
import { packageVersion } from "../../../changes/package-version.ts";
import { StratigraphError } from "../../../errors.ts";
import { importLineage, projectLineage } from "../../../lineage/files.ts";
import { findRun } from "../../../lineage/find-run.ts";
import type { RunEvent } from "../../../lineage/openlineage/event.ts";
import { openLineageEvents } from "../../../lineage/openlineage/stored.ts";
import { compareText } from "../../../util/text-order.ts";
import { parseMoment } from "../../../util/moment.ts";
import { defineCommand, exitCodes, text, type Command } from "../../command.ts";
import { appendOutput } from "../../output-file.ts";
import { escapeText } from "../../terminal/escape.ts";
import { bytesText, count, number } from "../../terminal/quantity.ts";
import { table } from "../../terminal/table.ts";
import { withDatabase, withLineage } from "./open.ts";

export const openlineage: Command = defineCommand({
  name: "lineage openlineage",
  summary: "print runs as OpenLineage events, one JSON document a line",
  options: {
    runId: text("--run-id <id>", "this run; of a build its steps as well"),
    since: text("--since <time>", "all runs that began then or later"),
    namespace: text("--namespace <name>", "of jobs and of data kept for us alone; stratigraph unless told"),
    output: text("--output <file>", "append to this file instead of printing"),
  },
  examples: [
    { command: "strata lineage openlineage --since 2026-01-02 > events.ndjson", says: "everything since then" },
    { command: "strata lineage openlineage --run-id 01kx3f --namespace prod", says: "one build and its steps" },
  ],
  run: (call) =>
    withDatabase(call, async ({ connection, project }) => {
      const { runId, since, namespace, output } = call.options;
      if ((runId === undefined) === (since === undefined)) {
        throw new StratigraphError("USAGE", "either a run is named or a time", { expected: "--run-id or --since" });
      }
      const selection =
        runId === undefined ? { since: parseMoment(since!, "--since") } : { run: await findRun(connection, runId) };
      const events: RunEvent[] = [];
      const names = { namespace, root: project.root, engineVersion: packageVersion() };
      for await (const event of openLineageEvents(connection, selection, names)) events.push(event);
      // A build ends after its steps, which are told after it.
      events.sort((a, b) => compareText(a.eventTime, b.eventTime));
      const lines = events.map((event) => JSON.stringify(event));
      if (output !== undefined) appendOutput(resolve(call.cwd, output), lines.map((line) => `${line}\n`).join(""));
      return {
        json: { events, output: output ?? null },
        lines: output === undefined ? [] : [`${count(events.length, "event")} appended to ${escapeText(output)}`],
        // As they are: a terminal's escapes in them are escaped by JSON already.
        bytes: output === undefined ? Buffer.from(lines.map((line) => `${line}\n`).join("")) : undefined,
      };
    }),
});

export const exportRecords: Command = defineCommand({
  name: "lineage export",
  summary: "write the record of every task as a JSON file",
  details: [
    "As {usecase}/{package}/{task}/{run_id}.json below the folder. Files that are as they should be stay as they are.",
  ],
  arguments: [{ shape: "<folder>", says: "where to; made if it is not there" }],
  examples: [{ command: "strata lineage export lineage", says: "into the folder lineage" }],
  run: (call) =>
    withDatabase(call, async ({ connection }) => {
      const { written, same } = await projectLineage(connection, resolve(call.cwd, call.args[0]!));
      return {
        json: { folder: call.args[0], written, same },
        lines: [`${count(written.length, "file")} written, ${number(same)} the same`],
      };
    }),
});

export const importRecords: Command = defineCommand({
  name: "lineage import",
  summary: "record every JSON file of such a folder, ours or another system's",
  details: ["May be repeated: the same file changes nothing. Keys that are not known are kept."],
  arguments: [{ shape: "<folder>", says: "where from" }],
  examples: [{ command: "strata lineage import ../old/lineage", says: "takes over what was recorded there" }],
  run: (call) =>
    withLineage(call, async (lineage, { enabled }) => {
      if (!enabled) {
        throw new StratigraphError("CONFIG_INVALID", "no records are kept here", {
          where: "'lineage.enabled'",
          expected: "true, to take any over",
          received: "false",
          hint: "Whose word that is: strata config show --origin",
        });
      }
      const { records, refused } = await importLineage(lineage, resolve(call.cwd, call.args[0]!));
      return {
        json: {
          folder: call.args[0],
          records,
          refused: refused.map(({ file, error }) => ({ file, code: error.code, message: error.message })),
        },
        lines: [
          ...table(refused.map(({ file, error }) => [escapeText(file), escapeText(error.message)])),
          `${count(records, "record")} taken over, ${number(refused.length)} refused`,
        ],
        exitCode: refused.length === 0 ? exitCodes.done : exitCodes.failed,
      };
    }),
});

export const compact: Command = defineCommand({
  name: "lineage compact",
  summary: "remove old records when told, and give back the room",
  options: { olderThan: text("--older-than <time>", "remove the records of tasks that ended before then") },
  examples: [{ command: "strata lineage compact --older-than 2025-01-01", says: "keeps what is newer" }],
  run: (call) =>
    withLineage(call, async (lineage) => {
      const { olderThan } = call.options;
      const { before, after, removed } = await lineage.compact({ olderThan });
      return {
        json: { removed, before, after },
        lines: [`${count(removed, "record")} removed, ${bytesText(before)} → ${bytesText(after)}`],
      };
    }),
});
