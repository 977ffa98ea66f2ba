// strata reindex: a projection of the registry, built again from what the database and the store have.

import { resolve } from "node:path";
import { findLayout, projections } from "../../registry/layout/layouts.ts";
import { modelReader } from "../../registry/layout/read-models.ts";
import { defineCommand, flag, type Command } from "../command.ts";
import { shownPath } from "../../code/frames.ts";
import { escapeText } from "../terminal/escape.ts";
import { count } from "../terminal/quantity.ts";
import { layoutOption, readLayout } from "./export.ts";
import { reading, storeOption } from "./models/options.ts";

export const reindex: Command = defineCommand({
  name: "reindex",
  summary: "rebuild a folder that shows the registry in another system's layout",
  details: [
    "Compares every file, writes what differs, and removes models and versions that are no more. Models that another system put there stay. The database and the store are not touched, so this can be done at any time.",
  ],
  arguments: [{ shape: "<folder>", says: "a projection, or a folder that is to become one" }],
  options: {
    ...layoutOption,
    rewrite: flag("--rewrite", "copy the files of all versions again, in case somebody changed them"),
    ...storeOption,
  },
  project: false,
  examples: [{ command: "strata reindex shared --layout tauro", says: "also where its index was lost" }],
  run: (call) =>
    reading(call, async ({ workspace, store }) => {
      const folder = resolve(call.cwd, call.args[0]!);
      const layout = readLayout(call.options.layout) ?? (await findLayout(folder));
      const models = modelReader(workspace.connection).readModels();
      const { rewrite } = call.options;
      const { written, removed } = await projections[layout](models, store, folder, { prune: true, rewrite });
      const what =
        written.length + removed.length === 0
          ? "nothing to change"
          : `${count(written.length, "file or folder", "files or folders")} written, ${removed.length} removed`;
      return {
        json: { layout, folder, written, removed },
        lines: [
          `${call.terminal.colors.green("[OK]")} ${escapeText(shownPath(folder, call.cwd))}, layout ${layout}: ${what}`,
        ],
      };
    }),
});
