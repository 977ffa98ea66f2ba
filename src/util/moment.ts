// A moment that people wrote down: a date, or a date and time with its zone.

import { StratigraphError } from "../errors.ts";

const SHAPE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?))?$/i;

/**
 * Milliseconds since 1970. A text is an ISO 8601 time with its zone ("Z", "+02:00"), or a date alone, which begins in UTC: a time
 * without a zone means another moment on every machine and is refused. Error: VALIDATION_FAILED.
 */
export function parseMoment(given: Date | string, where: string): number {
  const text = typeof given === "string" ? given.trim() : undefined;
  const time = text === undefined ? (given as Date).getTime() : SHAPE.test(text) ? Date.parse(isoOf(text)) : Number.NaN;
  if (Number.isFinite(time) && (text === undefined || isRealDate(text))) return time;
  const zoneless = text !== undefined && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text);
  throw new StratigraphError("VALIDATION_FAILED", "that is no moment", {
    where,
    expected: "an ISO 8601 time with its zone, such as 2026-01-02T08:00:00+02:00, or a date",
    received: text === undefined ? "an invalid Date" : `'${text}'`,
    hint: zoneless ? `Say the zone: ${text}Z` : undefined,
  });
}

/** "+02" and "+0200" are ISO as well, and not every engine knows them. */
function isoOf(text: string): string {
  return text
    .replace(" ", "T")
    .replace(/([+-]\d\d)(?::?(\d\d))?$/, (zone, hours: string, minutes: string | undefined) =>
      text.length > 10 ? `${hours}:${minutes ?? "00"}` : zone,
    );
}

/** `Date.parse` takes 30 February for 2 March. */
function isRealDate(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split("-").map(Number) as [number, number, number];
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
