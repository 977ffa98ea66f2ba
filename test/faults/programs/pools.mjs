// Builds steps that are in a pool of one and write down when they begin and end; with "hang" the first never ends.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { artifact, graph, integers, memoryStorage, producer } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [, , folder = "", from = "0", how] = process.argv;
const N = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const log = (text) => appendFileSync(join(folder, "log"), `${text}\n`);

const use = producer({
  name: "use",
  version: "1.0.0",
  inputs: { n: N },
  output: N,
  pool: "gpu",
  build: async ({ n }) => {
    log("in");
    if (how === "hang") {
      process.stdout.write("hanging\n");
      await sleep(60_000);
    }
    await sleep(30);
    log("out");
    return n;
  },
});
const files = new Map([0, 1, 2, 3].map((n) => [`${Number(from) + n}.json`, String(Number(from) + n)]));

await graph(`pools-${from}`, () => {
  const n = N.from(memoryStorage("{n}.json", files));
  return { n, used: use({ n }) };
}).build({ backend: sqlite(join(folder, "strata.db")), pools: { gpu: 1 }, concurrency: 4 });
