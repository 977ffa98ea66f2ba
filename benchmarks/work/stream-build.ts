// Builds one step that streams every row of a file into another, and says how much memory that took: stream-build <folder> <format>.

import { join } from "node:path";
import { artifact, csv, graph, local, ndjson, producer, stream } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [folder, format] = process.argv.slice(2) as [string, string];
const Sale = z.object({ amount: z.number(), at: z.string(), id: z.int(), note: z.string(), shop: z.string() });
const rows = format === "csv" ? csv({ types: "infer" }) : ndjson();
const Sales = artifact({ schema: z.array(Sale), format: rows });
const Doubled = artifact({ schema: z.array(Sale), format: rows, storage: local(`out/{input_fingerprint}.${format}`) });

const double = producer({
  name: "double",
  version: "1.0.0",
  inputs: { sales: stream(Sales) },
  output: stream(Doubled),
  async *build({ sales }) {
    for await (const sale of sales) yield { ...sale, amount: sale.amount * 2 };
  },
});
const streamed = graph("streamed", () => {
  const sales = Sales.from(local(`sales.${format}`));
  return { sales, doubled: double({ sales }) };
});

const { result } = await streamed.build({ root: folder, backend: sqlite(join(folder, ".strata/strata.db")) });
if (result.built !== 1) throw new Error(JSON.stringify(result.failed));
process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
