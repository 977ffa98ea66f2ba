// strata lineage compare, gate: what differs between two runs or snapshots, and whether it may.

import { resolve } from "node:path";
import { StratigraphError } from "../../../errors.ts";
import {
  compareReceipts,
  differenceKinds,
  gateComparison,
  gateMarkdown,
  shownValue,
  type Comparison,
  type Difference,
} from "../../../lineage/compare.ts";
import type { LineageReceipt } from "../../../lineage/receipt.ts";
import { defineCommand, exitCodes, text, whole, type Answer, type Call, type Command } from "../../command.ts";
import { writeOutput } from "../../output-file.ts";
import { escapeText } from "../../terminal/escape.ts";
import { count, number } from "../../terminal/quantity.ts";
import { table } from "../../terminal/table.ts";
import type { Colors } from "../../terminal/terminal.ts";
import { findReceipt, isFile, readReceipt, SUBJECT, withDatabase, type OpenProject } from "./open.ts";

const MOST_LISTED = 20;

export const compare: Command = defineCommand({
  name: "lineage compare",
  summary: "what differs between two runs or snapshots",
  details: [
    "What is compared: how it ended, inputs, config, versions of producers, outputs, metrics, time. Inputs and outputs by content: what was made again with the same result is the same.",
  ],
  arguments: [
    { shape: "[before]", says: SUBJECT },
    { shape: "[after]", says: "the same" },
  ],
  options: {
    runId1: text("--run-id1 <id>", "before, as an option"),
    runId2: text("--run-id2 <id>", "after, as an option"),
    limit: whole("--limit <n>", `differences listed; ${MOST_LISTED} unless told, all with --json`, 1),
  },
  examples: [
    { command: "strata lineage compare 01kx3f 01kx9q", says: "two runs" },
    { command: "strata lineage compare prod latest", says: "two snapshots of a graph" },
  ],
  run: (call) =>
    withDatabase(call, async (open) => {
      const { runId1, runId2, limit } = call.options;
      const named = [...call.args];
      const before = runId1 ?? named.shift();
      const after = runId2 ?? named.shift();
      if (before === undefined || after === undefined || named.length > 0) {
        throw new StratigraphError("USAGE", "two runs or snapshots are compared", { hint: "See: strata lineage list" });
      }
      const found = compareReceipts(await findReceipt(open, before), await findReceipt(open, after));
      return {
        json: found,
        lines: [
          headline(found),
          ...differenceLines(found.differences, limit ?? MOST_LISTED, call.terminal.colors),
          ...totals(found, call.terminal.colors),
        ],
      };
    }),
});

export const gate: Command = defineCommand({
  name: "lineage gate",
  summary: "compare with a receipt, and fail where something differs that may not",
  details: [
    "A receipt says what a run or snapshot came to: contents of inputs and outputs, config, versions of producers, metrics. Keep one with --write, and commit it.",
    `What can differ: ${differenceKinds.join(", ")}. Durations always may.`,
  ],
  arguments: [{ shape: "[subject]", says: `${SUBJECT}; latest unless told` }],
  options: {
    against: text("--against <what>", "a receipt's file, or another run, tag or snapshot"),
    write: text("--write <file>", "write the receipt of the subject into this file"),
    allow: text("--allow <kinds>", "what may differ: inputs,outputs:report*,metrics"),
    tolerance: text("--tolerance <x>", "how far apart metrics may be; 0 unless told"),
    summary: text("--summary <file>", "write the comparison into this file as Markdown; - adds it to the output"),
  },
  codes: [{ code: 1, says: "something differs that is not allowed to" }],
  examples: [
    { command: "strata lineage gate prod --write prod.receipt.json", says: "keep what prod came to" },
    {
      command: "strata lineage gate --against prod.receipt.json --allow inputs,outputs",
      says: "code and config are the same",
    },
  ],
  run: (call) => withDatabase(call, (open) => pass(call, open)),
});

