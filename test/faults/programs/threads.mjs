// Builds the graph of threads-pipeline.mjs with leases of half a second, and says how its step ended and what it made.

import { join } from "node:path";
import { sqlite } from "stratigraph/sqlite";
import { setLeaseTime } from "../../../dist/build/ledger.js";
import spinning from "./threads-pipeline.mjs";

setLeaseTime(500);
const snapshot = await spinning.build({ backend: sqlite(join(process.env.FOLDER, ".strata", "strata.db")) });
const [{ state }] = snapshot.result.steps;
console.log(JSON.stringify({ state, value: await snapshot.read(spinning.artifacts.spun) }));
