// strata events: what happened, newest first, or as it happens.

import type { EventRecord } from "../../backend/fact-records.ts";
import type { Cursor } from "../../backend/records.ts";
import { follow as followEvents } from "../../changes/event-follow.ts";
import { eventTypes, matches } from "../../changes/event-types.ts";
import { StratigraphError } from "../../errors.ts";
import { parseMoment } from "../../util/moment.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, flag, text, whole, type Command } from "../command.ts";
import { withFacts } from "../facts.ts";
import { escapeText } from "../terminal/escape.ts";
import { moment, number } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

export const events: Command = defineCommand({
  name: "events",
  summary: "what happened, newest first, or as it happens",
  details: ["Events are written with the change they tell of, so this is complete, whichever process made the change."],
  options: {
    type: text("--type <type>", "only these, as model.promoted or model.*"),
    subject: text("--subject <name>", "only about this, as model:team/churn@1.2.0"),
    since: text("--since <time>", "not before this time, with its zone"),
    limit: whole("--limit <n>", "how many; 50 unless told", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
    follow: flag("--follow", "print what happens from now on, until Ctrl-C"),
  },
  examples: [
    { command: "strata events --type 'model.*'", says: "what happened to models" },
    { command: "strata events --follow", says: "watch" },
  ],
  async run(call) {
    const { type, subject, since, limit = 50, after, follow } = call.options;
    if (type !== undefined) checkType(type);
    if (follow && call.options.json) {
      throw new StratigraphError("USAGE", "--follow prints lines as they come, and --json one document at the end");
    }
    const types = type === undefined || type === "*" ? undefined : [type];
    const { colors } = call.terminal;
    return withFacts(call, async ({ host: { connection } }) => {
      if (follow) {
        for await (const event of followEvents(connection, { types, signal: call.signal })) {
          if (subject === undefined || event.subject === subject) call.terminal.print(row(event).join("  "));
        }
        return { json: {}, lines: [] };
      }
      const { items, next } = await connection.listEvents(
        { types, subject, since: since === undefined ? undefined : parseMoment(since, "--since") },
        { limit, after: after as Cursor | undefined },
      );
      return {
        json: { events: items.map((event) => ({ ...event, run: event.run ?? null })), next: next ?? null },
        lines: [
          ...table(items.map(row)),
          ...(items.length === 0 ? ["no events"] : []),
          ...(next === undefined ? [] : [colors.dim(`more than ${number(limit)}; go on with --after ${next}`)]),
        ],
      };
    });
  },
});

function row({ at, type, subject, actor }: EventRecord): string[] {
  return [moment(at), escapeText(type), escapeText(subject), escapeText(actor)];
}

/** A plugin's own types are not in the list, so only what is nearly one of ours is a slip. */
function checkType(type: string): void {
  const known = Object.keys(eventTypes);
  if (known.some((one) => matches(type, one))) return;
  const guess = suggest(type, known);
  if (guess === undefined) return;
  throw new StratigraphError("USAGE", `there is no event '${type}'`, { hint: `Did you mean '${guess}'?` });
}
