// The airports where one waits longest, asked twice: as a function and as a query. Knows nothing of graphs.

import { z } from "zod";

/** `minutes`: by which a departure was late, on average. */
export const Airport = z.object({ airport: z.string(), flights: z.int(), minutes: z.number() });
export type Airport = z.infer<typeof Airport>;

/** Departures of one airport, perhaps one of several lines for it. */
export interface Departures {
  readonly airport: string;
  readonly flights: number;
  readonly delay: number;
}

/** Of the airports with at least one flight in a hundred, the latest first. */
export function rank(departures: readonly Departures[]): Airport[] {
  const airports = new Map<string, { flights: number; delay: number }>();
  let all = 0;
  for (const { airport, flights, delay } of departures) {
    const sum = airports.get(airport) ?? { flights: 0, delay: 0 };
    airports.set(airport, { flights: sum.flights + flights, delay: sum.delay + delay });
    all += flights;
  }
  return [...airports]
    .filter(([, { flights }]) => flights * 100 >= all)
    .map(([airport, { flights, delay }]) => ({ airport, flights, minutes: delay / flights }))
    .sort((a, b) => b.minutes - a.minutes || (a.airport < b.airport ? -1 : 1));
}

/** The same as SQL over the Parquet files that are its parameter. */
export const largeAirports = `
  with flights as (select origin, delay from read_parquet($1))
  select
    origin as airport,
    count(*)::int as flights,
    sum(delay)::double / count(*) as minutes
  from flights
  group by origin
  having count(*) * 100 >= (select count(*) from flights)
  order by minutes desc, airport
`;
