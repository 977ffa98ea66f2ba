// The project that `strata init` writes.

/** Text by path. */
export function projectFiles({
  name,
  stratigraph,
}: {
  readonly name: string;
  /** Where npm gets this package from: a version, or the folder of a clone. */
  readonly stratigraph: string;
}): Readonly<Record<string, string>> {
  return {
    "package.json": json({
      name,
      private: true,
      type: "module",
      scripts: { build: "strata build", plan: "strata plan" },
      dependencies: { stratigraph, zod: "^4.0.0" },
      // Tells functions apart, so that a comment builds nothing again.
      devDependencies: { "oxc-parser": "^0.159.0" },
    }),
    "tsconfig.json": json({
      compilerOptions: {
        target: "es2022",
        module: "nodenext",
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: true,
        noEmit: true,
        skipLibCheck: true,
      },
      include: ["*.ts"],
    }),
    "graph.ts": GRAPH,
    "data/2026-01-01.json": day("2026-01-01", [12.5, 7.25]),
    "data/2026-01-02.json": day("2026-01-02", [4.75]),
    "data/2026-01-03.json": day("2026-01-03", [31, 2.5, 18.25]),
    ".gitignore": "node_modules/\n.strata/\n",
  };
}

const GRAPH = `import { z } from "zod";
import { all, artifact, daily, graph, local, producer } from "stratigraph";

// What the data is.
const Purchase = z.object({ id: z.int(), date: z.iso.date(), amount: z.number() });
const Purchases = artifact({ schema: z.array(Purchase), partitionBy: { date: daily() } });
const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const TotalSpend = artifact({ schema: z.object({ total: z.number(), days: z.int() }) });

// How it is made. Change what a producer does, and it runs again: it follows its code, in other files as well.
const sumDay = producer({
  name: "sum-day",
  inputs: { purchases: Purchases },
  output: DailySpend,
  build: ({ purchases }) => purchases.reduce((sum, purchase) => sum + purchase.amount, 0),
});

const sumAll = producer({
  name: "sum-all",
  inputs: { days: all(DailySpend) },
  output: TotalSpend,
  build: ({ days }) => ({ total: days.reduce((sum, day) => sum + day.value, 0), days: days.length }),
});

// What there is: one file a day in data/, a number for each, and one for all of them.
export const spend = graph("spend", () => {
  const purchases = Purchases.from(local("data/{date}.json"));
  const days = sumDay({ purchases });
  const total = sumAll({ days });
  return { purchases, days, total };
});
`;

function day(date: string, amounts: readonly number[]): string {
  const rows = amounts.map((amount, index) => `  ${JSON.stringify({ id: index + 1, date, amount })}`);
  return `[\n${rows.join(",\n")}\n]\n`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
