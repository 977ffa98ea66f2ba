// strata models promote, demote, archive, rollback, restore: the steps of a version's life.

import { isStratigraphError } from "../../../errors.ts";
import { lifecycle, type Step } from "../../../registry/lifecycle.ts";
import { parseStage } from "../../../registry/stage.ts";
import type { StepOutcome } from "../../../registry/stepping.ts";
import { defineCommand, flag, text, type Answer, type Call, type Command } from "../../command.ts";
import { withHint } from "../../report/error.ts";
import { escapeText } from "../../terminal/escape.ts";
import { gateTable, outcomeJson, outcomeLines } from "./lines.ts";
import {
  actorOptions,
  missing,
  modelOf,
  modelOptions,
  readGates,
  refOf,
  versionOf,
  versionOption,
  writing,
} from "./options.ts";

const to = text("--to <stage>", "where to");

export const promote: Command = defineCommand({
  name: "models promote",
  summary: "bring a version to staging or production, if its gates say yes",
  details: [
    "Whoever is in production makes room in the same moment. Gates are those of the model, or of the version, or those of --gates.",
  ],
  project: false,
  options: {
    ...modelOptions,
    ...versionOption,
    to,
    gates: text("--gates <file>", "ask these instead of the stored ones: a JSON file, or JSON itself"),
    force: flag("--force", "ask no gate; needs --reason, and is remembered"),
    dryRun: flag("--dry-run", "only say what the gates say; ends with 1 where one says no"),
    promotedBy: text("--promoted-by <name>", "the same as --by"),
    ...actorOptions,
  },
  examples: [
    { command: "strata models promote -m team/churn -v 1.3.0 --to staging", says: "one step" },
    {
      command: "strata models promote -m team/churn -v 1.3.0 --to production --force --reason 'outage'",
      says: "whatever its gates say",
    },
  ],
  run: (call) => {
    const { options, terminal } = call;
    const { gates, force, dryRun, reason } = options;
    const by = options.by ?? options.promotedBy;
    return writing({ ...call, options: { ...options, by } }, async ({ registry, namespace }) => {
      const ref = refOf(versionOf(options, "promote", { namespace }));
      const stage = stageOf(options.to, "promote");
      const outcome = await registry.promote(ref, stage, {
        gates: gates === undefined ? undefined : readGates(gates, call),
        force,
        dryRun,
        reason,
        by,
      });
      if (dryRun) return dryRunAnswer(outcome, stage, call);
      const skipped = outcome.gateResults.filter((result) => result.skipped !== undefined).map(({ gate }) => gate);
      if (outcome.forced) {
        terminal.warn(`${terminal.colors.yellow("warning:")} promoted without checking ${skipped.join(", ")}`);
      }
      return answerOf(outcome, call);
    });
  },
});

export const demote: Command = defineCommand({
  name: "models demote",
  summary: "take a version down to development, staging or archived",
  project: false,
  options: { ...modelOptions, ...versionOption, to, ...actorOptions },
  examples: [{ command: "strata models demote -m team/churn -v 1.3.0 --to staging", says: "out of production" }],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const { by, reason } = call.options;
      const ref = refOf(versionOf(call.options, "demote", { namespace }));
      return answerOf(await registry.demote(ref, stageOf(call.options.to, "demote"), { by, reason }), call);
    }),
});

export const archive: Command = defineCommand({
  name: "models archive",
  summary: "take a version out of use; it is kept",
  project: false,
  options: { ...modelOptions, ...versionOption, ...actorOptions },
  examples: [{ command: "strata models archive -m team/churn -v 1.1.0", says: "nobody is to use 1.1.0 any more" }],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const { by, reason } = call.options;
      return answerOf(
        await registry.archive(refOf(versionOf(call.options, "archive", { namespace })), { by, reason }),
        call,
      );
    }),
});

export const restore: Command = defineCommand({
  name: "models restore",
  summary: "bring an archived version back to where new ones begin",
  project: false,
  options: { ...modelOptions, ...versionOption, ...actorOptions },
  examples: [{ command: "strata models restore -m team/churn -v 1.1.0", says: "1.1.0 is in development again" }],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const { by, reason } = call.options;
      return answerOf(
        await registry.restore(refOf(versionOf(call.options, "restore", { namespace })), { by, reason }),
        call,
      );
    }),
});

export const rollback: Command = defineCommand({
  name: "models rollback",
  summary: "bring the production version before this one back, or the one that is named",
  details: ["Gates are not asked, which the history says. Again and again, it goes further back."],
  project: false,
  options: { ...modelOptions, ...versionOption, ...actorOptions },
  examples: [
    { command: "strata models rollback -m team/churn --reason 'errors since noon'", says: "to the one before" },
    { command: "strata models rollback -m team/churn -v 1.1.0", says: "to this one" },
  ],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const { version, by, reason } = call.options;
      const model = modelOf(call.options, "rollback", { namespace });
      const outcome = await registry.rollback(model, { toVersion: version, by, reason });
      const answer = answerOf(outcome, call);
      const first = `${call.terminal.colors.green("[OK]")} ${escapeText(refOf(model))} production is now v${outcome.version}`;
      return { ...answer, lines: [first, ...answer.lines.slice(1)] };
    }),
});

function stageOf(given: string | undefined, step: Step): string {
  if (given === undefined) throw missing("--to", `--to ${lifecycle[step].targets[0]!}`, step);
  try {
    return parseStage(given, "--to");
  } catch (error) {
    const choice = `Choose: ${lifecycle[step].targets.join(", ")}.`;
    throw isStratigraphError(error) ? withHint(error, choice) : error;
  }
}

function answerOf(outcome: StepOutcome, { terminal }: Pick<Call, "terminal">): Answer {
  const { colors } = terminal;
  for (const warning of outcome.warnings) terminal.warn(`${colors.yellow("warning:")} ${escapeText(warning)}`);
  return { json: outcomeJson(outcome), lines: outcomeLines(outcome, colors) };
}

function dryRunAnswer(outcome: StepOutcome, to: string, { terminal }: Pick<Call, "terminal">): Answer {
  const { gateResults } = outcome;
  const passed = gateResults.every((result) => result.passed);
  return {
    json: { ...outcomeJson(outcome), to, wouldPass: passed },
    lines: gateResults.length === 0 ? ["no gates"] : gateTable(gateResults, terminal.colors),
    exitCode: passed ? 0 : 1,
  };
}
