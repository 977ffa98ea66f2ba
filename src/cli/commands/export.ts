// strata export: models with their bytes, as files that another registry or system reads.

import { resolve } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { exportModels, modelLayouts, type ModelLayout } from "../../registry/layout/layouts.ts";
import { modelReader } from "../../registry/layout/read-models.ts";
import { parseModelName } from "../../registry/name.ts";
import { showValue } from "../../util/show.ts";
import { defineCommand, text, texts, type Command, type Option } from "../command.ts";
import { shownPath } from "../../code/frames.ts";
import { escapeText } from "../terminal/escape.ts";
import { count } from "../terminal/quantity.ts";
import { reading, storeOption } from "./models/options.ts";

export const layoutOption: { readonly layout: Option<string | undefined> } = {
  layout: text("-l, --layout <layout>", `${modelLayouts.join(", ")}`),
};

export const exporting: Command = defineCommand({
  name: "export",
  summary: "write models into a folder, in our layout or another system's",
  details: [
    "Every version that is not deleted comes with its files, verified on the way. In the layout native nothing is lost; ubunye and tauro are the folders that those systems read, with what they do not know written where they pass over it.",
  ],
  arguments: [{ shape: "<folder>", says: "empty, or not there yet" }],
  options: {
    ...layoutOption,
    model: texts("-m, --model <name…>", "these only, with their namespace: team/churn"),
    ...storeOption,
  },
  project: false,
  examples: [
    { command: "strata export models-backup", says: "all models, to be imported elsewhere" },
    { command: "strata export shared --layout ubunye -m fraud/Risk", says: "one model as an Ubunye store" },
  ],
  run: (call) =>
    reading(call, async ({ workspace, store, namespace }) => {
      const layout = readLayout(call.options.layout) ?? "native";
      const folder = resolve(call.cwd, call.args[0]!);
      const asked = call.options.model === true ? [] : call.options.model;
      const only = asked?.map((name) => parseModelName(name, namespace));
      const models = modelReader(workspace.connection, only);
      let exported = 0;
      const counted = {
        async *readModels() {
          for await (const rows of models.readModels()) {
            exported += 1;
            yield rows;
          }
        },
      };
      const { written } = await exportModels({ models: counted, store, folder, layout });
      const place = escapeText(shownPath(folder, call.cwd));
      const { green } = call.terminal.colors;
      return {
        json: { layout, folder, models: exported, written },
        lines: [`${green("[OK]")} ${count(exported, "model")} in ${place}, layout ${layout}`],
      };
    }),
});

/** Error: USAGE. */
export function readLayout(given: string | undefined): ModelLayout | undefined {
  if (given === undefined) return undefined;
  const layout = modelLayouts.find((one) => one === given);
  if (layout !== undefined) return layout;
  throw new StratigraphError("USAGE", "there is no such layout", {
    where: "--layout",
    expected: modelLayouts.join(", "),
    received: showValue(given),
  });
}
