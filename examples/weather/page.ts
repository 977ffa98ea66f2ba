// The report: a table of years, a line of months for each city, and what stands out.

import type { Anomaly, Summary } from "./climate.ts";

type Partition<Key, Value> = { readonly key: Key; readonly value: Value };
type Monthly<Value> = readonly Partition<{ readonly city: string; readonly month: string }, Value>[];
type Yearly<Value> = readonly Partition<{ readonly city: string; readonly year: number }, Value>[];

export function page({
  years,
  months,
  anomalies,
  rejects,
}: {
  readonly years: Yearly<Summary>;
  readonly months: Monthly<Summary>;
  readonly anomalies: Monthly<Anomaly>;
  readonly rejects: Monthly<readonly unknown[]>;
}): string {
  const days = months.reduce((sum, month) => sum + month.value.days, 0);
  const rejected = rejects.reduce((sum, month) => sum + month.value.length, 0);
  const cities = [...new Set(months.map((month) => month.key.city))];
  return [
    `${count(days, "daily reading")} from ${cities.map(titled).join(" and ")}, ${count(rejected, "row")} rejected`,
    "",
    row("", "", "mean °C", "rain mm", "wet days", "warmest day"),
    ...years.map(({ key, value }) =>
      row(titled(key.city), key.year, degrees(value.mean), value.rain.toFixed(0), value.wetDays, warmest(value)),
    ),
    "",
    "Mean temperature, month by month",
    ...cities.map((city) => temperatures(city, months)),
    "",
    "Farthest from the same month a year before",
    ...cities.map((city) => farthest(city, anomalies)),
    "",
  ].join("\n");
}

function row(city: string, year: string | number, ...cells: readonly (string | number)[]): string {
  const widths = [9, 9, 10, 20];
  return `${city.padEnd(9)} ${String(year).padEnd(5)}${cells.map((cell, i) => String(cell).padStart(widths[i] ?? 0)).join("")}`;
}

function temperatures(city: string, months: Monthly<Summary>): string {
  const means = months.filter(({ key }) => key.city === city).map(({ value }) => value.mean);
  const [lowest, highest] = [Math.min(...means), Math.max(...means)];
  const bars = means.map((mean) => "▁▂▃▄▅▆▇█"[Math.round((7 * (mean - lowest)) / (highest - lowest || 1))]).join("");
  return `${titled(city).padEnd(10)}${bars}  ${degrees(lowest)} to ${degrees(highest)} °C`;
}

function farthest(city: string, anomalies: Monthly<Anomaly>): string {
  const known = anomalies.filter(({ key, value }) => key.city === city && value.warmer !== null);
  const change = ({ value }: { readonly value: Anomaly }): number => value.warmer ?? 0;
  const [most] = known.toSorted((a, b) => Math.abs(change(b)) - Math.abs(change(a)));
  if (most === undefined) return `${titled(city).padEnd(10)}no year before`;
  const size = `${degrees(Math.abs(change(most)))} °C ${change(most) > 0 ? "warmer" : "colder"}`;
  return `${titled(city).padEnd(10)}${most.key.month}: ${size}, ${most.value.rainOfYear?.toFixed(0)} mm of rain in the year up to it`;
}

function warmest({ warmest: { date, temperature } }: Summary): string {
  return `${date} ${degrees(temperature).padStart(5)}`;
}

function degrees(number: number): string {
  return number.toFixed(1);
}

function titled(city: string): string {
  return city.replace(/(^|-)(.)/g, (_, dash: string, letter: string) => `${dash && " "}${letter.toUpperCase()}`);
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
