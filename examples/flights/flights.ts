// Flights by day: a table of three million rows, cut where a day ends, counted day by day in TypeScript and all at once in SQL.

import { z } from "zod";
import { all, artifact, daily, fanOut, file, graph, local, parquet, producer, stream } from "stratigraph";
import { largeAirports, rank, Airport } from "./airports.ts";

const Flight = z.object({ date: z.date(), delay: z.int(), origin: z.string(), destination: z.string() });

const Flights = artifact({ schema: z.array(Flight), format: parquet() });
const OnDay = artifact({ schema: z.array(Flight), format: parquet(), partitionBy: { day: daily() } });
const Departures = artifact({
  schema: z.array(z.object({ airport: z.string(), flights: z.int(), delay: z.int() })),
  partitionBy: { day: daily() },
});
const Ranking = artifact({ schema: z.array(Airport) });

// The rows come in the order of time, so a day is over when another begins: one day is in memory, never the table. Were they in another
// order, a day would be given twice, which the build refuses.
const split = producer({
  name: "split-by-day",
  version: "1.0.0",
  inputs: { flights: stream(Flights) },
  output: fanOut(OnDay, "day"),
  params: { days: z.int().min(1).default(7) },
  async *build({ flights }, { params }) {
    let [day, days] = ["", 0];
    let value: z.infer<typeof Flight>[] = [];
    for await (const flight of flights) {
      const today = flight.date.toISOString().slice(0, "2001-01-01".length);
      if (today !== day) {
        if (value.length > 0) yield { key: { day }, value };
        [day, value] = [today, []];
        if (++days > params.days) return;
      }
      value.push(flight);
    }
    yield { key: { day }, value };
  },
});

// From here on nothing is special: one step a day, row by row.
const count = producer({
  name: "count-departures",
  version: "1.0.0",
  inputs: { flights: stream(OnDay) },
  output: Departures,
  async build({ flights }) {
    const airports = new Map<string, { airport: string; flights: number; delay: number }>();
    for await (const { origin, delay } of flights) {
      const airport = airports.get(origin) ?? { airport: origin, flights: 0, delay: 0 };
      airports.set(origin, airport);
      airport.flights += 1;
      airport.delay += delay;
    }
    return [...airports.values()];
  },
});
const rankInTypeScript = producer({
  name: "rank-in-typescript",
  version: "1.0.0",
  inputs: { days: all(Departures) },
  output: Ranking,
  build: ({ days }) => rank(days.flatMap(({ value }) => value)),
});

// The same question to DuckDB, which reads the files that were written above.
const rankInSql = producer({
  name: "rank-in-sql",
  version: "1.0.0",
  inputs: { days: all(file(OnDay)) },
  output: Ranking,
  async build({ days }) {
    const { DuckDBInstance, listValue } = await import("@duckdb/node-api");
    const database = await DuckDBInstance.create();
    const connection = await database.connect();
    try {
      const answer = await connection.runAndReadAll(largeAirports, [listValue(days.map(({ value }) => value))]);
      return z.array(Airport).parse(answer.getRowObjectsJS());
    } finally {
      connection.closeSync();
      database.closeSync();
    }
  },
});

export const flights = graph("flights", () => {
  const table = Flights.from(local("data/flights.parquet"));
  const onDay = split({ flights: table });
  const departures = count({ flights: onDay });
  return {
    flights: table,
    onDay,
    departures,
    ranking: rankInTypeScript({ days: departures }),
    rankingBySql: rankInSql({ days: onDay }),
  };
});
