// strata quarantine: what was made and refused, to be looked at or let go.

import { placeText } from "../../build/place.ts";
import { listQuarantined, readQuarantined, type Quarantined } from "../../build/quarantine.ts";
import { StratigraphError } from "../../errors.ts";
import { defineCommand, flag, type Answer, type Command } from "../command.ts";
import { withLookup } from "../lookup.ts";
import { jsonDocument, plainJson } from "../report/json.ts";
import { escapeText } from "../terminal/escape.ts";
import { bytesText, count, moment } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

export const quarantine: Command = defineCommand({
  name: "quarantine",
  summary: "list and read values that checks refused, and let them go",
  details: [
    "A value that a blocking check or threshold refuses is kept, but no snapshot links it and no build uses it. Its bytes stay for 30 days, or " +
      "until they are dropped; then `strata gc --delete` removes them.",
  ],
  arguments: [
    { shape: "[artifact[partition]]", says: "print the newest refused value; without it: list what is kept" },
  ],
  options: { drop: flag("--drop", "let what is named go") },
  examples: [
    { command: "strata quarantine", says: "what is kept, since when, and why it was refused" },
    { command: "strata quarantine 'days[2026-01-02]'", says: "print the value" },
    { command: "strata quarantine 'days[2026-01-02]' --drop", says: "the next gc may remove it" },
  ],
  run: (call) =>
    withLookup(
      call,
      async ({ workspace, project, graph }): Promise<Answer> => {
        const { definition } = await project.graph();
        const [selector] = call.args;
        if (call.options.drop) {
          if (selector === undefined) throw new StratigraphError("USAGE", "--drop needs something to let go");
          const entries = await listQuarantined(workspace.connection, definition, [selector]);
          const dropped = await workspace.connection.endQuarantine(entries.map(({ record }) => record.sequence));
          return {
            json: { graph, dropped: entries.map(entryJson) },
            lines:
              dropped === 0
                ? ["nothing of this is in quarantine"]
                : [`${count(dropped, "value")} let go`, `${call.terminal.colors.dim("next:")} strata gc`],
          };
        }
        if (selector !== undefined) {
          const { entry, value } = await readQuarantined(workspace, definition, selector);
          const plain = plainJson(value);
          return {
            json: { graph, ...entryJson(entry), value: plain },
            lines: [
              ...jsonDocument(plain).trimEnd().split("\n"),
              ...entry.findings.map(({ text }) => escapeText(text)),
            ],
          };
        }
        const entries = await listQuarantined(workspace.connection, definition);
        return {
          json: { graph, quarantined: entries.map(entryJson) },
          lines: entries.length === 0 ? ["nothing is in quarantine"] : table(entries.map(row)),
        };
      },
      { readOnly: !call.options.drop },
    ),
});

function row({ key, partition, at, bytes, findings, accepted }: Quarantined): string[] {
  const why =
    findings.length === 0 ? "another output of its step was refused" : findings.map(({ text }) => text).join("; ");
  return [
    escapeText(placeText(key, partition)),
    moment(at),
    bytesText(bytes),
    accepted ? "made again since, and not refused" : escapeText(why),
  ];
}

function entryJson({ key, partition, at, run, bytes, findings, accepted }: Quarantined): object {
  return { key, partition, at, run: run ?? null, bytes, accepted, findings };
}
