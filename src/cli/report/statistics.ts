// Statistics as people read them: by name, alone or beside those of before.

import { statisticNamed, type Statistics } from "../../data/statistics/statistics.ts";
import { escapeText } from "../terminal/escape.ts";
import { table } from "../terminal/table.ts";

/** The names people ask for first, of all that any of these has. */
export function statisticNames(known: readonly (Statistics | undefined)[]): readonly string[] {
  const names = new Set<string>(["rows"]);
  for (const statistics of known) {
    for (const own of Object.keys(statistics?.custom ?? {})) names.add(own);
    for (const [field, { quantiles }] of Object.entries(statistics?.fields ?? {})) {
      for (const kind of ["nulls", "distinct"]) names.add(`${field}.${kind}`);
      if (quantiles !== undefined) for (const kind of ["min", "p50", "mean", "max"]) names.add(`${field}.${kind}`);
    }
  }
  return [...names];
}

export function statisticValue(statistics: Statistics | undefined, name: string): number | undefined {
  return statistics === undefined ? undefined : statisticNamed(statistics, name);
}

export function shownStatistic(value: number | undefined): string {
  return value === undefined ? "–" : String(Number(value.toPrecision(6)));
}

/** One line for each statistic. */
export function statisticLines(statistics: Statistics): readonly string[] {
  const rows = statisticNames([statistics]).map((name) => [
    escapeText(name),
    shownStatistic(statisticValue(statistics, name)),
  ]);
  return table(rows, { indent: "    ", right: [1] });
}

/** What has another number now, by name. */
export function changedStatistics(
  before: Statistics | undefined,
  after: Statistics | undefined,
): Readonly<Record<string, { readonly before: number | null; readonly after: number | null }>> {
  if (before === undefined && after === undefined) return {};
  const changes = statisticNames([before, after]).map((name) => ({
    name,
    before: statisticValue(before, name) ?? null,
    after: statisticValue(after, name) ?? null,
  }));
  return Object.fromEntries(
    changes.filter((one) => one.before !== one.after).map(({ name, ...sides }) => [name, sides]),
  );
}

export function changedStatisticLines(changes: ReturnType<typeof changedStatistics>): readonly string[] {
  const rows = Object.entries(changes).map(([name, { before, after }]) => [
    escapeText(name),
    `${shownStatistic(before ?? undefined)} → ${shownStatistic(after ?? undefined)}`,
  ]);
  return table(rows, { indent: "      " });
}
