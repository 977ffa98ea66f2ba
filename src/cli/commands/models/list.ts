// strata models list: the versions of a model, newest first.

import { defineCommand, text, whole, type Command } from "../../command.ts";
import { escapeText } from "../../terminal/escape.ts";
import { versionJson, versionTable } from "./lines.ts";
import { modelOf, modelOptions, reading } from "./options.ts";

export const list: Command = defineCommand({
  name: "models list",
  summary: "the versions of a model, newest first",
  project: false,
  options: {
    ...modelOptions,
    stage: text("--stage <stage>", "only those in this stage"),
    limit: whole("--limit <n>", "how many; 100 unless told", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
  },
  examples: [{ command: "strata models list -u team -m churn", says: "every version of team/churn" }],
  run: (call) =>
    reading(call, async ({ registry, namespace }) => {
      const { stage, limit = 100, after } = call.options;
      const model = modelOf(call.options, "list", { namespace });
      const { items, next } = await registry.listVersions(model, { stage, limit, cursor: after });
      const { colors } = call.terminal;
      return {
        json: { model, versions: items.map(versionJson), next: next ?? null },
        lines: [
          ...(items.length === 0
            ? [`No versions registered for ${escapeText(`${model.namespace}/${model.name}`)}.`]
            : versionTable(items, colors)),
          ...(next === undefined ? [] : [colors.dim(`more than ${limit}; go on with --after ${next}`)]),
        ],
      };
    }),
});
