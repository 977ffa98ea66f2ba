// strata lineage: what ran, what it read and wrote, and what came from what.

import { defineCommand, type Command } from "../command.ts";
import { compare, gate } from "./lineage/compare.ts";
import { compact, exportRecords, importRecords, openlineage } from "./lineage/exchange.ts";
import { find, list, search } from "./lineage/list.ts";
import { show } from "./lineage/show.ts";
import { trace } from "./lineage/trace.ts";

export const lineage: Command = defineCommand({
  name: "lineage",
  summary: "what ran, what it read and wrote, and what came from what",
  details: ["Without a verb: the last ten builds and tasks."],
  subcommands: [list, search, show, trace, compare, gate, openlineage, exportRecords, importRecords, compact],
  examples: [
    { command: "strata lineage trace total", says: "down to the raw files" },
    { command: "strata lineage trace data/2026-01-02.json", says: "up to all it was used for" },
  ],
  run: (call) => find(call, { limit: 10 }),
});
