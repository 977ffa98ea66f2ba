// What the wrong programs of `refused.test.ts` are about.

import { z } from "zod";
import { all, artifact, daily, graph, hourly, integers, local, monthly, oneOf, producer, strings } from "./api.ts";

export const Transactions = artifact({
  schema: z.array(z.object({ id: z.int(), amount: z.number() })),
  partitionBy: { date: daily() },
});
export const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() } });
export const DailyText = artifact({ schema: z.string(), partitionBy: { date: daily() } });
export const HourlySpend = artifact({ schema: z.number(), partitionBy: { date: hourly() } });
export const Month = artifact({ schema: z.number(), partitionBy: { month: monthly() } });
export const Regional = artifact({ schema: z.number(), partitionBy: { date: daily(), region: oneOf("eu", "us") } });
export const Grid = artifact({ schema: z.number(), partitionBy: { date: daily(), n: integers() } });
export const Named = artifact({ schema: z.number(), partitionBy: { who: strings() } });
export const TotalSpend = artifact({ schema: z.object({ total: z.number(), days: z.int() }) });
export const Train = artifact({ schema: z.array(z.number()) });
export const Test = artifact({ schema: z.array(z.string()) });
export const Moment = artifact({ schema: z.string().transform((text) => new Date(text)) });

export const sumDay = producer({
  name: "sum-day",
  version: "1.0.0",
  inputs: { transactions: Transactions },
  output: DailySpend,
  build: ({ transactions }) => transactions.reduce((sum, t) => sum + t.amount, 0),
});
export const sumAll = producer({
  name: "sum-all",
  version: "1.0.0",
  inputs: { days: all(DailySpend) },
  output: TotalSpend,
  build: ({ days }) => ({ total: days.length, days: days.length }),
});
export const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: { total: TotalSpend },
  outputs: { train: Train, test: Test },
  build: ({ total }) => ({ train: [total.total], test: ["x"] }),
});

export const wired = DailySpend.from(local("days/{date}.json"));
export const spend = graph("spend", () => {
  const transactions = Transactions.from(local("data/{date}.json"));
  const days = sumDay({ transactions });
  return { vendor: { transactions }, days, total: sumAll({ days }) };
});
export const other = graph("other", () => ({ days: DailySpend.from(local("other/{date}.json")) }));
