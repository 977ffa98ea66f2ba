// Calendar labels: hours, days, ISO weeks and months of the proleptic Gregorian calendar, as text and as a count since 1970.

/**
 * | kind | label | counted from |
 * | --- | --- | --- |
 * | hourly | `2026-01-02T03` | `1970-01-01T00` |
 * | daily | `2026-01-02` | `1970-01-01` |
 * | weekly | `2026-W01` (ISO 8601: the week of a year's first Thursday is its first) | `1970-W01` |
 * | monthly | `2026-01` | `1970-01` |
 */
export const calendarKinds = ["hourly", "daily", "weekly", "monthly"] as const;
export type CalendarKind = (typeof calendarKinds)[number];

/** The label's number, or `undefined` where it is not a label of this kind or names no real hour, day, week or month. */
export function parseLabel(kind: CalendarKind, label: string): number | undefined {
  const match = patterns[kind].exec(label);
  if (match === null) return undefined;
  const [year, second, day, hour] = match.slice(1).map(Number) as [number, number, number, number];
  switch (kind) {
    case "monthly":
      return second >= 1 && second <= 12 ? monthNumber(year, second) : undefined;
    case "weekly":
      return second >= 1 && second <= weeksInYear(year) ? firstWeek(year) + second - 1 : undefined;
    case "daily":
      return isDay(year, second, day) ? dayNumber(year, second, day) : undefined;
    case "hourly":
      return isDay(year, second, day) && hour <= 23 ? dayNumber(year, second, day) * 24 + hour : undefined;
  }
}

/** The label of a number, or `undefined` outside the years 0000 to 9999, which four digits cannot say. */
export function formatLabel(kind: CalendarKind, number: number): string | undefined {
  switch (kind) {
    case "monthly": {
      const year = 1970 + Math.floor(number / 12);
      return isYear(year) ? `${pad4(year)}-${pad2(modulo(number, 12) + 1)}` : undefined;
    }
    case "weekly": {
      const { year } = civil(number * 7); // the week's Thursday, and 1970-01-01 was one
      return isYear(year) ? `${pad4(year)}-W${pad2(number - firstWeek(year) + 1)}` : undefined;
    }
    case "daily": {
      const { year, month, day } = civil(number);
      return isYear(year) ? `${pad4(year)}-${pad2(month)}-${pad2(day)}` : undefined;
    }
    case "hourly": {
      const day = formatLabel("daily", Math.floor(number / 24));
      return day === undefined ? undefined : `${day}T${pad2(modulo(number, 24))}`;
    }
  }
}

/** The number of the longer span that holds the shorter one; `undefined` where a span can lie in two (a week in two months) or `to` is shorter. */
export function coarsenNumber(from: CalendarKind, number: number, to: CalendarKind): number | undefined {
  if (from === to) return number;
  if (from === "hourly") return coarsenNumber("daily", Math.floor(number / 24), to);
  if (from !== "daily") return undefined;
  if (to === "weekly") return weekOfDay(number);
  if (to !== "monthly") return undefined;
  const { year, month } = civil(number);
  return monthNumber(year, month);
}

const patterns: { readonly [Kind in CalendarKind]: RegExp } = {
  hourly: /^(\d{4})-(\d\d)-(\d\d)T(\d\d)$/,
  daily: /^(\d{4})-(\d\d)-(\d\d)$/,
  weekly: /^(\d{4})-W(\d\d)$/,
  monthly: /^(\d{4})-(\d\d)$/,
};

function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function monthNumber(year: number, month: number): number {
  return (year - 1970) * 12 + month - 1;
}

// Days from and to civil dates: the calendar is shifted to start in March of year 0, so that a leap day ends its year and
// 153 days in 5 months give every month's start by one multiplication. After Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms", https://howardhinnant.github.io/date_algorithms.html. `Date` is not used: it reads years below 100 as 19xx.
const DAYS_IN_400_YEARS = 146_097;
const DAYS_TO_1970 = 719_468;

function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_IN_400_YEARS + dayOfEra - DAYS_TO_1970;
}

function civil(number: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = number + DAYS_TO_1970;
  const era = Math.floor(shifted / DAYS_IN_400_YEARS);
  const dayOfEra = shifted - era * DAYS_IN_400_YEARS;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day };
}

/** Weeks begin on Monday, and 1970-01-01 was a Thursday. */
function weekOfDay(day: number): number {
  return Math.floor((day + 3) / 7);
}

/** January 4 is always in the first week of its ISO year. */
function firstWeek(year: number): number {
  return weekOfDay(dayNumber(year, 1, 4));
}

function weeksInYear(year: number): number {
  return firstWeek(year + 1) - firstWeek(year);
}

function isYear(year: number): boolean {
  return year >= 0 && year <= 9999;
}

function modulo(number: number, divisor: number): number {
  return ((number % divisor) + divisor) % divisor;
}

function pad2(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

function pad4(number: number): string {
  return String(number).padStart(4, "0");
}
