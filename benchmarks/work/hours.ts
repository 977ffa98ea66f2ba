// One artifact with very many partitions, whose number a file beside it says, and another that is made of each of them.

import { readFileSync } from "node:fs";
import { artifact, graph, hourly, producer } from "stratigraph";
import { z } from "zod";

const count = Number(readFileSync(new URL("hours.txt", import.meta.url), "utf8"));
const first = Date.UTC(1900, 0, 1);
const label = (hour: number): string => new Date(first + hour * 3_600_000).toISOString().slice(0, 13);
const Hour = artifact({
  schema: z.int(),
  partitionBy: { hour: hourly({ from: label(0), to: label(count - 1) }) },
});
const Doubled = artifact({ schema: z.int(), partitionBy: { hour: hourly() } });
const year = producer({
  name: "year",
  version: "1.0.0",
  inputs: {},
  output: Hour,
  build: (_, { key }) => Number(key.hour.slice(0, 4)),
});
const double = producer({
  name: "double",
  version: "1.0.0",
  inputs: { hour: Hour },
  output: Doubled,
  build: ({ hour }) => 2 * hour,
});

export const hours = graph("hours", () => {
  const years = year();
  return { years, doubled: double({ hour: years }) };
});
