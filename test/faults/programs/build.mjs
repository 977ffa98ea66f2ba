// Builds a small graph in the folder it is given, saying each acknowledged step as a line; made to be killed.
// Usage: node build.mjs <folder> <concurrency> <milliseconds a step takes>

import { appendFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { all, artifact, graph, integers, local, producer, window } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [folder, concurrency, time] = process.argv.slice(2);

const Numbers = artifact({ schema: z.array(z.number()), partitionBy: { n: integers() } });
const Sum = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Parts = artifact({ schema: z.object({ even: z.boolean() }), partitionBy: { n: integers() } });
const Total = artifact({ schema: z.object({ total: z.number(), even: z.number() }) });

const pause = () => new Promise((resolve) => setTimeout(resolve, Number(time)));

/** Counts calls outside the system under test: one line a call, appended before it does anything. */
const called = (name, key) => appendFileSync(join(folder, "calls.txt"), `${name} ${key ?? ""}\n`);

const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { numbers: Numbers },
  outputs: { sum: Sum, parts: Parts },
  async build({ numbers }, { key }) {
    called("sum", key.n);
    await pause();
    const value = numbers.reduce((a, b) => a + b, 0);
    return { sum: value, parts: { even: value % 2 === 0 } };
  },
});
const smooth = producer({
  name: "smooth",
  version: "1.0.0",
  inputs: { sums: window(Sum, 3) },
  output: Sum,
  async build({ sums }, { key }) {
    called("smooth", key.n);
    await pause();
    return sums.reduce((a, { value }) => a + value, 0) / sums.length;
  },
});
const total = producer({
  name: "total",
  version: "1.0.0",
  inputs: { sums: all(Sum), parts: all(Parts) },
  output: Total,
  build({ sums, parts }) {
    called("total");
    return { total: sums.reduce((a, { value }) => a + value, 0), even: parts.filter(({ value }) => value.even).length };
  },
});

const numbers = graph("numbers", () => {
  const raw = Numbers.from(local("data/{n}.json"));
  const sums = sum({ numbers: raw });
  const smoothed = smooth({ sums: sums.sum });
  return { raw, sums, smoothed, total: total({ sums: smoothed, parts: sums.parts }) };
});

const snapshot = await numbers.build({
  root: folder,
  backend: sqlite(join(folder, ".strata/strata.db")),
  concurrency: Number(concurrency),
  on: (event) => {
    if (event.type === "planned") writeSync(1, "planned\n");
    // Written at once, so that what the parent has read was said before the kill.
    if (event.type === "step-finished" && event.state === "built") {
      writeSync(1, `built ${event.step.producer} ${event.step.partition.replace("n=", "")}\n`);
    }
  },
});
writeSync(1, `done ${snapshot.id} ${snapshot.result.built} ${snapshot.result.reused}\n`);
