// strata sync: deliver what waits in the fallback journal.

import { recordSync, syncJournal, type SyncedLine, type SyncResult } from "../../changes/sync.ts";
import { StratigraphError } from "../../errors.ts";
import { readJournal } from "../../journal/files.ts";
import { journalKinds, type JournalKind } from "../../journal/intent.ts";
import type { Settings } from "../../config/settings.ts";
import { journalHome } from "../../mlops/from-settings.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, exitCodes, flag, text, type Answer, type Call, type Command } from "../command.ts";
import { withFacts } from "../facts.ts";
import { findProject } from "../project.ts";
import { replayables } from "../replay.ts";
import { errorJson } from "../report/error.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";

const MOST_LISTED = 20;

export const sync: Command = defineCommand({
  name: "sync",
  summary: "deliver what waits in the fallback journal",
  details: [
    "While a database cannot be written, what is recorded about runs and models waits in a journal (STRATA_HOME, ~/.strata unless told). " +
      "This writes it, each record once however often it is run, in the order things were decided. " +
      "What was decided on something that has changed since is not forced: it stays and is told, until it is set aside.",
  ],
  arguments: [{ shape: "[kind]", says: `only ${journalKinds.join(", ")}` }],
  options: {
    runId: text("--run-id <id>", "only what was recorded in this run"),
    setAside: flag("--set-aside", "move what conflicts or is damaged to the archive, so that it is not tried again"),
  },
  examples: [
    { command: "strata sync", says: "everything that waits; exit code 1 while something remains" },
    { command: "strata sync lineage --run-id nightly-7", says: "of one kind and run" },
  ],
  async run(call) {
    const kind = kindOf(call.args[0]);
    const { runId: run, setAside } = call.options;
    const { settings, folder } = await settingsOf(call);
    const home = journalHome(settings.metadata, folder);
    // Asked before the database is opened: where nothing waits, nothing is made.
    const waiting = await readJournal(home, { kind, run });
    if (waiting.length === 0)
      return { json: resultJson(nothing, home, call.cwd), lines: ["nothing waits in the journal"] };

    const result = await withFacts(
      call,
      async ({ host, replays, workspace: { connection } }) => {
        const { bus, clock, actor } = host;
        const { writeTimeout } = settings.metadata;
        const elsewhere = new Set(replays.map(({ action }) => action));
        const actions = [...replayables.filter(({ action }) => !elsewhere.has(action)), ...replays];
        const { signal } = call;
        const synced = await syncJournal({
          ...{ home, connection, actions, kind, run, setAside, signal, bus, clock, writeTimeout },
        });
        // That it was done is worth a row, and no reason to fail.
        if (synced.counts.delivered > 0)
          await recordSync({ connection, clock, bus }, synced, actor).catch(() => undefined);
        return synced;
      },
      { readOnly: false },
    );
    return answer(result, home, call.cwd, call.terminal.colors);
  },
});

async function settingsOf(call: Call): Promise<{ readonly settings: Settings; readonly folder: string }> {
  const project = await findProject(call);
  const { settings } = await project.settings();
  return { settings, folder: project.folder };
}

const nothing: SyncResult = {
  lines: [],
  counts: { delivered: 0, deduplicated: 0, conflict: 0, failed: 0, torn: 0, damaged: 0 },
  remaining: 0,
  archives: [],
};

function kindOf(word: string | undefined): JournalKind | undefined {
  if (word === undefined) return undefined;
  const kind = journalKinds.find((known) => known === word);
  if (kind !== undefined) return kind;
  const guess = suggest(word, journalKinds);
  throw new StratigraphError("USAGE", `there is no journal of '${word}'`, {
    expected: journalKinds.map((known) => `'${known}'`).join(", "),
    hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
  });
}

function answer(result: SyncResult, home: string, cwd: string, colors: Colors): Answer {
  return {
    exitCode: result.remaining > 0 ? exitCodes.failed : exitCodes.done,
    json: resultJson(result, home, cwd),
    lines: resultLines(result, colors),
  };
}

function resultJson({ lines, counts, remaining, archives }: SyncResult, home: string, cwd: string): object {
  return {
    home,
    total: lines.length,
    ...counts,
    remaining,
    archives,
    records: lines.map(({ outcome, intent, file, error }) => ({
      outcome,
      key: intent?.key ?? null,
      action: intent?.action ?? null,
      run: intent?.run ?? null,
      recordedAt: intent?.recordedAt ?? null,
      file,
      ...(error === undefined ? {} : { error: errorJson(error, cwd) }),
    })),
  };
}

function resultLines({ lines, counts, remaining }: SyncResult, colors: Colors): string[] {
  const told = lines.filter(({ outcome }) => outcome !== "delivered" && outcome !== "deduplicated");
  const { delivered, deduplicated, conflict, failed, torn, damaged } = counts;
  const parts = [
    count(delivered, "record") + " delivered",
    ...(deduplicated > 0 ? [`${deduplicated} delivered before`] : []),
    ...(conflict > 0 ? [colors.yellow(`${conflict} in conflict`)] : []),
    ...(failed > 0 ? [colors.red(`${failed} not taken by the database`)] : []),
    ...(damaged > 0 ? [colors.red(`${damaged} damaged`)] : []),
    ...(torn > 0 ? [colors.yellow(`${torn} cut off by a process that died, and never acknowledged`)] : []),
  ];
  return [
    ...table(told.slice(0, MOST_LISTED).map(lineRow), { indent: "  " }),
    ...(told.length > MOST_LISTED ? [colors.dim(`  and ${told.length - MOST_LISTED} more; --json has them all`)] : []),
    `${parts.join(", ")} (${lines.length} in all)`,
    ...(remaining > 0
      ? [`${count(remaining, "record")} still ${remaining === 1 ? "waits" : "wait"} in the journal`]
      : []),
  ];
}

function lineRow({ outcome, intent, error, file }: SyncedLine): string[] {
  return [
    outcome,
    escapeText(intent?.action ?? file),
    intent === undefined ? "" : moment(intent.recordedAt),
    escapeText(error?.what ?? ""),
  ];
}
