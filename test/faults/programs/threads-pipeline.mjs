// A producer that computes for SPIN milliseconds without waiting, and writes down when it begins, how it goes on and when it ends.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { artifact, graph, producer } from "stratigraph";
import { z } from "zod";

const { FOLDER = "", SPIN = "0", EXECUTOR = "threads" } = process.env;
const log = (text) => appendFileSync(join(FOLDER, "log"), `${text}\n`);
const N = artifact({ schema: z.number() });

const spin = producer({
  name: "spin",
  version: "1.0.0",
  inputs: {},
  output: N,
  executor: EXECUTOR,
  build: async (_, { temp }) => {
    await temp();
    log("begin");
    const end = Date.now() + Number(SPIN);
    for (let next = Date.now() + 50; Date.now() < end;) {
      if (Date.now() < next) continue;
      next += 50;
      log("tick");
    }
    log("end");
    return 42;
  },
});

export default graph("spinning", () => ({ spun: spin() }));
