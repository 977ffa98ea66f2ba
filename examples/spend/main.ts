// Builds the spend graph from a program, reads what it made, and names the snapshot.

import { sqlite } from "stratigraph/sqlite";
import { spend } from "./spend.ts";

const snapshot = await spend.build({ backend: sqlite(".strata/strata.db") });
console.log(`${snapshot.result.built} built, ${snapshot.result.reused} reused`);

const { total, days } = await snapshot.read(spend.artifacts.total);
console.log(`${total} spent on ${days} days`);

const one = await snapshot.read(spend.artifacts.days, { date: "2026-01-02" });
console.log(`${one} of it on 2 January`);

await snapshot.tag("prod");
