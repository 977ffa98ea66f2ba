// Fans out each of some days into the folder it is given, the later days the sooner, and judges them by the days before.
// Usage: node fan-out-days.mjs <folder> <days>

import { writeSync } from "node:fs";
import { join } from "node:path";
import { artifact, fanOut, graph, integers, producer } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [folder, days] = process.argv.slice(2);
const day = integers({ from: 1, to: Number(days) });
const Part = artifact({
  schema: z.array(z.number()),
  partitionBy: { day, part: integers() },
  thresholds: { usual: { of: "rows", min: 0.9, last: 2, over: "day", severity: "warn" } },
});
const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: {},
  output: fanOut(Part, "part"),
  async *build(_, { key }) {
    writeSync(1, `split ${key.day}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20 * (Number(days) - key.day)));
    // Each day is half as long as the day before, but for every third.
    for (const part of [2, 1, 10])
      yield { key: { part }, value: new Array(key.day % 3 === 0 ? 64 : 2 ** (10 - key.day)).fill(part) };
  },
});
const fanned = graph("days", () => ({ parts: split({}) }));

const { result } = await fanned.build({
  root: folder,
  backend: sqlite(join(folder, ".strata/strata.db")),
  concurrency: 3,
});
for (const { partition, warnings = [] } of result.steps)
  for (const { text } of warnings) writeSync(1, `warning ${partition} ${text}\n`);
writeSync(1, `${result.outcome}\n`);
