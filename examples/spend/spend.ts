// What was spent each day, and in all.

import { z } from "zod";
import { all, artifact, daily, graph, local, producer } from "stratigraph";

const Transaction = z.object({ id: z.int(), date: z.iso.date(), amount: z.number() });

// Artifacts say what the data is: schema, partitions, and when they matter format, storage, checks, annotations.
const Transactions = artifact({ schema: z.array(Transaction), partitionBy: { date: daily() } });
const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const TotalSpend = artifact({ schema: z.object({ total: z.number(), days: z.int() }) });

// Producers say how it is made.
const sumDay = producer({
  name: "sum-day",
  version: "1.0.0",
  inputs: { transactions: Transactions },
  output: DailySpend,
  build: ({ transactions }) => transactions.reduce((sum, t) => sum + t.amount, 0),
});
const sumAll = producer({
  name: "sum-all",
  version: "1.0.0",
  inputs: { days: all(DailySpend) },
  output: TotalSpend,
  build: ({ days }) => ({ total: days.reduce((s, d) => s + d.value, 0), days: days.length }),
});

// A graph names them. Nested objects are namespaces: "vendor.transactions", "days", "total".
export const spend = graph("spend", () => {
  const transactions = Transactions.from(local("data/{date}.json"));
  const days = sumDay({ transactions });
  const total = sumAll({ days });
  return { vendor: { transactions }, days, total };
});
