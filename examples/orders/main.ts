// Builds what can be built, and says what was refused, why, and what the days that passed are like.

import { isStratigraphError } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { shop } from "./orders.ts";

const options = { backend: sqlite(".strata/strata.db") };
try {
  await shop.build(options);
} catch (error) {
  if (!isStratigraphError(error) || error.code !== "BUILD_FAILED") throw error;
}

for (const { key, partition, findings, read } of await shop.quarantined([], options)) {
  console.log(`${key} ${partition} is refused: ${findings.map(({ text }) => text).join("; ")}`);
  console.log(await read());
}
for (const { partition, statistics } of await shop.statistics(shop.artifacts.orders, options)) {
  console.log(`${partition}: ${statistics?.rows} orders, revenue ${statistics?.custom["revenue"]}`);
}
