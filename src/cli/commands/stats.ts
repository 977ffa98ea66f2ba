// strata stats: the statistics of an artifact over its partitions.

import { placeText } from "../../build/place.ts";
import { readStatistics, type PartitionStatistics } from "../../build/statistics.ts";
import { StratigraphError } from "../../errors.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, text, type Command } from "../command.ts";
import { findFormer, findSnapshot, withLookup } from "../lookup.ts";
import { shownStatistic, statisticNames, statisticValue } from "../report/statistics.ts";
import { barsOf } from "../terminal/bars.ts";
import { escapeText } from "../terminal/escape.ts";
import { short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

/** Bars in one line; of more partitions the last are drawn. */
const MOST_BARS = 60;

export const stats: Command = defineCommand({
  name: "stats",
  summary: "the statistics of an artifact, over its partitions",
  details: [
    "One line per statistic: the least, the mean and the greatest over the partitions, and a bar for each in order of key. Statistics are " +
      "taken of artifacts that declare `statistics` or `thresholds`.",
  ],
  arguments: [{ shape: "<artifact>", says: "its key" }],
  options: {
    of: text("--of <statistic>", "only this one, partition by partition: rows, amount.mean, amount.p95"),
    snapshot: text("--snapshot <ref>", "a tag or the first characters of an id; latest unless told"),
  },
  examples: [
    { command: "strata stats days", says: "all of them, drawn" },
    { command: "strata stats days --of amount.mean", says: "one, with its number in each partition" },
  ],
  run: (call) =>
    withLookup(call, async ({ workspace: { connection }, graph }) => {
      const { of, snapshot: reference = "latest" } = call.options;
      const { snapshot, description } = await findSnapshot(connection, graph, reference);
      const artifact = await findFormer(connection, graph, description, call.args[0]!);
      const known = await readStatistics(connection, snapshot, artifact.key);
      const names = of === undefined ? statisticNames(known.map(({ statistics }) => statistics)) : [of];
      const json = { graph, snapshot: snapshot.id, artifact: artifact.key, partitions: known.map(partitionJson) };
      if (!known.some(({ statistics }) => statistics !== undefined)) {
        const what =
          known.length === 0
            ? `no partitions in snapshot ${short(snapshot.id)}`
            : "no statistics: declare `statistics: true`, then build";
        return { json, lines: [`${escapeText(artifact.key)} has ${what}`] };
      }
      if (of !== undefined) checkName(known, artifact.key, of);
      return { json, lines: of === undefined ? overview(known, names) : series(artifact.key, known, of) };
    }),
});

/** A name that no partition has a number for is mistyped, unless it is of a field that has none but nulls. */
function checkName(known: readonly PartitionStatistics[], key: string, of: string): void {
  if (known.some(({ statistics }) => statisticValue(statistics, of) !== undefined)) return;
  const names = statisticNames(known.map(({ statistics }) => statistics));
  if (names.includes(of)) return;
  const guess = suggest(of, names);
  throw new StratigraphError("USAGE", "no partition has this statistic", {
    where: key,
    expected: names.join(", "),
    received: of,
    hint: guess === undefined ? "A quantile is a field and its percent: amount.p95" : `Did you mean '${guess}'?`,
  });
}

function partitionJson({ partition, statistics, findings }: PartitionStatistics): object {
  return { partition, statistics: statistics ?? null, findings };
}

function overview(known: readonly PartitionStatistics[], names: readonly string[]): string[] {
  const rows = names.map((name) => {
    const values = known.map(({ statistics }) => statisticValue(statistics, name));
    const numbers = values.filter((value) => value !== undefined);
    const mean = numbers.reduce((sum, value) => sum + value / numbers.length, 0);
    const sorted = numbers.toSorted((a, b) => a - b);
    const ends = numbers.length === 0 ? ["", "", ""] : [sorted[0]!, mean, sorted.at(-1)!].map(shownStatistic);
    return [escapeText(name), ...ends, barsOf(values.slice(-MOST_BARS))];
  });
  return table([["", "least", "mean", "greatest", ""], ...rows], { right: [1, 2, 3] });
}

function series(key: string, known: readonly PartitionStatistics[], of: string): string[] {
  const values = known.map(({ statistics }) => statisticValue(statistics, of));
  const bars = [...barsOf(values)];
  return table(
    known.map(({ partition }, index) => [
      escapeText(placeText(key, partition)),
      shownStatistic(values[index]),
      bars[index]!,
    ]),
    { right: [1] },
  );
}
