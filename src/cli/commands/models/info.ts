// strata models info: everything that is known of one version, as JSON.

import { defineCommand, type Command } from "../../command.ts";
import { escapeJson } from "../../terminal/escape.ts";
import { infoJson } from "./lines.ts";
import { modelOptions, reading, refOf, versionOf, versionOption } from "./options.ts";

export const info: Command = defineCommand({
  name: "models info",
  summary: "everything that is known of one version",
  details: [
    "Prints JSON with or without --json: timestamps, metrics, metadata, run, fingerprints, gates, history, notes.",
  ],
  project: false,
  options: { ...modelOptions, ...versionOption },
  examples: [
    { command: "strata models info -m team/churn -v 1.3.0", says: "one version" },
    { command: "strata models info -m team/churn -v @production", says: "the one in production" },
  ],
  run: (call) =>
    reading(call, async ({ registry, namespace }) => {
      const ref = refOf(versionOf(call.options, "info", { namespace }));
      const version = await registry.get(ref);
      const name = { namespace: version.namespace, name: version.name };
      const one = { ...name, version: version.version };
      const [gates, transitions, aliases, annotations] = [
        await registry.showGates(one),
        await registry.history(one),
        await registry.listAliases(name),
        await registry.listAnnotations(one),
      ];
      const own = aliases.items.filter(({ sequence }) => sequence === version.sequence).map(({ alias }) => alias);
      const json = infoJson(version, gates, transitions.items, own, annotations.items);
      return { json, lines: escapeJson(JSON.stringify(json, null, 2)).split("\n") };
    }),
});
