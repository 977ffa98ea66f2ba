// Fans out into the folder it is given, and sums up what came of it, saying what it does; made to be killed, and to run twice at once.
// Usage: node fan-out.mjs <folder> <partitions> <pause before each, in milliseconds>

import { writeSync } from "node:fs";
import { join } from "node:path";
import { all, artifact, fanOut, graph, integers, producer } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [folder, count, pause] = process.argv.slice(2);
const Part = artifact({ schema: z.array(z.number()), partitionBy: { part: integers() } });
const split = producer({
  name: "split",
  version: "1.0.0",
  inputs: {},
  output: fanOut(Part, "part"),
  async *build() {
    writeSync(1, "split\n");
    for (let part = 0; part < Number(count); part++) {
      await new Promise((resolve) => setTimeout(resolve, Number(pause)));
      yield { key: { part }, value: [part, part] };
      writeSync(1, `part ${part}\n`);
    }
  },
});
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { parts: all(Part) },
  output: artifact({ schema: z.number() }),
  build: ({ parts }) => parts.reduce((sum, { value }) => sum + value[0] + value[1], 0),
});
const fanned = graph("fanned", () => {
  const parts = split();
  return { parts, sum: sum({ parts }) };
});

const snapshot = await fanned.build({ root: folder, backend: sqlite(join(folder, ".strata/strata.db")) });
writeSync(1, `sum ${await snapshot.read(fanned.artifacts.sum)}\n`);
