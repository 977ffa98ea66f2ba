// Orders as they come, taken day by day if they are as they must be, and a report that takes no day with a warning.

import { z } from "zod";
import { all, artifact, clean, csv, daily, graph, local, producer } from "stratigraph";

const Order = z.object({ id: z.int(), customer: z.string(), amount: z.number().nullable() });

const Raw = artifact({ schema: z.array(Order), format: csv({ types: "infer" }), partitionBy: { date: daily() } });
const Orders = artifact({
  schema: z.array(Order),
  partitionBy: { date: daily() },
  checks: {
    once: (orders) => new Set(orders.map(({ id }) => id)).size === orders.length || "an order is there twice",
  },
  statistics: { revenue: (orders) => orders.reduce((sum, { amount }) => sum + (amount ?? 0), 0) },
  thresholds: {
    priced: { of: "amount.nulls", max: 0 },
    usual: { of: "rows", min: 0.5, last: 7, severity: "warn" },
  },
});
const Report = artifact({ schema: z.object({ days: z.int(), orders: z.int() }) });

const take = producer({
  name: "take",
  version: "1.0.0",
  inputs: { raw: Raw },
  output: Orders,
  build: ({ raw }) => raw,
});
const summarise = producer({
  name: "summarise",
  version: "1.0.0",
  inputs: { days: all(clean(Orders)) },
  output: Report,
  build: ({ days }) => ({ days: days.length, orders: days.flatMap(({ value }) => value).length }),
});

export const shop = graph("shop", () => {
  const raw = Raw.from(local("data/{date}.csv"));
  const orders = take({ raw });
  return { raw, orders, report: summarise({ days: orders }) };
});