async function pass(
  call: Call<{
    readonly against: string | undefined;
    readonly write: string | undefined;
    readonly allow: string | undefined;
    readonly tolerance: string | undefined;
    readonly summary: string | undefined;
  }>,
  open: OpenProject,
): Promise<Answer> {
  const { options, cwd, terminal } = call;
  const { against, write, summary } = options;
  if (against === undefined && write === undefined) {
    throw new StratigraphError("USAGE", "there is nothing to compare with", {
      expected: "--against with a file, run, tag or snapshot, or --write with a file",
    });
  }
  const after = await findReceipt(open, call.args[0] ?? "latest");
  if (write !== undefined) writeOutput(resolve(cwd, write), `${JSON.stringify(after, null, 2)}\n`);
  const saved =
    write === undefined ? [] : [`receipt of ${escapeText(after.subject.name)} written into ${escapeText(write)}`];
  if (against === undefined) return { json: { receipt: after, passed: true, written: write ?? null }, lines: saved };
  const comparison = compareReceipts(await receiptOf(against, open, cwd), after);
  const result = gateComparison(comparison, {
    allow: options.allow?.split(",").filter((one) => one !== "") ?? [],
    tolerance: options.tolerance === undefined ? undefined : Number(options.tolerance),
  });
  const markdown = summary === undefined ? "" : gateMarkdown(comparison, result);
  if (summary !== undefined && summary !== "-") writeOutput(resolve(cwd, summary), markdown);
  const { colors } = terminal;
  const verdict = result.passed
    ? colors.green(
        comparison.differences.length === 0
          ? "passed: nothing differs"
          : `passed: ${count(result.allowed.length, "difference")}, all allowed`,
      )
    : colors.red(`refused: ${count(result.refused.length, "difference")} not allowed`);
  return {
    json: {
      ...result,
      before: comparison.before,
      after: comparison.after,
      same: comparison.same,
      written: write ?? null,
    },
    lines: [
      headline(comparison),
      ...differenceLines(result.refused, MOST_LISTED, colors),
      verdict,
      ...saved,
      ...(summary === "-" ? ["", ...markdown.trimEnd().split("\n")] : []),
    ],
    exitCode: result.passed ? exitCodes.done : exitCodes.failed,
  };
}

function receiptOf(text: string, open: OpenProject, cwd: string): Promise<LineageReceipt> | LineageReceipt {
  const path = resolve(cwd, text);
  return isFile(path) ? readReceipt(path, cwd) : findReceipt(open, text);
}

function headline({ before, after }: Comparison): string {
  const called = ({ kind, name, id }: LineageReceipt["subject"]): string =>
    `${kind} ${escapeText(name)}${id.startsWith(name) || id.endsWith(name) ? "" : ` (${id.slice(0, 8)})`}`;
  return `${called(before)} → ${called(after)}`;
}

function differenceLines(differences: readonly Difference[], most: number, colors: Colors): string[] {
  const rows = differences.slice(0, most).map(({ kind, name, change, before, after }) => {
    const paint = { added: colors.green, removed: colors.red, changed: colors.yellow }[change];
    const shown = (value: string | number | undefined): string =>
      value === undefined ? "" : escapeText(shownValue(kind, value));
    const values = change === "changed" ? `${shown(before)} → ${shown(after)}` : shown(before ?? after);
    return [paint(change), kind, escapeText(name), values];
  });
  const more = differences.length - rows.length;
  return [
    ...table(rows, { indent: "  " }),
    ...(more > 0 ? [colors.dim(`  and ${count(more, "more difference")}`)] : []),
  ];
}

function totals({ differences, same }: Comparison, colors: Colors): string[] {
  const equal = Object.values(same).reduce((sum, many) => sum + many, 0);
  return [colors.dim(`${count(differences.length, "difference")}, ${number(equal)} the same`)];
}
