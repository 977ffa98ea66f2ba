// One build by the built package, as a process of its own: says how many statements it took and what the total is.

import { join } from "node:path";
import { z } from "zod";

const [root, folder] = process.argv.slice(2);
const { all, artifact, counters, graph, integers, local, producer } = await import(join(root, "dist/index.js"));
const { sqlite } = await import(join(root, "dist/backend/sqlite/index.js"));

const Part = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { parts: all(Part) },
  output: artifact({ schema: z.number() }),
  build: ({ parts }) => parts.reduce((total, { value }) => total + value, 0),
});
const numbers = graph("numbers", () => {
  const raw = Part.from(local("raw/{n}.json"));
  return { raw, total: sum({ parts: raw }) };
});

const snapshot = await numbers.build({ root: folder, backend: sqlite(join(folder, ".strata", "strata.db")) });
// Before anything is read.
const { statements } = counters;
console.log(JSON.stringify({ statements, total: await snapshot.read(numbers.artifacts.total) }));
