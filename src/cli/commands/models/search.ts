// strata models search: versions of all models, by what is known of them.

import type { Comparison } from "../../../backend/model-records.ts";
import { StratigraphError } from "../../../errors.ts";
import { showValue } from "../../../util/show.ts";
import { defineCommand, text, texts, whole, type Command } from "../../command.ts";
import { versionJson, versionTable } from "./lines.ts";
import { namespaceOf, reading, readPairs, readValue, storeOption, modelOptions } from "./options.ts";

export const search: Command = defineCommand({
  name: "models search",
  summary: "versions of all models, by what is known of them",
  details: ["All conditions hold together. --metric takes auc>=0.9, auc<0.5, auc=0.9 and auc!=0.9."],
  project: false,
  options: {
    useCase: modelOptions.useCase,
    usecase: modelOptions.usecase,
    namespace: modelOptions.namespace,
    model: text("-m, --model <pattern>", "names; * and ? stand for any text and any character"),
    ...storeOption,
    stage: text("--stage <stage>", "in this stage"),
    version: text("-v, --version <range>", "a range of versions: ^1.3.0, '>=1.2 <2'"),
    framework: text("--framework <name>", "made with this"),
    run: text("--run <id>", "of this run"),
    metric: texts("--metric <condition...>", "auc>=0.9"),
    param: texts("--param <name=value...>", "a hyperparameter"),
    label: texts("--label <name=value...>", "a label"),
    metadata: texts("--metadata <name=value...>", "an entry of metadata"),
    orderBy: text("--order-by <metric>", "auc: lowest first, -auc: highest first; newest first unless told"),
    limit: whole("--limit <n>", "how many; 100 unless told", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
  },
  examples: [
    { command: "strata models search --stage production", says: "everything that is live" },
    { command: "strata models search -m 'churn*' --metric 'auc>=0.9' --order-by=-auc", says: "the best of a family" },
  ],
  run: (call) =>
    reading(call, async ({ registry }) => {
      const { model, stage, version, framework, run, orderBy, limit, after } = call.options;
      const { items, next } = await registry.search({
        namespace: namespaceOf(call.options),
        name: model,
        stage,
        version,
        framework,
        runId: run,
        metrics: conditionsOf(call.options.metric),
        hyperparameters: valuesOf(call.options.param, "--param"),
        labels: Object.fromEntries(readPairs(call.options.label, "--label")),
        metadata: valuesOf(call.options.metadata, "--metadata"),
        orderBy,
        limit,
        cursor: after,
      });
      const { colors } = call.terminal;
      return {
        json: { versions: items.map(versionJson), next: next ?? null },
        lines: [
          ...(items.length === 0 ? ["No version fits."] : versionTable(items, colors, true)),
          ...(next === undefined ? [] : [colors.dim(`there are more; go on with --after ${next}`)]),
        ],
      };
    }),
});

const SIGNS: Readonly<Record<string, Comparison>> = {
  "=": "eq",
  "==": "eq",
  "!=": "ne",
  ">": "gt",
  ">=": "gte",
  "<": "lt",
  "<=": "lte",
};

function conditionsOf(
  given: true | readonly string[] | undefined,
): Record<string, Partial<Record<Comparison, number>>> {
  const conditions: Record<string, Partial<Record<Comparison, number>>> = {};
  for (const text of given === true ? [""] : (given ?? [])) {
    const [, name, sign, value = ""] = /^([^<>=!]+?)\s*(>=|<=|!=|==|=|>|<)\s*(\S+)$/.exec(text) ?? [];
    const number = Number(value);
    if (name === undefined || !Number.isFinite(number)) {
      throw new StratigraphError("USAGE", "--metric cannot be that", {
        expected: `a metric, one of ${Object.keys(SIGNS).join(" ")}, and a number`,
        received: showValue(text),
      });
    }
    conditions[name] = { ...conditions[name], [SIGNS[sign!]!]: number };
  }
  return conditions;
}

function valuesOf(
  given: true | readonly string[] | undefined,
  option: string,
): Record<string, number | string | boolean> {
  return Object.fromEntries(
    readPairs(given, option).map(([name, value]) => {
      const read = readValue(value);
      return [name, typeof read === "object" || read === null ? value : (read as number | string | boolean)];
    }),
  );
}
