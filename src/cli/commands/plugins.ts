// strata plugins: which there are, where they come from, and whether they load.

import { isStratigraphError } from "../../errors.ts";
import { groupNames, groups } from "../../plugins/groups.ts";
import type { PluginEntry } from "../../plugins/shelf.ts";
import { defineCommand, type Command } from "../command.ts";
import { findProject } from "../project.ts";
import { escapeText } from "../terminal/escape.ts";
import { table } from "../terminal/table.ts";

export const plugins: Command = defineCommand({
  name: "plugins",
  summary: "list the plugins there are, and where they come from",
  details: [
    "Plugins come with this package, from `plugins` in strata.config.ts, and from the project's direct dependencies, which name theirs in package.json. Each is loaded to see whether it can be; exit code 1 if one cannot.",
  ],
  examples: [{ command: "strata plugins --json", says: "all groups with their plugins" }],
  async run(call) {
    const { colors } = call.terminal;
    const shelf = await (await findProject(call)).plugins();
    const listed = await Promise.all(shelf.list().map(async (entry) => ({ entry, problem: await problemOf(entry) })));
    for (const warning of shelf.warnings) call.terminal.warn(colors.yellow(`warning: ${warning}`));
    const status = ({ from }: PluginEntry, problem: string | undefined): string =>
      problem === undefined ? colors.dim(escapeText(from)) : colors.red(escapeText(`${from}: ${problem}`));
    const rows = groupNames.flatMap((group) => {
      const own = listed.filter(({ entry }) => entry.group === group);
      const head = [group, colors.dim(groups[group].says)];
      return [head, ...own.map(({ entry, problem }) => [`  ${escapeText(entry.name)}`, status(entry, problem)])];
    });
    return {
      exitCode: listed.some(({ problem }) => problem !== undefined) ? 1 : 0,
      json: {
        groups: groupNames.map((group) => ({
          group,
          says: groups[group].says,
          plugins: listed
            .filter(({ entry }) => entry.group === group)
            .map(({ entry: { name, from }, problem }) => ({ name, from, problem })),
        })),
        warnings: shelf.warnings,
      },
      lines: table(rows),
    };
  },
});

async function problemOf(entry: PluginEntry): Promise<string | undefined> {
  try {
    await entry.load();
    return undefined;
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    return error.message;
  }
}
