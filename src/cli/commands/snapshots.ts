// strata snapshots: the graph's history, newest first; and a snapshot as a folder.

import type { Cursor } from "../../backend/records.ts";
import { tagsBySnapshot, withLookup } from "../lookup.ts";
import { defineCommand, text, whole, type Command } from "../command.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import { exporting, importing } from "./snapshots/moving.ts";

export const snapshots: Command = defineCommand({
  name: "snapshots",
  summary: "list snapshots, newest first; export and import one",
  details: ["A snapshot is a graph and its sources at one moment, with what was built from them."],
  options: {
    limit: whole("--limit <n>", "how many; 20 unless told", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
  },
  examples: [
    { command: "strata snapshots", says: "the newest 20" },
    { command: "strata snapshots --json --limit 1000", says: "for a program" },
  ],
  subcommands: [exporting, importing],
  run: (call) =>
    withLookup(call, async ({ workspace: { connection }, graph }) => {
      const { limit = 20, after } = call.options;
      const page = await connection.listSnapshots(graph, { limit, after: after as Cursor | undefined });
      const tags = await tagsBySnapshot(connection, graph);
      const rows = await Promise.all(
        page.items.map(async (snapshot) => {
          const counts = await connection.countSnapshotPartitions(snapshot.id);
          let partitions = 0;
          for (const some of counts.values()) partitions += some;
          return { ...snapshot, tags: tags.get(snapshot.id) ?? [], partitions };
        }),
      );
      const { colors } = call.terminal;
      return {
        json: {
          graph,
          snapshots: rows.map(({ id, state, createdAt, partitions, tags: names }) => ({
            id,
            state,
            createdAt,
            partitions,
            tags: names,
          })),
          next: page.next ?? null,
        },
        lines: [
          ...table(
            rows.map(({ id, state, createdAt, partitions, tags: names }) => [
              short(id),
              moment(createdAt),
              state === "complete" ? state : colors.yellow(state),
              count(partitions, "partition"),
              colors.cyan(escapeText(names.join(", "))),
            ]),
          ),
          ...(rows.length === 0 ? [`graph '${escapeText(graph)}' has no snapshot yet`] : []),
          ...(page.next === undefined
            ? []
            : [colors.dim(`more than ${number(limit)}; go on with --after ${page.next}`)]),
        ],
      };
    }),
});
