// The graph most tests of the command line use: transactions by day, what was spent each day, and in all.

import { openSpace, type Space } from "../../support/space.ts";

export interface Variations {
  readonly version?: string;
  /** The body of the producer of days. */
  readonly build?: string;
  readonly extra?: string;
}

/** The file; `build` sees `transactions` and `context`. */
export function spendFile({
  version = "1.0.0",
  build = "return transactions.reduce((sum, t) => sum + t.amount, 0);",
  extra = "",
}: Variations = {}): string {
  return `import { z } from "zod";
import { all, artifact, daily, graph, local, producer } from "stratigraph";

const Transaction = z.object({ id: z.int(), amount: z.number() });
const Transactions = artifact({ schema: z.array(Transaction), partitionBy: { date: daily() }, annotations: { owner: "ana" } });
const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() }, description: "what was spent on a day" });
const TotalSpend = artifact({ schema: z.object({ total: z.number(), days: z.int() }) });

const sumDay = producer({
  name: "sum-day",
  version: "${version}",
  inputs: { transactions: Transactions },
  output: DailySpend,
  build: async ({ transactions }, context) => {
    ${build}
  },
});
const sumAll = producer({
  name: "sum-all",
  version: "1.0.0",
  inputs: { days: all(DailySpend) },
  output: TotalSpend,
  build: ({ days }) => ({ total: days.reduce((sum, day) => sum + day.value, 0), days: days.length }),
});
${extra}
export const spend = graph("spend", () => {
  const transactions = Transactions.from(local("data/{date}.json"));
  const days = sumDay({ transactions });
  const total = sumAll({ days });
  return { vendor: { transactions }, days, total };
});
`;
}

export function day(...amounts: readonly number[]): string {
  return JSON.stringify(amounts.map((amount, id) => ({ id, amount })));
}

/** A space with three days. */
export async function openSpend(variations?: Variations): Promise<Space> {
  const space = await openSpace();
  space.write({
    "spend.ts": spendFile(variations),
    "data/2026-01-01.json": day(12.5, 7.25),
    "data/2026-01-02.json": day(4.75),
    "data/2026-01-03.json": day(31, 2.5),
  });
  return space;
}
