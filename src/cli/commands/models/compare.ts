// strata models compare: two versions' metrics side by side.

import { StratigraphError } from "../../../errors.ts";
import { defineCommand, text, texts, type Command } from "../../command.ts";
import { escapeText } from "../../terminal/escape.ts";
import { comparisonTable } from "./lines.ts";
import { modelOf, modelOptions, reading } from "./options.ts";

export const compare: Command = defineCommand({
  name: "models compare",
  summary: "two versions' metrics side by side",
  project: false,
  options: {
    ...modelOptions,
    versions: texts("--versions <version...>", "the two, as --versions A B or --versions A --versions B"),
    metric: text("--metric <name>", "only this one"),
  },
  examples: [{ command: "strata models compare -m team/churn --versions 1.2.0 1.3.0", says: "what got better" }],
  run: (call) =>
    reading(call, async ({ registry, namespace }) => {
      const { versions, metric } = call.options;
      const model = modelOf(call.options, "compare", { namespace });
      const [a, b, ...rest] = versions === true || versions === undefined ? [] : versions;
      if (a === undefined || b === undefined || rest.length > 0) {
        throw new StratigraphError("USAGE", "--versions takes exactly two", {
          hint: "Such as: strata models compare -m churn --versions 1.2.0 1.3.0",
        });
      }
      const [left, right] = [await registry.get(model, a), await registry.get(model, b)];
      const all = await registry.compareVersions(model, a, b);
      const shown =
        metric === undefined ? all : Object.fromEntries(Object.entries(all).filter(([name]) => name === metric));
      const heading = `${model.namespace}/${model.name}: ${left.version} vs ${right.version}`;
      return {
        json: { model, a: left.version, b: right.version, metrics: shown },
        lines: [
          `  Comparing ${escapeText(heading)}`,
          "",
          ...comparisonTable(shown, left.version, right.version, call.terminal.colors),
        ],
      };
    }),
});
