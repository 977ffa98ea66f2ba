// What was spent each day and in all, by producers without a version: they follow their code into money.ts.

import { z } from "zod";
import { all, artifact, daily, graph, local, producer } from "stratigraph";
import { toCents, toText } from "./money.ts";

const Amounts = artifact({ schema: z.array(z.number()), partitionBy: { date: daily() } });
const DayCents = artifact({ schema: z.int(), partitionBy: { date: daily() } });
const Total = artifact({ schema: z.object({ total: z.string() }) });

const sumDay = producer({
  name: "sum-day",
  inputs: { amounts: Amounts },
  output: DayCents,
  build: ({ amounts }) => amounts.reduce((sum, amount) => sum + toCents(amount), 0),
});
const sumAll = producer({
  name: "sum-all",
  inputs: { days: all(DayCents) },
  output: Total,
  build: ({ days }) => ({ total: toText(days.reduce((sum, day) => sum + day.value, 0)) }),
});

export const cents = graph("cents", () => {
  const amounts = Amounts.from(local("data/{date}.json"));
  const days = sumDay({ amounts });
  const total = sumAll({ days });
  return { amounts, days, total };
});
