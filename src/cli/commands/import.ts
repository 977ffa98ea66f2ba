// strata import: models from a folder that we or another system wrote.

import { resolve } from "node:path";
import { RegistryCore } from "../../registry/core.ts";
import { importVersions, type ImportReport } from "../../registry/importing.ts";
import { findLayout, importModels } from "../../registry/layout/layouts.ts";
import { defineCommand, type Command } from "../command.ts";
import { escapeText } from "../terminal/escape.ts";
import { count } from "../terminal/quantity.ts";
import { layoutOption, readLayout } from "./export.ts";
import { actorOptions, storeOption, writing } from "./models/options.ts";

export const importing: Command = defineCommand({
  name: "import",
  summary: "take models from a folder, ours or another system's",
  details: [
    "Version and sequence numbers stay, deleted ones stay taken, and history tells when what was promoted. Where two versions of a model were in production, the one promoted last stays and the other is archived. What is here already with the same bytes is passed over, so an import that broke off can be made again.",
  ],
  arguments: [{ shape: "<folder>", says: "written by strata export, or the store of an Ubunye or Tauro registry" }],
  options: { ...layoutOption, ...storeOption, ...actorOptions },
  project: false,
  examples: [
    { command: "strata import models-backup", says: "what strata export wrote" },
    { command: "strata import /mnt/models --layout ubunye", says: "an existing store, whose layout need not be said" },
  ],
  run: (call) =>
    writing(call, async ({ registryOptions }) => {
      const folder = resolve(call.cwd, call.args[0]!);
      const layout = readLayout(call.options.layout) ?? (await findLayout(folder));
      const { by, reason } = call.options;
      const core = new RegistryCore(registryOptions);
      const reports: ImportReport[] = [];
      for await (const report of importVersions(core, importModels(folder, { layout }), { by, reason })) {
        reports.push(report);
      }
      const { green, dim, yellow } = call.terminal.colors;
      const lines = reports.flatMap(({ namespace, name, imported, skipped, notes }) => [
        `${green("[OK]")} ${escapeText(`${namespace}/${name}`)}: ${count(imported.length, "version")}` +
          (skipped.length === 0 ? "" : dim(`, ${skipped.length} here already`)),
        ...notes.map((note) => `  ${yellow("note:")} ${escapeText(note)}`),
      ]);
      return {
        json: { layout, models: reports },
        lines: lines.length === 0 ? ["no models to import"] : lines,
      };
    }),
});
