// Builds twice, at two rates, and then once more at the first one: for that nothing is left to do, and nothing is posted.

import { sqlite } from "stratigraph/sqlite";
import { invoices } from "./invoices.ts";

const { ranked, receipt } = invoices.artifacts;
for (const rate of [90, 100, 90]) {
  const snapshot = await invoices.build({
    backend: sqlite(".strata/strata.db"),
    params: { rate },
    secrets: () => "a token that nobody sees",
  });
  const { lines } = await snapshot.read(receipt);
  console.log(`at ${rate}: ${snapshot.result.built} built, ${lines} lines posted`);
  console.log(await snapshot.read(ranked));
}
