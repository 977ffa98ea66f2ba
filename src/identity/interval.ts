// Labels and moments: which stretch of time a label of a zone stands for, and which label a moment has.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { coarsenNumber, formatLabel, parseLabel } from "./calendar.ts";
import type { Daily, Hourly, Monthly, Weekly } from "./dimension.ts";

/** A dimension whose labels are local times. */
export type TimeDimension = Hourly | Daily | Weekly | Monthly;

/** From the first moment to the one after the last. */
export interface Interval {
  readonly from: Date;
  readonly to: Date;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** No zone is farther from UTC, and none changes its offset twice within so little time. */
const REACH = 26 * HOUR;

/**
 * The label of a moment, as its zone's clocks show it: an hour that clocks show twice has one label, which is the label of both.
 * Errors: PARTITION_KEY_INVALID for what is no moment, or one outside the years 0000 to 9999.
 *
 * @example
 * labelOf(daily({ zone: "Europe/Berlin" }), new Date("2026-01-01T23:30:00Z")); // "2026-01-02"
 */
export function labelOf({ kind, zone }: TimeDimension, moment: Date | number): string {
  const time = Number(moment);
  const hour = Number.isFinite(time) ? Math.floor((time + offsetAt(zone, time)) / HOUR) : Number.NaN;
  const number = Number.isNaN(hour) ? undefined : coarsenNumber("hourly", hour, kind);
  const label = number === undefined ? undefined : formatLabel(kind, number);
  if (label !== undefined) return label;
  throw new StratigraphError("PARTITION_KEY_INVALID", "this moment has no label", {
    expected: "a Date, or milliseconds since 1970, in the years 0000 to 9999",
    received: moment instanceof Date && Number.isNaN(time) ? "an invalid Date" : showValue(moment),
  });
}

/**
 * The time that a label stands for: a day has 23 or 25 hours where clocks are set, an hour that they show twice has two, and one that
 * they leave out has none (`from` is `to`). Error: PARTITION_KEY_INVALID.
 *
 * @example
 * intervalOf(hourly({ zone: "Europe/Berlin" }), "2026-10-25T02"); // 00:00 to 02:00 UTC
 */
export function intervalOf({ kind, zone }: TimeDimension, label: string): Interval {
  const number = parseLabel(kind, label);
  if (number === undefined) {
    throw new StratigraphError("PARTITION_KEY_INVALID", "this is not a label", {
      expected: `one such as ${formatLabel(kind, coarsenNumber("hourly", 0, kind)!)!}`,
      received: showValue(label),
    });
  }
  return {
    from: new Date(firstAt(zone, startOf(kind, number))),
    to: new Date(lastAt(zone, startOf(kind, number + 1))),
  };
}

/** Without the hours and days that clocks leave out: they are on the calendar, and yet no moment has that label. In order of time. */
export function withoutLeftOut(dimension: TimeDimension, labels: readonly string[]): readonly string[] {
  const { kind, zone } = dimension;
  if (zone === "UTC" || kind === "weekly" || kind === "monthly") return labels;
  let day = "";
  let changes = false;
  return labels.filter((label) => {
    if (!label.startsWith(day) || day === "") {
      day = label.slice(0, 10);
      const start = parseLabel("daily", day)! * DAY;
      // Asking the clocks is slow, and on most days nobody sets them.
      changes = offsetAt(zone, start - REACH) !== offsetAt(zone, start + DAY + REACH);
    }
    return !changes || !isLeftOut(dimension, label);
  });
}

function isLeftOut(dimension: TimeDimension, label: string): boolean {
  const { from, to } = intervalOf(dimension, label);
  return from.getTime() === to.getTime();
}

/** Local milliseconds since 1970. */
function startOf(kind: TimeDimension["kind"], number: number): number {
  switch (kind) {
    case "hourly":
      return number * HOUR;
    case "daily":
      return number * DAY;
    case "weekly":
      return (number * 7 - 3) * DAY; // counted by Thursdays
    case "monthly":
      return Date.UTC(1970, number, 1);
  }
}

/** The first moment at which the clocks of a zone show this or something later. */
function firstAt(zone: string, local: number): number {
  const [first] = momentsAt(zone, local, 0);
  return first ?? changeBetween(zone, local - REACH, local + REACH);
}

/** One after the last moment at which they show something earlier. */
function lastAt(zone: string, local: number): number {
  const last = momentsAt(zone, local, 1).at(-1);
  return last ?? changeBetween(zone, local - REACH, local + REACH);
}

/** When clocks come to show a time: twice where they are set back, never where they leave it out. `before`: as they run up to it, or from it on. */
function momentsAt(zone: string, local: number, before: 0 | 1): readonly number[] {
  return [offsetAt(zone, local - REACH), offsetAt(zone, local + REACH)]
    .map((offset) => local - offset)
    .filter((time) => offsetAt(zone, time - before) === local - time)
    .sort((a, b) => a - b);
}

/** The first moment with the later of two offsets. */
function changeBetween(zone: string, from: number, to: number): number {
  const before = offsetAt(zone, from);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds that the clocks of a zone are ahead of UTC. */
function offsetAt(zone: string, time: number): number {
  if (zone === "UTC") return 0;
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const digits = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
    const date = { era: "short", year: "numeric", month: "2-digit", day: "2-digit" } as const;
    clock = new Intl.DateTimeFormat("en-US", { timeZone: zone, calendar: "gregory", ...date, ...digits });
    clocks.set(zone, clock);
  }
  const second = Math.floor(time / 1000) * 1000;
  const parts: Record<string, string> = {};
  for (const { type, value } of clock.formatToParts(second)) parts[type] = value;
  const year = parts["era"] === "BC" ? 1 - Number(parts["year"]) : Number(parts["year"]);
  const shown = new Date(0);
  shown.setUTCFullYear(year, Number(parts["month"]) - 1, Number(parts["day"]));
  shown.setUTCHours(Number(parts["hour"]), Number(parts["minute"]), Number(parts["second"]));
  return shown.getTime() - second;
}
