// Builds a sink that writes down its key, and on request dies before its receipt is stored.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { artifact, graph, sink } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";

const [, , folder = "", how] = process.argv;

const post = sink({
  name: "post",
  version: "1.0.0",
  inputs: {},
  output: artifact({ schema: z.object({ id: z.string() }) }),
  send: (_, { idempotencyKey }) => {
    appendFileSync(join(folder, "effects"), `${idempotencyKey}\n`);
    if (how === "kill") process.kill(process.pid, "SIGKILL");
    return { id: idempotencyKey };
  },
});

await graph("sinks", () => ({ posted: post() })).build({ backend: sqlite(join(folder, "strata.db")) });
