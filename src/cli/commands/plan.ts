// strata plan: what a build would do, and why.

import { defineCommand, exitCodes, type Command } from "../command.ts";
import { answerPlan, select, selectionArguments, selectionOptions } from "../selection.ts";

export const plan: Command = defineCommand({
  name: "plan",
  summary: "say what a build would do, and why",
  details: [
    "Decides exactly as build does, and stops there. A pending partition waits for one above it: it runs only if that one's content changes.",
  ],
  arguments: selectionArguments,
  options: selectionOptions,
  codes: [{ code: exitCodes.changes, says: "a build would change something" }],
  examples: [
    { command: "strata plan", says: "everything, of the file built last" },
    { command: "strata plan spend.ts total --json", says: "total and what it needs, for a program" },
  ],
  run: async (call) => answerPlan(await select(call, call.args, { planning: true }), call),
});
