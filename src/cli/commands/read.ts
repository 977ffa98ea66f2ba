// strata read: one value.

import { StratigraphError } from "../../errors.ts";
import { placeText } from "../../build/place.ts";
import { defineCommand, flag, text, type Command } from "../command.ts";
import { looksAt, referenceOf } from "../environment.ts";
import { findFormer, findSnapshot, withLookup } from "../lookup.ts";
import { jsonDocument, plainJson } from "../report/json.ts";
import { findPartition, parseTarget } from "../target.ts";
import { escapeLines } from "../terminal/escape.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { valueReader } from "../values.ts";

export const read: Command = defineCommand({
  name: "read",
  summary: "print a value",
  details: [
    "The value as JSON, a text as it stands, parsed by the artifact's schema; what is stored is checked against what was " +
      "recorded first. What was written under an older schema goes through the upcast that is declared for it. With --json it comes with what is known about it.",
  ],
  arguments: [{ shape: "<artifact[partition]>", says: "total, days[2026-01-02], stats[date=2026-01-02,region=eu]" }],
  options: {
    raw: flag("--raw", "the bytes as they are stored"),
    asWritten: flag("--as-written", "the value as its format gives it, whatever schema is declared now"),
    snapshot: text("--snapshot <ref>", "a tag or the first characters of an id; latest unless told"),
    env: looksAt,
  },
  examples: [
    { command: "strata read total", says: "of the latest snapshot" },
    { command: "strata read 'days[2026-01-02]' --snapshot prod", says: "of the one that is called prod" },
    { command: "strata read report --raw > report.txt", says: "into a file" },
  ],
  run: (call) =>
    withLookup(call, async (lookup) => {
      const { options, terminal } = call;
      for (const other of ["json", "asWritten"] as const) {
        if (!options.raw || !options[other]) continue;
        throw new StratigraphError(
          "USAGE",
          `--raw and --${other === "json" ? other : "as-written"} exclude each other`,
        );
      }
      const target = parseTarget(call.args[0]!);
      const { connection } = lookup.workspace;
      const { snapshot, description } = await findSnapshot(connection, lookup.graph, referenceOf(call));
      const artifact = await findFormer(connection, lookup.graph, description, target.key);
      const partition = await findPartition(connection, snapshot, artifact, target.partition);
      const reader = await valueReader(lookup, call, snapshot);
      if (options.raw) {
        const bytes = await reader.bytes(target.key, partition);
        // A terminal acts on what it is sent; a file or a program gets the bytes.
        return terminal.live
          ? { json: null, lines: escapeLines(new TextDecoder().decode(bytes)) }
          : { json: null, lines: [], bytes };
      }
      const value = await reader[options.asWritten ? "written" : "value"](target.key, partition, artifact.key);
      return {
        json: {
          graph: lookup.graph,
          snapshot: snapshot.id,
          artifact: target.key,
          partition: partition.key,
          place: placeText(target.key, partition.key),
          content: partition.content,
          size: partition.size,
          value: plainJson(value),
        },
        lines:
          typeof value === "string" ? textLines(value, terminal) : jsonDocument(plainJson(value)).trimEnd().split("\n"),
      };
    }),
});

/** A text is there to be read. A terminal acts on what it is sent; a file or a program gets the text as it is. */
function textLines(text: string, { live }: Terminal): readonly string[] {
  const whole = text.replace(/\r?\n$/, "");
  return live ? escapeLines(whole) : [whole];
}
