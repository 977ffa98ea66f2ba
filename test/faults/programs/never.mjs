// A producer that waits for what cannot happen, beside one that is fine.

import { artifact, graph, memory, producer } from "stratigraph";
import { z } from "zod";

const Value = artifact({ schema: z.number() });
const never = producer({
  name: "never",
  version: "1.0.0",
  inputs: {},
  output: Value,
  build: () => new Promise(() => {}),
});
const fine = producer({ name: "fine", version: "1.0.0", inputs: {}, output: Value, build: () => 1 });
const both = graph("both", () => ({ never: never(), fine: fine() }));

try {
  await both.build({ backend: memory() });
} catch (error) {
  const { steps } = error.data.result;
  console.log(JSON.stringify(steps.map(({ key, state, error: reason }) => [key, state, reason?.code ?? null])));
  process.exitCode = 1;
}
