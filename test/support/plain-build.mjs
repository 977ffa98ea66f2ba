// A build of plain data by the built package, twice, and what it cost; run as a process of its own.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const [root, folder] = process.argv.slice(2);
const { all, artifact, graph, integers, literal, producer } = await import(join(root, "dist/index.js"));
const { sqlite } = await import(join(root, "dist/backend/sqlite/index.js"));
const { counters, countsSince } = await import(join(root, "dist/util/counters.js"));

const Number_ = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const double = producer({
  name: "double",
  version: "1.0.0",
  inputs: { number: Number_ },
  output: Number_,
  build: ({ number }) => number * 2,
});
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { numbers: all(Number_) },
  output: artifact({ schema: z.number() }),
  build: ({ numbers }) => numbers.reduce((total, { value }) => total + value, 0),
});
const numbers = graph("numbers", () => {
  const raw = Number_.from(literal.partitions(Array.from({ length: 10 }, (_, n) => ({ key: { n }, value: n }))));
  const doubled = double({ number: raw });
  return { raw, doubled, total: sum({ numbers: doubled }) };
});

const backend = sqlite(join(folder, "strata.db"));
const costs = [];
for (let round = 0; round < 2; round++) {
  const before = { ...counters };
  await numbers.build({ backend });
  costs.push(countsSince(before));
}
writeFileSync(join(folder, "costs.json"), JSON.stringify(costs));
