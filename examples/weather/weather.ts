// The weather graph: four years of daily readings from two cities, from raw files to one page of text.

import { z } from "zod";
import {
  all,
  artifact,
  csv,
  graph,
  integers,
  local,
  mapKeys,
  monthly,
  oneOf,
  producer,
  text,
  window,
} from "stratigraph";
import { Anomaly, combine, compare, Reading, summarise, Summary } from "./climate.ts";
import { page } from "./page.ts";

const city = oneOf("new-york", "seattle");
const byMonth = { city, month: monthly() };
const byYear = { city, year: integers({ from: 2012, to: 2015 }) };

// What there is.

const Row = z.record(z.string(), z.string());

const Delivery = artifact({
  schema: z.array(Row),
  partitionBy: byMonth,
  format: csv(),
  annotations: { origin: "NOAA Climate Data Online", licence: "US government work" },
});
const Readings = artifact({ schema: z.array(Reading), partitionBy: byMonth });
const Rejects = artifact({ schema: z.array(z.object({ row: Row, problem: z.string() })), partitionBy: byMonth });
const Month = artifact({ schema: Summary, partitionBy: byMonth });
const MonthAnomaly = artifact({ schema: Anomaly, partitionBy: byMonth });
const Year = artifact({ schema: Summary, partitionBy: byYear });
const Report = artifact({ schema: z.string(), format: text(), annotations: { owner: "weather-desk" } });

// How it is made.

const clean = producer({
  name: "clean",
  version: "1.0.0",
  inputs: { delivery: Delivery },
  outputs: { readings: Readings, rejects: Rejects },
  build: ({ delivery }, { key }) => {
    const readings: Reading[] = [];
    const rejects: { row: z.output<typeof Row>; problem: string }[] = [];
    for (const row of delivery) {
      const { data, error } = Reading.safeParse(row);
      if (data?.date.startsWith(key.month)) readings.push(data);
      else rejects.push({ row, problem: error ? problemOf(error) : `date: not in ${key.month}` });
    }
    return { readings, rejects };
  },
  validate: ({ readings, rejects }) => readings.length >= rejects.length || "more than half of the rows were rejected",
});

const summariseMonth = producer({
  name: "summarise-month",
  version: "1.0.0",
  inputs: { readings: Readings },
  output: Month,
  build: ({ readings }) => summarise(readings),
});

const compareMonths = producer({
  name: "compare-months",
  version: "1.0.0",
  inputs: { months: window(Month, 13) },
  output: MonthAnomaly,
  build: ({ months }) => compare(months.map((month) => month.value)),
});

const summariseYear = producer({
  name: "summarise-year",
  version: "1.0.0",
  inputs: { months: mapKeys(Month, Year, ({ city, year }) => monthsOf(year).map((month) => ({ city, month }))) },
  output: Year,
  build: ({ months }) => combine(months.map((month) => month.value)),
});

const writeReport = producer({
  name: "write-report",
  version: "1.0.0",
  inputs: { years: all(Year), months: all(Month), anomalies: all(MonthAnomaly), rejects: all(Rejects) },
  output: Report,
  build: page,
});

// What it is called.

export const weather = graph("weather", () => {
  const delivery = Delivery.from(local("data/{city}/{month}.csv"));
  const { readings, rejects } = clean({ delivery });
  const summary = summariseMonth({ readings });
  const anomaly = compareMonths({ months: summary });
  const years = summariseYear({ months: summary });
  const report = writeReport({ years, months: summary, anomalies: anomaly, rejects });
  return { raw: { delivery }, clean: { readings, rejects }, months: { summary, anomaly }, years, report };
});

function problemOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [...path, message].join(": ")).join("; ");
}

function monthsOf(year: number): string[] {
  return Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, "0")}`);
}
