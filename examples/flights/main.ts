// Builds the first week, or every day with the argument "all"; asks in TypeScript and, where DuckDB is installed, in SQL.

import { deepStrictEqual } from "node:assert/strict";
import { sqlite } from "stratigraph/sqlite";
import { flights } from "./flights.ts";

const hasDuckDb = await import("@duckdb/node-api").then(
  () => true,
  () => false,
);
const days = process.argv[2] === "all" ? 366 : 7;
const { ranking, rankingBySql } = flights.artifacts;

const snapshot = await flights.build({
  backend: sqlite(".strata/strata.db"),
  params: { days },
  select: hasDuckDb ? undefined : ["ranking"],
});

const airports = await snapshot.read(ranking);
for (const { airport, flights, minutes } of airports.slice(0, 5)) {
  console.log(`${airport}  ${flights.toLocaleString("en")} flights, ${minutes.toFixed(1)} minutes late`);
}
console.log(`${snapshot.result.built} built`);

if (hasDuckDb) {
  deepStrictEqual(await snapshot.read(rankingBySql), airports);
  console.log("DuckDB says the same");
} else {
  console.log("DuckDB: not run, @duckdb/node-api is not installed");
}
