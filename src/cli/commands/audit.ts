// strata audit: who did what to what, what was denied, and whether anybody has tampered with it.

import { Audit, type AuditVerification } from "../../changes/audit.ts";
import { auditStatuses, type AuditRecord, type AuditStatus } from "../../backend/fact-records.ts";
import type { Cursor } from "../../backend/records.ts";
import { StratigraphError } from "../../errors.ts";
import { parseMoment } from "../../util/moment.ts";
import { defineCommand, exitCodes, text, whole, type Call, type Command } from "../command.ts";
import { withFacts } from "../facts.ts";
import { errorJson } from "../report/error.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment, number } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

const filters = {
  by: text("--by <name>", "only what this person did"),
  action: text("--action <action>", "only this, as model.promote"),
  resource: text("--resource <name>", "only what was done to this, as model:team/churn@1.2.0"),
  status: text("--status <status>", `only ${auditStatuses.join(", ")}`),
  since: text("--since <time>", "not before this time, with its zone"),
  limit: whole("--limit <n>", "how many rows; 50 unless told", 1),
  after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
} as const;

const list: Command = defineCommand({
  name: "audit list",
  summary: "rows of the log, newest first; the word list may be left out",
  options: { ...filters },
  examples: [{ command: "strata audit list --status denied", says: "what gates, hooks and rules said no to" }],
  run: (call) => listRows(call),
});

const verify: Command = defineCommand({
  name: "audit verify",
  summary: "follow the hashes from row to row, and name the first wrong one",
  details: [
    "Each row holds the hash of the one before it, so that a row that was changed, put in or taken out breaks the chain. " +
      "Rows taken from the end leave no trace in what is left: keep the last hash somewhere else, and give it with --end.",
  ],
  options: { end: text("--end <n:hash>", "where the log ended when it was last looked at") },
  examples: [
    { command: "strata audit verify", says: "every row, in order" },
    { command: "strata audit verify --end 12:6f1c…", says: "and nothing since is missing from the end" },
  ],
  run: (call) =>
    withAudit(call, async (audit) => {
      const result = await audit.verify({ end: parseEnd(call.options.end), signal: call.signal });
      const { rows, broken, end } = result;
      return {
        exitCode: broken === undefined ? exitCodes.done : exitCodes.failed,
        json: {
          ok: broken === undefined,
          rows,
          end: end ?? null,
          broken: broken ?? null,
          ...(broken === undefined ? {} : { error: errorJson(tampered(result), call.cwd) }),
        },
        lines:
          broken === undefined
            ? [
                `${call.terminal.colors.green("in order")}: ${count(rows, "row")}`,
                ...(end === undefined ? [] : [`it ends at ${end.number}:${end.hash}`]),
              ]
            : [`${call.terminal.colors.red("error:")} ${tampered(result).message} (AUDIT_TAMPERED)`],
      };
    }),
});

const exportRows: Command = defineCommand({
  name: "audit export",
  summary: "print every row as a line of JSON, oldest first",
  examples: [{ command: "strata audit export > audit.jsonl", says: "a copy, hashes and all" }],
  run: (call) =>
    withAudit(call, async (audit) => {
      const rows: string[] = [];
      for await (const line of audit.lines()) rows.push(line);
      return { json: { rows: rows.map((row) => JSON.parse(row) as unknown) }, lines: rows };
    }),
});

export const audit: Command = defineCommand({
  name: "audit",
  summary: "who did what to what, and whether anybody has tampered with it",
  details: [
    "Every change of models and of what is known about runs leaves a row, and so does every attempt that was denied. Rows are only ever added.",
  ],
  options: { ...filters },
  subcommands: [list, verify, exportRows],
  examples: [
    { command: "strata audit --resource model:team/churn@1.2.0", says: "everything that was done to a version" },
    { command: "strata audit verify", says: "whether the log is as it was written" },
  ],
  run: (call) => listRows(call),
});

interface Filters {
  readonly by: string | undefined;
  readonly action: string | undefined;
  readonly resource: string | undefined;
  readonly status: string | undefined;
  readonly since: string | undefined;
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

function listRows(call: Call<Filters>): ReturnType<Command["run"]> {
  return withAudit(call, async (log) => {
    const { by: actor, action, resource, since, limit = 50, after } = call.options;
    const status = statusOf(call.options.status);
    const { items, next } = await log.query({
      actor,
      action,
      resource,
      status,
      since: since === undefined ? undefined : parseMoment(since, "--since"),
      limit,
      after: after as Cursor | undefined,
    });
    const { colors } = call.terminal;
    return {
      json: { rows: items, next: next ?? null },
      lines: [
        ...table(
          items.map((row) => [
            number(row.number),
            moment(row.at),
            shownStatus(row, colors.yellow),
            escapeText(row.action),
            escapeText(row.resource),
            escapeText(row.actor),
            colors.dim(escapeText(row.why ?? "")),
          ]),
          { right: [0] },
        ),
        ...(items.length === 0 ? ["no rows"] : []),
        ...(next === undefined ? [] : [colors.dim(`more than ${number(limit)}; go on with --after ${next}`)]),
      ],
    };
  });
}

function shownStatus({ status }: AuditRecord, emphasis: (text: string) => string): string {
  return status === "done" ? status : emphasis(status);
}

function withAudit<T>(call: Call, work: (audit: Audit) => Promise<T>): Promise<T> {
  return withFacts(call, ({ host }) => work(new Audit(host.connection)));
}

function statusOf(word: string | undefined): AuditStatus | undefined {
  if (word === undefined) return undefined;
  const status = auditStatuses.find((known) => known === word);
  if (status !== undefined) return status;
  throw new StratigraphError("USAGE", `there is no status '${word}'`, {
    expected: auditStatuses.map((known) => `'${known}'`).join(", "),
  });
}

function parseEnd(given: string | undefined): AuditVerification["end"] {
  if (given === undefined) return undefined;
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(given);
  if (match !== null) return { number: Number(match[1]), hash: match[2]! };
  throw new StratigraphError("USAGE", "--end is not where a log ends", {
    expected: "a number, a colon and 64 hex characters, as `strata audit verify` prints them",
    received: given,
  });
}

function tampered({ broken, rows }: AuditVerification): StratigraphError {
  const problem = broken?.problem ?? "changed";
  const says = {
    missing: "is missing",
    changed: "is not as it was written",
    "not linked": "does not follow the one before it",
  };
  return new StratigraphError("AUDIT_TAMPERED", `row ${broken?.number ?? rows + 1} ${says[problem]}`, {
    hint: `The ${count(rows, "row")} before it are in order.`,
    data: { ...broken, rows },
  });
}
