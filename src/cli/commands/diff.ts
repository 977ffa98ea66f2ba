// strata diff: what differs between two snapshots, or between one and what is declared now.

import { placeText } from "../../build/place.ts";
import { describeSettled } from "../../build/code-versions.ts";
import { StratigraphError } from "../../errors.ts";
import { resolveSnapshot } from "../../build/snapshot.ts";
import { knownOf } from "../../build/statistics.ts";
import { compareValues } from "../../operations/compare-values.ts";
import {
  diffDeclared,
  diffSnapshotsIn,
  type ArtifactDiff,
  type PartitionDiff,
  type SnapshotDiff,
} from "../../operations/diff.ts";
import type { ValueDifferences } from "../../operations/value-difference.ts";
import type { Connection } from "../../backend/backend.ts";
import type { StoredPartition } from "../../backend/records.ts";
import { defineCommand, flag, whole, type Answer, type Call, type Command } from "../command.ts";
import { withLookup, type Lookup } from "../lookup.ts";
import { declarationLines } from "../report/declarations.ts";
import { differenceLines } from "../report/differences.ts";
import { changedStatisticLines, changedStatistics } from "../report/statistics.ts";
import { escapeText } from "../terminal/escape.ts";
import { bytesText, count, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";
import { knownDefinition } from "../values.ts";

const MOST_LISTED = 10;

export const diff: Command = defineCommand({
  name: "diff",
  summary: "what differs between two snapshots or tags",
  details: [
    "Partitions are compared by content: what was built again with the same result is the same. Of a schema that changed it is said field by " +
      "field whether what was written before can still be read: compatible, breaking, or unknown, where a pattern or a program decides.",
    "With --declared it is the graph as its file declares it now that a snapshot is compared with, before anything is built.",
  ],
  arguments: [
    { shape: "<before>", says: "a tag, the first characters of a snapshot's id, or latest" },
    { shape: "[after]", says: "the same; latest unless told" },
  ],
  options: {
    values: flag("--values", "compare the values of what changed, up to 1 MB each"),
    declared: flag("--declared", "compare what is declared now, with <before>; no partitions"),
    limit: whole("--limit <n>", "partitions listed for each artifact; 10 unless told, 1000 with --json", 1),
  },
  examples: [
    { command: "strata diff prod", says: "what the latest snapshot has that prod has not" },
    { command: "strata diff 7f3a91c2 b81d40aa --values", says: "and what became of the values" },
    { command: "strata diff prod --declared", says: "after an edit: can what prod holds still be read" },
  ],
  run: (call) =>
    withLookup(call, async (lookup) => {
      const { connection } = lookup.workspace;
      const [first, second = "latest"] = call.args as [string, string?];
      const { terminal, options } = call;
      if (options.declared) return declaredDiff(lookup, call);
      const before = await resolveSnapshot(connection, lookup.graph, first);
      const after = await resolveSnapshot(connection, lookup.graph, second);
      const found = await diffSnapshotsIn(connection, before, after, {
        limit: options.limit ?? (terminal.json ? 1_000 : MOST_LISTED),
      });
      const values = options.values
        ? await compareValues(lookup.workspace, await knownDefinition(lookup, call), found)
        : new Map<PartitionDiff, ValueDifferences>();
      const statistics = await compareStatistics(connection, found);
      const { added, removed, changed } = totals(found);
      return {
        json: {
          graph: lookup.graph,
          before: before.id,
          after: after.id,
          added,
          removed,
          changed,
          same: found.same,
          artifacts: found.artifacts.map((artifact) => artifactJson(artifact, values, statistics)),
          declarations: found.declarations,
        },
        lines: [
          `${escapeText(lookup.graph)}: ${called(first, before.id)} → ${called(second, after.id)}`,
          ...declarationLines(found.declarations, terminal.colors),
          ...partitionLines(found.artifacts, values, terminal.colors, statistics),
          `${number(changed)} changed, ${number(added)} added, ${number(removed)} removed, ${number(found.same)} the same`,
        ],
      };
    }),
});

async function declaredDiff(
  { project, workspace, graph: name }: Lookup,
  { args, options, terminal }: Call<{ readonly values: boolean }>,
): Promise<Answer> {
  const [reference, second] = args as [string, string?];
  if (second !== undefined || options.values) {
    throw new StratigraphError("USAGE", "with --declared there is one snapshot, and no values to compare");
  }
  const before = await resolveSnapshot(workspace.connection, name, reference);
  const { definition } = await project.graph();
  const declarations = await diffDeclared(workspace.connection, before, await describeSettled(definition, workspace));
  const count = number(declarations.length);
  return {
    json: { graph: name, before: before.id, after: null, declarations },
    lines: [
      `${escapeText(name)}: ${called(reference, before.id)} → as declared now`,
      ...declarationLines(declarations, terminal.colors),
      declarations.length === 0 ? "declared as it was" : `${count} declared otherwise`,
    ],
  };
}

function totals({ artifacts }: SnapshotDiff): { added: number; removed: number; changed: number } {
  const sum = { added: 0, removed: 0, changed: 0 };
  for (const { added, removed, changed } of artifacts) {
    sum.added += added;
    sum.removed += removed;
    sum.changed += changed;
  }
  return sum;
}

type ChangedStatistics = ReadonlyMap<PartitionDiff, ReturnType<typeof changedStatistics>>;

/** Of what changed and is listed, where the artifact has statistics. */
async function compareStatistics(connection: Connection, { artifacts }: SnapshotDiff): Promise<ChangedStatistics> {
  const changed = artifacts.flatMap(({ partitions }) =>
    partitions.flatMap((partition) => {
      const { before, after } = partition;
      return before === undefined || after === undefined ? [] : [{ partition, ids: [before.id, after.id] as const }];
    }),
  );
  const known = await connection.readQuality(changed.flatMap(({ ids }) => ids));
  const found = new Map<PartitionDiff, ReturnType<typeof changedStatistics>>();
  for (const [index, { partition }] of changed.entries()) {
    const [before, after] = [knownOf(known[2 * index]), knownOf(known[2 * index + 1])];
    const changes = changedStatistics(before.statistics, after.statistics);
    if (Object.keys(changes).length > 0) found.set(partition, changes);
  }
  return found;
}

function artifactJson(
  artifact: ArtifactDiff,
  values: ReadonlyMap<PartitionDiff, ValueDifferences>,
  statistics: ChangedStatistics,
): object {
  return {
    ...artifact,
    partitions: artifact.partitions.map((partition) => ({
      partition: partition.partition,
      change: partition.change,
      before: sideJson(partition.before),
      after: sideJson(partition.after),
      ...(values.has(partition) ? { values: values.get(partition) } : {}),
      ...(statistics.has(partition) ? { statistics: statistics.get(partition) } : {}),
    })),
  };
}

function sideJson(partition: StoredPartition | undefined): object | null {
  return partition === undefined
    ? null
    : { content: partition.content, size: partition.size, run: partition.run ?? null };
}

function called(reference: string, id: string): string {
  return id.startsWith(reference) ? short(id) : `${escapeText(reference)} (${short(id)})`;
}

/** All artifacts in one table, so that their columns stand below each other; what became of a value follows its line. */
export function partitionLines(
  artifacts: readonly ArtifactDiff[],
  values: ReadonlyMap<PartitionDiff, ValueDifferences>,
  colors: Colors,
  statistics: ChangedStatistics = new Map(),
): string[] {
  const listed = artifacts.flatMap(({ key, partitions }) => partitions.map((partition) => ({ key, partition })));
  const rows = table(
    listed.map(({ key, partition: { partition, change, before, after } }) => {
      const sides = [before, after].filter((side) => side !== undefined);
      return [
        escapeText(placeText(key, partition)),
        painted(change, colors),
        sides.map((side) => short(side.content)).join(" → "),
        [...new Set(sides.map((side) => bytesText(side.size)))].join(" → "),
      ];
    }),
    { indent: "  " },
  );
  const lines: string[] = [];
  for (const [index, { key, partition }] of listed.entries()) {
    lines.push(rows[index]!);
    const differences = values.get(partition);
    if (differences !== undefined) for (const line of differenceLines(differences)) lines.push(line);
    const changes = statistics.get(partition);
    if (changes !== undefined) for (const line of changedStatisticLines(changes)) lines.push(line);
    const artifact = listed[index + 1]?.key === key ? undefined : artifacts.find((one) => one.key === key);
    if (artifact === undefined) continue;
    const more = artifact.added + artifact.removed + artifact.changed - artifact.partitions.length;
    if (more > 0) lines.push(colors.dim(`  and ${count(more, "more partition")} of ${escapeText(key)}`));
  }
  return lines;
}

function painted(change: "added" | "removed" | "changed" | "same", colors: Colors): string {
  return change === "added" ? colors.green(change) : change === "removed" ? colors.red(change) : colors.yellow(change);
}
