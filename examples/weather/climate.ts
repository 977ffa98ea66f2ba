// What a reading is, and what many of them come to: means, extremes and sums, as climatologists take them.

import { z } from "zod";

/** A measured number. In a csv file it is text; an empty cell is a missing measurement, not a zero. */
const measured = (lowest: number, highest: number) =>
  z
    .union([z.number(), z.string().min(1).transform(Number)], "not measured")
    .pipe(z.number("not a number").min(lowest).max(highest));

export const Reading = z
  .object({
    date: z.iso.date(),
    precipitation: measured(0, 500), // mm
    temp_max: measured(-60, 60), // °C
    temp_min: measured(-60, 60), // °C
    wind: measured(0, 100), // m/s
    weather: z.enum(["drizzle", "fog", "rain", "snow", "sun"]),
  })
  .refine((day) => day.temp_min <= day.temp_max, "the lowest temperature is above the highest");

/** A month or a year. */
export const Summary = z.object({
  days: z.int(),
  mean: z.number(), // °C
  warmest: z.object({ date: z.iso.date(), temperature: z.number() }),
  rain: z.number(), // mm in all
  wetDays: z.int(), // with 1 mm or more
});

/** How a month differs from the past; null where the past is not complete. */
export const Anomaly = z.object({
  warmer: z.number().nullable(), // °C, than the same month a year before
  rainOfYear: z.number().nullable(), // mm, in the twelve months that end with it
});

export type Reading = z.output<typeof Reading>;
export type Summary = z.output<typeof Summary>;
export type Anomaly = z.output<typeof Anomaly>;

/** A day's mean temperature is the middle between its highest and its lowest. */
export function summarise(readings: readonly Reading[]): Summary {
  return combine(
    readings.map((day) => ({
      days: 1,
      mean: (day.temp_max + day.temp_min) / 2,
      warmest: { date: day.date, temperature: day.temp_max },
      rain: day.precipitation,
      wetDays: day.precipitation >= 1 ? 1 : 0,
    })),
  );
}

/** One summary for several periods, each weighted by its days. */
export function combine(periods: readonly Summary[]): Summary {
  const [first, ...rest] = periods;
  if (first === undefined) throw new Error("there are no readings to summarise");
  const days = sum(periods.map((period) => period.days));
  return {
    days,
    mean: sum(periods.map((period) => period.mean * period.days)) / days,
    warmest: rest.reduce(
      (best, { warmest }) => (warmest.temperature > best.temperature ? warmest : best),
      first.warmest,
    ),
    rain: sum(periods.map((period) => period.rain)),
    wetDays: sum(periods.map((period) => period.wetDays)),
  };
}

/** Given a month and the twelve before it, oldest first. */
export function compare(months: readonly Summary[]): Anomaly {
  const [yearBefore, ...lastTwelve] = months;
  const month = lastTwelve.at(-1);
  if (yearBefore === undefined || month === undefined || lastTwelve.length < 12)
    return { warmer: null, rainOfYear: null };
  return { warmer: month.mean - yearBefore.mean, rainOfYear: combine(lastTwelve).rain };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
