// Streams rows from a file into another in the folder it is given, saying when half of them are written; made to be killed and measured.
// Usage: node stream.mjs <folder> <rows> <pause after half of them, in milliseconds>

import { writeSync } from "node:fs";
import { join } from "node:path";
import { artifact, graph, local, ndjson, producer, stream } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [folder, rows, pause] = process.argv.slice(2);
const Rows = artifact({
  schema: z.array(z.object({ id: z.int(), note: z.string() })),
  format: ndjson(),
  storage: local("out/{input_fingerprint}.ndjson"),
});
const Source = artifact({ schema: Rows.schema, format: ndjson() });
const copy = producer({
  name: "copy",
  version: "1.0.0",
  inputs: { rows: stream(Source) },
  output: stream(Rows),
  async *build({ rows: source }) {
    for await (const row of source) {
      yield row;
      if (row.id !== Math.floor(Number(rows) / 2)) continue;
      writeSync(1, "half\n");
      await new Promise((resolve) => setTimeout(resolve, Number(pause)));
    }
  },
});
const streamed = graph("streamed", () => {
  const source = Source.from(local("data/rows.ndjson"));
  return { source, copy: copy({ rows: source }) };
});

const snapshot = await streamed.build({ root: folder, backend: sqlite(join(folder, ".strata/strata.db")) });
writeSync(1, `done ${snapshot.result.built} ${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
