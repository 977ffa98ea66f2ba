// strata models download, delete: a version's bytes, handed out and taken away.

import { resolve } from "node:path";
import { StratigraphError } from "../../../errors.ts";
import { defineCommand, flag, text, type Command } from "../../command.ts";
import { shownPath } from "../../../code/frames.ts";
import { escapeText } from "../../terminal/escape.ts";
import { versionJson } from "./lines.ts";
import { actorOptions, modelOptions, refOf, versionOf, versionOption, writing } from "./options.ts";

export const download: Command = defineCommand({
  name: "models download",
  summary: "copy a version's bytes into a folder, verified on the way",
  project: false,
  arguments: [{ shape: "<folder>", says: "empty, or not there yet" }],
  options: { ...modelOptions, ...versionOption, by: actorOptions.by },
  examples: [{ command: "strata models download live -m team/churn -v @production", says: "what is in production" }],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const folder = resolve(call.cwd, call.args[0]!);
      const ref = refOf(versionOf(call.options, "download", { namespace }));
      const { folder: place, ...version } = await registry.download(ref, folder, { by: call.options.by });
      const name = escapeText(`${version.namespace}/${version.name}`);
      return {
        json: { version: versionJson(version), folder: place },
        lines: [
          `${call.terminal.colors.green("[OK]")} ${name} v${version.version} is in ${escapeText(shownPath(place, call.cwd))}`,
        ],
      };
    }),
});

export const remove: Command = defineCommand({
  name: "models delete",
  summary: "delete a version and its bytes; its numbers are never given again",
  project: false,
  options: {
    ...modelOptions,
    version: text("-v, --version <version>", "1.3.0 or #7"),
    force: flag("--force", "also what is in production; needs --reason"),
    ...actorOptions,
  },
  examples: [
    { command: "strata models delete -m team/churn -v 1.0.1 --reason 'trained on the wrong file'", says: "gone" },
  ],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const { force, reason, by } = call.options;
      if (force && reason === undefined)
        throw new StratigraphError("USAGE", "--force needs a reason", { hint: "Add: --reason 'why'" });
      const version = await registry.deleteVersion(refOf(versionOf(call.options, "delete", { namespace })), {
        force,
        reason,
        by,
      });
      const name = escapeText(`${version.namespace}/${version.name}`);
      return {
        json: versionJson(version),
        lines: [`${call.terminal.colors.green("[OK]")} ${name} v${version.version} deleted`],
      };
    }),
});
